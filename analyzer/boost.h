/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Credit's priorities, as far as its own records tell them.
 *
 * A vCPU that wakes UNDER is boosted and a BOOST_START record says so.  One that wakes without such a record was
 * boosted already, or OVER.  It still was if a BOOST_START came before and no BOOST_END since, and it is inactive:
 * credit's accounting passes those by (xen/common/sched/credit.c, 4.17: csched_unit_wake, csched_unit_acct,
 * csched_acct).  It was OVER if it has been active for a whole accounting period, which would have ended the boost
 * silently.  (All this of one that was blocked; who was offline was only moved, or parked, and is not boosted whatever he is.)  A patched hypervisor tells the priority (credit.h).  Of any other wakeup it is what the reconstruction says, unless
 * that is UNDER, for who wakes UNDER is boosted: then it is not known.  A vCPU that is told to have been UNDER was parked, or only
 * moved to another pCPU.
 */
#ifndef XTRACE_BOOST_H
#define XTRACE_BOOST_H

#include "analyzer/credit.h"
#include "analyzer/histogram.h"
#include "analyzer/notes.h"
#include "analyzer/scene.h"

enum wake_priority { PRIORITY_BOOST, PRIORITY_UNDER, PRIORITY_OVER, PRIORITY_UNKNOWN, WAKE_PRIORITIES };

extern const char *const wake_priority_name[WAKE_PRIORITIES];

struct boost_counts {
	uint64_t granted;             /* wakeups that BOOST_START told */
	uint64_t kept;                /* woke while still boosted */
	uint64_t refused;             /* woke OVER */
	uint64_t refused_parked;      /* UNDER again, but parked up to then: its cap was used up */
	uint64_t refused_moved;       /* UNDER, but woken only to be moved */
	uint64_t unknown;
	uint64_t lost;                /* BOOST_END: a tick caught it running */
	uint64_t halved;              /* ACCOUNT_STOP: went inactive, half its credit gone */
};

/* Wakeups that ran in the end. */
static inline uint64_t boosts_offered(const struct boost_counts *counts)
{
	return counts->granted + counts->kept + counts->refused + counts->refused_parked + counts->refused_moved + counts->unknown;
}

struct boost_vcpu {
	bool boosted, activity_known, active, waking, was_parked;
	uint64_t boosted_tsc, active_tsc, woken_tsc;
	uint64_t halved_tsc;          /* last went inactive; 0: never seen */
	enum wake_priority priority;  /* at its last wakeup; unknown once it was preempted */
	enum wake_priority ran_priority; /* the same when it last began to run */
	struct boost_counts counts;
	struct histogram *wait[WAKE_PRIORITIES]; /* wake to run; NULL: none */
};

struct boost {
	const struct credit *credit;
	struct boost_vcpu *vcpus;     /* by index into vcpus.vcpus */
	size_t vcpu_room;
	uint64_t period_tsc;          /* of credit's accounting: a time slice */
	bool any;                     /* the trace has records of credit's boosts */
	bool out_of_memory;
};

/* `credit' must live as long. */
void boost_init(struct boost *boost, uint64_t period_tsc, const struct credit *credit);
void boost_free(struct boost *boost);
void boost_note(struct boost *boost, const struct note *note);

/* Not of an idle vCPU. */
void boost_change(struct boost *boost, const struct scene_change *change);

/* At the vCPU's last wakeup, so far as it is known by now. */
enum wake_priority boost_priority(const struct boost *boost, size_t vcpu);

/* The same as of when it last began to run. */
enum wake_priority boost_ran_priority(const struct boost *boost, size_t vcpu);

/* NULL: nothing is known of it. */
const struct boost_vcpu *boost_of(const struct boost *boost, size_t vcpu);

#endif
