/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One pCPU's way from Xen's buffer into the queue, and what was dropped on it. */
#ifndef XTRACE_LANE_H
#define XTRACE_LANE_H

#include "tracer/loss.h"
#include "tracer/queue.h"
#include "tracer/ring.h"

enum { LANE_WINDOW_BYTES = 1 << 20 };   /* the longest window; a fuller buffer is taken in several */

struct lane {
	const struct ring *ring;
	struct ring_tally tally;      /* of what went into the queue */
	uint64_t bytes;
	struct loss pending;          /* dropped since the queue was full, not yet told to the file */
	struct loss dropped;          /* told */
	uint32_t peak_fill_bytes;
	bool full;                    /* may have had no room at the last look: Xen has not told yet what it lost since */
};

enum lane_patience { LANE_DROPS, LANE_WAITS };

/* Takes what waits in the ring to the queue; drops and counts what has no room there, or waits for
 * room.  Returns -1 if Xen's indices cannot be. */
int lane_drain(struct lane *lane, struct queue *queue, enum lane_patience patience);

/* What happened in this time, and what waits in the ring, counts as dropped.  until_tsc: of just now. */
void lane_give_up(struct lane *lane, struct queue *queue, uint64_t since_tsc, uint64_t until_tsc);

/* Takes back a window or a dropped count that went into the queue but not into the file: it is pending then. */
void lane_take_back(struct lane *lane, const struct queue_item *item);

/* Puts what is pending; it stays so if there is no room. */
void lane_tell(struct lane *lane, struct queue *queue);

uint64_t lane_dropped_records(const struct lane *lane);

/* Lost by Xen, as its records say: those in the file, and those that were dropped. */
uint64_t lane_lost_records(const struct lane *lane);

#endif
