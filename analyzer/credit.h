/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each vCPU's credit and priority over time, under Xen's credit scheduler.
 *
 * A patched hypervisor tells both at each decision and at each accounting (patches/events.tsv: credit:DECISION,
 * credit:EARN).  For a stock one they are reconstructed: credit_rules.h is followed with what runstates and the scheduler's
 * own records show.  Ticks are records (ACCOUNT_START, or PICKED_CPU of the one that runs there); wakeups are; the
 * accounting, every time slice, is where an ACCOUNT_STOP or a capped vCPU that is parked or goes on shows it, and a slice
 * later each time until the next one does.  What contradicts the reconstruction corrects it: who was boosted was UNDER, who woke
 * without was OVER, who went inactive had more than a slice's worth.  Where the trace has no records of the scheduler, ticks
 * are taken to be every third of a slice and everybody who wakes UNDER to be boosted.
 *
 * The reconstruction never looks at the patched hypervisor's two records, so where they are, they say how far it is off.
 */
#ifndef XTRACE_CREDIT_H
#define XTRACE_CREDIT_H

#include "analyzer/credit_told.h"
#include "analyzer/credit_trail.h"
#include "analyzer/lottery.h"
#include "analyzer/notes.h"
#include "analyzer/scene.h"

struct credit_vcpu {
	enum runstate state;
	uint64_t paid_tsc;         /* of one that runs: it has paid up to here */
	uint64_t counted_tsc;      /* its trail counts time up to here */
	uint64_t woken_tsc;        /* it was blocked until then, and no BOOST_START came since; 0: not so */
	int32_t accounted;         /* the reconstruction's credit at the last accounting */
	int32_t unhalved;          /* the same, before half of it was taken; 0: it was not */
	struct credit_told told;
	struct lottery_account lottery;
	struct credit_trail trail;
};

struct credit {
	struct credit_pool pool;   /* the reconstruction */
	struct credit_vcpu *vcpus; /* by index into vcpus.vcpus */
	size_t vcpu_room;
	const struct scene *scene;
	const struct hostinfo *host;
	uint64_t slice_tsc, tick_tsc;
	uint64_t now_tsc;
	uint64_t accounted_tsc, due_tsc;  /* the last accounting, 0: none yet; the next one, unless shown earlier */
	uint64_t shown_tsc;        /* the last one that a record showed; 0: none yet */
	bool off;                  /* another scheduler's trace */
	bool events_told;          /* the trace has records of the scheduler: ticks, boosts */
	bool credits_told;         /* … of a patched one */
	bool debit_known;          /* by tick or not, from Xen's command line or from many debits */
	uint64_t whole_debits, other_debits; /* told: whole ticks, and any others */
	uint64_t accountings, shown_accountings, corrections;
	struct credit_error error;
	struct lottery lottery;
	uint64_t from_tsc, bin_tsc, bin_end_tsc;
	size_t bins;
	bool out_of_memory;
};

/* What `scene' and `host' point to must live as long; tslice_ms: 0 if not told. */
void credit_init(struct credit *credit, const struct scene *scene, const struct hostinfo *host, uint32_t pcpus, uint64_t tsc_hz);
void credit_free(struct credit *credit);

/* After the scene took the change; not of an idle vCPU. */
void credit_change(struct credit *credit, const struct scene_change *change);
void credit_note(struct credit *credit, const struct note *note);

/* Weights or caps of the host's info are others from now on. */
void credit_settings(struct credit *credit, uint64_t tsc);

/* The window ends. */
void credit_finish(struct credit *credit, uint64_t end_tsc);

/* Some change of this vCPU was seen, and it is a domain's. */
bool credit_sees(const struct credit *credit, int32_t vcpu);

/* The trace is one of the credit scheduler. */
bool credit_known(const struct credit *credit);

/* Debiting is by tick, and by what both ran and earned either the waiting one should not be OVER, or the holder should be. */
bool credit_lottery(const struct credit *credit, size_t waiting, size_t holder);

/* Its domain has a cap. */
bool credit_is_capped(const struct credit *credit, size_t vcpu);

/* The vCPU's priority now, as a patched hypervisor told it, and as it is reconstructed.  False where it is not known. */
bool credit_told_priority(const struct credit *credit, size_t vcpu, enum credit_priority *priority);
bool credit_reconstructed_priority(const struct credit *credit, size_t vcpu, enum credit_priority *priority);

#endif
