/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/credit_trail.h"

#include <stdlib.h>

const char *const credit_level_name[LEVELS] = { "over", "under", "boost" };

static const struct credit_bin nothing = { .least = INT16_MAX, .most = INT16_MIN };

void trail_init(struct credit_trail *trail)
{
	*trail = (struct credit_trail){ .all = nothing, .bin = nothing };
}

void trail_free(struct credit_trail *trail)
{
	free(trail->bins);
}

static void note(struct credit_bin *bin, int16_t credit, enum credit_level level)
{
	bin->last = credit;
	bin->least = credit < bin->least ? credit : bin->least;
	bin->most = credit > bin->most ? credit : bin->most;
	bin->level = (uint8_t)level;
}

void trail_note(struct credit_trail *trail, int32_t credit, enum credit_level level)
{
	int16_t shown = (int16_t)(credit < INT16_MIN ? INT16_MIN : credit > INT16_MAX ? INT16_MAX : credit);

	note(&trail->bin, shown, level);
	note(&trail->all, shown, level);
}

static void halve(struct credit_bin *bins)
{
	for (size_t i = 0; i < CREDIT_BINS / 2; i++) {
		const struct credit_bin *first = &bins[2 * i];
		struct credit_bin both = bins[2 * i + 1];
		both.least = first->least < both.least ? first->least : both.least;
		both.most = first->most > both.most ? first->most : both.most;
		bins[i] = both;
	}
}

bool trail_end_bin(struct credit_trail *trail, size_t at)
{
	bool known = trail->bin.least <= trail->bin.most;

	if (!trail->bins) {
		trail->bins = malloc(CREDIT_BINS * sizeof(*trail->bins));
		for (size_t i = 0; trail->bins && i < CREDIT_BINS; i++)
			trail->bins[i] = nothing;
	}
	if (!trail->bins)
		return false;
	trail->bins[at] = trail->bin;
	trail->bin.least = known ? trail->bin.last : nothing.least;
	trail->bin.most = known ? trail->bin.last : nothing.most;
	if (at == CREDIT_BINS - 1)
		halve(trail->bins);
	return true;
}
