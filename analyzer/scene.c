/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/scene.h"

#include "analyzer/room.h"

#include <stdlib.h>

bool scene_init(struct scene *scene, const struct vcpus *vcpus, const struct fluid *fluid, uint64_t from_tsc, uint64_t to_tsc)
{
	*scene = (struct scene){
		.vcpus = vcpus, .fluid = fluid, .from_tsc = from_tsc, .to_tsc = to_tsc, .now_tsc = from_tsc,
		.holder = malloc(PCPU_MAX * sizeof(*scene->holder)), .began_tsc = calloc(PCPU_MAX, sizeof(*scene->began_tsc)),
		.stopped_tsc = malloc(PCPU_MAX * sizeof(*scene->stopped_tsc)), .queued = calloc(PCPU_MAX, sizeof(*scene->queued)),
	};
	if (!scene->holder || !scene->began_tsc || !scene->stopped_tsc || !scene->queued)
		return false;
	for (size_t i = 0; i < PCPU_MAX; i++) {
		scene->holder[i] = PCPU_UNKNOWN;
		scene->stopped_tsc[i] = UINT64_MAX;
	}
	return true;
}

void scene_free(struct scene *scene)
{
	free(scene->vcpu);
	free(scene->running);
	free(scene->holder);
	free(scene->began_tsc);
	free(scene->stopped_tsc);
	free(scene->queued);
}

/* ---- room ---- */

static enum domain_role role_of(uint32_t domain_id)
{
	return domain_id == DOMID_IDLE ? ROLE_IDLE : domain_id == 0 ? ROLE_DOM0 : ROLE_GUEST;
}

bool scene_reserve(struct scene *scene)
{
	const struct vcpus *vcpus = scene->vcpus;
	size_t old_vcpus = scene->vcpu_room;
	struct scene_vcpu *rows = room_for(scene->vcpu, &scene->vcpu_room, vcpus->vcpu_count, sizeof(*rows));
	uint32_t *running = room_for(scene->running, &scene->domain_room, vcpus->domain_count, sizeof(*running));

	scene->vcpu = rows ? rows : scene->vcpu;
	scene->running = running ? running : scene->running;
	for (size_t i = old_vcpus; rows && i < scene->vcpu_room; i++)
		rows[i] = (struct scene_vcpu){ .state = UNKNOWN, .pcpu = PCPU_NONE };
	for (size_t i = 0; rows && i < vcpus->vcpu_count; i++) {
		rows[i].domain = vcpus->vcpus[i].domain;
		rows[i].role = role_of(vcpus->domains[rows[i].domain].id);
	}
	return rows && running;
}

/* ---- changes ---- */

static bool waits(const struct scene_vcpu *row)
{
	return row->state == RUNNABLE && row->role != ROLE_IDLE;
}

/* One more who is runnable, or one less. */
static void count_runnable(struct scene *scene, const struct scene_vcpu *row, uint32_t more)
{
	if (row->role == ROLE_IDLE)
		return;
	scene->waiting_vcpus += more;
	if (row->pcpu != PCPU_NONE)
		scene->queued[row->pcpu] += more;
}

static void stop(struct scene *scene, size_t vcpu, const struct scene_vcpu *row, enum runstate to, uint64_t tsc)
{
	scene->running[row->domain]--;
	if (scene->holder[row->pcpu] != (int32_t)vcpu)
		return;
	if (to == UNKNOWN)
		scene->holder[row->pcpu] = PCPU_UNKNOWN;
	else
		scene->stopped_tsc[row->pcpu] = tsc;
	scene->idle_pcpus -= row->role == ROLE_IDLE;
}

static void start(struct scene *scene, size_t vcpu, struct scene_vcpu *row, uint32_t pcpu)
{
	int32_t before = scene_runner(scene, pcpu);

	scene->running[row->domain]++;
	row->pcpu = (int32_t)pcpu;
	scene->idle_pcpus -= before != VCPU_NONE && scene->vcpu[before].role == ROLE_IDLE;
	scene->idle_pcpus += row->role == ROLE_IDLE;
	scene->holder[pcpu] = (int32_t)vcpu;
	scene->began_tsc[pcpu] = row->since_tsc;
	scene->stopped_tsc[pcpu] = UINT64_MAX;
}

static void leave(struct scene *scene, size_t vcpu, const struct scene_vcpu *row, enum runstate to, uint64_t tsc)
{
	if (row->state == RUNNING)
		stop(scene, vcpu, row, to, tsc);
	else if (row->state == RUNNABLE)
		count_runnable(scene, row, UINT32_MAX);
}

static void enter(struct scene *scene, size_t vcpu, struct scene_vcpu *row, uint32_t pcpu)
{
	if (row->state == RUNNING)
		start(scene, vcpu, row, pcpu);
	else if (row->state == RUNNABLE)
		count_runnable(scene, row, 1);
}

bool scene_matters(const struct scene *scene, size_t vcpu, enum runstate state)
{
	const struct scene_vcpu *row = &scene->vcpu[vcpu];

	return scene->waiting_vcpus > 0 || row->role != ROLE_IDLE || row->state == UNKNOWN || state == UNKNOWN;
}

void scene_take(struct scene *scene, size_t vcpu, uint64_t tsc, enum runstate state, struct scene_change *change)
{
	struct scene_vcpu *row = &scene->vcpu[vcpu];

	*change = (struct scene_change){ .vcpu = vcpu, .from = row->state, .to = state, .since_tsc = row->since_tsc, .tsc = tsc };
	leave(scene, vcpu, row, state, tsc);
	row->state = state;
	row->since_tsc = tsc;
	enter(scene, vcpu, row, scene->vcpus->vcpus[vcpu].pcpu);
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
		int32_t runner = scene_runner(scene, pcpu);
		if (allowed >> pcpu & 1 && runner != VCPU_NONE && scene->vcpu[runner].role == ROLE_IDLE)
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
		.stopped_tsc = row->pcpu == PCPU_NONE ? UINT64_MAX : scene->stopped_tsc[row->pcpu],
		.idle_elsewhere = held_by_domain && is_idle_elsewhere(scene, now->wanting[at].allowed),
	};
	return true;
}
