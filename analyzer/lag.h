/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How far each domain is behind what it is entitled to: its lag at a moment is what the fluid scheduler (fluid.h) has
 * given it up to then, less what it received.  Less than 0: it is ahead.  The lag is exact at each change; over time it
 * is kept in bins of equal length, which double when there are too many.
 */
#ifndef XTRACE_LAG_H
#define XTRACE_LAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LAG_BINS = 512 };

struct lag_domain {
	double lag_tsc;            /* now */
	double most_tsc, least_tsc;
	uint64_t most_at_tsc;
	double fell_tsc;           /* all that it fell behind, made up for or not */
};

/* Of one domain: at the first change after the end of each bin. */
struct lag_bins {
	double lag_tsc[LAG_BINS];
};

struct lag {
	struct lag_domain *domains; /* by index into vcpus.domains, as the next */
	struct lag_bins *at;
	size_t domain_room;
	uint64_t from_tsc, bin_tsc, bin_end_tsc;
	size_t bins;                /* that are whole */
};

void lag_init(struct lag *lag, uint64_t from_tsc, uint64_t tsc_hz);
void lag_free(struct lag *lag);

/* Makes room for so many domains, of which all that follows is told.  False when out of memory. */
bool lag_reserve(struct lag *lag, size_t domains);

/* Of a stretch in which the domain was given so much more than it received, or less.  Returns its lag now. */
double lag_step(struct lag *lag, uint32_t domain, double step_tsc, uint64_t end_tsc);

/* All stretches are closed up to this time. */
void lag_reach(struct lag *lag, uint64_t end_tsc);

/* NULL: this domain never wanted to run. */
const struct lag_domain *lag_of(const struct lag *lag, size_t domain);

/* Of a domain that lag_of() knows, at the end of a bin. */
double lag_at_tsc(const struct lag *lag, size_t domain, size_t bin);

#endif
