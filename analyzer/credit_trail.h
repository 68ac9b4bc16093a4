/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one vCPU's credit and priority were over time: how long it ran and waited at each priority, and from least to most
 * in bins of equal length, which double when there are too many.
 */
#ifndef XTRACE_CREDIT_TRAIL_H
#define XTRACE_CREDIT_TRAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CREDIT_BINS = 512 };

/* Priorities as an index: of those that a vCPU of a domain has. */
enum credit_level { LEVEL_OVER, LEVEL_UNDER, LEVEL_BOOST, LEVELS };

extern const char *const credit_level_name[LEVELS];

/* In a stretch of time; least > most: nothing is known. */
struct credit_bin {
	int16_t least, most, last;
	uint8_t level;             /* at the end */
};

struct credit_trail {
	uint64_t level_tsc[LEVELS][2]; /* running; runnable */
	struct credit_bin all;     /* of the whole window */
	struct credit_bin bin;     /* the one at hand */
	struct credit_bin *bins;   /* CREDIT_BINS; NULL: none yet */
};

void trail_init(struct credit_trail *trail);
void trail_free(struct credit_trail *trail);

/* It is known to have so much since it was noted last. */
static inline bool trail_is(const struct credit_trail *trail, int32_t credit, enum credit_level level)
{
	return trail->bin.last == credit && trail->bin.level == level && trail->bin.least <= trail->bin.most;
}

/* It has so much now. */
void trail_note(struct credit_trail *trail, int32_t credit, enum credit_level level);

/* The bin at hand ends, and becomes the at-th; at the last one, pairs of all bins become one.  False when out of memory. */
bool trail_end_bin(struct credit_trail *trail, size_t at);

#endif
