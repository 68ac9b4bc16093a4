/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/diff_options.h"

#include "analyzer/diag.h"
#include "analyzer/option_values.h"
#include "analyzer/report_diff.h"

#include <stdlib.h>
#include <string.h>

enum { KEY_AGAINST = 256 };

static const struct argp_option option_table[] = {
	{ "against", KEY_AGAINST, NULL, 0, "What comes before is runs of A, what comes after runs of B", 0 },
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
	struct option_reading shared;
	struct option_result result;
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

	options->format = diff_format_named(reading->shared.format);
	if (!reading->against && options->count[0] == 2) {
		options->inputs[1][options->count[1]++] = options->inputs[0][1];
		options->count[0] = 1;
	}
	if (!reading->against && options->count[0] > 2)
		argp_error(state, "which of the %zu traces are A, and which B?  Put --against between", options->count[0]);
	if (options->count[0] == 0 || options->count[1] == 0)
		argp_error(state, "which two traces?");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct reading *reading = state->input;

	switch (key) {
	case KEY_AGAINST:
		if (reading->against)
			argp_error(state, "--against is between A and B, once");
		reading->against = true;
		reading->side = 1;
		break;
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &reading->shared;
		state->child_inputs[1] = &reading->result;
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
	static const struct argp_child shared[] = { { &option_reading, 0, NULL, 0 }, { &option_result, 0, NULL, 0 }, { 0 } };
	static const struct argp argp = { option_table, parse, "A B\nA... --against B...", doc, shared, NULL, NULL };
	struct reading reading = {
		.options = options, .shared.analysis = &options->analysis,
		.result = { &options->min_known, &options->figures, &options->terminal },
	};

	*options = (struct diff_options){ 0 };
	for (size_t s = 0; s < DIFF_SIDES; s++)
		options->inputs[s] = calloc((size_t)argc + 1, sizeof(*options->inputs[s]));
	if (!options->inputs[0] || !options->inputs[1]) {
		diag_error("out of memory");
		exit(DIFF_TROUBLE);
	}
	option_parse(&argp, argc, argv, ARGP_IN_ORDER, &reading, DIFF_TROUBLE, DIFF_TROUBLE);
}
