/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/wake_table.h"

#include <math.h>
#include <stdlib.h>

void wake_table_free(struct wake_table *table)
{
	free(table->bound_us);
	free(table->up_to);
}

/* Gives each bucket that any block has its place in the table, shortest first. */
static void find_places(struct wake_table *table, const struct block_domain *domain, size_t blocks, double longest_tsc, double tsc_hz, size_t *place)
{
	for (size_t i = 0; i < blocks; i++)
		for (size_t w = 0; w < domain->wake[i].count; w++)
			place[domain->wake[i].waits[w].bucket] = 1;
	for (uint32_t b = 0; b < HISTOGRAM_BUCKETS; b++) {
		if (!place[b])
			continue;
		table->bound_us[table->count] = fmin((double)histogram_bound_tsc(b), longest_tsc) * 1e6 / tsc_hz;
		place[b] = table->count++;
	}
}

bool wake_table_fill(struct wake_table *table, const struct block_domain *domain, size_t blocks, uint64_t longest_tsc, double tsc_hz)
{
	size_t place[HISTOGRAM_BUCKETS] = { 0 };

	*table = (struct wake_table){ .bound_us = calloc(HISTOGRAM_BUCKETS, sizeof(*table->bound_us)) };
	if (!table->bound_us)
		return false;
	find_places(table, domain, blocks, (double)longest_tsc, tsc_hz, place);
	table->up_to = calloc(table->count + 1, sizeof(*table->up_to));
	if (!table->up_to) {
		wake_table_free(table);
		return false;
	}
	for (size_t i = 0; i < blocks; i++) {
		for (size_t w = 0; w < domain->wake[i].count; w++)
			table->up_to[place[domain->wake[i].waits[w].bucket]][i] = domain->wake[i].waits[w].count;
		for (size_t at = 1; at < table->count; at++)
			table->up_to[at][i] += table->up_to[at - 1][i];
	}
	return true;
}

static double waits_up_to(const struct wake_table *table, const struct bootstrap *boot, size_t draw, size_t at)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < boot->blocks; i++)
		sum += boot->draws[draw].times[i] * table->up_to[at][i];
	return (double)sum;
}

double wake_table_quantile_us(const struct wake_table *table, const struct bootstrap *boot, size_t draw, double fraction)
{
	double all = table->count > 0 ? waits_up_to(table, boot, draw, table->count - 1) : 0, wanted = ceil(fraction * all);
	size_t low = 0, high = table->count;

	if (all == 0)
		return NAN;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (waits_up_to(table, boot, draw, middle) >= wanted)
			high = middle;
		else
			low = middle + 1;
	}
	return table->bound_us[low];
}
