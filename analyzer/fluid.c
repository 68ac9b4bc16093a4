/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/fluid.h"

#include "analyzer/room.h"

#include <math.h>
#include <stdlib.h>

void fluid_init(struct fluid *fluid, const struct hostinfo *host, const struct vcpus *vcpus, size_t pcpus)
{
	*fluid = (struct fluid){ .host = host, .vcpus = vcpus, .pcpus = (double)pcpus, .to_tsc = UINT64_MAX };
	fluid->pcpu_mask = pcpus < 64 ? (UINT64_C(1) << pcpus) - 1 : UINT64_MAX;
}

void fluid_free(struct fluid *fluid)
{
	free(fluid->wanting);
	free(fluid->wanting_vcpu);
	free(fluid->scratch);
	free(fluid->domains);
	free(fluid->domain_place);
	free(fluid->place);
	free(fluid->entitled_tsc);
}

static bool reserve_domains(struct fluid *fluid, size_t domains)
{
	size_t place_room = fluid->domain_room, row_room = fluid->domain_room;
	int32_t *place = room_for(fluid->domain_place, &place_room, domains, sizeof(*place));
	struct fluid_domain *rows = room_for(fluid->domains, &row_room, domains, sizeof(*rows));

	fluid->domain_place = place ? place : fluid->domain_place;
	fluid->domains = rows ? rows : fluid->domains;
	if (!place || !rows)
		return false;
	for (size_t i = fluid->domain_room; i < place_room; i++)
		place[i] = -1;
	fluid->domain_room = place_room;
	return true;
}

static bool reserve(struct fluid *fluid, size_t vcpu)
{
	size_t place_room = fluid->vcpu_room, tsc_room = fluid->vcpu_room, claim_room = fluid->room, whose_room = fluid->room,
	       scratch_room = fluid->room;
	int32_t *place = room_for(fluid->place, &place_room, vcpu + 1, sizeof(*place));
	double *entitled_tsc = room_for(fluid->entitled_tsc, &tsc_room, vcpu + 1, sizeof(*entitled_tsc));
	struct claimant *wanting = room_for(fluid->wanting, &claim_room, vcpu + 1, sizeof(*wanting));
	size_t *whose = room_for(fluid->wanting_vcpu, &whose_room, vcpu + 1, sizeof(*whose));
	struct claimant *scratch = room_for(fluid->scratch, &scratch_room, vcpu + 1, sizeof(*scratch));

	fluid->place = place ? place : fluid->place;
	fluid->entitled_tsc = entitled_tsc ? entitled_tsc : fluid->entitled_tsc;
	fluid->wanting = wanting ? wanting : fluid->wanting;
	fluid->wanting_vcpu = whose ? whose : fluid->wanting_vcpu;
	fluid->scratch = scratch ? scratch : fluid->scratch;
	if (!place || !entitled_tsc || !wanting || !whose || !scratch)
		return false;
	for (size_t i = fluid->vcpu_room; i < place_room; i++) {
		place[i] = -1;
		entitled_tsc[i] = 0;
	}
	fluid->vcpu_room = place_room;
	fluid->room = claim_room;
	return true;
}

/* ---- time goes on ---- */

static uint64_t clip(const struct fluid *fluid, uint64_t tsc)
{
	return tsc < fluid->from_tsc ? fluid->from_tsc : tsc > fluid->to_tsc ? fluid->to_tsc : tsc;
}

static void advance(struct fluid *fluid, uint64_t tsc)
{
	double passed_tsc = (double)(clip(fluid, tsc) - clip(fluid, fluid->now_tsc));

	fluid->now_tsc = tsc;
	if (passed_tsc > 0)
		for (size_t i = 0; i < fluid->wanting_count; i++)
			fluid->entitled_tsc[fluid->wanting_vcpu[i]] += fluid->wanting[i].entitled_s * passed_tsc;
}

/* ---- who wants to run ---- */

static const struct domain_info *info_of(const struct fluid *fluid, size_t vcpu)
{
	const struct domain *domain = &fluid->vcpus->domains[fluid->vcpus->vcpus[vcpu].domain];

	return hostinfo_domain(fluid->host, domain->id, domain->since_tsc, domain->until_tsc, NULL);
}

static bool wants(const struct fluid *fluid, size_t vcpu, enum runstate state)
{
	const struct domain *domain = &fluid->vcpus->domains[fluid->vcpus->vcpus[vcpu].domain];
	const struct domain_info *info;

	if (domain->id == DOMID_IDLE)
		return false;
	if (state != OFFLINE || domain->removed)
		return state == RUNNING || state == RUNNABLE;
	info = info_of(fluid, vcpu);
	return info && info->cap_percent > 0;
}

/* Reads the settings of one that wants to run, and counts it among the capped and the bound. */
static void read_settings(struct fluid *fluid, size_t at)
{
	size_t vcpu = fluid->wanting_vcpu[at];
	const struct domain_info *info = info_of(fluid, vcpu);
	struct claimant *claimant = &fluid->wanting[at];

	claimant->weight = info && info->weight != WEIGHT_UNKNOWN ? info->weight : WEIGHT_DEFAULT;
	claimant->cap_s = info ? info->cap_percent / 100.0 : 0;
	claimant->allowed = hostinfo_affinity(info, fluid->vcpus->vcpus[vcpu].id) & fluid->pcpu_mask;
	fluid->capped_count += claimant->cap_s > 0;
	fluid->bound_count += claimant->allowed != fluid->pcpu_mask;
}

static void join(struct fluid *fluid, size_t vcpu)
{
	size_t at = fluid->wanting_count++;

	fluid->wanting[at] = (struct claimant){ .domain = fluid->vcpus->vcpus[vcpu].domain, .demand_s = 1, .limit_s = 1 };
	fluid->wanting_vcpu[at] = vcpu;
	fluid->place[vcpu] = (int32_t)at;
	read_settings(fluid, at);
}

static void leave(struct fluid *fluid, size_t vcpu)
{
	size_t at = (size_t)fluid->place[vcpu], last = --fluid->wanting_count;

	fluid->capped_count -= fluid->wanting[at].cap_s > 0;
	fluid->bound_count -= fluid->wanting[at].allowed != fluid->pcpu_mask;
	fluid->wanting[at] = fluid->wanting[last];
	fluid->wanting_vcpu[at] = fluid->wanting_vcpu[last];
	fluid->place[fluid->wanting_vcpu[at]] = (int32_t)at;
	fluid->place[vcpu] = -1;
}

/* What each would get without caps and affinities. */
static void share_out_freely(struct fluid *fluid)
{
	for (size_t i = 0; i < fluid->wanting_count; i++)
		fluid->wanting[i].limit_s = 1;
	share_entitle(fluid->wanting, fluid->wanting_count, fluid->pcpus);
	for (size_t i = 0; i < fluid->wanting_count; i++)
		fluid->wanting[i].free_s = fluid->wanting[i].entitled_s;
}

static void share_out_within_limits(struct fluid *fluid)
{
	for (size_t i = 0; i < fluid->wanting_count; i++)
		if (fluid->wanting[i].cap_s > 0)
			share_cap_domain(fluid->wanting, fluid->wanting_count, fluid->wanting[i].domain, fluid->wanting[i].cap_s);
	if (fluid->bound_count > 0)
		share_entitle_bound(fluid->wanting, fluid->wanting_count, fluid->pcpu_mask, fluid->scratch);
	else
		share_entitle(fluid->wanting, fluid->wanting_count, fluid->pcpus);
}

/* The rates of each domain's vCPUs together. */
static void sum_domains(struct fluid *fluid)
{
	for (size_t i = 0; i < fluid->domain_count; i++)
		fluid->domain_place[fluid->domains[i].domain] = -1;
	fluid->domain_count = 0;
	for (size_t i = 0; i < fluid->wanting_count; i++) {
		int32_t *place = &fluid->domain_place[fluid->wanting[i].domain];
		if (*place < 0) {
			*place = (int32_t)fluid->domain_count++;
			fluid->domains[*place] = (struct fluid_domain){ .domain = (uint32_t)fluid->wanting[i].domain };
		}
		fluid->domains[*place].rate += fluid->wanting[i].entitled_s;
	}
}

static void share_out(struct fluid *fluid)
{
	share_out_freely(fluid);
	if (fluid->capped_count > 0 || fluid->bound_count > 0)
		share_out_within_limits(fluid);
	sum_domains(fluid);
}

void fluid_settings(struct fluid *fluid, uint64_t tsc)
{
	advance(fluid, tsc);
	fluid->capped_count = fluid->bound_count = 0;
	for (size_t i = 0; i < fluid->wanting_count; i++)
		read_settings(fluid, i);
	share_out(fluid);
}

void fluid_change(struct fluid *fluid, size_t vcpu, uint64_t tsc, enum runstate state)
{
	bool wanted_before, wants_now;

	if ((vcpu >= fluid->vcpu_room && !reserve(fluid, vcpu)) ||
	    (fluid->vcpus->domain_count > fluid->domain_room && !reserve_domains(fluid, fluid->vcpus->domain_count))) {
		fluid->out_of_memory = true;
		return;
	}
	wanted_before = fluid->place[vcpu] >= 0;
	wants_now = wants(fluid, vcpu, state);
	if (wanted_before == wants_now)
		return;
	advance(fluid, tsc);
	if (wants_now)
		join(fluid, vcpu);
	else
		leave(fluid, vcpu);
	share_out(fluid);
}

void fluid_finish(struct fluid *fluid, uint64_t end_tsc)
{
	advance(fluid, end_tsc);
}

double fluid_entitled_tsc(const struct fluid *fluid, size_t vcpu)
{
	return vcpu < fluid->vcpu_room ? fluid->entitled_tsc[vcpu] : 0;
}

double fluid_entitled_at_tsc(const struct fluid *fluid, size_t vcpu, uint64_t tsc)
{
	double since_tsc = (double)(clip(fluid, tsc) - clip(fluid, fluid->now_tsc));

	if (vcpu >= fluid->vcpu_room || fluid->place[vcpu] < 0)
		return fluid_entitled_tsc(fluid, vcpu);
	return fluid->entitled_tsc[vcpu] + fluid->wanting[fluid->place[vcpu]].entitled_s * since_tsc;
}
