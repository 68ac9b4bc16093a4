/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who runs, who waits and who holds which pCPU at the moment.
 *
 * The pCPU that a vCPU waits for: where it ran last, or where Xen's PICKED_CPU record put it since.
 */
#ifndef XTRACE_SCENE_H
#define XTRACE_SCENE_H

#include "analyzer/fluid.h"
#include "analyzer/vcpu.h"

enum { PCPU_NONE = -1, PCPU_UNKNOWN = -2 };

enum domain_role { ROLE_GUEST, ROLE_DOM0, ROLE_IDLE };

struct scene_vcpu {
	uint32_t domain;          /* index into vcpus.domains */
	enum domain_role role;
	enum runstate state;      /* UNKNOWN until told */
	int32_t pcpu;             /* where it runs, or waits to run; PCPU_NONE: not known */
	uint64_t since_tsc;       /* in this state */
};

/* One who wants to run and does not. */
struct scene_waiter {
	uint32_t vcpu, domain;
	enum runstate state;        /* RUNNABLE, or OFFLINE: parked */
	int32_t holder;             /* of the pCPU that it waits for, as in scene.holder; PCPU_UNKNOWN, too, where that is not known */
	bool held_by_domain;        /* and not by an idle vCPU */
	uint64_t stopped_tsc;       /* when the holder stopped and Xen began to switch to another; UINT64_MAX: it runs */
	bool idle_elsewhere;        /* it is, and another pCPU is idle where the waiter may run */
};

struct scene {
	const struct vcpus *vcpus;
	const struct fluid *fluid;     /* who wants to run, and at which rate it is entitled to */
	uint64_t from_tsc, to_tsc;     /* the window that counts */
	uint64_t now_tsc;              /* within it */
	struct scene_vcpu *vcpu;       /* by index into vcpus.vcpus */
	size_t vcpu_room;
	uint32_t *running;             /* how many of its vCPUs do, by index into vcpus.domains */
	size_t domain_room;
	int32_t *holder;               /* PCPU_MAX entries: the vCPU that runs there, or did until stopped_tsc; or PCPU_UNKNOWN */
	uint64_t *began_tsc;           /* PCPU_MAX entries: when it began to */
	uint64_t *stopped_tsc;         /* PCPU_MAX entries; UINT64_MAX: it runs */
	uint32_t *queued;              /* PCPU_MAX entries: vCPUs that wait for it, without the idle one */
	size_t idle_pcpus;             /* on which an idle vCPU runs */
	uint32_t waiting_vcpus;        /* that are runnable, without the idle ones */
};

/* A vCPU changes from one state to another. */
struct scene_change {
	size_t vcpu;
	enum runstate from, to;
	uint64_t since_tsc;       /* since when it was in `from' */
	uint64_t tsc;
};

bool scene_init(struct scene *scene, const struct vcpus *vcpus, const struct fluid *fluid, uint64_t from_tsc, uint64_t to_tsc);
void scene_free(struct scene *scene);

/* This time, or the window's begin or end. */
static inline uint64_t scene_clip(const struct scene *scene, uint64_t tsc)
{
	return tsc < scene->from_tsc ? scene->from_tsc : tsc > scene->to_tsc ? scene->to_tsc : tsc;
}

/* While nobody waits, it is all the same whether an idle vCPU comes or goes. */
bool scene_matters(const struct scene *scene, size_t vcpu, enum runstate state);

/* Makes room for all vCPUs that records named.  False when out of memory. */
bool scene_reserve(struct scene *scene);

/* Takes a change of one for which there is room, and says what it was. */
void scene_take(struct scene *scene, size_t vcpu, uint64_t tsc, enum runstate state, struct scene_change *change);

/* The one at this place of the fluid's moment, who wants to run.  False if he does. */
bool scene_waiter(const struct scene *scene, size_t at, struct scene_waiter *waiter);

/* The vCPU that runs on a pCPU now; VCPU_NONE: none does, or it is not known. */
static inline int32_t scene_runner(const struct scene *scene, uint32_t pcpu)
{
	return scene->holder[pcpu] >= 0 && scene->stopped_tsc[pcpu] == UINT64_MAX ? scene->holder[pcpu] : VCPU_NONE;
}

/* Xen put a waiting vCPU into another pCPU's queue. */
void scene_moved(struct scene *scene, size_t vcpu, uint32_t pcpu);

#endif
