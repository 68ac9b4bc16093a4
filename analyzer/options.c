/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/options.h"

#include "analyzer/diag.h"
#include "analyzer/option_values.h"

#include <string.h>

enum { KEY_DOMAIN = 256, KEY_BRIEF, KEY_XEN_SYMS, KEY_DOM0_SYMS, KEY_TIMELINE };

static const struct argp_option option_table[] = {
	{ "domain", KEY_DOMAIN, "NAME|ID", 0, "Report only this domain", 0 },
	{ "brief", KEY_BRIEF, NULL, 0, "Only who got what and how long each waited, not why: takes less than half the time", 0 },
	{ "xen-syms", KEY_XEN_SYMS, "FILE", 0, "Names of the hypervisor's code: an ELF file with symbols, or a map", 0 },
	{ "dom0-syms", KEY_DOM0_SYMS, "FILE", 0, "Names of Dom0's kernel's code: the same, or System.map, or what was /proc/kallsyms", 0 },
	{ "timeline", KEY_TIMELINE, "FROM,TO", 0, "Seconds that the timeline figure shows (default: half a second in the middle)", 1 },
	{ 0 },
};

static const char doc[] =
	"Says who got which share of a Xen host's CPUs, who waited, and for how long.\v"
	"TRACE is a file of xtrace-cap or xentrace, or - for standard input.\n"
	"`xtrace-fair convert TRACE FILE' writes an xtrace-cap file in xentrace's format;\n"
	"`xtrace-fair diff A B' says what differs between two (xtrace-fair diff --help);\n"
	"`xtrace-fair whatif TRACE' replays one under other settings (xtrace-fair whatif --help).\n\n"
	"Exit codes: 0 fine; 1 failed; 2 wrong usage; 3 done, but the data is not to be trusted.";

/* The command line as it is read. */
struct reading {
	struct options *options;
	struct option_reading shared;
	struct option_result result;
};

static void parse_timeline(struct options *options, char *arg, struct argp_state *state)
{
	char *comma = strchr(arg, ',');

	if (!comma)
		argp_error(state, "--timeline wants two numbers with a comma between, not `%s'", arg);
	options->analysis.timeline_to_s = option_number(comma + 1, 0, state, "timeline");
	*comma = '\0';
	options->analysis.timeline_from_s = option_number(arg, 0, state, "timeline");
	*comma = ','; /* figures tell the command line that they come from */
	if (options->analysis.timeline_from_s >= options->analysis.timeline_to_s)
		argp_error(state, "--timeline ends before it begins");
}

static void check(struct reading *reading, struct argp_state *state)
{
	struct options *options = reading->options;

	options->format = report_format_named(reading->shared.format);
	if (!options->input)
		argp_error(state, "which trace?");
	if (options->analysis.brief && options->figures)
		argp_error(state, "--figures shows more than --brief finds out");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct reading *reading = state->input;
	struct options *options = reading->options;

	switch (key) {
	case KEY_DOMAIN: options->report.domain = arg; break;
	case KEY_BRIEF: options->analysis.brief = true; break;
	case KEY_XEN_SYMS: options->analysis.xen_syms = arg; break;
	case KEY_DOM0_SYMS: options->analysis.dom0_syms = arg; break;
	case KEY_TIMELINE: parse_timeline(options, arg, state); break;
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &reading->shared;
		state->child_inputs[1] = &reading->result;
		break;
	case ARGP_KEY_ARG: option_trace(&options->input, arg, state); break;
	case ARGP_KEY_END: check(reading, state); break;
	default: return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

void options_parse(struct options *options, int argc, char **argv)
{
	static const struct argp_child shared[] = { { &option_reading, 0, NULL, 0 }, { &option_result, 0, NULL, 0 }, { 0 } };
	static const struct argp argp = { option_table, parse, "TRACE\nconvert TRACE FILE\ndiff A B\nwhatif TRACE", doc, shared, NULL, NULL };
	struct reading reading = {
		.options = options, .shared.analysis = &options->analysis,
		.result = { &options->min_known, &options->figures, &options->terminal },
	};

	*options = (struct options){ 0 };
	option_parse(&argp, argc, argv, 0, &reading, EXIT_USAGE, EXIT_FAILED);
}
