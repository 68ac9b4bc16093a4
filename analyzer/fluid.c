/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/fluid.h"

#include "analyzer/room.h"

#include <math.h>
#include <stdlib.h>

/* Those that were traced, and where that are too few, the lowest ones of the others. */
static uint64_t mask_of(const struct hostinfo *host, size_t pcpus)
{
	uint64_t mask = host->pcpu_bits[0];

	for (uint32_t pcpu = 0; pcpu < 64 && (size_t)__builtin_popcountll(mask) < pcpus; pcpu++)
		mask |= UINT64_C(1) << pcpu;
	return mask;
}

static bool is_small(const struct hostinfo *host, size_t pcpus)
{
	bool small = pcpus <= 64;

	for (uint32_t pcpu = 64; pcpu < PCPU_MAX; pcpu++)
		small &= !hostinfo_traced(host, pcpu);
	return small;
}

void fluid_init(struct fluid *fluid, const struct hostinfo *host, const struct vcpus *vcpus, size_t pcpus)
{
	*fluid = (struct fluid){
		.host = host, .vcpus = vcpus, .pcpus = (double)pcpus, .to_tsc = UINT64_MAX,
		.pcpu_mask = mask_of(host, pcpus), .follows_affinity = is_small(host, pcpus),
	};
	fluid->now = &fluid->nobody;
}

static void moment_free(struct fluid_moment *moment)
{
	free(moment->wanting);
	free(moment->wanting_vcpu);
	free(moment->same_domain);
	free(moment->domains);
}

void fluid_free(struct fluid *fluid)
{
	for (size_t i = 0; fluid->moments && i <= FLUID_MOMENTS; i++)
		moment_free(&fluid->moments[i]);
	free(fluid->moments);
	free(fluid->list);
	free(fluid->scratch);
	free(fluid->domain_place);
	free(fluid->vcpu);
}

/* ---- room ---- */

static bool reserve_domains(struct fluid *fluid, size_t domains)
{
	size_t old_room = fluid->domain_room;
	int32_t *place = room_for(fluid->domain_place, &fluid->domain_room, domains, sizeof(*place));

	if (!place)
		return false;
	for (size_t i = old_room; i < fluid->domain_room; i++)
		place[i] = -1;
	fluid->domain_place = place;
	return true;
}

static bool reserve(struct fluid *fluid, size_t vcpu)
{
	size_t row_room = fluid->vcpu_room, list_room = fluid->vcpu_room;
	struct fluid_vcpu *rows = room_for(fluid->vcpu, &row_room, vcpu + 1, sizeof(*rows));
	size_t *list = room_for(fluid->list, &list_room, vcpu + 1, sizeof(*list));

	fluid->vcpu = rows ? rows : fluid->vcpu;
	fluid->list = list ? list : fluid->list;
	if (!fluid->moments)
		fluid->moments = calloc(FLUID_MOMENTS + 1, sizeof(*fluid->moments));
	if (!rows || !list || !fluid->moments)
		return false;
	fluid->vcpu_room = row_room;
	return true;
}

static bool reserve_moment(struct fluid *fluid, struct fluid_moment *moment, size_t count)
{
	size_t claim_room = moment->room, whose_room = moment->room, same_room = moment->room, domain_room = moment->room;
	struct claimant *wanting = room_for(moment->wanting, &claim_room, count, sizeof(*wanting));
	size_t *whose = room_for(moment->wanting_vcpu, &whose_room, count, sizeof(*whose));
	uint32_t *same = room_for(moment->same_domain, &same_room, count, sizeof(*same));
	struct fluid_domain *domains = room_for(moment->domains, &domain_room, count, sizeof(*domains));
	struct claimant *scratch = room_for(fluid->scratch, &fluid->scratch_room, count, sizeof(*scratch));

	moment->wanting = wanting ? wanting : moment->wanting;
	moment->wanting_vcpu = whose ? whose : moment->wanting_vcpu;
	moment->same_domain = same ? same : moment->same_domain;
	moment->domains = domains ? domains : moment->domains;
	fluid->scratch = scratch ? scratch : fluid->scratch;
	if (!wanting || !whose || !same || !domains || !scratch)
		return false;
	moment->room = claim_room;
	return true;
}

static bool has_room(struct fluid *fluid, struct fluid_moment *moment, size_t count)
{
	return (count <= moment->room && count <= fluid->scratch_room) || reserve_moment(fluid, moment, count);
}

/* ---- time goes on ---- */

static void advance(struct fluid *fluid, uint64_t tsc)
{
	const struct fluid_moment *now = fluid->now;
	double passed_tsc;

	if (fluid->is_for_rates)
		return;
	passed_tsc = (double)fluid_passed_tsc(fluid, tsc);
	fluid->now_tsc = tsc;
	if (passed_tsc > 0)
		for (size_t i = 0; i < now->wanting_count; i++)
			fluid->vcpu[now->wanting_vcpu[i]].entitled_tsc += now->wanting[i].entitled_s * passed_tsc;
}

/* ---- who wants to run ---- */

static const struct domain_info *info_of(const struct fluid *fluid, size_t vcpu)
{
	const struct domain *domain = &fluid->vcpus->domains[fluid->vcpus->vcpus[vcpu].domain];

	return hostinfo_domain(fluid->host, domain->id, domain->since_tsc, domain->until_tsc, NULL);
}

static bool wants(const struct fluid *fluid, size_t vcpu, enum runstate state)
{
	const struct domain_info *info;

	if (state != OFFLINE || fluid->vcpus->domains[fluid->vcpus->vcpus[vcpu].domain].removed)
		return runstate_wants(state);
	info = info_of(fluid, vcpu);
	return info && info->cap_percent > 0;
}

/* ---- what each is entitled to ---- */

/* Its settings; they are asked for over and over, and change seldom. */
static const struct claimant *claim_of(struct fluid *fluid, size_t vcpu)
{
	struct claimant *claim = &fluid->vcpu[vcpu].claim;
	const struct domain_info *info;
	uint64_t allowed = fluid->pcpu_mask;

	if (claim->weight > 0)
		return claim;
	info = info_of(fluid, vcpu);
	if (fluid->follows_affinity)
		allowed &= hostinfo_affinity(info, fluid->vcpus->vcpus[vcpu].id);
	*claim = (struct claimant){
		.domain = fluid->vcpus->vcpus[vcpu].domain, .demand_s = 1, .limit_s = 1,
		.weight = info && info->weight != WEIGHT_UNKNOWN ? info->weight : WEIGHT_DEFAULT,
		.cap_s = info ? info->cap_percent / 100.0 : 0,
		.allowed = allowed ? allowed : fluid->pcpu_mask, /* Xen runs it somewhere */
	};
	return claim;
}

/* Those of the wanting who are capped or bound are counted. */
static void join(struct fluid *fluid, struct fluid_moment *moment, size_t vcpu)
{
	const struct claimant *claim = claim_of(fluid, vcpu);
	size_t at = moment->wanting_count++;

	moment->wanting[at] = *claim;
	moment->wanting_vcpu[at] = vcpu;
	moment->capped_count += claim->cap_s > 0;
	moment->bound_count += claim->allowed != fluid->pcpu_mask;
}

/* The last one takes its place. */
static void leave(const struct fluid *fluid, struct fluid_moment *moment, size_t vcpu)
{
	size_t at = 0, last = --moment->wanting_count;

	while (moment->wanting_vcpu[at] != vcpu)
		at++;
	moment->capped_count -= moment->wanting[at].cap_s > 0;
	moment->bound_count -= moment->wanting[at].allowed != fluid->pcpu_mask;
	moment->wanting[at] = moment->wanting[last];
	moment->wanting_vcpu[at] = moment->wanting_vcpu[last];
}

/* What each would get without caps and affinities. */
static void share_out_freely(const struct fluid *fluid, struct fluid_moment *moment)
{
	for (size_t i = 0; i < moment->wanting_count; i++)
		moment->wanting[i].limit_s = 1;
	share_entitle(moment->wanting, moment->wanting_count, fluid->pcpus);
	for (size_t i = 0; i < moment->wanting_count; i++)
		moment->wanting[i].free_s = moment->wanting[i].entitled_s;
}

static void share_out_within_limits(const struct fluid *fluid, struct fluid_moment *moment)
{
	struct claimant *wanting = moment->wanting;

	for (size_t i = 0; i < moment->wanting_count; i++)
		if (wanting[i].cap_s > 0)
			share_cap_domain(wanting, moment->wanting_count, wanting[i].domain, wanting[i].cap_s);
	if (moment->bound_count > 0)
		share_entitle_bound(wanting, moment->wanting_count, fluid->pcpu_mask, fluid->scratch);
	else
		share_entitle(wanting, moment->wanting_count, fluid->pcpus);
}

/* The rates of each domain's vCPUs together, and which of them are its own. */
static void sum_domains(struct fluid *fluid, struct fluid_moment *moment)
{
	moment->domain_count = 0;
	for (size_t i = 0; i < moment->wanting_count; i++) {
		int32_t *place = &fluid->domain_place[moment->wanting[i].domain];
		struct fluid_domain *domain;
		moment->same_domain[i] = (uint32_t)i;
		if (*place < 0) {
			*place = (int32_t)moment->domain_count++;
			moment->domains[*place] = (struct fluid_domain){ .domain = (uint32_t)moment->wanting[i].domain, .last = (uint32_t)i };
		}
		domain = &moment->domains[*place];
		domain->rate += moment->wanting[i].entitled_s;
		moment->same_domain[i] = moment->same_domain[domain->last];
		moment->same_domain[domain->last] = (uint32_t)i;
		domain->last = (uint32_t)i;
	}
	for (size_t i = 0; i < moment->domain_count; i++)
		fluid->domain_place[moment->domains[i].domain] = -1;
}

static void share_out(struct fluid *fluid, struct fluid_moment *moment)
{
	share_out_freely(fluid, moment);
	if (moment->capped_count > 0 || moment->bound_count > 0)
		share_out_within_limits(fluid, moment);
	sum_domains(fluid, moment);
}

/* ---- moments that come again ---- */

/* They are listed in order, so that the same ones are the same list. */
static void join_list(struct fluid *fluid, size_t vcpu)
{
	size_t at = fluid->list_count++;

	for (; at > 0 && fluid->list[at - 1] > vcpu; at--)
		fluid->list[at] = fluid->list[at - 1];
	fluid->list[at] = vcpu;
}

static void list_now(struct fluid *fluid)
{
	fluid->list_count = 0;
	for (size_t i = 0; i < fluid->now->wanting_count; i++)
		join_list(fluid, fluid->now->wanting_vcpu[i]);
}

static void leave_list(struct fluid *fluid, size_t vcpu)
{
	size_t kept = 0;

	for (size_t i = 0; i < fluid->list_count; i++)
		if (fluid->list[i] != vcpu)
			fluid->list[kept++] = fluid->list[i];
	fluid->list_count = kept;
}

static uint64_t hash_list(const struct fluid *fluid)
{
	uint64_t hash = 0;

	for (size_t i = 0; i < fluid->list_count; i++)
		hash = (hash + fluid->list[i] + 1) * UINT64_C(0x9e3779b97f4a7c15);
	return hash >> 32;
}

static bool is_of_list(const struct fluid *fluid, const struct fluid_moment *moment)
{
	if (moment->filled == 0 || moment->wanting_count != fluid->list_count)
		return false;
	for (size_t i = 0; i < fluid->list_count; i++)
		if (moment->wanting_vcpu[i] != fluid->list[i])
			return false;
	return true;
}

static void fill(struct fluid *fluid, struct fluid_moment *moment)
{
	for (size_t i = 0; i < FLUID_STEPS; i++)
		moment->steps[i].filled = 0;
	moment->wanting_count = moment->capped_count = moment->bound_count = 0;
	for (size_t i = 0; i < fluid->list_count; i++)
		join(fluid, moment, fluid->list[i]);
	share_out(fluid, moment);
	moment->filled = ++fluid->fillings;
}

/* The moment of those on the list is now. */
static void find_moment(struct fluid *fluid)
{
	bool kept = fluid->list_count <= FLUID_KEPT_VCPUS;
	struct fluid_moment *moment = &fluid->moments[kept ? hash_list(fluid) % FLUID_MOMENTS : FLUID_MOMENTS];

	fluid->now = moment;
	if (is_of_list(fluid, moment))
		return;
	moment->filled = 0;
	if (has_room(fluid, moment, fluid->list_count + 1)) {
		fill(fluid, moment);
		return;
	}
	fluid->now = &fluid->nobody;
	fluid->out_of_memory = true;
}

/* Settings are others now. */
static void drop_moments(struct fluid *fluid)
{
	for (size_t i = 0; fluid->moments && i <= FLUID_MOMENTS; i++)
		fluid->moments[i].filled = 0;
	for (size_t i = 0; i < fluid->vcpu_room; i++)
		fluid->vcpu[i].claim.weight = 0;
}

void fluid_settings(struct fluid *fluid, uint64_t tsc)
{
	advance(fluid, tsc);
	drop_moments(fluid);
	if (fluid->now == &fluid->nobody)
		return;
	list_now(fluid);
	find_moment(fluid);
}

/* The moment of more than are kept, which changes with them. */
static struct fluid_moment *many(const struct fluid *fluid)
{
	return &fluid->moments[FLUID_MOMENTS];
}

/* Where no step is known from the moment that was. */
static void find_step(struct fluid *fluid, size_t vcpu)
{
	struct fluid_moment *from = fluid->now;
	uint64_t filled = from->filled;

	list_now(fluid);
	if (!fluid->vcpu[vcpu].wants)
		leave_list(fluid, vcpu);
	else
		join_list(fluid, vcpu);
	find_moment(fluid);
	if (from->filled == filled && from != many(fluid) && fluid->now != many(fluid))
		from->steps[vcpu % FLUID_STEPS] = (struct fluid_step){ vcpu, fluid->now, fluid->now->filled };
}

/* More want to run than are kept, before and after. */
static bool stays_many(const struct fluid *fluid, size_t vcpu)
{
	return fluid->now == many(fluid) && (fluid->vcpu[vcpu].wants || fluid->now->wanting_count > FLUID_KEPT_VCPUS + 1);
}

static void change_many(struct fluid *fluid, size_t vcpu)
{
	struct fluid_moment *now = fluid->now;

	if (!has_room(fluid, now, now->wanting_count + 1)) {
		fluid->out_of_memory = true;
		return;
	}
	if (fluid->vcpu[vcpu].wants)
		join(fluid, now, vcpu);
	else
		leave(fluid, now, vcpu);
	share_out(fluid, now);
}

static void take_step(struct fluid *fluid, size_t vcpu)
{
	const struct fluid_step *step = &fluid->now->steps[vcpu % FLUID_STEPS];

	if (stays_many(fluid, vcpu))
		change_many(fluid, vcpu);
	else if (step->filled != 0 && step->filled == step->to->filled && step->vcpu == vcpu)
		fluid->now = step->to;
	else
		find_step(fluid, vcpu);
}

/* Of a domain that is gone, snapshots may tell other settings than before. */
static void note_removed(struct fluid *fluid, size_t vcpu)
{
	if (!fluid->vcpu[vcpu].was_removed)
		drop_moments(fluid);
	fluid->vcpu[vcpu].was_removed = true;
}

void fluid_change(struct fluid *fluid, size_t vcpu, uint64_t tsc, enum runstate state)
{
	const struct vcpu *changed = &fluid->vcpus->vcpus[vcpu];
	bool wants_now;

	if (changed->is_idle) /* wants nothing */
		return;
	if ((vcpu >= fluid->vcpu_room && !reserve(fluid, vcpu)) ||
	    (fluid->vcpus->domain_count > fluid->domain_room && !reserve_domains(fluid, fluid->vcpus->domain_count))) {
		fluid->out_of_memory = true;
		return;
	}
	wants_now = wants(fluid, vcpu, state);
	if (fluid->vcpu[vcpu].wants == wants_now)
		return;
	advance(fluid, tsc);
	fluid->vcpu[vcpu].wants = wants_now;
	if (wants_now && fluid->vcpus->domains[changed->domain].removed)
		note_removed(fluid, vcpu);
	take_step(fluid, vcpu);
}

void fluid_finish(struct fluid *fluid, uint64_t end_tsc)
{
	advance(fluid, end_tsc);
}

double fluid_entitled_tsc(const struct fluid *fluid, size_t vcpu)
{
	return vcpu < fluid->vcpu_room ? fluid->vcpu[vcpu].entitled_tsc : 0;
}

double fluid_entitled_at_tsc(const struct fluid *fluid, size_t vcpu, uint64_t tsc)
{
	const struct fluid_moment *now = fluid->now;

	for (size_t i = 0; i < now->wanting_count; i++)
		if (now->wanting_vcpu[i] == vcpu)
			return fluid->vcpu[vcpu].entitled_tsc + now->wanting[i].entitled_s * (double)fluid_passed_tsc(fluid, tsc);
	return fluid_entitled_tsc(fluid, vcpu);
}
