/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/diag.h"
#include "analyzer/report_text.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static const char *const wait_title[WAIT_KINDS] = { "woken", "preempted" };

int report_text_width(const struct result *result, int more)
{
	int width = LABEL_WIDTH_MIN;
	char label[LABEL_BYTES];

	for (size_t d = 0; d < result->domain_count; d++) {
		report_domain_label(&result->domains[d], label, sizeof(label));
		if ((int)strlen(label) + more > width)
			width = (int)strlen(label) + more;
	}
	return width < LABEL_WIDTH_MAX ? width : LABEL_WIDTH_MAX;
}

/* ---- head ---- */

static void print_head(FILE *out, const struct result *result)
{
	char name[512], version[4 * sizeof(result->host.xen_version)], scheduler[4 * sizeof(result->host.scheduler)];

	diag_escape(result->input_name, name, sizeof(name));
	diag_escape(result->host.xen_version, version, sizeof(version));
	diag_escape(result->host.scheduler, scheduler, sizeof(scheduler));
	fprintf(out, "%s: %.3f s", name, result->duration_s);
	if (result->from_s > 0)
		fprintf(out, " from %.3f s on", result->from_s);
	fprintf(out, ", %zu pCPUs", result->pcpu_count);
	if (*version)
		fprintf(out, ", Xen %s", version);
	if (*scheduler)
		fprintf(out, ", scheduler %s%s", scheduler, result->credit.tick_debit ? " debiting by tick" : "");
	if (result->host.tslice_ms > 0)
		fprintf(out, ", tslice %g ms", result->host.tslice_ms);
	if (result->host.ratelimit_us > 0)
		fprintf(out, ", ratelimit %g us", result->host.ratelimit_us);
	fprintf(out, "\nTSC %.6f GHz, from %s\n", (double)result->tsc_hz / 1e9, result->tsc_hz_source);
}

/* ---- who got what ---- */

static void print_states(FILE *out, int width, const char *label, const double *state_s)
{
	fprintf(out, "%-*s", width, label);
	for (int state = 0; state < RUNSTATES; state++)
		fprintf(out, " %9.3f", state_s[state]);
}

static void print_counters(FILE *out, const struct result_vcpu *vcpu)
{
	fprintf(out, " %28s %8" PRIu64 " %8" PRIu64 " %8" PRIu64 "\n", "", vcpu->wakeups, vcpu->preemptions, vcpu->migrations);
}

static void print_domain(FILE *out, int width, const struct result_domain *domain)
{
	char label[LABEL_BYTES], ratio[16] = "-";
	struct result_vcpu sum = { 0 };

	report_domain_label(domain, label, sizeof(label));
	print_states(out, width, label, domain->state_s);
	if (!isnan(domain->attained_over_entitled))
		snprintf(ratio, sizeof(ratio), "%.2f", domain->attained_over_entitled);
	fprintf(out, " %8.2f%% %8.2f%% %8s", 100 * domain->share, 100 * domain->entitled_share, ratio);
	for (size_t v = 0; v < domain->vcpu_count; v++) {
		sum.wakeups += domain->vcpus[v].wakeups;
		sum.preemptions += domain->vcpus[v].preemptions;
		sum.migrations += domain->vcpus[v].migrations;
	}
	fprintf(out, " %8" PRIu64 " %8" PRIu64 " %8" PRIu64 "\n", sum.wakeups, sum.preemptions, sum.migrations);
	if (domain->vcpu_count < 2)
		return;
	for (size_t v = 0; v < domain->vcpu_count; v++) {
		snprintf(label, sizeof(label), "  vCPU %u", domain->vcpus[v].id);
		print_states(out, width, label, domain->vcpus[v].state_s);
		print_counters(out, &domain->vcpus[v]);
	}
}

static void print_domains(FILE *out, const struct result *result, const struct report_options *options)
{
	int width = report_text_width(result, 0);

	fprintf(out, "\n%-*s %9s %9s %9s %9s %9s %9s %9s %8s %8s %8s %8s\n", width, "seconds", "running", "runnable", "blocked",
		"offline", "unknown", "share", "entitled", "att/ent", "wakeups", "preempt", "migrate");
	for (size_t d = 0; d < result->domain_count; d++)
		if (report_shows(options, &result->domains[d]))
			print_domain(out, width, &result->domains[d]);
}

/* What is one row and should be several. */
static void print_merged(FILE *out, const struct result *result, const struct report_options *options)
{
	for (size_t d = 0; d < result->domain_count; d++) {
		const struct result_domain *domain = &result->domains[d];
		char label[LABEL_BYTES];
		if (domain->merged_domains == 0 || !report_shows(options, domain))
			continue;
		report_domain_label(domain, label, sizeof(label));
		fprintf(out, "%s: the snapshots know %zu more of its id (%u), later, and no record tells when they came: this row, and all that is said\n"
			     "of it below, is of them together.\n", label, domain->merged_domains, domain->id);
	}
}

static void print_weights(FILE *out, const struct result *result)
{
	bool all_known = true, changed = false;

	fprintf(out, "\nWeights");
	for (size_t d = 0; d < result->domain_count; d++) {
		const struct result_domain *domain = &result->domains[d];
		char label[LABEL_BYTES], cap[24] = "";
		report_domain_label(domain, label, sizeof(label));
		if (domain->cap_percent > 0)
			snprintf(cap, sizeof(cap), " (cap %u %%)", domain->cap_percent);
		fprintf(out, "%s %s %u%s", d ? "," : ":", label, domain->weight, cap);
		all_known &= domain->weight_known;
		changed |= domain->weight_changed;
	}
	fprintf(out, ".%s%s\n", all_known ? "" : " Not all are in the trace: 256 is assumed for those, so read `entitled' with care.",
		changed ? " Some changed during the capture: `entitled' follows, to a snapshot's time." : "");
	fprintf(out, "Share is of all pCPUs' time.  Entitled: what a fluid scheduler gives at every moment to those who want to run,\n"
		"by weight per vCPU as Xen counts it, at most one pCPU for a vCPU, within caps and affinities.\n");
}

static void print_fairness(FILE *out, const struct result *result)
{
	if (isnan(result->jain))
		return;
	fprintf(out, "Fairness among guests: Jain's index %.4f of running time", result->jain);
	if (!isnan(result->jain_weighted) && isfinite(result->max_over_min))
		fprintf(out, ", %.4f of attained/entitled (max/min %.2f)", result->jain_weighted, result->max_over_min);
	else if (!isnan(result->jain_weighted))
		fprintf(out, ", %.4f of attained/entitled (one got nothing)", result->jain_weighted);
	fprintf(out, ".\n");
}

/* ---- waiting ---- */

static void print_wait(FILE *out, int width, const struct result *result, const struct result_domain *domain)
{
	static const double quantiles[] = { 0.5, 0.9, 0.99, 0.999 };
	char label[LABEL_BYTES];

	report_domain_label(domain, label, sizeof(label));
	for (int kind = 0; kind < WAIT_KINDS; kind++) {
		struct histogram wait;
		report_domain_wait(domain, (enum wait_kind)kind, &wait);
		if (wait.count == 0)
			continue;
		fprintf(out, "%-*s %-9s %9" PRIu64, width, label, wait_title[kind], wait.count);
		for (size_t q = 0; q < sizeof(quantiles) / sizeof(quantiles[0]); q++)
			fprintf(out, " %10.1f", report_us(result, histogram_quantile_tsc(&wait, quantiles[q])));
		fprintf(out, " %10.1f  %.6f s\n", report_us(result, wait.max_tsc),
			(double)(wait.max_at_tsc - result->begin_tsc) / (double)result->tsc_hz + result->from_s);
	}
}

static void print_waits(FILE *out, const struct result *result, const struct report_options *options)
{
	int width = report_text_width(result, 0);

	fprintf(out, "\n%-*s %-9s %9s %10s %10s %10s %10s %10s  %s\n", width, "us until it ran", "after", "count", "p50", "p90",
		"p99", "p99.9", "max", "longest at");
	for (size_t d = 0; d < result->domain_count; d++)
		if (report_shows(options, &result->domains[d]))
			print_wait(out, width, result, &result->domains[d]);
}

/* ---- pCPUs and trust ---- */

static void print_pcpus(FILE *out, const struct result *result)
{
	fprintf(out, "\n%-*s %9s %9s %9s\n", LABEL_WIDTH_MIN, "seconds", "busy", "idle", "unknown");
	for (size_t i = 0; i < result->pcpu_count; i++)
		fprintf(out, "pCPU %-*u %9.3f %9.3f %9.3f\n", LABEL_WIDTH_MIN - 5, result->pcpus[i].id, result->pcpus[i].busy_s,
			result->pcpus[i].idle_s, result->pcpus[i].unknown_s);
}

static double counter_gap_s(const struct result_domain *domain)
{
	return fabs(domain->xen_running_s - domain->running_in_xen_window_s);
}

/* The domain whose running time differs most from Xen's own counter, between the first and the last snapshot. */
static void print_counter_check(FILE *out, const struct result *result)
{
	const struct result_domain *worst = NULL;
	char label[LABEL_BYTES];

	for (size_t d = 0; d < result->domain_count; d++)
		if (!isnan(counter_gap_s(&result->domains[d])) && (!worst || counter_gap_s(&result->domains[d]) > counter_gap_s(worst)))
			worst = &result->domains[d];
	if (!worst)
		return;
	report_domain_label(worst, label, sizeof(label));
	fprintf(out, "  Xen's own CPU-time counters differ at most for %s: %.3f s, here %.3f s\n", label, worst->xen_running_s,
		worst->running_in_xen_window_s);
}

/* How well the two clocks fit is shown by the events that lie where Xen says the CPU did not run. */
static void print_kernel(FILE *out, const struct result_kernel *kernel)
{
	const struct dom0_kernel_tally *tally = &kernel->tally;
	char text[2 * sizeof(kernel->info.missing)];

	if (!kernel->info.captured) {
		diag_escape(kernel->info.missing, text, sizeof(text));
		if (*text)
			fprintf(out, "  Dom0's kernel was not recorded: %s\n", text);
		return;
	}
	diag_escape(kernel->info.release, text, sizeof(text));
	fprintf(out, "  Dom0's kernel (%s): %" PRIu64 " events, outside of their vCPU's running time %" PRIu64 " (%.4f %%), where it is not known %" PRIu64 ",\n"
		"  missed %" PRIu64 " in %" PRIu64 " places, unknown %" PRIu64 ", damaged %" PRIu64 " and %" PRIu64 " pages, back in time %" PRIu64 "\n",
		text, tally->events, kernel->outside_events, tally->events ? 100 * (double)kernel->outside_events / (double)tally->events : 0.0,
		kernel->unplaced_events, tally->missed_events, tally->missed_places, tally->unknown_events, tally->damaged_events,
		tally->damaged_pages, tally->backward_events);
	if (tally->dropped_pages > 0)
		fprintf(out, "  of its pages the tracer dropped, or could not read, at least %" PRIu64 " (%" PRIu64 " bytes)\n", tally->dropped_pages,
			tally->dropped_bytes);
}

static void print_trust(FILE *out, const struct result *result)
{
	const struct trust *trust = &result->trust;

	fprintf(out, "\nThis rests on %" PRIu64 " records (", trust->records);
	for (size_t i = 0; i < result->class_count; i++)
		fprintf(out, "%s%s %" PRIu64, i ? ", " : "", result->classes[i].name, result->classes[i].records);
	fprintf(out, "); %.4f %% of all vCPUs' time is known\n", 100 * result->known_share);
	fprintf(out, "  lost by Xen %" PRIu64 ", dropped by the tracer %" PRIu64 ", unknown %" PRIu64 ", damaged bytes %" PRIu64
		" in %" PRIu64 " places,\n  too short %" PRIu64 ", invalid %" PRIu64 ", back in time %" PRIu64 ", reordered %" PRIu64
		", inconsistent %" PRIu64 "\n",
		trust->lost_records, trust->dropped_records, trust->unknown_records, trust->damaged_bytes, trust->damaged_places,
		trust->short_records, trust->invalid_records, trust->backward_records, trust->reordered_records, trust->inconsistent_records);
	if (trust->full_buffers_at_end > 0)
		fprintf(out, "  %" PRIu64 " buffers were full at the end: losses after the last record are not known\n", trust->full_buffers_at_end);
	if (result->host.dropped_snapshots > 0)
		fprintf(out, "  snapshots of the domains dropped by the tracer %" PRIu64 ": what was set meanwhile is known late\n", result->host.dropped_snapshots);
	print_kernel(out, &result->kernel);
	if (result->cut_off)
		fprintf(out, "  the file has no end block: it was cut off, or its tracer was killed\n");
	print_counter_check(out, result);
	if (result->host.tracer_cpu_ns > 0)
		fprintf(out, "  the tracer itself used %.3f s of CPU time by Dom0's clock, which may count waiting for a pCPU, too\n", (double)result->host.tracer_cpu_ns / 1e9);
}

static void print_why(FILE *out, const struct result *result, const struct report_options *options)
{
	report_text_waits(out, result, options);
	report_text_lag(out, result, options);
	report_text_causes(out, result, options);
	report_text_boosts(out, result, options);
	report_text_credit(out, result, options);
	report_text_dom0(out, result, options);
	report_text_pv(out, result, options);
	report_text_spread(out, result, options);
}

bool report_text(FILE *out, const struct result *result, const struct report_options *options)
{
	print_head(out, result);
	if (!result->brief)
		report_text_verdict(out, result);
	print_domains(out, result, options);
	print_merged(out, result, options);
	print_weights(out, result);
	print_fairness(out, result);
	if (!result->brief)
		report_text_windows(out, result, options);
	print_waits(out, result, options);
	if (!result->brief)
		print_why(out, result, options);
	print_pcpus(out, result);
	print_trust(out, result);
	return !ferror(out);
}
