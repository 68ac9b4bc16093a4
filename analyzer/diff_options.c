/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/diff_options.h"

#include "analyzer/diag.h"
#include "analyzer/option_values.h"
#include "analyzer/plot.h"
#include "analyzer/report_diff.h"

#include <argp.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_AGAINST = 256, KEY_FORMAT, KEY_FROM, KEY_TO, KEY_TSC_HZ, KEY_MIN_KNOWN, KEY_FIGURES, KEY_TERMINAL };

static const struct argp_option option_table[] = {
	{ "against", KEY_AGAINST, NULL, 0, "What comes before is runs of A, what comes after runs of B", 0 },
	{ "format", KEY_FORMAT, "text|json|csv", 0, "How to report (default: text)", 0 },
	{ "from", KEY_FROM, "SECONDS", 0, "Leave out of each trace what is before", 0 },
	{ "to", KEY_TO, "SECONDS", 0, "Leave out of each trace what is after", 0 },
	{ "tsc-hz", KEY_TSC_HZ, "HZ", 0, "The TSC's frequency, where the traces do not tell", 0 },
	{ "min-known", KEY_MIN_KNOWN, "SHARE", 0, "Exit with 3 if less of the vCPUs' time is known (default: 0.95)", 0 },
	{ "figures", KEY_FIGURES, "DIR", 0, "Also write a figure of both there: .dat, .gp and what gnuplot makes of them", 1 },
	{ "terminal", KEY_TERMINAL, "pdf|svg|png|cairolatex|dumb", 0, "What gnuplot makes (default: pdf)", 1 },
	{ 0 },
};

static const char doc[] =
	"Says what differs between two traces by more than noise.\v"
	"A and B are files of xtrace-cap or xentrace.  With several runs of the same experiments, all of A, --against, all of B:\n"
	"the noise is then what differs between runs, and not only what differs within each.\n\n"
	"Exit codes: 0 no difference beyond noise; 1 differences; 2 failed, or wrong usage; 3 done, but the data is not to be trusted.";

/* The command line as it is read. */
struct reading {
	struct diff_options *options;
	size_t side;
	bool against;
};

static void take_file(struct reading *reading, const char *arg)
{
	struct diff_options *options = reading->options;

	options->inputs[reading->side][options->count[reading->side]++] = arg;
}

/* Two files without --against are a side each. */
static void check(struct reading *reading, struct argp_state *state)
{
	struct diff_options *options = reading->options;

	if (!reading->against && options->count[0] == 2) {
		options->inputs[1][options->count[1]++] = options->inputs[0][1];
		options->count[0] = 1;
	}
	if (!reading->against && options->count[0] > 2)
		argp_error(state, "which of the %zu traces are A, and which B?  Put --against between", options->count[0]);
	if (options->count[0] == 0 || options->count[1] == 0)
		argp_error(state, "which two traces?");
	if (options->analysis.from_s >= options->analysis.to_s)
		argp_error(state, "--from must be less than --to");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct reading *reading = state->input;
	struct diff_options *options = reading->options;

	switch (key) {
	case KEY_AGAINST:
		if (reading->against)
			argp_error(state, "--against is between A and B, once");
		reading->against = true;
		reading->side = 1;
		break;
	case KEY_FORMAT:
		options->format = diff_format_named(arg);
		if (!options->format)
			argp_error(state, "no format `%s'", arg);
		break;
	case KEY_FROM: options->analysis.from_s = option_number(arg, 0, state, "from"); break;
	case KEY_TO: options->analysis.to_s = option_number(arg, 0, state, "to"); break;
	case KEY_TSC_HZ: options->analysis.tsc_hz = option_hz(arg, state); break;
	case KEY_MIN_KNOWN: options->min_known = option_number(arg, 0, state, "min-known"); break;
	case KEY_FIGURES: options->figures = arg; break;
	case KEY_TERMINAL:
		options->terminal = arg;
		if (!plot_terminal_known(arg))
			argp_error(state, "no terminal `%s'", arg);
		break;
	case ARGP_KEY_ARG: take_file(reading, arg); break;
	case ARGP_KEY_END: check(reading, state); break;
	default: return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

void diff_options_free(struct diff_options *options)
{
	for (size_t s = 0; s < DIFF_SIDES; s++)
		free(options->inputs[s]);
}

void diff_options_parse(struct diff_options *options, int argc, char **argv)
{
	static const struct argp argp = { option_table, parse, "A B\nA... --against B...", doc, NULL, NULL, NULL };
	struct reading reading = { .options = options };

	*options = (struct diff_options){
		.format = diff_format_named("text"), .terminal = "pdf", .min_known = 0.95,
		.analysis = { .to_s = INFINITY, .timeline_from_s = NAN, .timeline_to_s = NAN },
	};
	for (size_t s = 0; s < DIFF_SIDES; s++)
		options->inputs[s] = calloc((size_t)argc + 1, sizeof(*options->inputs[s]));
	argp_program_version = "xtrace-fair " XTRACE_VERSION;
	argp_err_exit_status = DIFF_TROUBLE;
	if (!options->inputs[0] || !options->inputs[1] || argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &reading) != 0) {
		diag_error("the command line:");
		exit(DIFF_TROUBLE);
	}
}
