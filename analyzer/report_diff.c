/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/report_diff.h"

#include "analyzer/diag.h"
#include "analyzer/report_text.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static const struct diff_format formats[] = {
	{ "text", report_diff_text },
	{ "json", report_diff_json },
	{ "csv", report_diff_csv },
};

const struct diff_format *diff_format_named(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL;
}

void report_diff_subject(const struct diff_subject *subject, char *out, size_t out_size)
{
	if (subject->domains[0])
		report_domain_label(subject->domains[0][0], out, out_size);
	else
		snprintf(out, out_size, "%s", "");
}

/* ---- head ---- */

static void print_run(FILE *out, const char *side, const struct result *run, bool with_blocks)
{
	char name[512];

	diag_escape(run->input_name, name, sizeof(name));
	fprintf(out, "%s: %s: %.3f s", side, name, run->duration_s);
	if (with_blocks)
		fprintf(out, ", %zu blocks of %.0f ms", run->blocks.count, 1e3 * (double)run->blocks.block_tsc / (double)run->tsc_hz);
	fprintf(out, ", %.2f %% of the time known\n", 100 * run->known_share);
}

static void print_settings(FILE *out, const struct diff *diff)
{
	const char *separator = "Set differently:";

	for (size_t i = 0; i < diff->setting_count; i++) {
		const struct diff_setting *setting = &diff->settings[i];
		char label[LABEL_BYTES] = "", value[DIFF_SIDES][4 * sizeof(setting->value[0])];
		if (setting->domain)
			report_domain_label(setting->domain, label, sizeof(label));
		for (size_t s = 0; s < DIFF_SIDES; s++)
			diag_escape(*setting->value[s] ? setting->value[s] : "?", value[s], sizeof(value[s]));
		fprintf(out, "%s %s%s%s %s -> %s", separator, label, *label ? " " : "", setting->name, value[0], value[1]);
		separator = ",";
	}
	if (*separator == ',')
		fprintf(out, ".\n");
}

static void print_only(FILE *out, const struct diff *diff, size_t side)
{
	char label[LABEL_BYTES];

	for (size_t i = 0; i < diff->only_count[side]; i++) {
		report_domain_label(diff->only[side][i], label, sizeof(label));
		fprintf(out, "%s %s", i ? "," : side == 0 ? "Only in A:" : "Only in B:", label);
	}
	if (diff->only_count[side] > 0)
		fprintf(out, ".\n");
}

static void print_head(FILE *out, const struct diff *diff)
{
	for (size_t s = 0; s < DIFF_SIDES; s++)
		for (size_t r = 0; r < diff->sides[s].count; r++)
			print_run(out, diff_side_name[s], &diff->sides[s].runs[r], !diff->by_runs);
	print_settings(out, diff);
	for (size_t s = 0; s < DIFF_SIDES; s++)
		print_only(out, diff, s);
	if (diff->differing > 0)
		fprintf(out, "\n%zu of %zu figures differ by more than noise (*).\n", diff->differing, diff->compared);
	else
		fprintf(out, "\nNone of %zu figures differs by more than noise.\n", diff->compared);
}

/* ---- figures ---- */

enum { TITLE_WIDTH = 23 };

/* How each unit is written. */
static const struct {
	double factor;
	int digits;
	const char *unit;
} units[] = {
	[UNIT_SHARE] = { 100, 2, " %" }, [UNIT_RATIO] = { 1, 4, "" }, [UNIT_RATE] = { 1000, 2, " ms/s" }, [UNIT_US] = { 1, 1, " us" },
};

static const double shown_least_ms = 0.05; /* of causes that do not differ */

static bool is_shown(const struct diff_figure *figure)
{
	if (isnan(figure->value[0]) && isnan(figure->value[1]))
		return false;
	return figure->differs || figure->measure.unit != UNIT_RATE || 1e3 * fmax(figure->value[0], figure->value[1]) >= shown_least_ms;
}

static void print_value(FILE *out, double value, enum measure_unit unit)
{
	char cell[64] = "-";

	if (!isnan(value))
		snprintf(cell, sizeof(cell), "%.*f%s", units[unit].digits, units[unit].factor * value, units[unit].unit);
	fprintf(out, " %14s", cell);
}

/* Of a latency the ratio, else the difference. */
static void print_change(FILE *out, const struct diff_figure *figure)
{
	bool ratio = figure->measure.unit == UNIT_US;
	double factor = ratio ? 1 : units[figure->measure.unit].factor;
	int digits = ratio ? 2 : units[figure->measure.unit].digits;
	char change[64];

	if (isnan(figure->p)) {
		fprintf(out, " %10s", "-");
		return;
	}
	snprintf(change, sizeof(change), "%s%.*f", ratio ? "x" : figure->change < 0 ? "" : "+", digits, factor * figure->change);
	fprintf(out, " %10s %10.*f %10.*f  %8.2g", change, digits, factor * figure->low, digits, factor * figure->high, figure->p_all);
}

static void print_figure(FILE *out, const struct diff_figure *figure)
{
	bool cause = figure->subject->domains[0] && figure->id >= MEASURE_CAUSE;

	fprintf(out, "%c %-*s", figure->differs ? '*' : ' ', TITLE_WIDTH, cause ? figure->measure.key : figure->measure.title);
	print_value(out, figure->value[0], figure->measure.unit);
	print_value(out, figure->value[1], figure->measure.unit);
	print_change(out, figure);
	fprintf(out, "%s%s\n", cause ? "  " : "", cause ? figure->measure.title : "");
}

bool report_diff_text(FILE *out, const struct diff *diff)
{
	const struct diff_subject *subject = NULL;
	char label[LABEL_BYTES];

	print_head(out, diff);
	fprintf(out, "\n  %-*s %14s %14s %10s %10s %10s  %8s\n", TITLE_WIDTH, "", "A", "B", "change", "from", "to", "p");
	for (size_t i = 0; i < diff->figure_count; i++) {
		const struct diff_figure *figure = &diff->figures[i];
		if (!is_shown(figure))
			continue;
		if (figure->subject != subject) {
			subject = figure->subject;
			report_diff_subject(subject, label, sizeof(label));
			fprintf(out, "%s\n", subject->domains[0] ? label : "All together");
		}
		print_figure(out, figure);
	}
	fprintf(out, "\nChange: of B from A; of a latency, by what factor.  From, to: its 95 %% interval by itself.  ms/s: per second of the trace.\n"
		"p: how likely noise alone makes so much of any of the %zu figures (Holm); 0.05 or less is more than noise.  The noise is %s.\n",
		diff->compared, diff->by_runs ? "what runs of one side differ by" : "that between blocks of one run: runs can differ by more");
	return !ferror(out);
}
