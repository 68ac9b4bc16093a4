/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All pCPUs' records in time order.  Xen's TSCs are one clock, but for ties and small skew: where
 * the next record of a vCPU claims an old state that is not the one we know, and the head of
 * another pCPU's stream explains it, that head is taken first.
 */
#ifndef XTRACE_MERGE_H
#define XTRACE_MERGE_H

#include "analyzer/stream.h"

struct merge {
	struct stream *streams;      /* owned */
	struct rec *heads;           /* one per stream; valid where head_tsc is not MERGE_NONE */
	uint64_t *head_tsc;
	size_t count;
	size_t current;              /* the stream of the earliest head, */
	const struct rec *head;      /* and that; NULL: all streams are at their end */
	uint64_t second_tsc;         /* no other stream has an earlier head than this */
	struct deal *deal;           /* owned, as the next */
	struct event_index *index;
};

#define MERGE_NONE UINT64_MAX

/* Who hears of records that are passed by: stream.h. */
struct merge_aside {
	void (*tell)(void *arg, const struct rec *rec);
	void *arg;
};

/* One stream for each pCPU listed.  aside: NULL, or copied.  Returns false when out of memory. */
bool merge_init(struct merge *merge, const struct tracefile *file, const uint32_t *pcpus, size_t count,
		struct trust *trust, const struct merge_aside *aside);
void merge_free(struct merge *merge);

/* True if some stream could not read all of its windows for want of memory. */
bool merge_out_of_memory(const struct merge *merge);

/* From now on records of this kind and those after it are only checked and counted; heads stay. */
void merge_leave_out(struct merge *merge, enum rec_kind first);

/* The earliest head, or NULL at the end.  It stays until merge_advance(). */
const struct rec *merge_head(const struct merge *merge);

/* Takes the earliest head away. */
void merge_advance(struct merge *merge);

/* Another stream's head not later than within_tsc for which wanted() says yes becomes the earliest
 * one, with its time stamp set back to that of the earliest.  False if there is none. */
bool merge_prefer(struct merge *merge, uint64_t within_tsc, bool (*wanted)(const struct rec *, const void *), const void *arg);

#endif
