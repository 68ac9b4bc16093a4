/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/lag.h"

#include "analyzer/room.h"

#include <stdlib.h>

enum { FIRST_BINS_PER_S = 1000 };

void lag_init(struct lag *lag, uint64_t from_tsc, uint64_t tsc_hz)
{
	*lag = (struct lag){ .from_tsc = from_tsc, .bin_tsc = tsc_hz / FIRST_BINS_PER_S };
	lag->bin_end_tsc = from_tsc + lag->bin_tsc;
}

void lag_free(struct lag *lag)
{
	free(lag->domains);
	free(lag->at);
}

bool lag_reserve(struct lag *lag, size_t domains)
{
	size_t bins_room = lag->domain_room;
	struct lag_bins *at = room_for(lag->at, &bins_room, domains, sizeof(*at));
	struct lag_domain *rows = at ? room_for(lag->domains, &lag->domain_room, domains, sizeof(*rows)) : NULL;

	lag->at = at ? at : lag->at;
	lag->domains = rows ? rows : lag->domains;
	return rows != NULL;
}

/* ---- bins ---- */

static void double_bins(struct lag *lag)
{
	for (size_t d = 0; d < lag->domain_room; d++)
		for (size_t i = 0; i < LAG_BINS / 2; i++)
			lag->at[d].lag_tsc[i] = lag->at[d].lag_tsc[2 * i + 1];
	lag->bins = LAG_BINS / 2;
	lag->bin_tsc *= 2;
}

static void close_bin(struct lag *lag)
{
	for (size_t d = 0; d < lag->domain_room; d++)
		lag->at[d].lag_tsc[lag->bins] = lag->domains[d].lag_tsc;
	if (++lag->bins == LAG_BINS)
		double_bins(lag);
	lag->bin_end_tsc += lag->bin_tsc;
}

/* ---- stretches ---- */

double lag_step(struct lag *lag, uint32_t index, double step_tsc, uint64_t end_tsc)
{
	struct lag_domain *domain = &lag->domains[index];

	domain->lag_tsc += step_tsc;
	if (step_tsc > 0) {
		domain->fell_tsc += step_tsc;
		if (domain->lag_tsc > domain->most_tsc) {
			domain->most_tsc = domain->lag_tsc;
			domain->most_at_tsc = end_tsc;
		}
	} else if (domain->lag_tsc < domain->least_tsc)
		domain->least_tsc = domain->lag_tsc;
	return domain->lag_tsc;
}

void lag_reach(struct lag *lag, uint64_t end_tsc)
{
	while (end_tsc >= lag->bin_end_tsc)
		close_bin(lag);
}

const struct lag_domain *lag_of(const struct lag *lag, size_t domain)
{
	return domain < lag->domain_room ? &lag->domains[domain] : NULL;
}

double lag_at_tsc(const struct lag *lag, size_t domain, size_t bin)
{
	return lag->at[domain].lag_tsc[bin];
}
