/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/histogram.h"

#include <math.h>

/* Values below 32 have a bucket each; above, each power of two has 32 buckets of equal width. */
static unsigned bucket_of(uint64_t duration_tsc)
{
	unsigned shift;

	if (duration_tsc >> HISTOGRAM_BITS == 0)
		return (unsigned)duration_tsc;
	shift = 63u - (unsigned)__builtin_clzll(duration_tsc) - HISTOGRAM_BITS;
	return (shift << HISTOGRAM_BITS) + (unsigned)(duration_tsc >> shift);
}

uint64_t histogram_bound_tsc(unsigned bucket)
{
	unsigned shift = bucket >> HISTOGRAM_BITS;
	uint64_t step = bucket & ((1u << HISTOGRAM_BITS) - 1);

	if (shift == 0)
		return bucket;
	return ((step + (1u << HISTOGRAM_BITS) + 1) << (shift - 1)) - 1;
}

void histogram_add(struct histogram *histogram, uint64_t duration_tsc, uint64_t begin_tsc)
{
	if (duration_tsc > histogram->max_tsc || histogram->count == 0) {
		histogram->max_tsc = duration_tsc;
		histogram->max_at_tsc = begin_tsc;
	}
	histogram->count++;
	histogram->sum_tsc += duration_tsc;
	histogram->buckets[bucket_of(duration_tsc)]++;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
	if (from->count > 0 && (from->max_tsc > into->max_tsc || into->count == 0)) {
		into->max_tsc = from->max_tsc;
		into->max_at_tsc = from->max_at_tsc;
	}
	into->count += from->count;
	into->sum_tsc += from->sum_tsc;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		into->buckets[i] += from->buckets[i];
}

uint64_t histogram_quantile_tsc(const struct histogram *histogram, double fraction)
{
	uint64_t wanted = (uint64_t)ceil(fraction * (double)histogram->count), seen = 0;

	if (histogram->count == 0)
		return 0;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += histogram->buckets[i];
		if (seen >= wanted && seen > 0) {
			uint64_t bound_tsc = histogram_bound_tsc(i);
			return bound_tsc < histogram->max_tsc ? bound_tsc : histogram->max_tsc;
		}
	}
	return histogram->max_tsc;
}
