/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/figures_dom0.h"

#include "analyzer/plot.h"

#include <math.h>

static double known(double value)
{
	return isnan(value) ? 0 : value;
}

static void write_dom0_row(FILE *out, const struct result_dom0 *dom0, enum dom0_row row)
{
	if (!isnan(dom0->row_s[row]))
		fprintf(out, "%s 0 0 0 0 0 %.6f\n", dom0_row_name[row], dom0->row_s[row]);
}

bool figures_dom0(FILE *out, const struct result *result)
{
	const struct result_dom0 *dom0 = &result->dom0;

	fprintf(out, "for threads interrupts softirqs \"shared I/O\" \"by Xen's records\" \"no guest\"\n");
	for (size_t i = 0; i < dom0->guest_count; i++) {
		const struct result_dom0_guest *guest = &dom0->guests[i];
		char label[5 * NAME_MAX_BYTES];
		plot_label(&result->domains[guest->domain], label, sizeof(label));
		fprintf(out, "%s %.6f %.6f %.6f %.6f %.6f 0\n", label, guest->part_s[DOM0_THREAD], guest->part_s[DOM0_INTERRUPT],
			guest->part_s[DOM0_SOFTIRQ], known(guest->shared_io_s), dom0->best == BY_KERNEL ? 0 : known(guest->by_s[dom0->best]));
	}
	if (dom0->known && dom0->strangers_s > 0)
		fprintf(out, "\"without a name\" 0 0 0 0 0 %.6f\n", dom0->strangers_s);
	for (int row = DOM0_TOOLSTACK; dom0->known && row < DOM0_ROWS; row++)
		write_dom0_row(out, dom0, (enum dom0_row)row);
	if (!dom0->known)
		fprintf(out, "none 0 0 0 0 0 0\n");
	return !ferror(out);
}

/* What is no guest's: by events and records that is all that is left. */
static const char *row_label(const struct result_dom0 *dom0, enum dom0_row row)
{
	if (row == DOM0_UNATTRIBUTED && dom0->best != BY_KERNEL)
		return "no guest";
	if (row == DOM0_GUEST)
		return "guests without a name";
	return row == DOM0_SHARED_IO ? "shared I/O of no guest" : dom0_row_name[row];
}

/* The guests have their own; what is left in theirs is of guests that nothing else in the trace names. */
static bool row_is_drawn(const struct result_dom0 *dom0, enum dom0_row row)
{
	return dom0->row_at_s[row] && (row != DOM0_GUEST || dom0->strangers_s > 0);
}

/* Percent of one pCPU. */
static void write_dom0_time_bin(FILE *out, const struct result_dom0 *dom0, size_t bin, double length_s)
{
	for (size_t i = 0; i < dom0->guest_count; i++)
		fprintf(out, " %.4f", 100 * dom0->guests[i].at_s[bin] / length_s);
	for (int row = 0; row < DOM0_ROWS; row++)
		if (row_is_drawn(dom0, (enum dom0_row)row))
			fprintf(out, " %.4f", 100 * dom0->row_at_s[row][bin] / length_s);
}

bool figures_dom0_time(FILE *out, const struct result *result)
{
	const struct result_dom0 *dom0 = &result->dom0;

	fprintf(out, "s");
	for (size_t i = 0; i < dom0->guest_count; i++) {
		char label[5 * NAME_MAX_BYTES];
		plot_label(&result->domains[dom0->guests[i].domain], label, sizeof(label));
		fprintf(out, " \"%s\"", label);
	}
	for (int row = 0; row < DOM0_ROWS; row++)
		if (row_is_drawn(dom0, (enum dom0_row)row))
			fprintf(out, " \"%s\"", row_label(dom0, (enum dom0_row)row));
	for (size_t bin = 0; bin < dom0->bins; bin++) {
		double begin_s = (double)bin * dom0->bin_s, end_s = bin + 1 < dom0->bins ? begin_s + dom0->bin_s : result->duration_s;
		fprintf(out, "\n%.6f", result->from_s + begin_s);
		write_dom0_time_bin(out, dom0, bin, end_s - begin_s);
		fprintf(out, "\n%.6f", result->from_s + end_s);
		write_dom0_time_bin(out, dom0, bin, end_s - begin_s);
	}
	fprintf(out, "%s\n", dom0->known ? "" : " none\n0 0");
	return !ferror(out);
}

bool figures_cost(FILE *out, const struct result *result)
{
	const struct result_dom0 *dom0 = &result->dom0;
	size_t bars = 0;

	fprintf(out, "guest \"its own\" \"Dom0's for it\" \"shared I/O\"\n");
	for (size_t i = 0; i < dom0->guest_count; i++) {
		const struct result_dom0_guest *guest = &dom0->guests[i];
		double ms_per_mb = guest->cpu_ms_per_mb / guest->aggregate_s; /* of each second */
		char label[5 * NAME_MAX_BYTES];
		if (isnan(guest->cpu_ms_per_mb) || guest->aggregate_s <= 0)
			continue;
		plot_label(&result->domains[guest->domain], label, sizeof(label));
		fprintf(out, "%s %.3f %.3f %.3f\n", label, ms_per_mb * (guest->aggregate_s - guest->served_s),
			ms_per_mb * (guest->served_s - known(guest->shared_io_s)), ms_per_mb * known(guest->shared_io_s));
		bars++;
	}
	if (bars == 0)
		fprintf(out, "none 0 0 0\n");
	return !ferror(out);
}
