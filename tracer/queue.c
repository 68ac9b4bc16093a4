/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tracer/queue.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

/*
 * A ring of bytes.  An item is a head and its payload in one piece; where the end of the room is too
 * near for that, a head with SKIP says so and the item stands at the begin.
 */
enum { SKIP = 0xffff, ALIGN = 16, PAGE_BYTES = 4096, AHEAD_PARTS = 16, WAKE_PARTS = 4 /* of the room */, ASK_NS = 100000000 };

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23       /* Linux 5.14; before, pages come when they are written to */
#endif

struct head {
	uint32_t bytes, raw_bytes;
	uint32_t arg;
	uint16_t type, flags;
};

struct queue {
	uint8_t *room;
	size_t room_bytes;
	size_t begin, used;          /* used counts what is skipped, too */
	size_t peak;
	size_t reach, populated;     /* from the room's begin: what was ever used; what has memory */
	bool closed, stopped, finished;
	bool given_up;               /* patience is at its end */
	bool (*patience_is_left)(void *);
	void *patience;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
};

static size_t item_size(size_t bytes)
{
	return (sizeof(struct head) + bytes + ALIGN - 1) / ALIGN * ALIGN;
}

struct queue *queue_new(size_t room_bytes)
{
	struct queue *queue = calloc(1, sizeof(*queue));
	pthread_condattr_t attributes;

	if (!queue)
		return NULL;
	queue->room_bytes = (room_bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
	queue->room = mmap(NULL, queue->room_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (queue->room == MAP_FAILED) {
		free(queue);
		return NULL;
	}
	pthread_mutex_init(&queue->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&queue->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	queue_populate(queue);
	return queue;
}

void queue_free(struct queue *queue)
{
	munmap(queue->room, queue->room_bytes);
	pthread_mutex_destroy(&queue->mutex);
	pthread_cond_destroy(&queue->changed);
	free(queue);
}

/* While the disk keeps up only the room's begin is ever used, and the rest needs no memory. */
void queue_populate(struct queue *queue)
{
	size_t ahead = queue->room_bytes / AHEAD_PARTS, until = (queue->reach + ahead) / PAGE_BYTES * PAGE_BYTES;

	if (until > queue->room_bytes)
		until = queue->room_bytes;
	if (until <= queue->populated || (queue->populated > 0 && queue->reach + ahead / 2 < queue->populated))
		return;
	madvise(queue->room + queue->populated, until - queue->populated, MADV_POPULATE_WRITE);
	queue->populated = until;
}

/* Where an item of so many bytes can stand, skipping the room's end if need be; NULL: nowhere. */
static uint8_t *reserve(struct queue *queue, size_t bytes)
{
	size_t end, until_end, skipped;

	if (queue->used == 0)
		queue->begin = 0; /* all of the room in one piece */
	end = (queue->begin + queue->used) % queue->room_bytes;
	until_end = queue->room_bytes - end;
	skipped = until_end < bytes ? until_end : 0;
	if (queue->used + skipped + bytes > queue->room_bytes)
		return NULL;
	if (skipped > 0) {
		*(struct head *)(void *)(queue->room + end) = (struct head){ .bytes = (uint32_t)skipped, .type = SKIP };
		queue->used += skipped;
		end = 0;
	}
	queue->used += bytes;
	if (queue->used > queue->peak)
		queue->peak = queue->used;
	if (end + bytes > queue->reach)
		queue->reach = end + bytes;
	return queue->room + end;
}

static bool put(struct queue *queue, const struct head *head, const uint8_t *const piece[2], const uint32_t piece_bytes[2])
{
	uint8_t *at;

	pthread_mutex_lock(&queue->mutex);
	at = queue->stopped ? NULL : reserve(queue, item_size(head->bytes));
	if (at) {
		*(struct head *)(void *)at = *head;
		memcpy(at + sizeof(struct head), piece[0], piece_bytes[0]);
		if (piece_bytes[1] > 0)
			memcpy(at + sizeof(struct head) + piece_bytes[0], piece[1], piece_bytes[1]);
		if (queue->used > queue->room_bytes / WAKE_PARTS)
			pthread_cond_signal(&queue->changed);
	}
	pthread_mutex_unlock(&queue->mutex);
	return at != NULL;
}

bool queue_put(struct queue *queue, uint16_t type, uint32_t arg, const uint8_t *const piece[2], const uint32_t piece_bytes[2])
{
	uint32_t bytes = piece_bytes[0] + piece_bytes[1];
	const struct head head = { .bytes = bytes, .raw_bytes = bytes, .arg = arg, .type = type };

	return put(queue, &head, piece, piece_bytes);
}

bool queue_put_packed(struct queue *queue, const struct queue_item *item)
{
	const struct head head = { .bytes = item->bytes, .raw_bytes = item->raw_bytes, .arg = item->arg, .type = item->type, .flags = item->flags };

	return put(queue, &head, (const uint8_t *const[2]){ item->payload }, (const uint32_t[2]){ item->bytes });
}

void queue_wake(struct queue *queue)
{
	if (queue_used_bytes(queue) > 0)
		pthread_cond_signal(&queue->changed); /* not under the mutex: who wakes would wait for it */
}

void queue_set_patience(struct queue *queue, bool (*is_left)(void *), void *arg)
{
	queue->patience_is_left = is_left;
	queue->patience = arg;
}

/* Under the mutex, but patience may look at the queue. */
static void wait_patiently(struct queue *queue)
{
	struct timespec until;
	bool is_left;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += ASK_NS;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_cond_timedwait(&queue->changed, &queue->mutex, &until);
	if (!queue->patience_is_left)
		return;
	pthread_mutex_unlock(&queue->mutex);
	is_left = queue->patience_is_left(queue->patience);
	pthread_mutex_lock(&queue->mutex);
	if (!is_left)
		queue->stopped = queue->given_up = true;
}

/* Until there is room for so many bytes, counted as used.  Wakes who takes: it may not know of little. */
static bool wait_for(struct queue *queue, size_t bytes)
{
	bool stopped;

	pthread_mutex_lock(&queue->mutex);
	pthread_cond_signal(&queue->changed);
	while (!queue->stopped && queue->used > 0 && queue->used + bytes > queue->room_bytes)
		wait_patiently(queue);
	stopped = queue->stopped;
	pthread_mutex_unlock(&queue->mutex);
	return !stopped;
}

void queue_wait_room(struct queue *queue, size_t bytes)
{
	wait_for(queue, 2 * item_size(bytes));
}

bool queue_wait_empty(struct queue *queue)
{
	return wait_for(queue, queue->room_bytes);
}

static void set_and_tell(struct queue *queue, bool *flag, bool value)
{
	pthread_mutex_lock(&queue->mutex);
	*flag = value;
	pthread_cond_broadcast(&queue->changed);
	pthread_mutex_unlock(&queue->mutex);
}

void queue_close(struct queue *queue)
{
	set_and_tell(queue, &queue->closed, true);
}

void queue_stop(struct queue *queue)
{
	set_and_tell(queue, &queue->stopped, true);
}

void queue_resume(struct queue *queue)
{
	set_and_tell(queue, &queue->stopped, false);
}

void queue_finish(struct queue *queue)
{
	set_and_tell(queue, &queue->finished, true);
}

bool queue_wait_finished(struct queue *queue)
{
	bool finished;

	pthread_mutex_lock(&queue->mutex);
	while (!queue->finished && !queue->given_up)
		wait_patiently(queue);
	finished = queue->finished;
	pthread_mutex_unlock(&queue->mutex);
	return finished;
}

static const struct head *oldest(struct queue *queue)
{
	const struct head *head = (const struct head *)(const void *)(queue->room + queue->begin);

	if (head->type != SKIP)
		return head;
	queue->used -= head->bytes;
	queue->begin = 0;
	return (const struct head *)(const void *)queue->room;
}

static void fill_item(struct queue *queue, struct queue_item *item)
{
	const struct head *head = oldest(queue);

	*item = (struct queue_item){ .type = head->type, .flags = head->flags, .arg = head->arg, .bytes = head->bytes, .raw_bytes = head->raw_bytes,
				     .payload = (const uint8_t *)(head + 1) };
}

bool queue_take(struct queue *queue, struct queue_item *item)
{
	bool there;

	pthread_mutex_lock(&queue->mutex);
	while (!queue->closed && (queue->used == 0 || queue->stopped))
		pthread_cond_wait(&queue->changed, &queue->mutex);
	there = queue->used > 0 && !queue->stopped;
	if (there)
		fill_item(queue, item);
	pthread_mutex_unlock(&queue->mutex);
	return there;
}

static void remove_oldest(struct queue *queue)
{
	size_t bytes = item_size(((const struct head *)(const void *)(queue->room + queue->begin))->bytes);

	queue->begin = (queue->begin + bytes) % queue->room_bytes;
	queue->used -= bytes;
}

void queue_release(struct queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	if (!queue->stopped)
		remove_oldest(queue);
	pthread_cond_broadcast(&queue->changed);
	pthread_mutex_unlock(&queue->mutex);
}

bool queue_take_back(struct queue *queue, struct queue_item *item)
{
	bool there;

	pthread_mutex_lock(&queue->mutex);
	there = queue->used > 0;
	if (there) {
		fill_item(queue, item);
		remove_oldest(queue);
	}
	pthread_mutex_unlock(&queue->mutex);
	return there;
}

static size_t read_locked(struct queue *queue, const size_t *what)
{
	size_t bytes;

	pthread_mutex_lock(&queue->mutex);
	bytes = *what;
	pthread_mutex_unlock(&queue->mutex);
	return bytes;
}

size_t queue_used_bytes(struct queue *queue)
{
	return read_locked(queue, &queue->used);
}

size_t queue_peak_bytes(struct queue *queue)
{
	return read_locked(queue, &queue->peak);
}
