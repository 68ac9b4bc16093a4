/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The waits of a domain's blocks, made ready for percentiles over any draw of them (bootstrap.h). */
#ifndef XTRACE_WAKE_TABLE_H
#define XTRACE_WAKE_TABLE_H

#include "analyzer/bootstrap.h"

struct wake_table {
	size_t count;                    /* different lengths, shortest first */
	double *bound_us;                /* of each; none above the longest wait */
	uint64_t (*up_to)[BLOCKS_MAX];   /* waits of each block that were no longer */
};

/* False when out of memory. */
bool wake_table_fill(struct wake_table *table, const struct block_domain *domain, size_t blocks, uint64_t longest_tsc, double tsc_hz);
void wake_table_free(struct wake_table *table);

/* As histogram_quantile_tsc() of the draw's waits; NAN if it has none. */
double wake_table_quantile_us(const struct wake_table *table, const struct bootstrap *boot, size_t draw, double fraction);

#endif
