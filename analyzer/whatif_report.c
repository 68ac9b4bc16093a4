/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answer as text and as CSV, and what all formats share. */
#include "analyzer/whatif.h"

#include "analyzer/csv.h"
#include "analyzer/diag.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static const struct whatif_format formats[] = { { "text", whatif_text }, { "json", whatif_json }, { "csv", whatif_csv } };

const struct whatif_format *whatif_format_named(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL;
}

/* ---- what is other ---- */

static void add_change(struct whatif_change *changes, size_t *count, const char *what, const char *domain, const char *value)
{
	struct whatif_change *change = &changes[(*count)++];

	change->what = what;
	change->domain = domain;
	snprintf(change->value, sizeof(change->value), "%s", value);
}

size_t whatif_changes(const struct whatif *whatif, struct whatif_change *changes)
{
	const struct whatif_options *options = whatif->options;
	const struct replay_settings *settings = &whatif->wholes[RUN_WHATIF].settings;
	char number[32];
	size_t count = 0;

	for (size_t i = 0; i < options->override_count; i++)
		add_change(changes, &count, override_name[options->overrides[i].kind], options->overrides[i].domain, options->overrides[i].text);
	snprintf(number, sizeof(number), "%u ms", settings->tslice_ms);
	if (options->tslice_ms != AS_IT_WAS)
		add_change(changes, &count, "tslice", "", number);
	snprintf(number, sizeof(number), "%u us", settings->ratelimit_us);
	if (options->ratelimit_us != AS_IT_WAS)
		add_change(changes, &count, "ratelimit", "", number);
	if (options->boost != AS_IT_WAS)
		add_change(changes, &count, "boost", "", settings->boost ? "on" : "off");
	if (options->tick_debit != AS_IT_WAS)
		add_change(changes, &count, "accounting", "", settings->tick_debit ? "tick" : "exact");
	if (options->scheduler)
		add_change(changes, &count, "scheduler", "", options->scheduler->name);
	return count;
}

/* ---- text ---- */

enum { LABEL_WIDTH = 16 };

static void print_head(FILE *out, const struct whatif *whatif)
{
	const struct result *trace = &whatif->trace;
	const struct replay_settings *settings = &whatif->wholes[RUN_REPLAY].settings;
	char name[512];

	diag_escape(trace->input_name, name, sizeof(name));
	fprintf(out, "%s: %.3f s, %zu pCPUs, scheduler %s", name, trace->duration_s, trace->pcpu_count, whatif->wholes[RUN_REPLAY].model->name);
	if (whatif->wholes[RUN_REPLAY].model == &replay_credit)
		fprintf(out, "%s, tslice %u ms", settings->tick_debit ? " debiting by tick" : "", settings->tslice_ms);
	fprintf(out, ", ratelimit %u us\n", settings->ratelimit_us);
	if (!trace->host.scheduler[0])
		fprintf(out, "The trace does not tell the scheduler nor its settings: these are assumed.\n");
}

static void print_changes(FILE *out, const struct whatif *whatif)
{
	struct whatif_change changes[WHATIF_CHANGES_MAX];
	size_t count = whatif_changes(whatif, changes);

	for (size_t i = 0; i < count; i++) {
		char domain[512], value[4 * sizeof(changes[i].value)];
		diag_escape(changes[i].domain, domain, sizeof(domain));
		diag_escape(changes[i].value, value, sizeof(value));
		fprintf(out, "%s %s%s%s %s", i ? "," : "What if:", changes[i].what, *domain ? " of " : "", domain, value);
	}
	fprintf(out, "%s", count ? ".\n" : "");
}

static void print_self_check(FILE *out, const struct whatif *whatif)
{
	const struct whatif_domain *worst = &whatif->domains[whatif->share_error_at];

	fprintf(out, "\nSelf-check: replayed with nothing changed, ");
	if (whatif->share_error > 0)
		fprintf(out, "shares are off by %.2f points of 100 at most (%s).\n", 100 * whatif->share_error, worst->label);
	else
		fprintf(out, "all shares are as in the trace.\n");
	if (whatif->share_error > WHATIF_SHARE_ERROR_MAX)
		fprintf(out, "That is more than %.0f: do not trust what follows.\n", 100 * WHATIF_SHARE_ERROR_MAX);
}

static const char *label_of(const struct whatif *whatif, uint32_t domain_id)
{
	for (size_t i = 0; i < whatif->domain_count; i++)
		if (whatif->domains[i].id == domain_id)
			return whatif->domains[i].label;
	return "?";
}

/* Where the trace tells too little of what somebody wants. */
static void print_length(FILE *out, const struct whatif *whatif)
{
	const struct whatif_whole *last = &whatif->wholes[whatif->runs - 1];
	double trace_s = whatif->trace.duration_s;

	if (last->done == REPLAY_TASK_NONE)
		return;
	fprintf(out, "After %.3f s of %.3f s vCPU %u of %s is done with all that the trace shows of its work; the numbers are up to there.\n",
		last->median_s, trace_s, whatif->demand.rows[last->done].id, label_of(whatif, whatif->demand.rows[last->done].domain_id));
	if (last->median_s < WHATIF_LENGTH_MIN * trace_s)
		fprintf(out, "That is less than half: the trace does not show what it would do with more. Do not trust what follows.\n");
}

static void print_number(FILE *out, int width, int digits, double value, const char *unit)
{
	if (isnan(value))
		fprintf(out, " %*s", width, "-");
	else
		fprintf(out, " %*.*f%s", width - (int)strlen(unit), digits, value, unit);
}

/* How a measure is shown: in which units, and how wide. */
static const struct {
	const char *title, *unit;
	int width, digits;
	double factor;
} columns[ANSWERS] = {
	[ANSWER_SHARE] = { "share", "%", 8, 2, 100 },
	[ANSWER_ATTAINED] = { "att/ent", "", 8, 2, 1 },
	[ANSWER_BEHIND] = { "behind", "", 7, 1, 1000 },
	[ANSWER_WAKE_P50] = { "woken p50", "", 10, 0, 1 },
	[ANSWER_WAKE_P99] = { "woken p99", "", 10, 0, 1 },
	[ANSWER_PREEMPTED_P50] = { "pre. p50", "", 9, 0, 1 },
	[ANSWER_PREEMPTED_P99] = { "pre. p99", "", 9, 0, 1 },
	[ANSWER_DONE] = { "done", "%", 6, 0, 100 },
};

enum { SPREAD_WIDTH = 12 };

static void print_spread(FILE *out, const struct whatif_row *row, int run)
{
	char spread[32] = "";

	if (run != RUN_TRACE && !isnan(row->least[ANSWER_SHARE]))
		snprintf(spread, sizeof(spread), "%.2f-%.2f", 100 * row->least[ANSWER_SHARE], 100 * row->most[ANSWER_SHARE]);
	fprintf(out, " %*s", SPREAD_WIDTH, spread);
}

static void print_row(FILE *out, const struct whatif_row *row, int run)
{
	for (int m = 0; m < ANSWERS; m++) {
		print_number(out, columns[m].width, columns[m].digits, columns[m].factor * row->median[m], columns[m].unit);
		if (m == ANSWER_SHARE)
			print_spread(out, row, run);
	}
	fputc('\n', out);
}

static void print_titles(FILE *out)
{
	fprintf(out, "\n%-*s %-8s", LABEL_WIDTH, "", "");
	for (int m = 0; m < ANSWERS; m++) {
		fprintf(out, " %*s", columns[m].width, columns[m].title);
		if (m == ANSWER_SHARE)
			fprintf(out, " %*s", SPREAD_WIDTH, "least-most");
	}
	fputc('\n', out);
}

static void print_domains(FILE *out, const struct whatif *whatif)
{
	print_titles(out);
	for (size_t i = 0; i < whatif->domain_count; i++)
		for (int run = 0; run < whatif->runs; run++) {
			fprintf(out, "%-*s %-8s", LABEL_WIDTH, run == 0 ? whatif->domains[i].label : "", whatif_run_name[run]);
			print_row(out, &whatif->domains[i].rows[run], run);
		}
	fprintf(out, "Of %d replays with other phases of Xen's clocks, which the trace does not tell: the median, and for shares the spread.\n"
		"Behind: ms for each second by which it fell behind what it was entitled to, made up for or not.  Woken, preempted: us until it\n"
		"ran, median and what 99 %% do not exceed.  Done: of its work in the trace, where that has an end.\n", REPLICATES);
}

static void print_fairness(FILE *out, const struct whatif *whatif)
{
	fprintf(out, "\n%-*s %-8s %8s %12s\n", LABEL_WIDTH, "", "", "Jain", "horizon");
	for (int run = 0; run < whatif->runs; run++) {
		fprintf(out, "%-*s %-8s", LABEL_WIDTH, run == 0 ? "guests" : "", whatif_run_name[run]);
		print_number(out, 8, 4, whatif->wholes[run].median_jain, "");
		print_number(out, 12, 0, whatif->wholes[run].median_horizon_ms, "");
		fputc('\n', out);
	}
	fprintf(out, "Jain's index of attained/entitled, and the shortest window, in ms, in which its mean is 0.95 or more.\n");
}

static void print_limits(FILE *out, const struct whatif *whatif)
{
	fprintf(out, "\n%zu of %zu wakeups come when the vCPU that caused them has run as far as it had in the trace; the others as long after the\n"
		"vCPU blocked as they did there, whatever others do meanwhile.  Of how far such answers are from measured runs:\n"
		"xtrace-fair-whatif(1), ERRORS.\n", whatif->demand.coupled_wakes, whatif->demand.wakes);
}

bool whatif_text(FILE *out, const struct whatif *whatif)
{
	print_head(out, whatif);
	print_changes(out, whatif);
	print_self_check(out, whatif);
	print_length(out, whatif);
	print_domains(out, whatif);
	print_fairness(out, whatif);
	print_limits(out, whatif);
	return !ferror(out);
}

/* ---- CSV, RFC 4180: a line for each domain and run ---- */

static void put_next(FILE *out, double value)
{
	fputc(',', out);
	csv_number(out, value);
}

bool whatif_csv(FILE *out, const struct whatif *whatif)
{
	fputs("domain_id,domain,run,run_s", out);
	for (int m = 0; m < ANSWERS; m++)
		fprintf(out, ",%s", whatif_measure_key[m]);
	fputs(",share_least,share_most\r\n", out);
	for (size_t i = 0; i < whatif->domain_count; i++)
		for (int run = 0; run < whatif->runs; run++) {
			const struct whatif_row *row = &whatif->domains[i].rows[run];
			fprintf(out, "%" PRIu32 ",", whatif->domains[i].id);
			csv_text(out, whatif->domains[i].label);
			fprintf(out, ",%s", whatif_run_name[run]);
			put_next(out, whatif->wholes[run].median_s);
			for (int m = 0; m < ANSWERS; m++)
				put_next(out, row->median[m]);
			put_next(out, row->least[ANSWER_SHARE]);
			put_next(out, row->most[ANSWER_SHARE]);
			fputs("\r\n", out);
		}
	return !ferror(out);
}
