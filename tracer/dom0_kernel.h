/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dom0's own kernel beside Xen's records: the pages of its trace buffers on their way into the queue, and what
 * was dropped of them.  Where the kernel cannot be recorded, a capture goes on without.
 */
#ifndef XTRACE_CAP_DOM0_KERNEL_H
#define XTRACE_CAP_DOM0_KERNEL_H

#include "tracer/kernel_trace.h"
#include "tracer/queue.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* One CPU's. */
struct kernel_lane {
	uint64_t pages, bytes;                  /* that went into the queue */
	uint64_t pending_pages, pending_bytes;  /* dropped since the queue was full, or not to be read; not yet told to the file */
	uint64_t dropped_pages;                 /* told */
	bool broken;                            /* reading failed: no more is tried */
	struct kernel_trace_stats stats;        /* by dom0_kernel_end() */
};

struct dom0_kernel {
	struct kernel_trace *trace;             /* NULL: not recorded */
	char missing[96];                       /* why */
	struct kernel_lane *lanes;
	uint8_t *page;
	bool stays_on;                          /* it could not be switched off */
};

/* Makes all ready; switched off.  What a killed capture left is removed, wanted or not.  What cannot be is said
 * and left out. */
void dom0_kernel_open(struct dom0_kernel *kernel, bool wanted);

/* On every way out: the kernel's tracing is as it was. */
void dom0_kernel_close(struct dom0_kernel *kernel);

/* Switches on, and puts the block that describes the pages to come, or that says why there are none. */
void dom0_kernel_begin(struct dom0_kernel *kernel, struct queue *queue);

/* Takes what waits to the queue; drops and counts what has no room there. */
void dom0_kernel_drain(struct dom0_kernel *kernel, struct queue *queue);

/* Switches off. */
void dom0_kernel_off(struct dom0_kernel *kernel);

/* After that: takes the rest, waiting for room in the queue, and tells of a CPU whose pages could not be read. */
void dom0_kernel_end(struct dom0_kernel *kernel, struct queue *queue);

/* After dom0_kernel_end(): whether events were lost or dropped. */
bool dom0_kernel_incomplete(const struct dom0_kernel *kernel);

/* Takes back a page or a dropped count that went into the queue but not into the file: it is pending then. */
void dom0_kernel_take_back(struct dom0_kernel *kernel, const struct queue_item *item);

/* Puts what is pending; it stays so if there is no room. */
void dom0_kernel_tell(struct dom0_kernel *kernel, struct queue *queue);

/* "dom0_kernel" of the end block; NULL where it was not recorded. */
json_t *dom0_kernel_json(const struct dom0_kernel *kernel);

#endif
