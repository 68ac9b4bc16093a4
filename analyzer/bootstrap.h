/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much a figure of a trace varies, by drawing from its time blocks (blocks.h) at random, many times over, and taking
 * the figure of each draw.
 *
 * The block bootstrap (Carlstein: The use of subseries values for estimating the variance of a general statistic from a
 * stationary sequence, Annals of Statistics 14, 1986): of n blocks, n are drawn with replacement. The standard deviation of the
 * draws times sqrt(n / (n - 1)) is the figure's standard error, with n - 1 degrees of freedom.
 *
 * A second time with blocks BOOT_LONG times as long: noise that lasts for longer than a block shows in these only (Flyvbjerg and
 * Petersen: Error estimates on averages of correlated data, J. Chem. Phys. 91, 1989).  The greater standard error counts.
 * It is that of the short blocks and what the long ones have beyond, so its degrees of freedom are
 * 1 / (q^2 / short + (1 - q)^2 / long), q being the part of its square that the short ones have (Satterthwaite, Biometrics 2, 1946).
 *
 * Draws are the same in every run of the program.
 */
#ifndef XTRACE_BOOTSTRAP_H
#define XTRACE_BOOTSTRAP_H

#include "analyzer/blocks.h"

enum {
	BOOT_DRAWS = 500,                 /* of each length of a block */
	BOOT_LONG = 4,
	BOOT_BLOCKS_MIN = 12,             /* with less nothing is said of noise */
	BOOT_ALL = 1 + 2 * BOOT_DRAWS     /* the first draw is all blocks once */
};

struct boot_draw {
	uint8_t times[BLOCKS_MAX];        /* that each block is in it */
};

struct bootstrap {
	size_t blocks;
	struct boot_draw draws[BOOT_ALL];
};

struct noise {
	double se, dof;                   /* NAN: not known */
};

void bootstrap_fill(struct bootstrap *boot, size_t blocks);

/* A draw's sums of rows that are width wide, one for each block. */
void bootstrap_sum(const struct bootstrap *boot, size_t draw, const double *rows, size_t width, double *sums);

/* What BOOT_ALL values say.  Those that are NAN are left out; with more than a few of them nothing is known. */
struct noise bootstrap_noise(const struct bootstrap *boot, const double *values);

#endif
