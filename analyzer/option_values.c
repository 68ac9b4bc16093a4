/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/option_values.h"

#include "analyzer/analysis.h"
#include "analyzer/clock.h"
#include "analyzer/diag.h"
#include "analyzer/plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void option_parse(const struct argp *argp, int argc, char **argv, unsigned flags, void *input, int usage_exit, int failed_exit)
{
	argp_program_version = "xtrace-fair " XTRACE_VERSION;
	argp_err_exit_status = usage_exit;
	if (argp_parse(argp, argc, argv, flags, NULL, input) == 0)
		return;
	diag_error("the command line:");
	exit(failed_exit);
}

double option_number(const char *arg, double least, struct argp_state *state, const char *what)
{
	char *end;
	double number = strtod(arg, &end);

	if (end == arg || *end != '\0' || !(number >= least) || !isfinite(number))
		argp_error(state, "--%s wants a number from %g on, not `%s'", what, least, arg);
	return number;
}

void option_trace(const char **trace, const char *arg, const struct argp_state *state)
{
	if (*trace)
		argp_error(state, "one trace at a time: `%s' is too many", arg);
	*trace = arg;
}

/* ---- how to read and to report ---- */

#define FORMATS "text|json|csv"

enum { KEY_FORMAT = 256, KEY_FROM, KEY_TO, KEY_TSC_HZ };

static const struct argp_option reading_rows[] = {
	{ "format", KEY_FORMAT, FORMATS, 0, "How to report (default: text)", 0 },
	{ "from", KEY_FROM, "SECONDS", 0, "Leave out what is before (default: 0, the trace's begin)", 0 },
	{ "to", KEY_TO, "SECONDS", 0, "Leave out what is after (default: the trace's end)", 0 },
	{ "tsc-hz", KEY_TSC_HZ, "HZ", 0, "The TSC's frequency, where the trace does not tell", 0 },
	{ 0 },
};

/* One of words with bars between them. */
static bool is_one_of(const char *words, const char *arg)
{
	size_t length = strlen(arg), word_length;

	for (const char *word = words; *word; word += word_length + (word[word_length] == '|')) {
		word_length = strcspn(word, "|");
		if (word_length == length && memcmp(word, arg, length) == 0)
			return true;
	}
	return false;
}

static const char *format_of(const char *arg, struct argp_state *state)
{
	if (!is_one_of(FORMATS, arg))
		argp_error(state, "no format `%s'", arg);
	return arg;
}

static uint64_t hz_of(const char *arg, struct argp_state *state)
{
	double hz = option_number(arg, (double)TSC_HZ_MIN, state, "tsc-hz");

	if (hz > (double)TSC_HZ_MAX)
		argp_error(state, "--tsc-hz wants no more than %g, not `%s'", (double)TSC_HZ_MAX, arg);
	return (uint64_t)hz;
}

static error_t parse_reading(int key, char *arg, struct argp_state *state)
{
	struct option_reading *reading = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		reading->format = "text";
		*reading->analysis = (struct analysis_options){ .to_s = INFINITY, .timeline_from_s = NAN, .timeline_to_s = NAN };
		break;
	case KEY_FORMAT: reading->format = format_of(arg, state); break;
	case KEY_FROM: reading->analysis->from_s = option_number(arg, 0, state, "from"); break;
	case KEY_TO: reading->analysis->to_s = option_number(arg, 0, state, "to"); break;
	case KEY_TSC_HZ: reading->analysis->tsc_hz = hz_of(arg, state); break;
	case ARGP_KEY_END:
		if (reading->analysis->from_s >= reading->analysis->to_s)
			argp_error(state, "--from must be less than --to");
		break;
	default: return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

const struct argp option_reading = { reading_rows, parse_reading, NULL, NULL, NULL, NULL, NULL };

/* ---- what comes of it ---- */

enum { KEY_MIN_KNOWN = 256, KEY_FIGURES, KEY_TERMINAL };

static const struct argp_option result_rows[] = {
	{ "min-known", KEY_MIN_KNOWN, "SHARE", 0, "Exit with 3 if less of the vCPUs' time is known (default: 0.95)", 0 },
	{ "figures", KEY_FIGURES, "DIR", 0, "Also write figures there: .dat, .gp and what gnuplot makes of them", 1 },
	{ "terminal", KEY_TERMINAL, "pdf|svg|png|cairolatex|dumb", 0, "What gnuplot makes (default: pdf)", 1 },
	{ 0 },
};

static double share_of(const char *arg, struct argp_state *state)
{
	double share = option_number(arg, 0, state, "min-known");

	if (share > 1)
		argp_error(state, "--min-known wants a share from 0 to 1, not `%s'", arg);
	return share;
}

static error_t parse_result(int key, char *arg, struct argp_state *state)
{
	const struct option_result *result = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		*result->min_known = 0.95;
		*result->figures = NULL;
		*result->terminal = "pdf";
		break;
	case KEY_MIN_KNOWN: *result->min_known = share_of(arg, state); break;
	case KEY_FIGURES: *result->figures = arg; break;
	case KEY_TERMINAL:
		*result->terminal = arg;
		if (!plot_terminal_known(arg))
			argp_error(state, "no terminal `%s'", arg);
		break;
	default: return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

const struct argp option_result = { result_rows, parse_result, NULL, NULL, NULL, NULL, NULL };
