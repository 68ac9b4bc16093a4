/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/figures.h"

#include "analyzer/figures_credit.h"
#include "analyzer/figures_dom0.h"
#include "analyzer/report.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* ---- the table ---- */

static bool write_share(FILE *out, const struct result *result);
static bool write_states(FILE *out, const struct result *result);
static bool write_latency(FILE *out, const struct result *result);
static bool write_fairness(FILE *out, const struct result *result);
static bool write_waits(FILE *out, const struct result *result);
static bool write_lag(FILE *out, const struct result *result);
static bool write_causes(FILE *out, const struct result *result);

static const struct figure {
	const char *name;       /* NAME.dat, NAME.gp, NAME.pdf */
	enum plot_size size;
	bool (*write)(FILE *out, const struct result *result); /* NULL: the .dat was written during the analysis */
} figures[] = {
	{ "share", PLOT_COLUMN, write_share },
	{ "states", PLOT_COLUMN, write_states },
	{ "latency", PLOT_COLUMN, write_latency },
	{ "fairness", PLOT_COLUMN, write_fairness },
	{ "waits", PLOT_COLUMN, write_waits },
	{ "lag", PLOT_COLUMN, write_lag },
	{ "causes", PLOT_COLUMN, write_causes },
	{ "wake", PLOT_COLUMN, figures_wake },
	{ "credit", PLOT_WIDE, figures_credit },
	{ "dom0", PLOT_COLUMN, figures_dom0 },
	{ "dom0-time", PLOT_WIDE, figures_dom0_time },
	{ "cost", PLOT_COLUMN, figures_cost },
	{ "timeline", PLOT_WIDE, NULL },
};

/* ---- the data ---- */

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The paper's figure: how many guests got at most this share of all guests' CPU time, to a quarter beyond the greatest.  Block 0: as it
 * is; block 1: the ideal, all at 1/N. */
static bool write_share(FILE *out, const struct result *result)
{
	double *percents = calloc(result->domain_count + 1, sizeof(*percents)), sum = 0, end;
	size_t count = 0;

	if (!percents)
		return false;
	for (size_t d = 0; d < result->domain_count; d++)
		if (result->domains[d].id != 0)
			sum += percents[count++] = result->domains[d].state_s[RUNNING];
	for (size_t i = 0; i < count; i++)
		percents[i] *= sum > 0 ? 100 / sum : 0;
	qsort(percents, count, sizeof(*percents), compare_doubles);
	end = count > 0 ? fmin(100, 1.25 * fmax(percents[count - 1], 100.0 / (double)count)) : 100;
	fprintf(out, "# share_percent guests_at_or_below\n0 0\n");
	for (size_t i = 0; i < count; i++)
		fprintf(out, "%.6f %zu\n", percents[i], i + 1);
	fprintf(out, "%.6f %zu\n\n\n0 0\n", end, count);
	if (count > 0)
		fprintf(out, "%.6f 0\n%.6f %zu\n", 100.0 / (double)count, 100.0 / (double)count, count);
	fprintf(out, "%.6f %zu\n", end, count);
	free(percents);
	return !ferror(out);
}

static bool write_states(FILE *out, const struct result *result)
{
	char label[5 * NAME_MAX_BYTES];

	fprintf(out, "vcpu running runnable blocked offline unknown\n");
	for (size_t d = 0; d < result->domain_count; d++) {
		plot_label(&result->domains[d], label, sizeof(label));
		for (size_t v = 0; v < result->domains[d].vcpu_count; v++) {
			const struct result_vcpu *vcpu = &result->domains[d].vcpus[v];
			fprintf(out, "\"%s v%" PRIu32 "\"", label, vcpu->id);
			for (int state = 0; state < RUNSTATES; state++)
				fprintf(out, " %.6f", 100 * vcpu->state_s[state] / result->duration_s);
			fputc('\n', out);
		}
	}
	return !ferror(out);
}

/* One block per domain: the share of its wakeups that ran within so many microseconds. */
static bool write_latency(FILE *out, const struct result *result)
{
	for (size_t d = 0; d < result->domain_count; d++) {
		struct histogram wait;
		report_domain_wait(&result->domains[d], WAIT_WAKE, &wait);
		fprintf(out, "# domain %" PRIu32 ": us share_of_wakeups\n", result->domains[d].id);
		plot_cumulative(out, result, &wait, "NaN NaN");
		fprintf(out, "\n\n");
	}
	return !ferror(out);
}

static bool write_fairness(FILE *out, const struct result *result)
{
	fprintf(out, "# window_ms jain_mean jain_p5 guests_ran_mean guests_ran_p5 guests_ran_p95\n");
	for (size_t i = 0; i < result->window_count; i++) {
		const struct fairness_window *window = &result->windows[i];
		fprintf(out, "%.3f %.6f %.3f %.4f %u %u\n", window->window_ms, window->jain_mean, window->jain_p5, window->ran_mean,
			window->ran_p5, window->ran_p95);
	}
	return !ferror(out);
}

/* A column for each domain that waited, a row for each that held its pCPU. */
static bool write_waits(FILE *out, const struct result *result)
{
	static const char *const others[WAITED_OTHERS] = { "idle", "switching", "unknown" };
	char label[5 * NAME_MAX_BYTES];

	fprintf(out, "holder");
	for (size_t d = 0; d < result->domain_count; d++) {
		plot_label(&result->domains[d], label, sizeof(label));
		fprintf(out, " \"%s\"", label);
	}
	for (size_t holder = 0; holder < result->domain_count + WAITED_OTHERS; holder++) {
		if (holder < result->domain_count)
			plot_label(&result->domains[holder], label, sizeof(label));
		else
			snprintf(label, sizeof(label), "%s", others[holder - result->domain_count]);
		fprintf(out, "\n\"%s\"", label);
		for (size_t d = 0; d < result->domain_count; d++)
			fprintf(out, " %.6f", (double)result->domains[d].waited_tsc[holder] / (double)result->tsc_hz);
	}
	fputc('\n', out);
	return !ferror(out);
}

/* A column for each domain. */
static bool write_lag(FILE *out, const struct result *result)
{
	fprintf(out, "# s lag_s of each domain\n%.6f", result->from_s);
	for (size_t d = 0; d < result->domain_count; d++)
		fprintf(out, " 0"); /* nobody is behind at the begin */
	fputc('\n', out);
	for (size_t i = 0; i < result->lag_bins; i++) {
		fprintf(out, "%.6f", result->from_s + (double)(i + 1) * result->lag_bin_s);
		for (size_t d = 0; d < result->domain_count; d++)
			fprintf(out, " %.6f", result->domains[d].lag_at_s[i]);
		fputc('\n', out);
	}
	return !ferror(out);
}

/* What the domain furthest behind fell behind up to a time, by cause.  H10 is left out: it is not the scheduler's doing. */
static bool write_causes(FILE *out, const struct result *result)
{
	const struct result_domain *domain = result->domain_count > 0 ? &result->domains[result->furthest_behind] : NULL;
	char label[5 * NAME_MAX_BYTES] = "none";

	if (domain)
		plot_label(domain, label, sizeof(label));
	fprintf(out, "\"%s\"", label);
	for (size_t c = 0; domain && c < domain->cause_count; c++)
		if (domain->causes[c].name != &cause_names[CAUSE_BLOCKED])
			fprintf(out, " %s", domain->causes[c].name->id);
	fprintf(out, "\n%.6f", result->from_s);
	for (size_t c = 0; domain && c < domain->cause_count; c++)
		if (domain->causes[c].name != &cause_names[CAUSE_BLOCKED])
			fprintf(out, " 0"); /* nobody is behind at the begin */
	for (size_t i = 0; domain && i < result->cause_bins; i++) {
		fprintf(out, "\n%.6f", result->from_s + (double)(i + 1) * result->cause_bin_s);
		for (size_t c = 0; c < domain->cause_count; c++)
			if (domain->causes[c].name != &cause_names[CAUSE_BLOCKED])
				fprintf(out, " %.6f", domain->causes[c].at_s[i]);
	}
	fputc('\n', out);
	return !ferror(out);
}

/* ---- files ---- */

FILE *figures_open_timeline(const struct plot *plot)
{
	return plot_directory(plot->directory) ? plot_open_data(plot, "timeline") : NULL;
}

/* What its .gp needs to know. */
static void write_variables(FILE *out, const struct result *result)
{
	fprintf(out, "domains = %zu\nguests = %zu\nids = '", result->domain_count, result->dom0.guest_count);
	for (size_t d = 0; d < result->domain_count; d++)
		fprintf(out, "%" PRIu32 " ", result->domains[d].id);
	fprintf(out, "'\ngenerations = '");
	for (size_t d = 0; d < result->domain_count; d++)
		fprintf(out, "%" PRIu32 " ", result->domains[d].generation);
	fprintf(out, "'\nlabels = '");
	for (size_t d = 0; d < result->domain_count; d++) {
		char label[5 * NAME_MAX_BYTES];
		plot_label(&result->domains[d], label, sizeof(label));
		fprintf(out, "%s ", label);
	}
	fprintf(out, "'\npcpus = %zu\nfrom_s = %.6f\nto_s = %.6f\n", result->pcpu_count, result->timeline_from_s, result->timeline_to_s);
}

static bool write_figure(const struct figure *figure, const struct plot *plot, const struct result *result)
{
	FILE *out;

	if (figure->write) {
		out = plot_open_data(plot, figure->name);
		if (!out)
			return false;
		figure->write(out, result);
		if (!plot_close_data(out, plot, figure->name))
			return false;
	}
	out = plot_open_script(plot, figure->name);
	if (!out)
		return false;
	plot_trace(out, result);
	plot_begin(out, plot, figure->name, figure->size);
	write_variables(out, result);
	return plot_close_script(out, plot, figure->name);
}

bool figures_write(const struct plot *plot, const struct result *result)
{
	bool done = true;

	for (size_t i = 0; done && i < sizeof(figures) / sizeof(figures[0]); i++)
		done = write_figure(&figures[i], plot, result);
	return done;
}
