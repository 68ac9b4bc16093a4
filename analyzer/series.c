/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/series.h"

#include "analyzer/proportion.h"
#include "analyzer/room.h"

#include <stdlib.h>
#include <string.h>

void series_init(struct series *series, uint64_t from_tsc, uint64_t bin_tsc)
{
	*series = (struct series){ .from_tsc = from_tsc, .bin_tsc = bin_tsc };
}

void series_free(struct series *series)
{
	free(series->rows);
	*series = (struct series){ 0 };
}

static bool reserve(struct series *series, size_t row)
{
	uint64_t (*rows)[SERIES_BINS];

	if (row < series->row_count)
		return true;
	rows = room_for(series->rows, &series->row_room, row + 1, sizeof(*rows));
	if (!rows)
		return false;
	series->rows = rows;
	series->row_count = row + 1;
	return true;
}

static void double_bins(struct series *series)
{
	for (size_t row = 0; row < series->row_count; row++) {
		uint64_t *bins = series->rows[row];
		for (size_t i = 0; i < SERIES_BINS / 2; i++)
			bins[i] = bins[2 * i] + bins[2 * i + 1];
		memset(bins + SERIES_BINS / 2, 0, SERIES_BINS / 2 * sizeof(*bins));
	}
	series->bin_tsc *= 2;
	series->latest = 0;
	series->latest_tsc = series->from_tsc;
}

static uint64_t bin_of(const struct series *series, uint64_t tsc)
{
	return tsc > series->from_tsc ? (tsc - series->from_tsc) / series->bin_tsc : 0;
}

size_t series_reach(struct series *series, uint64_t end_tsc)
{
	while (bin_of(series, end_tsc) >= SERIES_BINS)
		double_bins(series);
	return (size_t)bin_of(series, end_tsc) + 1;
}

bool series_add_across(struct series *series, size_t row, uint64_t begin_tsc, uint64_t end_tsc, uint64_t length_tsc)
{
	size_t last = series_reach(series, end_tsc) - 1;
	uint64_t *bins;

	if (!reserve(series, row))
		return false;
	bins = series->rows[row];
	for (uint64_t bin = bin_of(series, begin_tsc); bin < last; bin++) {
		uint64_t bin_end_tsc = series->from_tsc + (bin + 1) * series->bin_tsc;
		uint64_t part_tsc = proportion_tsc(length_tsc, bin_end_tsc - begin_tsc, end_tsc - begin_tsc);
		bins[bin] += part_tsc;
		length_tsc -= part_tsc;
		begin_tsc = bin_end_tsc;
	}
	bins[last] += length_tsc;
	series->latest = last;
	series->latest_tsc = series->from_tsc + last * series->bin_tsc;
	return true;
}

bool series_take_all(struct series *series, size_t row, const struct series *other)
{
	if (!reserve(series, row))
		return false;
	series->bin_tsc = other->bin_tsc;
	series->latest = other->latest;
	series->latest_tsc = other->latest_tsc;
	for (size_t i = 0; i < other->row_count; i++)
		for (size_t bin = 0; bin < SERIES_BINS; bin++)
			series->rows[row][bin] += other->rows[i][bin];
	return true;
}

uint64_t series_at(const struct series *series, size_t row, size_t bin)
{
	return row < series->row_count ? series->rows[row][bin] : 0;
}
