/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/report_text.h"

#include "analyzer/diag.h"
#include "analyzer/xen_time.h"

#include <math.h>

/* "-" for what is not known. */
static void column(FILE *out, double value, int width, int digits)
{
	if (isnan(value))
		fprintf(out, " %*s", width, "-");
	else
		fprintf(out, " %*.*f", width, digits, value);
}

static void show_words(FILE *out, const struct result_dom0 *dom0)
{
	for (size_t i = 0; i < DOM0_WORDS && dom0->words[i]; i++)
		fprintf(out, "%s%s\n", i ? "" : "\n", dom0->words[i]);
}

static void show_guests(FILE *out, const struct result *result)
{
	const struct result_dom0 *dom0 = &result->dom0;
	int width = report_text_width(result, 0);

	fprintf(out, "\n%-*s %10s %10s %10s %10s %10s %10s %10s\n", width + 2, "Dom0's seconds for", "by kernel", "shared I/O", "by records",
		"by order", "own", "aggregate", "ms/MB");
	for (size_t i = 0; i < dom0->guest_count; i++) {
		const struct result_dom0_guest *guest = &dom0->guests[i];
		char label[LABEL_BYTES];
		report_domain_label(&result->domains[guest->domain], label, sizeof(label));
		fprintf(out, "%-*s  ", width, label);
		column(out, guest->by_s[BY_KERNEL], 10, 3);
		column(out, guest->shared_io_s, 10, 3);
		column(out, guest->by_s[BY_RECORDS], 10, 3);
		column(out, guest->by_s[BY_ORDER], 10, 3);
		column(out, result->domains[guest->domain].state_s[RUNNING], 10, 3);
		column(out, guest->aggregate_s, 10, 3);
		column(out, guest->cpu_ms_per_mb, 10, 1);
		fputc('\n', out);
	}
	fprintf(out, "%-*s  ", width, "(nobody)");
	column(out, dom0->uncharged_s[BY_KERNEL], 10, 3);
	column(out, dom0->unshared_s, 10, 3);
	column(out, dom0->uncharged_s[BY_RECORDS], 10, 3);
	column(out, dom0->uncharged_s[BY_ORDER], 10, 3);
	fputc('\n', out);
}

static void show_spread(FILE *out, const struct result_dom0 *dom0)
{
	if (isnan(dom0->over_kernel[BY_ORDER]))
		return;
	fprintf(out, "By order charges %.2f times what the kernel's events and the shared I/O do", dom0->over_kernel[BY_ORDER]);
	if (!isnan(dom0->over_kernel[BY_RECORDS]))
		fprintf(out, ", by records %.2f times", dom0->over_kernel[BY_RECORDS]);
	fputs(".\n", out);
}

static void show_rows(FILE *out, const struct result *result)
{
	const struct result_dom0 *dom0 = &result->dom0;

	fprintf(out, "Dom0 ran for %.3f s", dom0->running_s);
	for (int row = 0; dom0->way_known[dom0->best] && row < DOM0_ROWS; row++)
		if (!isnan(dom0->row_s[row]))
			fprintf(out, "%s %s %.3f", row ? "," : ":", row == DOM0_GUEST ? "guests" : dom0_row_name[row], dom0->row_s[row]);
	if (dom0->way_known[dom0->best])
		fprintf(out, " (by %s)", charge_way_name[dom0->best]);
	fputs(".\n", out);
	if (dom0->kernel_misfits)
		fputs("Its kernel's events are left out: records contradict each other, and they would have it run for longer.\n", out);
	if (!isnan(dom0->xentop_percent))
		fprintf(out, "xentop would have shown %.1f %% for it", dom0->xentop_percent);
	if (!isnan(dom0->xentop_difference_percent))
		fprintf(out, ": by Xen's own counter %.3f s between two snapshots, in which these rows have %.3f s (%+.3f s, %+.2f %%)",
			result->domains[0].xen_running_s, result->domains[0].running_in_xen_window_s, dom0->xentop_difference_s, dom0->xentop_difference_percent);
	if (!isnan(dom0->xentop_percent))
		fputs(".\n", out);
	if (dom0->strangers_s > 0)
		fprintf(out, "Of the guests' part %.3f s is of guests that no record and no snapshot in the trace names.\n", dom0->strangers_s);
	if (isnan(dom0->jain_aggregate))
		return;
	fprintf(out, "Jain's index of the guests' CPU time: %.4f of their own, %.4f with Dom0's for them.\n", dom0->jain_own, dom0->jain_aggregate);
}

enum { NAMES_A_LINE = 4 };

static void show_names(FILE *out, const struct result_dom0 *dom0)
{
	for (size_t i = 0; i < dom0->name_count; i++) {
		char escaped[5 * DOM0_NAME_BYTES];
		diag_escape(dom0->names[i].name, escaped, sizeof(escaped));
		fprintf(out, "%s%s %s %.3f", i == 0 ? "  most for no guest: " : i % NAMES_A_LINE ? ", " : ",\n    ", dom0_part_name[dom0->names[i].part], escaped, dom0->names[i].seconds);
	}
	if (dom0->name_count)
		fputc('\n', out);
}

enum { KINDS_A_LINE = 5 };

static void show_xen_time(FILE *out, const struct result *result, const struct report_options *options)
{
	bool shown = false;

	for (size_t i = 0; i < result->xen_time_count; i++) {
		const struct result_xen_time *time = &result->xen_times[i];
		char label[LABEL_BYTES], name[64];
		if (!report_shows(options, &result->domains[time->domain]))
			continue;
		report_domain_label(&result->domains[time->domain], label, sizeof(label));
		fprintf(out, "%sThe hypervisor used %.3f s of %s's running time, the domain itself %.3f s", shown ? "" : "\n", time->xen_s, label, time->guest_s);
		if (isfinite(time->covered_share)) /* it ran */
			fprintf(out, " (together %.2f %%)", 100 * time->covered_share);
		fputc(':', out);
		for (size_t k = 0; k < time->kind_count; k++)
			fprintf(out, "%s%s %.3f", k % KINDS_A_LINE ? ", " : k ? ",\n    " : "\n    ",
				xen_time_kind_name(time->kinds[k].kind, name, sizeof(name)), time->kinds[k].seconds);
		fputc('\n', out);
		shown = true;
	}
	if (shown)
		fputs("Not told, for Xen tells when a run ends: one that goes on at the trace's end.  The first and last instructions of an entry\n"
		      "(saving registers, switching page tables) count as the domain's own.\n", out);
}

void report_text_dom0(FILE *out, const struct result *result, const struct report_options *options)
{
	if (result->dom0.known) {
		show_words(out, &result->dom0);
		show_guests(out, result);
		show_spread(out, &result->dom0);
		show_rows(out, result);
		show_names(out, &result->dom0);
	}
	show_xen_time(out, result, options);
}
