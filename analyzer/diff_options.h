/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of xtrace-fair diff. */
#ifndef XTRACE_DIFF_OPTIONS_H
#define XTRACE_DIFF_OPTIONS_H

#include "analyzer/diff.h"

#include <stdio.h>

/* Exit codes, those of diff(1) with EXIT_UNTRUSTED as everywhere in xtrace-fair. */
enum { DIFF_SAME = 0, DIFF_DIFFERENT = 1, DIFF_TROUBLE = 2, DIFF_UNTRUSTED = 3 };

struct diff_format {
	const char *name;                 /* as --format takes it */
	bool (*render)(FILE *out, const struct diff *diff);
};

struct diff_options {
	const char **inputs[DIFF_SIDES];
	size_t count[DIFF_SIDES];
	const struct diff_format *format;
	const char *figures;              /* NULL, or the directory for them */
	const char *terminal;
	double min_known;
	struct analysis_options analysis;
};

/* Fills the options or exits with DIFF_TROUBLE, as argp does. */
void diff_options_parse(struct diff_options *options, int argc, char **argv);
void diff_options_free(struct diff_options *options);

#endif
