/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/options.h"

#include "analyzer/diag.h"
#include "analyzer/option_values.h"
#include "analyzer/plot.h"

#include <argp.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_FIGURES = 256, KEY_FROM, KEY_TO, KEY_TSC_HZ, KEY_TERMINAL, KEY_TIMELINE, KEY_MIN_KNOWN, KEY_FORMAT, KEY_DOMAIN, KEY_BRIEF, KEY_XEN_SYMS, KEY_DOM0_SYMS };

static const struct argp_option option_table[] = {
	{ "format", KEY_FORMAT, "text|json|csv", 0, "How to report (default: text)", 0 },
	{ "domain", KEY_DOMAIN, "NAME|ID", 0, "Report only this domain", 0 },
	{ "brief", KEY_BRIEF, NULL, 0, "Only who got what and how long each waited, not why: takes less than half the time", 0 },
	{ "from", KEY_FROM, "SECONDS", 0, "Leave out what is before (default: 0, the trace's begin)", 0 },
	{ "to", KEY_TO, "SECONDS", 0, "Leave out what is after (default: the trace's end)", 0 },
	{ "tsc-hz", KEY_TSC_HZ, "HZ", 0, "The TSC's frequency, where the trace does not tell", 0 },
	{ "xen-syms", KEY_XEN_SYMS, "FILE", 0, "Names of the hypervisor's code: an ELF file with symbols, or a map", 0 },
	{ "dom0-syms", KEY_DOM0_SYMS, "FILE", 0, "Names of Dom0's kernel's code: the same, or System.map, or what was /proc/kallsyms", 0 },
	{ "min-known", KEY_MIN_KNOWN, "SHARE", 0, "Exit with 3 if less of the vCPUs' time is known (default: 0.95)", 0 },
	{ "figures", KEY_FIGURES, "DIR", 0, "Also write figures there: .dat, .gp and what gnuplot makes of them", 1 },
	{ "terminal", KEY_TERMINAL, "pdf|svg|png|cairolatex|dumb", 0, "What gnuplot makes (default: pdf)", 1 },
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

static void parse_timeline(struct options *options, char *arg, struct argp_state *state)
{
	char *comma = strchr(arg, ',');

	if (!comma)
		argp_error(state, "--timeline wants two numbers with a comma between, not `%s'", arg);
	*comma = '\0';
	options->analysis.timeline_from_s = option_number(arg, 0, state, "timeline");
	options->analysis.timeline_to_s = option_number(comma + 1, 0, state, "timeline");
	if (options->analysis.timeline_from_s >= options->analysis.timeline_to_s)
		argp_error(state, "--timeline ends before it begins");
}

static void check(const struct options *options, struct argp_state *state)
{
	if (!options->input)
		argp_error(state, "which trace?");
	if (options->analysis.from_s >= options->analysis.to_s)
		argp_error(state, "--from must be less than --to");
	if (options->analysis.brief && options->figures)
		argp_error(state, "--figures shows more than --brief finds out");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case KEY_FORMAT:
		options->format = report_format_named(arg);
		if (!options->format)
			argp_error(state, "no format `%s'", arg);
		break;
	case KEY_DOMAIN: options->report.domain = arg; break;
	case KEY_BRIEF: options->analysis.brief = true; break;
	case KEY_FROM: options->analysis.from_s = option_number(arg, 0, state, "from"); break;
	case KEY_TO: options->analysis.to_s = option_number(arg, 0, state, "to"); break;
	case KEY_TSC_HZ: options->analysis.tsc_hz = option_hz(arg, state); break;
	case KEY_XEN_SYMS: options->analysis.xen_syms = arg; break;
	case KEY_DOM0_SYMS: options->analysis.dom0_syms = arg; break;
	case KEY_MIN_KNOWN: options->min_known = option_number(arg, 0, state, "min-known"); break;
	case KEY_FIGURES: options->figures = arg; break;
	case KEY_TERMINAL:
		options->terminal = arg;
		if (!plot_terminal_known(arg))
			argp_error(state, "no terminal `%s'", arg);
		break;
	case KEY_TIMELINE: parse_timeline(options, arg, state); break;
	case ARGP_KEY_ARG:
		if (options->input)
			argp_error(state, "one trace at a time: `%s' is too many", arg);
		options->input = arg;
		break;
	case ARGP_KEY_END: check(options, state); break;
	default: return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

void options_parse(struct options *options, int argc, char **argv)
{
	static const struct argp argp = { option_table, parse, "TRACE\nconvert TRACE FILE\ndiff A B\nwhatif TRACE", doc, NULL, NULL, NULL };

	*options = (struct options){
		.format = report_format_named("text"), .terminal = "pdf", .min_known = 0.95,
		.analysis = { .to_s = INFINITY, .timeline_from_s = NAN, .timeline_to_s = NAN },
	};
	argp_program_version = "xtrace-fair " XTRACE_VERSION;
	argp_err_exit_status = EXIT_USAGE;
	if (argp_parse(&argp, argc, argv, 0, NULL, options) != 0) {
		diag_error("the command line:");
		exit(EXIT_FAILED);
	}
}
