/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/analysis.h"

#include <math.h>

static void fill_starvation(const struct fairness *fairness, const struct result *result, struct result_domain *out)
{
	int32_t index = vcpus_domain_index(fairness->vcpus, out->id, out->generation);
	const struct fairness_guest *guest;

	out->starved_s = out->starved_at_s = NAN;
	if (index < 0 || out->id == 0 || (size_t)index >= fairness->guest_count)
		return;
	guest = &fairness->guests[index];
	out->starved_s = (double)guest->longest_tsc / (double)result->tsc_hz;
	if (guest->longest_tsc > 0)
		out->starved_at_s = result_second(result, guest->longest_at_tsc);
}

/* Below the longest window that slides comes the whole trace, whose index is known already. */
static void fill_windows(const struct fairness *fairness, struct result *result)
{
	size_t count = fairness_windows(fairness, result->tsc_hz, result->windows);
	unsigned ran = 0, wanted = 0;

	for (size_t d = 0; d < result->domain_count; d++) {
		ran += result->domains[d].id != 0 && result->domains[d].state_s[RUNNING] > 0;
		wanted += result->domains[d].id != 0 && result->domains[d].entitled_share > 0;
	}
	result->windows[count++] = (struct fairness_window){
		.window_ms = 1e3 * result->duration_s, .windows = 1, .unknown_windows = fairness->unknown_vcpus > 0, .jain_windows = wanted > 1,
		.jain_mean = wanted > 1 ? result->jain_weighted : NAN, .jain_p5 = wanted > 1 ? result->jain_weighted : NAN,
		.ran_mean = ran, .ran_p5 = ran, .ran_p50 = ran, .ran_p95 = ran,
	};
	result->window_count = count;
	result->horizon_ms = fairness_horizon_ms(result->windows, count);
}

void fairness_fill(const struct fairness *fairness, struct result *result)
{
	for (size_t d = 0; d < result->domain_count; d++)
		fill_starvation(fairness, result, &result->domains[d]);
	fill_windows(fairness, result);
}
