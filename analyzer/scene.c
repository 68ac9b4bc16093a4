/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/scene.h"

#include "analyzer/room.h"

#include <stdlib.h>

bool scene_init(struct scene *scene, const struct vcpus *vcpus, const struct fluid *fluid, uint64_t from_tsc, uint64_t to_tsc)
{
	*scene = (struct scene){
		.vcpus = vcpus, .fluid = fluid, .from_tsc = from_tsc, .to_tsc = to_tsc, .now_tsc = from_tsc,
		.holder = malloc(PCPU_MAX * sizeof(*scene->holder)), .queued = calloc(PCPU_MAX, sizeof(*scene->queued)),
	};
	for (size_t i = 0; scene->holder && i < PCPU_MAX; i++)
		scene->holder[i] = PCPU_UNKNOWN;
	return scene->holder && scene->queued;
}

void scene_free(struct scene *scene)
{
	free(scene->vcpu);
	free(scene->domain);
	free(scene->holder);
	free(scene->queued);
}

bool scene_stretch(const struct scene *scene, uint64_t tsc, uint64_t *begin_tsc, uint64_t *end_tsc)
{
	*begin_tsc = scene->now_tsc;
	*end_tsc = tsc < scene->to_tsc ? tsc : scene->to_tsc;
	return *begin_tsc < *end_tsc;
}

/* ---- room ---- */

static enum domain_role role_of(uint32_t domain_id)
{
	return domain_id == DOMID_IDLE ? ROLE_IDLE : domain_id == 0 ? ROLE_DOM0 : ROLE_GUEST;
}

static bool reserve(struct scene *scene, size_t vcpu)
{
	size_t old_vcpus = scene->vcpu_room;
	struct scene_vcpu *rows = room_for(scene->vcpu, &scene->vcpu_room, scene->vcpus->vcpu_count, sizeof(*rows));
	struct scene_domain *domains = room_for(scene->domain, &scene->domain_room, scene->vcpus->domain_count, sizeof(*domains));

	scene->vcpu = rows ? rows : scene->vcpu;
	scene->domain = domains ? domains : scene->domain;
	for (size_t i = old_vcpus; rows && i < scene->vcpu_room; i++)
		rows[i] = (struct scene_vcpu){ .state = UNKNOWN, .pcpu = PCPU_NONE };
	return rows && domains && vcpu < scene->vcpu_room;
}

/* ---- changes ---- */

static bool waits(const struct scene_vcpu *row)
{
	return row->state == RUNNABLE && row->role != ROLE_IDLE;
}

/* One more who is runnable, or one less. */
static void count_runnable(struct scene *scene, const struct scene_vcpu *row, uint32_t more)
{
	scene->domain[row->domain].runnable += more;
	if (row->role == ROLE_IDLE)
		return;
	scene->waiting_vcpus += more;
	if (row->pcpu != PCPU_NONE)
		scene->queued[row->pcpu] += more;
}

static void stop(struct scene *scene, size_t vcpu, const struct scene_vcpu *row, enum runstate to)
{
	scene->domain[row->domain].running--;
	if (scene->holder[row->pcpu] != (int32_t)vcpu)
		return;
	scene->holder[row->pcpu] = to == UNKNOWN ? PCPU_UNKNOWN : PCPU_SWITCHES;
	scene->idle_pcpus -= row->role == ROLE_IDLE;
}

static void start(struct scene *scene, size_t vcpu, struct scene_vcpu *row, uint32_t pcpu)
{
	int32_t before = scene->holder[pcpu];

	scene->domain[row->domain].running++;
	row->pcpu = (int32_t)pcpu;
	scene->idle_pcpus -= before >= 0 && scene->vcpu[before].role == ROLE_IDLE;
	scene->idle_pcpus += row->role == ROLE_IDLE;
	scene->holder[pcpu] = (int32_t)vcpu;
}

static void leave(struct scene *scene, size_t vcpu, const struct scene_vcpu *row, enum runstate to)
{
	if (row->state == RUNNING)
		stop(scene, vcpu, row, to);
	else if (row->state == RUNNABLE)
		count_runnable(scene, row, UINT32_MAX);
	else if (row->state == UNKNOWN)
		scene->unknown_vcpus -= row->was_known;
}

static void enter(struct scene *scene, size_t vcpu, struct scene_vcpu *row, uint32_t pcpu)
{
	if (row->state == RUNNING)
		start(scene, vcpu, row, pcpu);
	else if (row->state == RUNNABLE)
		count_runnable(scene, row, 1);
	else if (row->state == UNKNOWN)
		scene->unknown_vcpus += row->was_known;
	row->was_known |= row->state != UNKNOWN;
}

bool scene_matters(const struct scene *scene, size_t vcpu, enum runstate state)
{
	const struct scene_vcpu *row = vcpu < scene->vcpu_room ? &scene->vcpu[vcpu] : NULL;

	return scene->waiting_vcpus > 0 || !row || row->role != ROLE_IDLE || row->state == UNKNOWN || state == UNKNOWN;
}

bool scene_take(struct scene *scene, size_t vcpu, uint64_t tsc, enum runstate state, struct scene_change *change)
{
	const struct vcpu *known = &scene->vcpus->vcpus[vcpu];
	struct scene_vcpu *row;

	if ((vcpu >= scene->vcpu_room || known->domain >= scene->domain_room) && !reserve(scene, vcpu))
		return false;
	row = &scene->vcpu[vcpu];
	*change = (struct scene_change){ .vcpu = vcpu, .from = row->state, .to = state, .since_tsc = row->since_tsc, .tsc = tsc };
	if (!row->was_known) {
		row->domain = known->domain;
		row->role = role_of(scene->vcpus->domains[known->domain].id);
		scene->domain[known->domain].role = row->role;
	}
	leave(scene, vcpu, row, state);
	row->state = state;
	row->since_tsc = tsc;
	enter(scene, vcpu, row, known->pcpu);
	return true;
}

void scene_moved(struct scene *scene, size_t vcpu, uint32_t pcpu)
{
	struct scene_vcpu *row = vcpu < scene->vcpu_room ? &scene->vcpu[vcpu] : NULL;

	if (!row || row->state == RUNNING)
		return;
	if (waits(row)) {
		scene->queued[pcpu]++;
		if (row->pcpu != PCPU_NONE)
			scene->queued[row->pcpu]--;
	}
	row->pcpu = (int32_t)pcpu;
}

/* ---- who waits ---- */

static bool is_idle_among(const struct scene *scene, uint64_t allowed)
{
	for (uint32_t pcpu = 0; pcpu < 64; pcpu++) {
		int32_t holder = scene->holder[pcpu];
		if (allowed >> pcpu & 1 && holder >= 0 && scene->vcpu[holder].role == ROLE_IDLE)
			return true;
	}
	return false;
}

/* Some pCPU is idle of those allowed, a mask as in struct claimant. */
static inline bool is_idle_elsewhere(const struct scene *scene, uint64_t allowed)
{
	return scene->idle_pcpus > 0 && (allowed == scene->fluid->pcpu_mask || is_idle_among(scene, allowed));
}

bool scene_waiter(const struct scene *scene, size_t at, struct scene_waiter *waiter)
{
	const struct fluid_moment *now = scene->fluid->now;
	const struct scene_vcpu *row = &scene->vcpu[now->wanting_vcpu[at]];
	int32_t holder = row->pcpu == PCPU_NONE ? PCPU_UNKNOWN : scene->holder[row->pcpu];
	bool held_by_domain = holder >= 0 && scene->vcpu[holder].role != ROLE_IDLE;

	if (row->state == RUNNING)
		return false;
	*waiter = (struct scene_waiter){
		.vcpu = (uint32_t)now->wanting_vcpu[at], .domain = row->domain, .state = row->state, .holder = holder, .held_by_domain = held_by_domain,
		.idle_elsewhere = held_by_domain && is_idle_elsewhere(scene, now->wanting[at].allowed), .entitled_s = now->wanting[at].entitled_s,
	};
	return true;
}

double scene_waiting_rate(const struct scene *scene, const struct fluid_domain *wanting)
{
	const struct fluid_moment *now = scene->fluid->now;
	double rate = 0;

	if (scene->domain[wanting->domain].running == 0)
		return wanting->rate;
	for (size_t i = 0; i < now->wanting_count; i++)
		if (now->wanting[i].domain == wanting->domain && scene->vcpu[now->wanting_vcpu[i]].state != RUNNING)
			rate += now->wanting[i].entitled_s;
	return rate;
}
