/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/stretches.h"

#include "analyzer/room.h"

#include <stdlib.h>

void stretches_free(struct stretches *stretches)
{
	free(stretches->since_tsc);
	free(stretches->vcpus);
}

bool stretches_reserve(struct stretches *stretches)
{
	size_t domains = stretches->scene->vcpus->domain_count, vcpus = stretches->scene->vcpus->vcpu_count;
	uint64_t *since_tsc = room_for(stretches->since_tsc, &stretches->domain_room, domains, sizeof(*since_tsc));
	struct stretch_vcpu *rows = room_for(stretches->vcpus, &stretches->vcpu_room, vcpus, sizeof(*rows));

	stretches->since_tsc = since_tsc ? since_tsc : stretches->since_tsc;
	stretches->vcpus = rows ? rows : stretches->vcpus;
	return since_tsc && rows && lag_reserve(stretches->lag, domains) &&
	       causes_reserve(stretches->causes, domains, vcpus) && waits_reserve(stretches->waits, vcpus);
}

/* ---- one domain's ---- */

static bool wants_alone(const struct fluid_moment *now, size_t at)
{
	return now->same_domain[at] == at;
}

/* What the one at this place of the fluid's moment was entitled to. */
static inline double gain_at(struct stretches *stretches, size_t at, double passed_tsc)
{
	const struct fluid *fluid = stretches->scene->fluid;
	size_t vcpu = fluid->now->wanting_vcpu[at];
	struct stretch_vcpu *row = &stretches->vcpus[vcpu];
	double entitled_tsc = fluid->vcpu[vcpu].entitled_tsc + fluid->now->wanting[at].entitled_s * passed_tsc;

	row->gained_tsc = entitled_tsc - row->entitled_tsc;
	row->entitled_tsc = entitled_tsc;
	return row->gained_tsc;
}

/* How much more the domain is behind.  Less than a cycle is rounding. */
static inline double more(double gained_tsc, uint64_t received_tsc)
{
	double more_tsc = gained_tsc - (double)(int64_t)received_tsc;

	return more_tsc > -1 && more_tsc < 1 ? 0 : more_tsc;
}

static inline void step(struct stretches *stretches, uint32_t domain, struct cause_step *step)
{
	step->lag_tsc = lag_step(stretches->lag, domain, step->more_tsc, step->end_tsc);
	if (step->more_tsc < 0)
		causes_make_up(stretches->causes, domain, -step->more_tsc);
}

static inline void tell_waiter(struct stretches *stretches, size_t at, const struct cause_step *step, double lag_tsc)
{
	const struct scene *scene = stretches->scene;
	struct scene_waiter waiter;

	if (!scene_waiter(scene, at, &waiter))
		return;
	if (lag_tsc > 0)
		causes_wait(stretches->causes, scene, stretches->boost, &waiter, step, lag_tsc);
	if (waiter.state == RUNNABLE)
		waits_stretch(stretches->waits, scene, &waiter, step->begin_tsc, step->end_tsc);
}

/* Only one of the domain's vCPUs wants to run. */
static inline void close_alone(struct stretches *stretches, size_t at, uint32_t domain, struct cause_step *one, double passed_tsc)
{
	bool runs = stretches->scene->running[domain] > 0;

	one->more_tsc = more(gain_at(stretches, at, passed_tsc), runs ? one->end_tsc - one->begin_tsc : 0);
	step(stretches, domain, one);
	if (!runs)
		tell_waiter(stretches, at, one, one->more_tsc);
}

/* Its vCPUs together: one may run while another waits. */
static void close_several(struct stretches *stretches, size_t first, uint32_t domain, struct cause_step *all, double passed_tsc)
{
	const struct scene *scene = stretches->scene;
	const struct fluid_moment *now = scene->fluid->now;
	double gained_tsc = 0, waiting_tsc = 0, share;
	size_t at = first;

	do {
		double one_tsc = gain_at(stretches, at, passed_tsc);
		gained_tsc += one_tsc;
		waiting_tsc += scene->vcpu[now->wanting_vcpu[at]].state == RUNNING ? 0 : one_tsc;
		at = now->same_domain[at];
	} while (at != first);
	all->more_tsc = more(gained_tsc, scene->running[domain] * (all->end_tsc - all->begin_tsc));
	step(stretches, domain, all);
	share = waiting_tsc > 0 ? all->more_tsc / waiting_tsc : 0;
	do {
		tell_waiter(stretches, at, all, share * stretches->vcpus[now->wanting_vcpu[at]].gained_tsc);
		at = now->same_domain[at];
	} while (at != first);
}

/* Of the domain of which somebody has this place of the fluid's moment. */
static void close_at(struct stretches *stretches, size_t at, uint32_t domain, uint64_t end_tsc)
{
	uint64_t since_tsc = stretches->since_tsc[domain], from_tsc = stretches->scene->from_tsc;
	struct cause_step step = { .begin_tsc = since_tsc > from_tsc ? since_tsc : from_tsc, .end_tsc = end_tsc };
	double passed_tsc = (double)(int64_t)fluid_passed_tsc(stretches->scene->fluid, end_tsc);

	stretches->since_tsc[domain] = end_tsc;
	if (wants_alone(stretches->scene->fluid->now, at))
		close_alone(stretches, at, domain, &step, passed_tsc);
	else
		close_several(stretches, at, domain, &step, passed_tsc);
}

/* It may be closed up to then already. */
static inline void close_open(struct stretches *stretches, size_t at, uint64_t end_tsc)
{
	uint32_t domain = (uint32_t)stretches->scene->fluid->now->wanting[at].domain;

	if (stretches->since_tsc[domain] < end_tsc)
		close_at(stretches, at, domain, end_tsc);
}

/* Of one of which nobody wants to run nothing is told, but it may be about to want to. */
void stretches_close(struct stretches *stretches, size_t domain, uint64_t end_tsc)
{
	const struct fluid_moment *now = stretches->scene->fluid->now;
	size_t at = 0;

	if (stretches->since_tsc[domain] >= end_tsc)
		return;
	while (at < now->wanting_count && now->wanting[at].domain != domain)
		at++;
	if (at < now->wanting_count)
		close_at(stretches, at, (uint32_t)domain, end_tsc);
	else
		stretches->since_tsc[domain] = end_tsc;
}

/* ---- those of several ---- */

static inline const struct scene_vcpu *row_at(const struct stretches *stretches, size_t at)
{
	return &stretches->scene->vcpu[stretches->scene->fluid->now->wanting_vcpu[at]];
}

void stretches_close_queue(struct stretches *stretches, uint32_t pcpu, uint64_t end_tsc)
{
	size_t count = stretches->scene->fluid->now->wanting_count;
	uint32_t left = stretches->scene->queued[pcpu];

	for (size_t at = 0; left > 0 && at < count; at++)
		if (row_at(stretches, at)->state == RUNNABLE && row_at(stretches, at)->pcpu == (int32_t)pcpu) {
			close_open(stretches, at, end_tsc);
			left--;
		}
}

void stretches_close_late(struct stretches *stretches, uint32_t pcpu, uint64_t end_tsc)
{
	size_t count = stretches->scene->fluid->now->wanting_count;
	uint32_t left = stretches->scene->queued[pcpu];

	for (size_t at = 0; left > 0 && at < count; at++) {
		const struct scene_vcpu *row = row_at(stretches, at);
		if (row->state != RUNNABLE || row->pcpu != (int32_t)pcpu)
			continue;
		left--;
		if (causes_round_end(stretches->causes, stretches->scene, row) < end_tsc)
			close_open(stretches, at, end_tsc);
	}
}

void stretches_close_mixed(struct stretches *stretches, uint64_t end_tsc)
{
	const struct fluid_moment *now = stretches->scene->fluid->now;

	if (now->domain_count == now->wanting_count)
		return;
	for (size_t at = 0; at < now->wanting_count; at++)
		if (!wants_alone(now, at) && row_at(stretches, at)->state != RUNNING && stretches->scene->running[row_at(stretches, at)->domain] > 0)
			close_open(stretches, at, end_tsc);
}

void stretches_close_waiting(struct stretches *stretches, uint64_t end_tsc)
{
	size_t count = stretches->scene->fluid->now->wanting_count;

	for (size_t at = 0; at < count; at++)
		if (row_at(stretches, at)->state != RUNNING)
			close_open(stretches, at, end_tsc);
}

void stretches_close_all(struct stretches *stretches, uint64_t end_tsc)
{
	size_t count = stretches->scene->fluid->now->wanting_count;

	for (size_t at = 0; at < count; at++)
		close_open(stretches, at, end_tsc);
}
