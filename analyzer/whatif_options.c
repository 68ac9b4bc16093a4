/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/whatif.h"

#include "analyzer/diag.h"
#include "analyzer/option_values.h"

#include <stdlib.h>
#include <string.h>

enum { KEY_WEIGHT = 256, KEY_CAP, KEY_AFFINITY, KEY_TSLICE, KEY_RATELIMIT, KEY_BOOST, KEY_ACCOUNTING, KEY_SCHEDULER };

/* What Xen 4.17 takes of a domain (xen/include/public/domctl.h). */
enum { WEIGHT_MAX = 65535, CAP_MAX = 65535 };

static const struct argp_option option_table[] = {
	{ "weight", KEY_WEIGHT, "DOMAIN=N", 0, "Another weight, 1 to 65535", 0 },
	{ "cap", KEY_CAP, "DOMAIN=PERCENT", 0, "Another cap, of one pCPU; 0: none", 0 },
	{ "affinity", KEY_AFFINITY, "DOMAIN=PCPUS", 0, "Other pCPUs for its vCPUs: 0,2-3 or all", 0 },
	{ "tslice", KEY_TSLICE, "MS", 0, "Another time slice, 1 to 1000 ms (credit)", 1 },
	{ "ratelimit", KEY_RATELIMIT, "US", 0, "Another rate limit, 100 to 500000 us; 0: none", 1 },
	{ "boost", KEY_BOOST, "on|off", 0, "Whether who wakes UNDER is boosted (credit)", 1 },
	{ "accounting", KEY_ACCOUNTING, "exact|tick", 0, "Who pays: who runs for what it ran, or who a tick meets, as before 2009 (credit)", 1 },
	{ "scheduler", KEY_SCHEDULER, "credit|credit2", 0, "Another scheduler", 1 },
	{ 0 },
};

static const char doc[] =
	"Replays what the vCPUs of a trace wanted under other settings of the scheduler, and says who would have got what.\v"
	"TRACE is a file of xtrace-cap or xentrace, or - for standard input.  DOMAIN is a name or an id.\n"
	"Each answer comes with a self-check: the same replay under the trace's own settings, beside the trace.\n\n"
	"Exit codes: 0 fine; 1 failed; 2 wrong usage; 3 done, but the data or the replay is not to be trusted.";

/* A whole number with or without this unit behind it. */
static uint64_t number_of(const char *text, const char *unit, uint64_t least, uint64_t most, struct argp_state *state)
{
	char *end;
	unsigned long long number = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || (*end != '\0' && strcmp(end, unit) != 0) || number < least || number > most)
		argp_error(state, "`%s' is no whole number from %llu to %llu", text, (unsigned long long)least, (unsigned long long)most);
	return number;
}

/* One of two words: the second is true. */
static bool second_of(const char *text, const char *first, const char *second, struct argp_state *state)
{
	if (strcmp(text, first) != 0 && strcmp(text, second) != 0)
		argp_error(state, "`%s' is neither %s nor %s", text, first, second);
	return strcmp(text, second) == 0;
}

/* ---- what is other for a domain ---- */

static uint64_t take_pcpu(const char **at)
{
	char *end;
	unsigned long pcpu = strtoul(*at, &end, 10);

	if (end == *at || **at < '0' || **at > '9' || pcpu >= REPLAY_PCPUS_MAX)
		return REPLAY_PCPUS_MAX;
	*at = end;
	return pcpu;
}

/* 0,2-3 as a mask; 0: it is no such list. */
static uint64_t pcpus_of(const char *text)
{
	uint64_t mask = 0;

	if (strcmp(text, "all") == 0)
		return UINT64_MAX;
	for (const char *at = text;; at++) {
		uint64_t first = take_pcpu(&at), last = first;
		if (*at == '-') {
			at++;
			last = take_pcpu(&at);
		}
		if (first >= REPLAY_PCPUS_MAX || last >= REPLAY_PCPUS_MAX || last < first || (*at != ',' && *at != '\0'))
			return 0;
		for (uint64_t pcpu = first; pcpu <= last; pcpu++)
			mask |= UINT64_C(1) << pcpu;
		if (*at == '\0')
			return mask;
	}
}

static uint64_t value_of(enum override_kind kind, const char *text, struct argp_state *state)
{
	if (kind == OVERRIDE_WEIGHT)
		return number_of(text, "", 1, WEIGHT_MAX, state);
	if (kind == OVERRIDE_CAP)
		return number_of(text, "%", 0, CAP_MAX, state);
	return pcpus_of(text);
}

static void add_override(struct whatif_options *options, enum override_kind kind, char *arg, struct argp_state *state)
{
	char *equals = strrchr(arg, '=');
	struct override *override = &options->overrides[options->override_count];

	if (!equals || equals == arg)
		argp_error(state, "--%s wants DOMAIN=VALUE, not `%s'", override_name[kind], arg);
	if (options->override_count == OVERRIDES_MAX)
		argp_error(state, "no more than %d domains at a time", OVERRIDES_MAX);
	*equals = '\0';
	*override = (struct override){ .kind = kind, .domain = arg, .text = equals + 1, .value = value_of(kind, equals + 1, state) };
	if (kind == OVERRIDE_AFFINITY && override->value == 0)
		argp_error(state, "`%s' is no list of pCPUs below %d, such as 0,2-3", equals + 1, REPLAY_PCPUS_MAX);
	options->override_count++;
}

/* ---- all ---- */

static const struct replay_model *scheduler_named(const char *name, struct argp_state *state)
{
	if (second_of(name, replay_credit.name, replay_credit2.name, state))
		return &replay_credit2;
	return &replay_credit;
}

/* The command line as it is read. */
struct reading {
	struct whatif_options *options;
	struct option_reading shared;
};

static void check(struct reading *reading, struct argp_state *state)
{
	struct whatif_options *options = reading->options;

	options->format = whatif_format_named(reading->shared.format);
	options->changes = options->override_count > 0 || options->tslice_ms != AS_IT_WAS || options->ratelimit_us != AS_IT_WAS ||
			   options->boost != AS_IT_WAS || options->tick_debit != AS_IT_WAS || options->scheduler;
	if (!options->input)
		argp_error(state, "which trace?");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct reading *reading = state->input;
	struct whatif_options *options = reading->options;

	switch (key) {
	case ARGP_KEY_INIT: state->child_inputs[0] = &reading->shared; break;
	case KEY_WEIGHT: add_override(options, OVERRIDE_WEIGHT, arg, state); break;
	case KEY_CAP: add_override(options, OVERRIDE_CAP, arg, state); break;
	case KEY_AFFINITY: add_override(options, OVERRIDE_AFFINITY, arg, state); break;
	case KEY_TSLICE: options->tslice_ms = (int)number_of(arg, "ms", 1, XEN_TSLICE_MS_MAX, state); break;
	case KEY_RATELIMIT:
		options->ratelimit_us = (int)number_of(arg, "us", 0, XEN_RATELIMIT_US_MAX, state);
		if (options->ratelimit_us > 0 && options->ratelimit_us < XEN_RATELIMIT_US_MIN)
			argp_error(state, "a rate limit of less than %d us: Xen refuses that", XEN_RATELIMIT_US_MIN);
		break;
	case KEY_BOOST: options->boost = second_of(arg, "off", "on", state); break;
	case KEY_ACCOUNTING: options->tick_debit = second_of(arg, "exact", "tick", state); break;
	case KEY_SCHEDULER: options->scheduler = scheduler_named(arg, state); break;
	case ARGP_KEY_ARG: option_trace(&options->input, arg, state); break;
	case ARGP_KEY_END: check(reading, state); break;
	default: return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

void whatif_options_parse(struct whatif_options *options, int argc, char **argv)
{
	static const struct argp_child shared[] = { { &option_reading, 0, NULL, 2 }, { 0 } };
	static const struct argp argp = { option_table, parse, "TRACE", doc, shared, NULL, NULL };
	struct reading reading = { .options = options, .shared.analysis = &options->analysis };

	*options = (struct whatif_options){
		.tslice_ms = AS_IT_WAS, .ratelimit_us = AS_IT_WAS, .boost = AS_IT_WAS,
		.tick_debit = AS_IT_WAS,
	};
	option_parse(&argp, argc, argv, 0, &reading, EXIT_USAGE, EXIT_FAILED);
}
