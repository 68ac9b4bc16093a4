/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/why.h"

#include "analyzer/analysis.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double credit2_tslice_ms = 10; /* the longest: xen/common/sched/credit2.c CSCHED2_MAX_TIMER */

static double tslice_ms(const struct hostinfo *host)
{
	if (strcmp(host->scheduler, "credit2") == 0)
		return credit2_tslice_ms;
	return host->tslice_ms > 0 ? host->tslice_ms : CREDIT_TSLICE_MS;
}

bool why_init(struct why *why, const struct vcpus *vcpus, const struct fluid *fluid, uint64_t from_tsc, uint64_t to_tsc,
	      uint64_t tsc_hz)
{
	uint64_t slice_tsc = (uint64_t)(tslice_ms(fluid->host) * (double)tsc_hz / 1e3);

	*why = (struct why){ 0 };
	lag_init(&why->lag, from_tsc, tsc_hz);
	boost_init(&why->boost, slice_tsc, &why->credit);
	if (!scene_init(&why->scene, vcpus, fluid, from_tsc, to_tsc))
		return false;
	why->stretches = (struct stretches){
		.scene = &why->scene, .boost = &why->boost, .lag = &why->lag, .causes = &why->causes, .waits = &why->waits,
	};
	credit_init(&why->credit, &why->scene, fluid->host, (uint32_t)fluid->pcpus, tsc_hz);
	return causes_init(&why->causes, from_tsc, tsc_hz, slice_tsc);
}

void why_free(struct why *why)
{
	stretches_free(&why->stretches);
	causes_free(&why->causes);
	boost_free(&why->boost);
	credit_free(&why->credit);
	lag_free(&why->lag);
	waits_free(&why->waits);
	scene_free(&why->scene);
}

/* ---- time goes on ---- */

static void close_bins(struct why *why, uint64_t end_tsc)
{
	stretches_close_all(&why->stretches, end_tsc);
	lag_reach(&why->lag, end_tsc);
	causes_reach(&why->causes, end_tsc);
	why->bin_end_tsc = why->lag.bin_end_tsc < why->causes.bin_end_tsc ? why->lag.bin_end_tsc : why->causes.bin_end_tsc;
}

/* Up to a change, or the end.  Returns its time within the window. */
static inline uint64_t pass_time(struct why *why, uint64_t tsc)
{
	uint64_t begin_tsc = why->scene.now_tsc, end_tsc = scene_clip(&why->scene, tsc);

	if (begin_tsc >= end_tsc)
		return end_tsc;
	why->scene.now_tsc = end_tsc;
	if (causes_any_beside(&why->causes, &why->scene))
		causes_beside(&why->causes, &why->scene, begin_tsc, end_tsc);
	if (end_tsc >= why->bin_end_tsc)
		close_bins(why, end_tsc);
	return end_tsc;
}

/* ---- changes ---- */

/* Somebody else begins to hold a pCPU, or nobody knows who does; or one more waits for it. */
static void close_queues(struct why *why, size_t vcpu, const struct scene_vcpu *row, enum runstate state, uint64_t end_tsc)
{
	if (state == RUNNING && why->scene.queued[why->scene.vcpus->vcpus[vcpu].pcpu] > 0)
		stretches_close_queue(&why->stretches, why->scene.vcpus->vcpus[vcpu].pcpu, end_tsc);
	else if (state == RUNNABLE && row->pcpu != PCPU_NONE && why->scene.queued[row->pcpu] > 0)
		stretches_close_late(&why->stretches, (uint32_t)row->pcpu, end_tsc);
	else if (state == UNKNOWN && row->state == RUNNING)
		stretches_close_queue(&why->stretches, (uint32_t)row->pcpu, end_tsc);
}

/* An idle vCPU has no stretches, but it concerns all who wait that a pCPU is idle, or no longer; only those who wait for that
 * one still do until another begins to run there. */
static void close_for_idle(struct why *why, const struct scene_vcpu *row, enum runstate state, uint64_t end_tsc)
{
	if (state != RUNNABLE || row->state != RUNNING || why->scene.queued[row->pcpu] < why->scene.waiting_vcpus)
		stretches_close_waiting(&why->stretches, end_tsc);
}

/* The stretches that end by it. */
static void close_stretches(struct why *why, size_t vcpu, enum runstate state, uint64_t end_tsc)
{
	const struct scene_vcpu *row = &why->scene.vcpu[vcpu];
	bool waiting = why->scene.waiting_vcpus > 0;

	if (row->role == ROLE_IDLE) {
		if (waiting)
			close_for_idle(why, row, state, end_tsc);
		return;
	}
	stretches_close(&why->stretches, row->domain, end_tsc);
	if (waiting && why->credit.pool.tick_debit)
		stretches_close_waiting(&why->stretches, end_tsc);
	else if (waiting)
		close_queues(why, vcpu, row, state, end_tsc);
	if (!runstate_wants(row->state) || !runstate_wants(state))
		stretches_close_mixed(&why->stretches, end_tsc);
}

static bool reserve(struct why *why)
{
	why->vcpu_count = why->scene.vcpus->vcpu_count;
	return scene_reserve(&why->scene) && stretches_reserve(&why->stretches);
}

void why_change(struct why *why, size_t vcpu, uint64_t tsc, enum runstate state)
{
	struct scene_change change;

	if (why->scene.vcpus->vcpu_count > why->vcpu_count && !reserve(why))
		why->out_of_memory = true;
	if (why->out_of_memory)
		return;
	if (scene_matters(&why->scene, vcpu, state))
		close_stretches(why, vcpu, state, pass_time(why, tsc));
	scene_take(&why->scene, vcpu, tsc, state, &change);
	if (why->scene.vcpu[vcpu].role == ROLE_IDLE)
		return;
	credit_change(&why->credit, &change);
	boost_change(&why->boost, &change);
	if (!causes_change(&why->causes, &why->scene, &change))
		why->out_of_memory = true;
}

/* A wait that is over has had all its time. */
void why_interval(struct why *why, const struct interval *interval)
{
	uint64_t end_tsc;

	if (why->out_of_memory || !waits_concerns(&why->waits, interval))
		return;
	end_tsc = pass_time(why, interval->end_tsc);
	stretches_close(&why->stretches, why->scene.vcpus->vcpus[interval->vcpu].domain, end_tsc);
	waits_interval(&why->waits, interval);
}

bool why_out_of_memory(const struct why *why)
{
	return why->out_of_memory || why->waits.out_of_memory || why->boost.out_of_memory || why->credit.out_of_memory;
}

/* ---- notes ---- */

static bool tells_move(enum rec_kind kind)
{
	return kind == REC_PICKED_CPU || kind == REC_PICKED_CPU2;
}

static void move(struct why *why, const struct note *note)
{
	uint64_t end_tsc = pass_time(why, note->tsc);

	stretches_close(&why->stretches, why->scene.vcpus->vcpus[note->vcpu].domain, end_tsc);
	scene_moved(&why->scene, (size_t)note->vcpu, note->argument);
}

/* From now on who waits there is held back. */
static void hold_back(struct why *why, const struct note *note)
{
	uint64_t end_tsc = pass_time(why, note->tsc);

	stretches_close_queue(&why->stretches, note->pcpu, end_tsc);
}

void why_note(struct why *why, const struct note *note)
{
	if (why->out_of_memory)
		return;
	boost_note(&why->boost, note);
	credit_note(&why->credit, note);
	if (note->kind == REC_RATELIMIT && why->scene.waiting_vcpus > 0)
		hold_back(why, note);
	causes_note(&why->causes, &why->scene, note);
	if (tells_move(note->kind) && note->vcpu != VCPU_NONE && pcpu_valid(note->argument))
		move(why, note);
}

/* ---- settings, and the end ---- */

void why_reach(struct why *why, uint64_t tsc)
{
	uint64_t end_tsc;

	if (why->out_of_memory)
		return;
	end_tsc = pass_time(why, tsc);
	stretches_close_all(&why->stretches, end_tsc);
}

void why_settings(struct why *why, uint64_t tsc)
{
	credit_settings(&why->credit, tsc);
}

void why_finish(struct why *why, uint64_t end_tsc)
{
	why->scene.to_tsc = end_tsc;
	why_reach(why, end_tsc);
	credit_finish(&why->credit, end_tsc);
	causes_finish(&why->causes, &why->scene);
}

/* ---- the result: who made whom wait ---- */

static int32_t index_of(const struct why *why, const struct result_domain *domain)
{
	return vcpus_domain_index(why->scene.vcpus, domain->id, domain->generation);
}

/* Other domains than those of the result do not exist, so the parts of a vCPU add up. */
static void fill_waited(const struct why *why, const struct result *result, size_t vcpu, struct result_vcpu *out)
{
	static const int32_t others[WAITED_OTHERS] = { [WAITED_IDLE] = HOLDER_IDLE, [WAITED_SWITCH] = HOLDER_SWITCH, [WAITED_UNKNOWN] = HOLDER_UNKNOWN };

	for (size_t d = 0; d < result->domain_count; d++) {
		int32_t holder = index_of(why, &result->domains[d]);
		out->waited_tsc[d] = holder >= 0 ? waits_of(&why->waits, vcpu, holder) : 0;
	}
	for (size_t other = 0; other < WAITED_OTHERS; other++)
		out->waited_tsc[result->domain_count + other] = waits_of(&why->waits, vcpu, others[other]);
	out->elsewhere_tsc = waits_elsewhere_tsc(&why->waits, vcpu);
}

static bool fill_waits(const struct why *why, const struct result *result, struct result_domain *out)
{
	size_t holders = result->domain_count + WAITED_OTHERS;
	const struct domain *domain = vcpus_domain(why->scene.vcpus, out->id, out->generation);

	out->waited_tsc = calloc(holders, sizeof(*out->waited_tsc));
	for (size_t v = 0; out->waited_tsc && v < out->vcpu_count; v++) {
		struct result_vcpu *vcpu = &out->vcpus[v];
		int32_t index = domain && vcpu->id < domain->vcpu_ids ? domain->vcpu_by_id[vcpu->id] : VCPU_NONE;
		vcpu->waited_tsc = calloc(holders, sizeof(*vcpu->waited_tsc));
		if (!vcpu->waited_tsc)
			return false;
		if (index != VCPU_NONE)
			fill_waited(why, result, (size_t)index, vcpu);
		for (size_t h = 0; h < holders; h++)
			out->waited_tsc[h] += vcpu->waited_tsc[h];
		out->elsewhere_tsc += vcpu->elsewhere_tsc;
	}
	return out->waited_tsc != NULL;
}

/* ---- lag ---- */

static bool fill_lag(const struct why *why, const struct result *result, struct result_domain *out)
{
	int32_t index = index_of(why, out);
	const struct lag_domain *lag = index >= 0 ? lag_of(&why->lag, (size_t)index) : NULL;
	double hz = (double)result->tsc_hz;

	out->most_lag_at_s = NAN;
	out->lag_at_s = calloc(why->lag.bins + 1, sizeof(*out->lag_at_s));
	if (!out->lag_at_s || !lag)
		return out->lag_at_s != NULL;
	out->lag_s = lag->lag_tsc / hz;
	out->most_lag_s = lag->most_tsc / hz;
	if (lag->most_tsc > 0)
		out->most_lag_at_s = result_second(result, lag->most_at_tsc);
	out->least_lag_s = lag->least_tsc / hz;
	out->fell_behind_s = lag->fell_tsc / hz;
	for (size_t i = 0; i < why->lag.bins; i++)
		out->lag_at_s[i] = lag_at_tsc(&why->lag, (size_t)index, i) / hz;
	return true;
}

/* ---- causes and boosts ---- */

static bool fill_cause(const struct result *result, const struct cause_domain *domain, size_t cause, size_t bins, struct result_cause *out)
{
	const struct cause_record *record = &domain->records[cause];
	double hz = (double)result->tsc_hz;

	out->lag_s = domain->lag_tsc[cause] / hz;
	out->made_up_s = domain->made_up_tsc[cause] / hz;
	out->at_s = calloc(bins + 1, sizeof(*out->at_s));
	for (size_t i = 0; out->at_s && i < bins; i++)
		out->at_s[i] = (double)record->at_tsc[i] / hz;
	for (size_t i = 0; i < EVIDENCE_MAX && record->evidence[i].lag_tsc > 0; i++)
		out->evidence[out->evidence_count++] = (struct result_interval){
			result_second(result, record->evidence[i].begin_tsc), result_second(result, record->evidence[i].end_tsc),
		};
	return out->at_s != NULL;
}

/* Turns come and go: of them only what is not made up for counts for the order. */
static double weight_of(const struct result_cause *cause)
{
	return cause->name == &cause_names[CAUSE_TURN] ? cause->lag_s - cause->made_up_s : cause->lag_s;
}

static int compare_causes(const void *a, const void *b)
{
	const struct result_cause *x = a, *y = b;
	double first = weight_of(x), second = weight_of(y);

	return first != second ? (first < second ? 1 : -1) : (x->name > y->name) - (x->name < y->name);
}

/* What the scheduler took from a domain for good; H10 is not its doing. */
static double taken_s(const struct result_domain *domain)
{
	double sum_s = 0;

	for (size_t i = 0; i < domain->cause_count; i++)
		if (domain->causes[i].name != &cause_names[CAUSE_BLOCKED])
			sum_s += domain->causes[i].lag_s - domain->causes[i].made_up_s;
	return sum_s;
}

static bool fill_causes(const struct why *why, const struct result *result, struct result_domain *out)
{
	int32_t index = index_of(why, out);
	const struct cause_domain *domain = index >= 0 ? causes_of(&why->causes, (size_t)index) : NULL;
	double sum_s = 0;

	for (size_t cause = 0; domain && cause < CAUSES; cause++) {
		struct result_cause *row = &out->causes[out->cause_count];
		if (domain->lag_tsc[cause] <= 0)
			continue;
		row->name = &cause_names[cause];
		out->cause_count++;
		if (!fill_cause(result, domain, cause, why->causes.bins, row))
			return false;
		sum_s += row->lag_s;
	}
	for (size_t i = 0; i < out->cause_count; i++)
		out->causes[i].share = out->causes[i].lag_s / sum_s;
	qsort(out->causes, out->cause_count, sizeof(*out->causes), compare_causes);
	return true;
}

static bool add_boosts(const struct boost_vcpu *boost, struct result_domain *out)
{
	out->boosts.granted += boost->counts.granted;
	out->boosts.kept += boost->counts.kept;
	out->boosts.refused += boost->counts.refused;
	out->boosts.refused_parked += boost->counts.refused_parked;
	out->boosts.refused_moved += boost->counts.refused_moved;
	out->boosts.unknown += boost->counts.unknown;
	out->boosts.lost += boost->counts.lost;
	out->boosts.halved += boost->counts.halved;
	for (size_t priority = 0; priority < WAKE_PRIORITIES; priority++) {
		if (!boost->wait[priority])
			continue;
		if (!out->wake[priority] && !(out->wake[priority] = calloc(1, sizeof(*out->wake[priority]))))
			return false;
		histogram_merge(out->wake[priority], boost->wait[priority]);
	}
	return true;
}

static bool fill_boosts(const struct why *why, struct result_domain *out)
{
	const struct domain *domain = vcpus_domain(why->scene.vcpus, out->id, out->generation);

	for (uint32_t id = 0; domain && id < domain->vcpu_ids; id++) {
		const struct boost_vcpu *boost = domain->vcpu_by_id[id] == VCPU_NONE ? NULL : boost_of(&why->boost, (size_t)domain->vcpu_by_id[id]);
		if (boost && !add_boosts(boost, out))
			return false;
	}
	return true;
}

static bool fill_domain(const struct why *why, const struct result *result, struct result_domain *out)
{
	return fill_causes(why, result, out) && fill_waits(why, result, out) && fill_lag(why, result, out) && fill_boosts(why, out);
}

bool why_fill(const struct why *why, struct result *result)
{
	for (size_t d = 0; d < result->domain_count; d++)
		if (!fill_domain(why, result, &result->domains[d]))
			return false;
	if (!credit_fill(&why->credit, result))
		return false;
	result->cause_bins = why->causes.bins;
	result->cause_bin_s = (double)why->causes.bin_tsc / (double)result->tsc_hz;
	result->boosts_known = why->boost.any;
	result->lag_bins = why->lag.bins;
	result->lag_bin_s = (double)why->lag.bin_tsc / (double)result->tsc_hz;
	for (size_t d = 0; d < result->domain_count; d++)
		if (taken_s(&result->domains[d]) > taken_s(&result->domains[result->furthest_behind]))
			result->furthest_behind = d;
	return true;
}
