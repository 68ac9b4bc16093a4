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

/* What series_add() does where the stretch is not within the bin that was added to last. */
bool series_add_across(struct series *series, size_t row, uint64_t begin_tsc, uint64_t end_tsc, uint64_t length_tsc);

/* Spreads length_tsc evenly over a stretch; what lies before from_tsc goes to the first bin.  False when out of memory. */
static inline bool series_add(struct series *series, size_t row, uint64_t begin_tsc, uint64_t end_tsc, uint64_t length_tsc)
{
	if (row >= series->row_count || begin_tsc < series->latest_tsc || end_tsc - series->latest_tsc >= series->bin_tsc)
		return series_add_across(series, row, begin_tsc, end_tsc, length_tsc);
	series->rows[row][series->latest] += length_tsc; /* next to always it is */
	return true;
}

/* All that was added to any row of another one is added to this row of an empty one, which has the same bins from then on.  False when out of
 * memory. */
bool series_take_all(struct series *series, size_t row, const struct series *other);

/* Time goes to end_tsc: two series of the same begin that reach the same end have the same bins.  Returns how many. */
size_t series_reach(struct series *series, uint64_t end_tsc);

/* 0 for a row that nothing was added to. */
uint64_t series_at(const struct series *series, size_t row, size_t bin);

#endif
