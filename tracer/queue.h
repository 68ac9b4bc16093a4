/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks on their way from the drain, which must never wait, to the writer, which waits for the disk.
 * One thread puts, one takes.  Memory is bounded, and is taken before it is needed.
 *
 * A queue can be stopped, by either: by who takes when writing fails, and by who puts when its patience is at an end.  Who takes
 * gets nothing then and may be far away, in a write that does not return; who puts can take back what is left.
 */
#ifndef XTRACE_QUEUE_H
#define XTRACE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queue;

struct queue_item {
	uint16_t type;               /* enum trc_block_type */
	uint16_t flags;              /* TRC_FLAG_* */
	uint32_t arg;
	uint32_t bytes, raw_bytes;
	const uint8_t *payload;      /* in the queue, until queue_release() */
};

struct queue *queue_new(size_t room_bytes);

/* Who waits in one of the functions below asks this several times a second, from now on: false stops the queue. */
void queue_set_patience(struct queue *queue, bool (*is_left)(void *), void *arg);

void queue_free(struct queue *queue);

/* Copies a payload of up to two pieces; who takes is not woken while less than a quarter of the
 * room is used.  False, and nothing is done, if there is no room, or the queue is stopped. */
bool queue_put(struct queue *queue, uint16_t type, uint32_t arg, const uint8_t *const piece[2], const uint32_t piece_bytes[2]);

/* Likewise a payload that has been packed: flags and raw_bytes say how. */
bool queue_put_packed(struct queue *queue, const struct queue_item *item);

/* Wakes who takes: once for all that was put, for a switch of threads costs more than most payloads. */
void queue_wake(struct queue *queue);

/* Takes memory for what may be put next, where there is little; for who puts, when it may wait for memory. */
void queue_populate(struct queue *queue);

/* Waits until there would be room for so many bytes, or the queue is empty, or stopped. */
void queue_wait_room(struct queue *queue, size_t bytes);

/* Waits until all is taken and released.  False when the queue is stopped. */
bool queue_wait_empty(struct queue *queue);

/* No more will be put. */
void queue_close(struct queue *queue);

/* The oldest item; waits for one, while the queue is stopped, too.  False when it is closed, and empty or stopped. */
bool queue_take(struct queue *queue, struct queue_item *item);
void queue_release(struct queue *queue);

/* By who takes, at the end; and waits until that is so.  False when the queue was stopped by lack of patience meanwhile. */
void queue_finish(struct queue *queue);
bool queue_wait_finished(struct queue *queue);

/* Nothing can be put, taken or released, nobody waits for room. */
void queue_stop(struct queue *queue);

/* Of a stopped queue: takes away the oldest item, that which who takes did not release among them; until one is put its payload
 * stays.  False: it is empty. */
bool queue_take_back(struct queue *queue, struct queue_item *item);

/* An empty queue is as it was before it was stopped. */
void queue_resume(struct queue *queue);

/* What waits in it now, and the most that ever did. */
size_t queue_used_bytes(struct queue *queue);
size_t queue_peak_bytes(struct queue *queue);

#endif
