/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/figures_credit.h"

#include <inttypes.h>

/* ---- wake latency by priority ---- */

/* One block per priority: the share of its wakeups that ran within so many microseconds. */
bool figures_wake(FILE *out, const struct result *result)
{
	static const char *const titles[WAKE_PRIORITIES] = { "BOOST", "UNDER", "OVER", "not known" };

	for (size_t priority = 0; priority < WAKE_PRIORITIES; priority++) {
		struct histogram wait = { 0 };
		for (size_t d = 0; d < result->domain_count; d++)
			if (result->domains[d].wake[priority])
				histogram_merge(&wait, result->domains[d].wake[priority]);
		fprintf(out, "us \"%s (%" PRIu64 ")\"\n", titles[priority], wait.count);
		plot_cumulative(out, result, &wait, "NaN NaN");
		fprintf(out, "\n\n");
	}
	return !ferror(out);
}

/* ---- credit over time ---- */

enum { PANELS = 4 };

struct panel {
	const struct result_domain *domain;
	const struct result_vcpu *vcpu;
};

static double wanted_s(const struct result_vcpu *vcpu)
{
	return vcpu->state_s[RUNNING] + vcpu->state_s[RUNNABLE];
}

/* The vCPUs that ran and waited most come in, in the result's order.  Returns how many. */
static size_t choose(const struct result *result, struct panel *panels)
{
	size_t chosen = 0;

	for (size_t d = 0; d < result->domain_count; d++)
		for (size_t v = 0; v < result->domains[d].vcpu_count; v++) {
			const struct result_vcpu *vcpu = &result->domains[d].vcpus[v];
			size_t least = 0;
			if (!vcpu->credit.known || !vcpu->credit.bins)
				continue;
			for (size_t i = 1; i < chosen; i++)
				least = wanted_s(panels[i].vcpu) < wanted_s(panels[least].vcpu) ? i : least;
			if (chosen == PANELS && wanted_s(panels[least].vcpu) >= wanted_s(vcpu))
				continue;
			for (size_t i = least; chosen == PANELS && i + 1 < PANELS; i++)
				panels[i] = panels[i + 1];
			chosen -= chosen == PANELS;
			panels[chosen++] = (struct panel){ &result->domains[d], vcpu };
		}
	return chosen;
}

static void write_panel(FILE *out, const struct result *result, const struct panel *panel)
{
	char label[5 * NAME_MAX_BYTES];

	plot_label(panel->domain, label, sizeof(label));
	fprintf(out, "\"%s v%" PRIu32 "\" end least most level\n", label, panel->vcpu->id);
	for (size_t i = 0; i < result->credit.bins; i++) {
		const struct credit_bin *bin = &panel->vcpu->credit.bins[i];
		if (bin->least <= bin->most)
			fprintf(out, "%.6f %.6f %d %d %d\n", result->from_s + (double)i * result->credit.bin_s,
				result->from_s + (double)(i + 1) * result->credit.bin_s, bin->least, bin->most, (int)bin->level);
	}
}

bool figures_credit(FILE *out, const struct result *result)
{
	struct panel panels[PANELS];
	size_t count = choose(result, panels);

	for (size_t i = 0; i < count; i++) {
		fprintf(out, "%s", i > 0 ? "\n\n" : "");
		write_panel(out, result, &panels[i]);
	}
	if (count == 0)
		fprintf(out, "none end least most level\n%.6f %.6f 0 0 %d\n", result->from_s, result->from_s + result->duration_s, (int)LEVELS);
	return !ferror(out);
}
