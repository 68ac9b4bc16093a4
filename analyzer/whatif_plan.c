/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/whatif_plan.h"

#include "analyzer/credit_rules.h"
#include "analyzer/report.h"

#include <stdlib.h>
#include <string.h>

enum { RATELIMIT_US = 1000 }; /* Xen's default */

static const struct replay_model *const models[] = { &replay_credit, &replay_credit2 };

const struct replay_model *whatif_plan_model(const struct whatif *whatif, bool changed)
{
	const char *name = whatif->trace.host.scheduler;

	if (changed && whatif->options->scheduler)
		return whatif->options->scheduler;
	for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++)
		if (strcmp(models[i]->name, name) == 0)
			return models[i];
	return *name ? NULL : &replay_credit;
}

struct replay_settings whatif_plan_settings(const struct whatif *whatif, bool changed)
{
	const struct hostinfo *host = &whatif->trace.host;
	const struct whatif_options *options = whatif->options;
	struct replay_settings settings = {
		.tslice_ms = CREDIT_TSLICE_MS, .ratelimit_us = RATELIMIT_US, .boost = true, .tick_debit = whatif->trace.credit.tick_debit,
	};

	if (host->tslice_ms >= 1)
		settings.tslice_ms = (unsigned)host->tslice_ms;
	if (host->ratelimit_told)
		settings.ratelimit_us = (unsigned)host->ratelimit_us;
	if (changed && options->tslice_ms != AS_IT_WAS)
		settings.tslice_ms = (unsigned)options->tslice_ms;
	if (changed && options->ratelimit_us != AS_IT_WAS)
		settings.ratelimit_us = (unsigned)options->ratelimit_us;
	if (changed && options->boost != AS_IT_WAS)
		settings.boost = options->boost;
	if (changed && options->tick_debit != AS_IT_WAS)
		settings.tick_debit = options->tick_debit;
	return settings;
}

bool whatif_plan_matches(const struct override *override, const struct result_domain *domain)
{
	return report_shows(&(struct report_options){ .domain = override->domain }, domain);
}

/* ---- domains ---- */

static const struct result_domain *result_of(const struct whatif *whatif, uint32_t domain_id)
{
	const struct result *result = &whatif->trace;

	for (size_t i = 0; i < result->domain_count; i++)
		if (result->domains[i].id == domain_id)
			return &result->domains[i];
	return NULL;
}

/* What is asked for of this domain instead; NULL: nothing.  The last one counts. */
static const struct override *override_of(const struct whatif *whatif, uint32_t domain_id, enum override_kind kind)
{
	const struct result_domain *domain = result_of(whatif, domain_id);
	const struct override *found = NULL;

	for (size_t i = 0; domain && i < whatif->options->override_count; i++)
		if (whatif->options->overrides[i].kind == kind && whatif_plan_matches(&whatif->options->overrides[i], domain))
			found = &whatif->options->overrides[i];
	return found;
}

static void set_domain(const struct whatif *whatif, struct replay_domain *domain, bool changed)
{
	const struct override *weight = override_of(whatif, domain->id, OVERRIDE_WEIGHT), *cap = override_of(whatif, domain->id, OVERRIDE_CAP);

	if (changed && weight)
		domain->weight = (uint32_t)weight->value;
	if (changed && cap)
		domain->cap_percent = (uint32_t)cap->value;
	if (domain->weight == WEIGHT_UNKNOWN)
		domain->weight = WEIGHT_DEFAULT;
}

/* The domain's place in the plan, added if need be. */
static size_t domain_at(struct replay_plan *plan, int32_t *place_by_id, const struct whatif *whatif, uint32_t id, bool changed)
{
	const struct domain_info *info = hostinfo_domain(&whatif->trace.host, id, 0, UINT64_MAX, NULL);
	struct replay_domain *domain = &plan->domains[plan->domain_count];

	if (place_by_id[id] >= 0)
		return (size_t)place_by_id[id];
	*domain = (struct replay_domain){ .id = id };
	if (info) {
		domain->weight = info->weight;
		domain->cap_percent = info->cap_percent;
	}
	set_domain(whatif, domain, changed);
	place_by_id[id] = (int32_t)plan->domain_count;
	return plan->domain_count++;
}

static uint64_t allowed_of(const struct whatif *whatif, const struct replay_plan *plan, uint32_t domain_id, uint64_t as_it_was, bool changed)
{
	const struct override *override = override_of(whatif, domain_id, OVERRIDE_AFFINITY);
	uint64_t allowed = (changed && override ? override->value : as_it_was) & plan->pcpus;

	return allowed ? allowed : plan->pcpus;
}

static void add_domains(struct replay_plan *plan, int32_t *place_by_id, const struct whatif *whatif, bool changed)
{
	const struct hostinfo *host = &whatif->trace.host;

	for (size_t i = 0; i < plan->demand->row_count; i++) {
		const struct demand_row *row = &plan->demand->rows[i];
		uint64_t affinity = hostinfo_affinity(hostinfo_domain(host, row->domain_id, 0, UINT64_MAX, NULL), row->id);
		plan->domain_of[i] = domain_at(plan, place_by_id, whatif, row->domain_id, changed);
		plan->allowed[i] = allowed_of(whatif, plan, row->domain_id, affinity, changed);
	}
	for (size_t i = 0; i < host->domain_count; i++)
		if (host->domains[i].id < DOMID_IDLE)
			domain_at(plan, place_by_id, whatif, host->domains[i].id, changed);
}

/* ---- what changed while the trace was taken, and is not overridden ---- */

/* By place of the domain and id; REPLAY_TASK_NONE: none. */
static int32_t task_of(const struct replay_plan *plan, size_t domain, int32_t vcpu)
{
	for (size_t i = 0; i < plan->demand->row_count; i++)
		if (plan->domain_of[i] == domain && plan->demand->rows[i].id == (uint32_t)vcpu)
			return (int32_t)i;
	return REPLAY_TASK_NONE;
}

/* Within the window, and in order even where snapshots are not. */
static uint64_t change_time(const struct replay_plan *plan, const struct result *trace, uint64_t tsc)
{
	uint64_t at_tsc = tsc > trace->begin_tsc ? tsc - trace->begin_tsc : 0;
	uint64_t last_tsc = plan->change_count ? plan->changes[plan->change_count - 1].at_tsc : 0;

	return at_tsc > last_tsc ? at_tsc : last_tsc;
}

static void add_change(struct replay_plan *plan, const int32_t *place_by_id, const struct whatif *whatif, const struct setting_change *source,
		       bool changed)
{
	const struct result *trace = &whatif->trace;
	uint32_t id = trace->host.domains[source->domain].id;
	struct replay_domain domain = { .id = id, .weight = source->to.weight, .cap_percent = source->to.cap_percent };
	struct replay_change change = { .at_tsc = change_time(plan, trace, source->tsc), .task = REPLAY_TASK_NONE };

	if (id >= DOMID_IDLE || change.at_tsc >= trace->length_tsc)
		return;
	change.domain = (size_t)place_by_id[id];
	if (source->vcpu >= 0) {
		change.task = task_of(plan, change.domain, source->vcpu);
		change.allowed = allowed_of(whatif, plan, id, source->to.affinity, changed);
		if (change.task == REPLAY_TASK_NONE)
			return;
	}
	set_domain(whatif, &domain, changed);
	change.weight = domain.weight;
	change.cap_percent = domain.cap_percent;
	plan->changes[plan->change_count++] = change;
}

static void add_changes(struct replay_plan *plan, const int32_t *place_by_id, const struct whatif *whatif, bool changed)
{
	const struct hostinfo *host = &whatif->trace.host;

	for (size_t i = host->changes_passed; i < host->change_count; i++)
		add_change(plan, place_by_id, whatif, &host->changes[i], changed);
}

/* ---- all ---- */

static uint64_t pcpus_of(const struct result *result)
{
	uint64_t pcpus = 0;

	for (size_t i = 0; i < result->pcpu_count; i++)
		pcpus |= UINT64_C(1) << result->pcpus[i].id;
	return pcpus;
}

static unsigned at_least_one(uint32_t count)
{
	return count == 0 ? 1 : count > REPLAY_PCPUS_MAX ? REPLAY_PCPUS_MAX : count;
}

bool whatif_plan_make(struct replay_plan *plan, struct whatif *whatif, bool changed)
{
	struct result *trace = &whatif->trace;
	size_t tasks = whatif->demand.row_count, domains = tasks + trace->host.domain_count;
	int32_t *place_by_id = malloc(DOMID_MAX * sizeof(*place_by_id));

	*plan = (struct replay_plan){
		.demand = &whatif->demand, .model = whatif_plan_model(whatif, changed), .settings = whatif_plan_settings(whatif, changed),
		.tsc_hz = trace->tsc_hz, .pcpus = pcpus_of(trace),
		.threads_per_core = at_least_one(trace->host.threads_per_core), .cores_per_socket = at_least_one(trace->host.cores_per_socket),
		.domains = calloc(domains + 1, sizeof(*plan->domains)), .domain_of = calloc(tasks + 1, sizeof(*plan->domain_of)),
		.allowed = calloc(tasks + 1, sizeof(*plan->allowed)), .changes = calloc(trace->host.change_count + 1, sizeof(*plan->changes)),
	};
	if (place_by_id && plan->domains && plan->domain_of && plan->allowed && plan->changes) {
		memset(place_by_id, 0xff, DOMID_MAX * sizeof(*place_by_id));
		hostinfo_rewind(&trace->host);
		hostinfo_pass(&trace->host, trace->begin_tsc);
		add_domains(plan, place_by_id, whatif, changed);
		add_changes(plan, place_by_id, whatif, changed);
	}
	free(place_by_id);
	return place_by_id && plan->domains && plan->domain_of && plan->allowed && plan->changes;
}

void whatif_plan_free(struct replay_plan *plan)
{
	free(plan->domains);
	free(plan->domain_of);
	free(plan->allowed);
	free(plan->changes);
}
