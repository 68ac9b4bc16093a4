/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files of one figure: NAME.dat with the numbers, NAME.gp with where it came from, plots/style.gp and plots/NAME.gp, and the
 * picture that gnuplot makes of them.  All functions say what went wrong.
 */
#ifndef XTRACE_PLOT_H
#define XTRACE_PLOT_H

#include "analyzer/analysis.h"

#include <stdbool.h>
#include <stdio.h>

enum plot_size {
	PLOT_COLUMN,          /* 84 mm wide */
	PLOT_WIDE,            /* 178 mm */
	PLOT_PANELS,          /* as wide and higher: for several plots */
	PLOT_SIZES
};

/* What all figures of one run of the program have in common. */
struct plot {
	const char *directory, *terminal;
	int argc;             /* the command line, for the comment that says where a figure came from */
	char **argv;
};

bool plot_terminal_known(const char *terminal);

/* Makes the directory if need be. */
bool plot_directory(const char *directory);

/* NULL: it could not be made. */
FILE *plot_open_data(const struct plot *plot, const char *name);
bool plot_close_data(FILE *out, const struct plot *plot, const char *name);

/* A trace that the figure is of, in the script's comments; before plot_begin(). */
FILE *plot_open_script(const struct plot *plot, const char *name);
void plot_trace(FILE *out, const struct result *result);
void plot_begin(FILE *out, const struct plot *plot, const char *name, enum plot_size size);

/* Adds style.gp and NAME.gp and has gnuplot draw. */
bool plot_close_script(FILE *out, const struct plot *plot, const char *name);

/* A cumulative curve, a line each: us, and the share of the histogram's that took no longer.  empty: the line that stands for
 * a histogram without any. */
void plot_cumulative(FILE *out, const struct result *result, const struct histogram *histogram, const char *empty);

/* A domain's label in which nothing is a command of gnuplot or LaTeX. */
void plot_label(const struct result_domain *domain, char *out, size_t out_size);

#endif
