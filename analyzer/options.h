/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of xtrace-fair. */
#ifndef XTRACE_FAIR_OPTIONS_H
#define XTRACE_FAIR_OPTIONS_H

#include "analyzer/analysis.h"
#include "analyzer/report.h"

struct options {
	const char *input;         /* "-": standard input */
	const char *figures;       /* NULL, or the directory for figures */
	const char *terminal;      /* of the figures */
	const struct report_format *format;
	double min_known;
	struct analysis_options analysis;
	struct report_options report;
};

/* Fills the options or exits with EXIT_USAGE, as argp does. */
void options_parse(struct options *options, int argc, char **argv);

#endif
