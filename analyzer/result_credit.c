/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/result_credit.h"

#include "analyzer/analysis.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void fill_error(const struct credit_error *error, struct result_credit *out)
{
	out->decisions = error->decisions;
	out->error_mean = out->error_p50 = out->error_p95 = out->error_most = out->agreed = NAN;
	if (error->decisions == 0)
		return;
	out->error_mean = (double)error->sum / (double)error->decisions;
	out->error_p50 = (double)credit_error_quantile(error, 0.5);
	out->error_p95 = (double)credit_error_quantile(error, 0.95);
	out->error_most = (double)error->greatest;
	out->agreed = (double)error->agreed / (double)error->decisions;
}

static bool fill_vcpu(const struct credit *credit, size_t vcpu, double hz, struct result_vcpu_credit *out)
{
	const struct credit_trail *trail = &credit->vcpus[vcpu].trail;

	out->least = trail->all.least;
	out->most = trail->all.most;
	out->known = out->least <= out->most;
	for (size_t level = 0; level < LEVELS; level++)
		for (size_t waits = 0; waits < 2; waits++)
			out->level_s[level][waits] = (double)trail->level_tsc[level][waits] / hz;
	if (!trail->bins)
		return true;
	out->bins = calloc(credit->bins + 1, sizeof(*out->bins));
	if (out->bins)
		memcpy(out->bins, trail->bins, credit->bins * sizeof(*out->bins));
	return out->bins != NULL;
}

static bool fill_domain(const struct credit *credit, double hz, struct result_domain *out)
{
	const struct domain *domain = vcpus_domain(credit->scene->vcpus, out->id, out->generation);

	for (size_t v = 0; domain && v < out->vcpu_count; v++) {
		int32_t index = out->vcpus[v].id < domain->vcpu_ids ? domain->vcpu_by_id[out->vcpus[v].id] : VCPU_NONE;
		if (credit_sees(credit, index) && !fill_vcpu(credit, (size_t)index, hz, &out->vcpus[v].credit))
			return false;
	}
	return true;
}

bool credit_fill(const struct credit *credit, struct result *result)
{
	struct result_credit *out = &result->credit;

	if (!credit_known(credit))
		return true;
	*out = (struct result_credit){
		.known = true, .told = credit->credits_told, .debit_known = credit->debit_known, .tick_debit = credit->pool.tick_debit,
		.accountings = credit->accountings, .shown_accountings = credit->shown_accountings, .corrections = credit->corrections,
		.bins = credit->bins, .bin_s = (double)credit->bin_tsc / (double)result->tsc_hz,
	};
	fill_error(&credit->error, out);
	for (size_t d = 0; d < result->domain_count; d++)
		if (!fill_domain(credit, (double)result->tsc_hz, &result->domains[d]))
			return false;
	return true;
}
