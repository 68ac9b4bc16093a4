/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks on their way from the drain, which must never wait, to the writer, which waits for the disk.
 * One thread puts, one takes.  Memory is bounded, and is taken before it is needed.
 */
#ifndef XTRACE_QUEUE_H
#define XTRACE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queue;

struct queue_item {
	uint16_t type;               /* enum trc_block_type */
	uint32_t arg;
	uint32_t bytes;
	const uint8_t *payload;      /* in the queue, until queue_release() */
};

struct queue *queue_new(size_t room_bytes);
void queue_free(struct queue *queue);

/* Copies a payload of up to two pieces; who takes is not woken while less than a quarter of the
 * room is used.  False, and nothing is done, if there is no room. */
bool queue_put(struct queue *queue, uint16_t type, uint32_t arg, const uint8_t *const piece[2], const uint32_t piece_bytes[2]);

/* Wakes who takes: once for all that was put, for a switch of threads costs more than most payloads. */
void queue_wake(struct queue *queue);

/* Takes memory for what may be put next, where there is little; for who puts, when it may wait for memory. */
void queue_populate(struct queue *queue);

/* Waits until there would be room for so many bytes, or the queue is empty. */
void queue_wait_room(struct queue *queue, size_t bytes);

/* No more will be put. */
void queue_close(struct queue *queue);

/* The oldest item; waits for one.  False when the queue is closed and empty. */
bool queue_take(struct queue *queue, struct queue_item *item);
void queue_release(struct queue *queue);

/* What waits in it now, and the most that ever did. */
size_t queue_used_bytes(struct queue *queue);
size_t queue_peak_bytes(struct queue *queue);

#endif
