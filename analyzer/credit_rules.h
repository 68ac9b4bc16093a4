/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The accounting of Xen's credit scheduler: what a unit (a vCPU, unless Xen schedules whole cores) pays and earns, and the
 * priority it has for it.  As in xen/common/sched/credit.c of 4.17.7: burn_credits(), csched_unit_acct(), csched_unit_wake(),
 * csched_acct() and __csched_set_tslice(), with their 32-bit arithmetic; debiting by tick is that of patches/0006.
 * Pure arithmetic: knows no trace, no run queue and no clock.  Who calls it says what happens, and when.
 *
 * One credit is 100 us of a pCPU.  Units and domains have the caller's numbers, small ones, for they index arrays.
 */
#ifndef XTRACE_CREDIT_RULES_H
#define XTRACE_CREDIT_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CREDITS_PER_MS = 10, CREDIT_TICKS_PER_TSLICE = 3, CREDIT_TSLICE_MS = 30, CREDIT_WEIGHT = 256 };

/* As in Xen. */
enum credit_priority { CREDIT_BOOST = 0, CREDIT_UNDER = -1, CREDIT_OVER = -2, CREDIT_IDLE = -64 };

enum { CREDIT_NONE = -1 };

struct credit_unit {
	bool known;            /* credit_pool_add() named it */
	bool active;           /* earns: a tick met it since it was idle for long */
	bool parked;           /* its domain's cap is used up */
	enum credit_priority priority;
	int32_t credit;
	uint64_t unpaid;       /* time it ran that is no whole credit yet */
	int32_t domain;
	int32_t prev, next;    /* among its domain's active ones */
};

struct credit_domain {
	bool known;
	uint32_t weight, cap_percent; /* cap 0: none */
	uint32_t active_units;
	int32_t first_unit;
	int32_t prev, next;    /* among those with active units */
};

struct credit_pool {
	struct credit_unit *units;
	size_t unit_room;
	struct credit_domain *domains;
	size_t domain_room;
	uint64_t credit_time;         /* one credit's worth of running, in the caller's unit of time */
	uint32_t pcpus;
	int32_t credits_per_tslice, credits_per_tick;
	bool tick_debit;              /* whom a tick meets pays for all of it, and nobody else pays */
	uint32_t active_weight;       /* of all active units */
	int32_t balance;              /* credits of all active units at the last accounting */
	int32_t first_domain;
};

/* tslice_ms: 1 to 1000, as Xen allows; what is less or more is taken as that.  credit_time: at least 1. */
void credit_pool_init(struct credit_pool *pool, uint32_t pcpus, unsigned tslice_ms, bool tick_debit, uint64_t credit_time);
void credit_pool_free(struct credit_pool *pool);

/* A unit of a domain: inactive, UNDER, without credit.  Naming it again changes nothing.  False when out of memory. */
bool credit_pool_add(struct credit_pool *pool, size_t unit, size_t domain);

/* Of a domain that has units.  Weights are 1 to 65535: 0 is the default one. */
void credit_pool_settings(struct credit_pool *pool, size_t domain, uint32_t weight, uint32_t cap_percent);

/* It ran for so long and pays; nothing is paid here where debiting is by tick. */
void credit_burn(struct credit_pool *pool, size_t unit, uint64_t ran);

/* A tick met it running, and it has paid up to now: it loses its boost, and is active from now on. */
void credit_tick(struct credit_pool *pool, size_t unit);

/* It wakes; migrating: only because it was moved to another pCPU.  Returns true if it is boosted for it. */
bool credit_wake(struct credit_pool *pool, size_t unit, bool migrating);

/* It goes on the list of those that earn, or off it; as credit_tick() and credit_account() do by themselves. */
void credit_activate(struct credit_pool *pool, size_t unit);
void credit_deactivate(struct credit_pool *pool, size_t unit);

/* The accounting of a time slice: all active units earn, and their priorities follow.  settled(), unless NULL, is
 * called for each with what it earned; parked, active and priority are what they are from now on. */
void credit_account(struct credit_pool *pool, void (*settled)(void *arg, size_t unit, int32_t earned), void *arg);

#endif
