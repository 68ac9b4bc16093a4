/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is needed of statistics: random numbers that are the same everywhere, tails, and many comparisons at once. */
#ifndef XTRACE_STATISTICS_H
#define XTRACE_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014): the state is any number. */
uint64_t random_next(uint64_t *state);

/* From 0 up to limit - 1, limit not 0; off from even by no more than limit / 2^32. */
uint32_t random_below(uint64_t *state, uint32_t limit);

/* How likely something is at least as far from 0, either side, as t under Student's distribution; 0 for t infinite.
 * The incomplete beta function I_x(dof/2, 1/2) at x = dof / (dof + t^2), by its continued fraction (DLMF 8.17.22). */
double student_p(double t, double dof);

/* The t that student_p() gives this p for; p above 0, not above 1. */
double student_t(double p, double dof);

/* Mean and standard deviation, of n - 1; NAN for less than one, or two. */
double mean_of(const double *values, size_t count);
double deviation_of(const double *values, size_t count);

/* Holm (A simple sequentially rejective multiple test procedure, Scand. J. Statist. 6, 1979): replaces each p by the least
 * level for all comparisons together at which it would be rejected.  p of NAN are no comparisons.  False when out of memory. */
bool holm_adjust(double *p, size_t count);

#endif
