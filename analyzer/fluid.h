/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What each vCPU was entitled to: at every moment the pCPUs are shared out among the vCPUs that want to
 * run, as an ideal fluid scheduler would (generalised processor sharing): by weight, at most one pCPU for
 * a vCPU, within the domains' caps, on the pCPUs where it may run, the rest handed on.  A vCPU wants to run while it is running or
 * runnable; one of a capped domain also while it is offline, for that is how credit parks it.
 */
#ifndef XTRACE_FLUID_H
#define XTRACE_FLUID_H

#include "analyzer/hostinfo.h"
#include "analyzer/share.h"
#include "analyzer/vcpu.h"

enum { WEIGHT_DEFAULT = 256 };

/* One whose vCPUs want to run. */
struct fluid_domain {
	uint32_t domain;               /* index into vcpus.domains */
	uint32_t last;                 /* of those that want to run, the place of its last one */
	double rate;                   /* of them all; pCPUs */
};

struct fluid_vcpu {
	bool wants;
	bool was_removed;              /* with its domain, and moments from before that are dropped */
	double entitled_tsc;
	struct claimant claim;         /* with which it enters a moment; weight 0: not read under the settings in force */
};

struct fluid_moment;

/* What comes of a moment when one vCPU begins or ends to want to run. */
struct fluid_step {
	size_t vcpu;
	struct fluid_moment *to;
	uint64_t filled;               /* what to->filled was then; 0: no step */
};

enum { FLUID_STEPS = 8 };

/* Who wants to run, and what each is entitled to meanwhile. */
struct fluid_moment {
	struct claimant *wanting;      /* entitled_s is their rate in pCPUs */
	size_t *wanting_vcpu;          /* whose they are, by index; in order, unless they are more than are kept */
	uint32_t *same_domain;         /* of each, the next one of its domain; of the last one, the first */
	struct fluid_domain *domains;  /* theirs */
	size_t wanting_count, domain_count;
	size_t capped_count;           /* of the wanting: of domains with a cap */
	size_t bound_count;            /* of the wanting: bound to some of the pCPUs */
	size_t room;
	uint64_t filled;               /* of all fillings of moments, the how manieth this is; 0: settings have changed since */
	struct fluid_step steps[FLUID_STEPS]; /* by vCPU */
};

/* The same few vCPUs want to run over and over: what comes of it is kept, by a hash of who they are. */
enum { FLUID_MOMENTS = 1024, FLUID_KEPT_VCPUS = 8 };

struct fluid {
	const struct hostinfo *host;
	const struct vcpus *vcpus;
	double pcpus;
	uint64_t from_tsc, to_tsc;     /* the window that counts */
	uint64_t now_tsc;
	struct fluid_moment *now;
	struct fluid_moment nobody;    /* wants to run */
	struct fluid_moment *moments;  /* FLUID_MOMENTS, and one for when more want to run than are kept */
	uint64_t fillings;
	size_t *list;                  /* of those who will want to run, while their moment is looked for */
	size_t list_count;
	struct fluid_vcpu *vcpu;       /* by index */
	size_t vcpu_room;
	struct claimant *scratch;
	size_t scratch_room;
	uint64_t pcpu_mask;            /* all pCPUs, of the first 64 */
	bool follows_affinity;         /* there are no others */
	bool is_for_rates;             /* nobody asks what is entitled over time */
	int32_t *domain_place;         /* by domain: its place among those of a moment, or -1 */
	size_t domain_room;
	bool out_of_memory;
};

void fluid_init(struct fluid *fluid, const struct hostinfo *host, const struct vcpus *vcpus, size_t pcpus);
void fluid_free(struct fluid *fluid);

/* A vCPU is in this state from now on.  Calls come in the order of time. */
void fluid_change(struct fluid *fluid, size_t vcpu, uint64_t tsc, enum runstate state);

/* Weights, caps or affinities of the host's info are others from now on. */
void fluid_settings(struct fluid *fluid, uint64_t tsc);

/* The window ends. */
void fluid_finish(struct fluid *fluid, uint64_t end_tsc);

/* How much of the window passed from the last change, since which the moment is what it is, to this time. */
static inline uint64_t fluid_passed_tsc(const struct fluid *fluid, uint64_t tsc)
{
	uint64_t begin_tsc = fluid->now_tsc > fluid->from_tsc ? fluid->now_tsc : fluid->from_tsc;
	uint64_t end_tsc = tsc < fluid->to_tsc ? tsc : fluid->to_tsc;

	return begin_tsc < end_tsc ? end_tsc - begin_tsc : 0;
}

/* Not where it is for rates only. */
double fluid_entitled_tsc(const struct fluid *fluid, size_t vcpu);

/* The same up to a time not before the last change. */
double fluid_entitled_at_tsc(const struct fluid *fluid, size_t vcpu, uint64_t tsc);

#endif
