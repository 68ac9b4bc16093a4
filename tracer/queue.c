/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tracer/queue.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/*
 * A ring of bytes.  An item is a head and its payload in one piece; where the end of the room is too
 * near for that, a head with SKIP says so and the item stands at the begin.
 */
enum { SKIP = 0xffff, ALIGN = 16, PAGE_BYTES = 4096, AHEAD_PARTS = 16, WAKE_PARTS = 4 /* of the room */ };

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23       /* Linux 5.14; before, pages come when they are written to */
#endif

struct head {
	uint32_t bytes;
	uint32_t arg;
	uint16_t type;
};

struct queue {
	uint8_t *room;
	size_t room_bytes;
	size_t begin, used;          /* used counts what is skipped, too */
	size_t peak;
	size_t reach, populated;     /* from the room's begin: what was ever used; what has memory */
	bool closed;
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

	if (!queue)
		return NULL;
	queue->room_bytes = (room_bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
	queue->room = mmap(NULL, queue->room_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (queue->room == MAP_FAILED) {
		free(queue);
		return NULL;
	}
	pthread_mutex_init(&queue->mutex, NULL);
	pthread_cond_init(&queue->changed, NULL);
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

bool queue_put(struct queue *queue, uint16_t type, uint32_t arg, const uint8_t *const piece[2], const uint32_t piece_bytes[2])
{
	size_t bytes = (size_t)piece_bytes[0] + piece_bytes[1];
	uint8_t *at;

	pthread_mutex_lock(&queue->mutex);
	at = reserve(queue, item_size(bytes));
	if (at) {
		*(struct head *)(void *)at = (struct head){ .bytes = (uint32_t)bytes, .arg = arg, .type = type };
		memcpy(at + sizeof(struct head), piece[0], piece_bytes[0]);
		if (piece_bytes[1] > 0)
			memcpy(at + sizeof(struct head) + piece_bytes[0], piece[1], piece_bytes[1]);
		if (queue->used > queue->room_bytes / WAKE_PARTS)
			pthread_cond_signal(&queue->changed);
	}
	pthread_mutex_unlock(&queue->mutex);
	return at != NULL;
}

void queue_wake(struct queue *queue)
{
	if (queue_used_bytes(queue) > 0)
		pthread_cond_signal(&queue->changed); /* not under the mutex: who wakes would wait for it */
}

void queue_wait_room(struct queue *queue, size_t bytes)
{
	pthread_mutex_lock(&queue->mutex);
	pthread_cond_signal(&queue->changed);
	while (queue->used > 0 && queue->used + 2 * item_size(bytes) > queue->room_bytes)
		pthread_cond_wait(&queue->changed, &queue->mutex);
	pthread_mutex_unlock(&queue->mutex);
}

void queue_close(struct queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	queue->closed = true;
	pthread_cond_broadcast(&queue->changed);
	pthread_mutex_unlock(&queue->mutex);
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

bool queue_take(struct queue *queue, struct queue_item *item)
{
	bool there;

	pthread_mutex_lock(&queue->mutex);
	while (queue->used == 0 && !queue->closed)
		pthread_cond_wait(&queue->changed, &queue->mutex);
	there = queue->used > 0;
	if (there) {
		const struct head *head = oldest(queue);
		*item = (struct queue_item){ .type = head->type, .arg = head->arg, .bytes = head->bytes,
					     .payload = (const uint8_t *)(head + 1) };
	}
	pthread_mutex_unlock(&queue->mutex);
	return there;
}

void queue_release(struct queue *queue)
{
	size_t bytes;

	pthread_mutex_lock(&queue->mutex);
	bytes = item_size(((const struct head *)(const void *)(queue->room + queue->begin))->bytes);
	queue->begin = (queue->begin + bytes) % queue->room_bytes;
	queue->used -= bytes;
	pthread_cond_broadcast(&queue->changed);
	pthread_mutex_unlock(&queue->mutex);
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
