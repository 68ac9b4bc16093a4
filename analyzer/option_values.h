/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What several command lines have in common: how they are read, and some of their options.  All exit with the command line's exit code
 * for wrong usage if a value cannot be. */
#ifndef XTRACE_OPTION_VALUES_H
#define XTRACE_OPTION_VALUES_H

#include <argp.h>

struct analysis_options;

/* Reads a command line as argp does, which tells --version, too; flags and input are argp's.  Exits with usage_exit if it is wrong, with
 * failed_exit, and says so, if it cannot be read (memory is short). */
void option_parse(const struct argp *argp, int argc, char **argv, unsigned flags, void *input, int usage_exit, int failed_exit);

/* Children of a command line's argp, each with its rows, their values and defaults, and what must hold between them.  The parent
 * sets their inputs at ARGP_KEY_INIT; at ARGP_KEY_END they have been before it. */
extern const struct argp option_reading; /* --format, --from, --to, --tsc-hz */
extern const struct argp option_result;  /* --min-known, --figures, --terminal */

/* Their inputs: where the values go. */
struct option_reading {
	const char *format;                /* one of text, json and csv */
	struct analysis_options *analysis;
};

struct option_result {
	double *min_known;
	const char **figures, **terminal;  /* NULL: no figures */
};

/* The one trace that a command line names, into *trace, which was NULL: another is wrong usage. */
void option_trace(const char **trace, const char *arg, const struct argp_state *state);

/* What --what says: a number not below least. */
double option_number(const char *arg, double least, struct argp_state *state, const char *what);

#endif
