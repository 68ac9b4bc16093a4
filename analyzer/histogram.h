/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counts of durations in buckets that are at most 1/32 of their value wide, so that a percentile is
 * off by no more than 3.2 %; the maximum is exact.  Memory does not depend on how many are added.
 */
#ifndef XTRACE_HISTOGRAM_H
#define XTRACE_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_BITS = 5, HISTOGRAM_BUCKETS = (64 - HISTOGRAM_BITS + 1) << HISTOGRAM_BITS };

struct histogram {
	uint64_t count;
	uint64_t sum_tsc;
	uint64_t max_tsc;
	uint64_t max_at_tsc;                   /* when the longest one began */
	uint32_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *histogram, uint64_t duration_tsc, uint64_t begin_tsc);
void histogram_merge(struct histogram *into, const struct histogram *from);

/* The smallest bucket bound that at least `fraction` of the durations do not exceed; 0 if there are none. */
uint64_t histogram_quantile_tsc(const struct histogram *histogram, double fraction);

/* Upper bound (inclusive) of a bucket. */
uint64_t histogram_bound_tsc(unsigned bucket);

#endif
