/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of the questions of why.h. */
#include "analyzer/report_text.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* ---- short-term fairness ---- */

static void print_window(FILE *out, const struct fairness_window *window)
{
	fprintf(out, "%-*.0f %9" PRIu64, LABEL_WIDTH_MIN, window->window_ms, window->jain_windows);
	if (isnan(window->jain_mean))
		fprintf(out, " %9s %9s", "-", "-");
	else
		fprintf(out, " %9.4f %9.3f", window->jain_mean, window->jain_p5);
	if (isnan(window->ran_mean)) /* the state of some vCPU was lost in each of them */
		fprintf(out, " %9s %9s %9s %9s\n", "-", "-", "-", "-");
	else
		fprintf(out, " %9.2f %9u %9u %9u\n", window->ran_mean, window->ran_p5, window->ran_p50, window->ran_p95);
}

static void print_starvation(FILE *out, const struct result *result, const struct report_options *options)
{
	const char *separator = "Longest time in which a guest wanted to run and did not:";
	char label[LABEL_BYTES];

	for (size_t d = 0; d < result->domain_count; d++) {
		const struct result_domain *domain = &result->domains[d];
		if (isnan(domain->starved_at_s) || !report_shows(options, domain))
			continue;
		report_domain_label(domain, label, sizeof(label));
		fprintf(out, "%s %s %.1f ms at %.6f s", separator, label, 1e3 * domain->starved_s, domain->starved_at_s);
		separator = ",";
	}
	if (*separator == ',')
		fprintf(out, ".\n");
}

void report_text_windows(FILE *out, const struct result *result, const struct report_options *options)
{
	fprintf(out, "\n%-*s %9s %9s %9s %9s %9s %9s %9s\n", LABEL_WIDTH_MIN, "window, ms", "compared", "Jain mean", "p5", "ran mean", "p5", "p50", "p95");
	for (size_t i = 0; i < result->window_count; i++)
		print_window(out, &result->windows[i]);
	fprintf(out, "Jain: of attained/entitled over the guests that wanted to run in a window, where two or more did.  Ran: guests that ran in it.\n");
	if (!isnan(result->horizon_ms))
		fprintf(out, "Fairness horizon: %.0f ms, the shortest window whose mean index is 0.95 or more.\n", result->horizon_ms);
	else
		fprintf(out, "Fairness horizon: none, no window's mean index is 0.95 or more.\n");
	print_starvation(out, result, options);
}

/* ---- who made whom wait ---- */

enum { MATRIX_COLUMNS = 8, MATRIX_WIDTH_MIN = 11 };

/* Which domains have a column, and how wide all columns are, and the names before them. */
struct matrix {
	size_t columns[MATRIX_COLUMNS];
	size_t count;
	int width, label_width;
};

static const char *const other_title[WAITED_OTHERS] = { "(idle)", "(switching)", "(unknown)" };

static double waited_s(const struct result *result, const struct result_domain *domain, size_t holder)
{
	return (double)domain->waited_tsc[holder] / (double)result->tsc_hz;
}

/* A column for each of the first domains that are shown, with room for the longest name: names that differ in their end are told apart. */
static struct matrix choose_columns(const struct result *result, const struct report_options *options)
{
	struct matrix matrix = { .width = MATRIX_WIDTH_MIN, .label_width = report_text_width(result, 0) };
	char label[LABEL_BYTES];

	for (size_t d = 0; d < result->domain_count && matrix.count < MATRIX_COLUMNS; d++) {
		if (!report_shows(options, &result->domains[d]))
			continue;
		matrix.columns[matrix.count++] = d;
		report_domain_label(&result->domains[d], label, sizeof(label));
		if ((int)strlen(label) > matrix.width)
			matrix.width = (int)strlen(label);
	}
	return matrix;
}

static void print_holder(FILE *out, const struct result *result, size_t holder, const struct matrix *matrix)
{
	char label[LABEL_BYTES];
	bool any = false;

	for (size_t c = 0; c < matrix->count; c++)
		any |= result->domains[matrix->columns[c]].waited_tsc[holder] > 0;
	if (!any)
		return;
	if (holder < result->domain_count)
		report_domain_label(&result->domains[holder], label, sizeof(label));
	else
		snprintf(label, sizeof(label), "%s", other_title[holder - result->domain_count]);
	fprintf(out, "%-*s", matrix->label_width, label);
	for (size_t c = 0; c < matrix->count; c++)
		fprintf(out, " %*.3f", matrix->width, waited_s(result, &result->domains[matrix->columns[c]], holder));
	fputc('\n', out);
}

void report_text_waits(FILE *out, const struct result *result, const struct report_options *options)
{
	const struct matrix matrix = choose_columns(result, options);
	char label[LABEL_BYTES];

	fprintf(out, "\n%-*s", matrix.label_width, "seconds waited");
	for (size_t c = 0; c < matrix.count; c++) {
		report_domain_label(&result->domains[matrix.columns[c]], label, sizeof(label));
		fprintf(out, " %*s", matrix.width, label);
	}
	fprintf(out, "\n");
	for (size_t holder = 0; holder < result->domain_count + WAITED_OTHERS; holder++)
		print_holder(out, result, holder, &matrix);
	fprintf(out, "%-*s", matrix.label_width, "(another idle)");
	for (size_t c = 0; c < matrix.count; c++)
		fprintf(out, " %*.3f", matrix.width, (double)result->domains[matrix.columns[c]].elsewhere_tsc / (double)result->tsc_hz);
	fprintf(out, "\nA column waited, a row held the pCPU that it waited for.  (another idle): of that, while a domain held it and another pCPU, allowed to it, was idle.\n");
	if (matrix.count < result->domain_count && !options->domain)
		fprintf(out, "The first %d domains are shown; --domain shows another, --format json all.\n", MATRIX_COLUMNS);
}

/* ---- lag ---- */

void report_text_lag(FILE *out, const struct result *result, const struct report_options *options)
{
	int width = report_text_width(result, 0);
	char label[LABEL_BYTES];

	fprintf(out, "\n%-*s %9s %9s %13s %9s %11s\n", width, "seconds behind", "at end", "at most", "at", "at least", "fell behind");
	for (size_t d = 0; d < result->domain_count; d++) {
		const struct result_domain *domain = &result->domains[d];
		char at[32] = "-";
		if (!report_shows(options, domain))
			continue;
		report_domain_label(domain, label, sizeof(label));
		if (!isnan(domain->most_lag_at_s))
			snprintf(at, sizeof(at), "%.6f s", domain->most_lag_at_s);
		fprintf(out, "%-*s %9.3f %9.3f %13s %9.3f %11.3f\n", width, label, domain->lag_s, domain->most_lag_s, at, domain->least_lag_s,
			domain->fell_behind_s);
	}
	fprintf(out, "Behind: entitled less received up to a moment; less than 0 is ahead.  Fell behind: in all, made up for later or not.\n");
}

/* ---- causes ---- */

static void print_cause(FILE *out, int width, const struct result *result, const struct result_domain *domain, const struct result_cause *cause)
{
	const struct spread *spread = &domain->spread[MEASURE_CAUSE + (cause->name - cause_names)];
	char label[LABEL_BYTES], noise[16] = "";

	report_domain_label(domain, label, sizeof(label));
	if (!isnan(spread->low))
		snprintf(noise, sizeof(noise), "±%.3f", result->duration_s * spread_reach(UNIT_RATE, spread));
	fprintf(out, "%-*s %-11s %8.3f %*s %8.3f %6.1f%%", width, label, cause->name->id, cause->lag_s, *noise ? 8 : 7, noise, cause->made_up_s, 100 * cause->share);
	if (cause->evidence_count > 0)
		fprintf(out, "  %11.6f-%.6f", cause->evidence[0].begin_s, cause->evidence[0].end_s);
	fprintf(out, "  %s\n", cause->name->title);
}

void report_text_causes(FILE *out, const struct result *result, const struct report_options *options)
{
	int width = report_text_width(result, 0);

	fprintf(out, "\n%-*s %-11s %8s %7s %8s %7s  %-23s  %s\n", width, "seconds behind", "cause", "behind", "", "made up", "share", "  worst, s to s", "what");
	for (size_t d = 0; d < result->domain_count; d++) {
		const struct result_domain *domain = &result->domains[d];
		for (size_t i = 0; i < domain->cause_count && report_shows(options, domain); i++)
			print_cause(out, width, result, domain, &domain->causes[i]);
	}
	fprintf(out, "H9 (what a cap or affinity keeps), H3 and H10 (while blocked, at the rate entitled to) are time missed beside the lag.\n");
}

/* ---- boosts ---- */

static void print_boosts(FILE *out, int width, const struct result *result, const struct result_domain *domain)
{
	char label[LABEL_BYTES];

	report_domain_label(domain, label, sizeof(label));
	fprintf(out, "%-*s %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %7" PRIu64 " %7" PRIu64 " %7" PRIu64 " %7" PRIu64 " %8" PRIu64 " %8" PRIu64,
		width, label, boosts_offered(&domain->boosts), domain->boosts.granted, domain->boosts.kept, domain->boosts.refused,
		domain->boosts.refused_parked, domain->boosts.refused_moved, domain->boosts.unknown, domain->boosts.lost, domain->boosts.halved);
	for (size_t priority = 0; priority < WAKE_PRIORITIES; priority++)
		if (domain->wake[priority])
			fprintf(out, " %10.1f", report_us(result, histogram_quantile_tsc(domain->wake[priority], 0.99)));
		else
			fprintf(out, " %10s", "-");
	fputc('\n', out);
}

void report_text_boosts(FILE *out, const struct result *result, const struct report_options *options)
{
	int width = report_text_width(result, 0);

	if (!result->boosts_known)
		return;
	fprintf(out, "\n%-*s %8s %8s %8s %7s %7s %7s %7s %8s %8s %10s %10s %10s %10s\n", width, "wakeups, credit", "offered", "boosted", "still", "OVER",
		"parked", "moved", "unknown", "lost", "inactive", "boost p99", "UNDER p99", "OVER p99", "unkn. p99");
	for (size_t d = 0; d < result->domain_count; d++)
		if (report_shows(options, &result->domains[d]))
			print_boosts(out, width, result, &result->domains[d]);
	fprintf(out, "Lost: boosts that ended at a tick; inactive: times it went inactive and half its credit was taken; p99: us from wakeup to running.\n");
}

/* ---- the verdict ---- */

void report_text_verdict(FILE *out, const struct result *result)
{
	fputc('\n', out);
	for (size_t i = 0; i < result->verdict_count; i++)
		fprintf(out, "%s\n", result->verdict[i]);
}
