/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why a domain fell behind what it is entitled to.
 *
 * In each stretch (stretches.h) in which a domain gets less than the fluid scheduler gives it, what is missing is laid on those of its
 * vCPUs that do not run, by their entitlements, and gets the cause that the records show for each (the rules are in
 * shown_cause() in causes.c and in xtrace-fair(1)).  When the domain later gets more than its entitlement, that makes up
 * for what it lacks: first for turns, then for all other causes in proportion.
 *
 * Some time is missed beside the lag: what a cap or an affinity keeps from a domain that wants to run, against what it
 * would be entitled to without (H9); and the time that a guest was blocked, at the rate to which it is entitled when it
 * is back (H3, H10).
 *
 * A cause is only named where records show it.
 */
#ifndef XTRACE_CAUSES_H
#define XTRACE_CAUSES_H

#include "analyzer/boost.h"
#include "analyzer/lag.h"
#include "analyzer/notes.h"
#include "analyzer/scene.h"

enum cause {
	CAUSE_NO_BOOST, CAUSE_LOTTERY, CAUSE_DOM0_WAITS, CAUSE_MULTI_BOOST, CAUSE_DOM0_PREEMPTED, CAUSE_RATELIMIT, CAUSE_HALVED, CAUSE_WRONG_QUEUE,
	CAUSE_BOUND, CAUSE_BLOCKED, CAUSE_TURN, CAUSE_DISPATCH, CAUSE_UNEXPLAINED, CAUSES
};

extern const struct cause_name { const char *id, *title; } cause_names[CAUSES];

enum { EVIDENCE_MAX = 3, CAUSE_BINS = 256, DOM0_WAITS_KEPT = 16 };

/* Three intervals in which the cause cost the domain most. */
struct evidence {
	uint64_t begin_tsc, end_tsc;
	double lag_tsc;
};

struct cause_record {
	struct evidence evidence[EVIDENCE_MAX];  /* the greatest first; lag_tsc 0: none */
	float at_tsc[CAUSE_BINS];                /* lag_tsc at the end of each bin */
};

struct cause_domain {
	double lag_tsc[CAUSES], made_up_tsc[CAUSES];
	double beside_tsc[CAUSES];               /* of lag_tsc: missed beside the lag, and cannot be made up for */
	double outstanding_tsc;                  /* of all causes: neither made up for nor beside */
	uint32_t charged;                        /* bit by cause: some of it was not beside the lag */
	struct cause_record records[CAUSES];
};

struct dom0_wait {
	uint64_t begin_tsc, end_tsc;
};

struct cause_vcpu {
	enum cause cause;                        /* of the piece of lag that is growing */
	struct evidence piece;
	struct evidence bound_piece;             /* the same for what caps and affinities keep from it */
	bool woken, moved, yielded;              /* how its wait began; moved: woken from offline, for which nobody is boosted */
	uint64_t blocked_since_tsc, ran_since_tsc;
	int32_t waker;                           /* vCPU that ran on the pCPU which woke it last */
	uint64_t waker_tsc;
	double budget_tsc;                       /* credit it lost by going inactive, as CPU time, that its lag has not come up to yet */
	uint64_t blocked_tsc, starved_tsc;       /* that its next stretch charges: blocked; of it, Dom0 waited before it woke it */
	struct evidence blocked_piece, starved_piece;
	struct dom0_wait *waits;                 /* of Dom0's vCPUs: a ring of the last DOM0_WAITS_KEPT */
	size_t wait_count;
};

struct cause_pcpu {
	uint64_t tickled_tsc, held_tsc;          /* last TICKLE for it; last RATELIMIT on it */
};

struct causes {
	struct cause_domain *domains;
	size_t domain_room;
	struct cause_vcpu *vcpus;
	size_t vcpu_room;
	struct cause_pcpu *pcpus;                /* PCPU_MAX entries */
	size_t blocked_pending;                  /* vCPUs whose blocked_tsc is not charged yet */
	uint64_t from_tsc, slice_tsc, bin_tsc, bin_end_tsc;
	size_t bins;
};

/* slice_tsc: the scheduler's time slice. */
bool causes_init(struct causes *causes, uint64_t from_tsc, uint64_t tsc_hz, uint64_t slice_tsc);
void causes_free(struct causes *causes);

/* Makes room for so many.  False when out of memory. */
bool causes_reserve(struct causes *causes, size_t domains, size_t vcpus);

/* Time passes in which the fluid's moment is the same: what is beside the lag, if anything is. */
static inline bool causes_any_beside(const struct causes *causes, const struct scene *scene)
{
	return causes->blocked_pending > 0 || scene->fluid->now->capped_count > 0 || scene->fluid->now->bound_count > 0;
}

void causes_beside(struct causes *causes, const struct scene *scene, uint64_t begin_tsc, uint64_t end_tsc);

/* Until when it is the turn of one who waits to wait: for every other one in the queue there may be a slice before it. */
static inline uint64_t causes_round_end(const struct causes *causes, const struct scene *scene, const struct scene_vcpu *waiting)
{
	return waiting->since_tsc + causes->slice_tsc * scene->queued[waiting->pcpu];
}

/* A domain's stretch. */
struct cause_step {
	uint64_t begin_tsc, end_tsc;
	double more_tsc;                         /* that it is behind at the end; less than 0: less */
	double lag_tsc;                          /* at the end */
};

/* One of a domain's vCPUs waited in this stretch, and so much of what it is behind more is laid on it. */
void causes_wait(struct causes *causes, const struct scene *scene, const struct boost *boost, const struct scene_waiter *waiter,
		 const struct cause_step *step, double lag_tsc);

/* The domain got so much more than its entitlement. */
void causes_make_up(struct causes *causes, uint32_t domain, double gained_tsc);

/* All stretches are closed up to this time. */
void causes_reach(struct causes *causes, uint64_t end_tsc);

/* Of vCPUs for which there is room, and that are not idle ones; after the scene took the change.  False when out of memory. */
bool causes_change(struct causes *causes, const struct scene *scene, const struct scene_change *change);
void causes_note(struct causes *causes, const struct scene *scene, const struct note *note);
void causes_finish(struct causes *causes, const struct scene *scene);

/* NULL: this domain never wanted to run. */
const struct cause_domain *causes_of(const struct causes *causes, size_t domain);

#endif
