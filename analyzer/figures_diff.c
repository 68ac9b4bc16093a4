/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/figures_diff.h"

#include "analyzer/report.h"

#include <inttypes.h>
#include <math.h>

#define NAME "diff"

static const double ms_per_s = 1e3;

/* ---- bars: label, then of each side the value and its interval ---- */

/* What is not known is no bar. */
static void write_bar(FILE *out, const char *label, const struct diff_figure *figure, double factor)
{
	fprintf(out, "\"%s\"", label);
	for (size_t s = 0; s < DIFF_SIDES; s++) {
		double value = figure && !isnan(figure->value[s]) ? figure->value[s] : 0;
		bool known = figure && !isnan(figure->value_low[s]);
		fprintf(out, " %.6f %.6f %.6f", factor * value, factor * (known ? figure->value_low[s] : value),
			factor * (known ? figure->value_high[s] : value));
	}
	fputc('\n', out);
}

static void label_of(const struct diff_subject *subject, char *out, size_t out_size)
{
	plot_label(subject->domains[0][0], out, out_size);
}

static void write_domains(FILE *out, const struct diff *diff, size_t id, double factor)
{
	char label[5 * NAME_MAX_BYTES];

	for (size_t i = 1; i < diff->subject_count; i++) {
		const struct diff_figure *figure = diff_figure_of(diff, &diff->subjects[i], id);
		if (!figure || isnan(figure->value[0]))
			continue;
		label_of(&diff->subjects[i], label, sizeof(label));
		write_bar(out, label, figure, factor);
	}
}

/* Both sides charge guests for Dom0's time in the same way. */
static bool has_ledger(const struct diff *diff)
{
	return diff->subject_count > 1 && diff_figure_of(diff, &diff->subjects[1], MEASURE_DOM0);
}

static void write_ledger(FILE *out, const struct diff *diff)
{
	write_domains(out, diff, MEASURE_DOM0, ms_per_s);
	for (size_t row = DOM0_TOOLSTACK; row < DOM0_UNATTRIBUTED; row++) {
		const struct diff_figure *figure = diff_figure_of(diff, &diff->subjects[0], WHOLE_ROW + row);
		if (figure && !isnan(figure->value[0]))
			write_bar(out, dom0_row_name[row], figure, ms_per_s);
	}
}

/* ---- causes: two stacked bars for each domain; without H10, which is not the scheduler's doing ---- */

static bool is_drawn(size_t cause)
{
	return cause != CAUSE_BLOCKED;
}

static size_t drawn_causes(void)
{
	size_t count = 0;

	for (size_t cause = 0; cause < CAUSES; cause++)
		count += is_drawn(cause);
	return count;
}

static void write_causes_of(FILE *out, const struct diff *diff, const struct diff_subject *subject, size_t side)
{
	char label[5 * NAME_MAX_BYTES];

	label_of(subject, label, sizeof(label));
	fprintf(out, "\"%s %s\"", label, diff_side_name[side]);
	for (size_t cause = 0; cause < CAUSES; cause++)
		if (is_drawn(cause))
			fprintf(out, " %.6f", ms_per_s * diff_figure_of(diff, subject, MEASURE_CAUSE + cause)->value[side]);
	fputc('\n', out);
}

static void write_causes(FILE *out, const struct diff *diff)
{
	fprintf(out, "domain");
	for (size_t cause = 0; cause < CAUSES; cause++)
		if (is_drawn(cause))
			fprintf(out, " %s", cause_names[cause].id);
	fputc('\n', out);
	for (size_t i = 1; i < diff->subject_count; i++)
		for (size_t s = 0; s < DIFF_SIDES; s++)
			write_causes_of(out, diff, &diff->subjects[i], s);
}

/* ---- latency: a cumulative curve for each domain and side, of the first run ---- */

static void write_latency(FILE *out, const struct result *result, const struct result_domain *domain)
{
	struct histogram wait;

	report_domain_wait(domain, WAIT_WAKE, &wait);
	plot_cumulative(out, result, &wait, "100 0"); /* one point is no line */
}

static void write_latencies(FILE *out, const struct diff *diff)
{
	for (size_t i = 1; i < diff->subject_count; i++)
		for (size_t s = 0; s < DIFF_SIDES; s++) {
			fprintf(out, "\n\n# %s: us share_of_wakeups\n", diff_side_name[s]);
			write_latency(out, &diff->sides[s].runs[0], diff->subjects[i].domains[s][0]);
		}
}

/* Blocks: shares (%), causes (ms/s), Dom0's ledger (ms/s), then a latency curve for each domain, A and B. */
static void write_data(FILE *out, const struct diff *diff)
{
	fprintf(out, "# label A low high B low high\n");
	write_domains(out, diff, MEASURE_SHARE, 100);
	fprintf(out, "\n\n");
	write_causes(out, diff);
	fprintf(out, "\n\n# label A low high B low high\n");
	write_ledger(out, diff);
	write_latencies(out, diff);
}

/* ---- files ---- */

static void write_variables(FILE *out, const struct diff *diff)
{
	char label[5 * NAME_MAX_BYTES];

	fprintf(out, "domains = %zu\ncauses = %zu\nledger = %d\nlabels = '", diff->subject_count - 1, drawn_causes(), has_ledger(diff));
	for (size_t i = 1; i < diff->subject_count; i++) {
		label_of(&diff->subjects[i], label, sizeof(label));
		fprintf(out, "%s ", label);
	}
	fprintf(out, "'\n");
}

static bool write_script(const struct plot *plot, const struct diff *diff)
{
	FILE *out = plot_open_script(plot, NAME);

	if (!out)
		return false;
	for (size_t s = 0; s < DIFF_SIDES; s++)
		for (size_t r = 0; r < diff->sides[s].count; r++)
			plot_trace(out, &diff->sides[s].runs[r]);
	plot_begin(out, plot, NAME, PLOT_PANELS);
	write_variables(out, diff);
	return plot_close_script(out, plot, NAME);
}

bool figures_diff_write(const struct plot *plot, const struct diff *diff)
{
	FILE *out = plot_directory(plot->directory) ? plot_open_data(plot, NAME) : NULL;

	if (!out)
		return false;
	write_data(out, diff);
	return plot_close_data(out, plot, NAME) && write_script(plot, diff);
}
