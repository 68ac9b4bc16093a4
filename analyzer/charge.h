/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dom0's executions charged to guests by what Xen's records name in them, without Dom0's help.
 *
 * After Cherkasova and Gardner (USENIX 2005), who charged guest i N_i/N of an execution with N page flips, N_i of them
 * with guest i.  Page flips are gone; what is seen here is that a guest woke a vCPU of Dom0 or told it something, and
 * that Dom0 did something for a guest: woke it, copied for it.  An execution goes from when a vCPU of Dom0 begins to
 * run until it blocks, and may have several runs, when it is preempted in between.
 *
 *     guest 1 wakes it     for guest 2       for guest 1          blocks
 *           |---- 1 and 2 ----|------ 1 ---------|----- nobody -----|
 *
 * What Dom0 does for a guest ends a piece that began with the run or where the piece before ended, and the piece is that
 * guest's: Dom0 worked towards it.  The first piece of an execution is shared equally with the guests that had woken it.
 * Runs before anything was done for a guest are theirs.  All else is nobody's: what comes after the last piece, what
 * was preempted on its way to one, and an execution that neither began nor went for a guest.
 */
#ifndef XTRACE_CHARGE_H
#define XTRACE_CHARGE_H

#include "analyzer/series.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CHARGE_NOBODY, CHARGE_DOMAINS };

struct charge_vcpu {
	bool served;                  /* this execution did something for a guest */
	uint64_t mark_tsc;            /* when it did so last in the run that goes on; 0: not yet */
	uint64_t *pending_tsc;        /* by domain: pieces of the run that goes on */
	bool *woke;                   /* by domain */
	bool pending;                 /* some pending_tsc is not 0 */
	uint32_t wakers;              /* domains that woke it */
};

struct charge {
	struct charge_vcpu *vcpus;    /* by Dom0's vCPU */
	size_t vcpu_room;
	size_t domain_room;           /* of the vCPUs' arrays and of charged_tsc */
	uint64_t *charged_tsc;        /* by domain */
	uint64_t uncharged_tsc;
	uint64_t pieces, kicks;       /* how often something was done for a guest; how often a guest woke or told */
	struct series series;         /* row CHARGE_NOBODY, row CHARGE_DOMAINS + domain */
};

/* As series_init(). */
void charge_init(struct charge *charge, uint64_t from_tsc, uint64_t bin_tsc);
void charge_free(struct charge *charge);

/* Nothing was charged yet: all that Dom0 ran up to now, which another one charged to whomever, was nobody's.  (Its series is as exact as the
 * other one's: of each guest's part of a run the cycles beyond a bin's end are rounded.)  False when out of memory. */
bool charge_begin_late(struct charge *charge, const struct charge *other);

/* A guest woke Dom0's vCPU, or told it that there is something to do.  False when out of memory. */
bool charge_kick(struct charge *charge, uint32_t vcpu, size_t domain);

/* Dom0's vCPU, which runs since since_tsc, did something for a guest.  False when out of memory. */
bool charge_piece(struct charge *charge, uint32_t vcpu, size_t domain, uint64_t since_tsc, uint64_t tsc);

/* Dom0's vCPU ran, and what was charged since the last call belongs to that; `ends': it blocked, else it goes on later.
 * False when out of memory. */
bool charge_ran(struct charge *charge, uint32_t vcpu, uint64_t begin_tsc, uint64_t end_tsc, bool ends);

/* It turned out that it is not known whether it ran since the last call: pieces since then are forgotten. */
void charge_forget(struct charge *charge, uint32_t vcpu);

/* 0 for a domain that nothing was charged to. */
uint64_t charge_of_tsc(const struct charge *charge, size_t domain);

#endif
