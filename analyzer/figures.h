/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Figures: for each row of the figure table a .dat with the numbers, a copy of its .gp from plots/
 * with where it came from, and the picture that gnuplot makes of them.
 */
#ifndef XTRACE_FIGURES_H
#define XTRACE_FIGURES_H

#include "analyzer/plot.h"

#include <stdbool.h>
#include <stdio.h>

/* Makes the directory if need be and opens its timeline.dat for analysis_run(); NULL: says why. */
FILE *figures_open_timeline(const struct plot *plot);

/* Writes all figures.  False when something failed; it has been said. */
bool figures_write(const struct plot *plot, const struct result *result);

#endif
