/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How cycles fall over time: rows of equal bins, whose length doubles when there are too many.  Whose a row is its user knows;
 * it comes to be when something is added to it.  Memory depends on the number of rows, not on the time that passes.
 */
#ifndef XTRACE_SERIES_H
#define XTRACE_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SERIES_BINS = 240 };          /* at most */

struct series {
	uint64_t from_tsc, bin_tsc;
	uint64_t (*rows)[SERIES_BINS];
	size_t row_count, row_room;
	uint64_t latest_tsc;           /* where the bin begins that was added to last; */
	size_t latest;                 /* meaningless while row_count is 0 */
};

/* bin_tsc: the shortest that a bin is; 1 or more. */
void series_init(struct series *series, uint64_t from_tsc, uint64_t bin_tsc);
void series_free(struct series *series);

/* Spreads length_tsc evenly over a stretch; what lies before from_tsc goes to the first bin.  False when out of memory. */
bool series_add(struct series *series, size_t row, uint64_t begin_tsc, uint64_t end_tsc, uint64_t length_tsc);

/* Time goes to end_tsc: two series of the same begin that reach the same end have the same bins.  Returns how many. */
size_t series_reach(struct series *series, uint64_t end_tsc);

/* 0 for a row that nothing was added to. */
uint64_t series_at(const struct series *series, size_t row, size_t bin);

#endif
