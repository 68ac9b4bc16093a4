/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/credit_rules.h"

#include "analyzer/room.h"

#include <stdlib.h>

enum { TSLICE_MS_MIN = 1, TSLICE_MS_MAX = 1000, WEIGHT_MAX = 65535, CREDIT_LEAST = -(1 << 30), CREDIT_MOST = 1 << 30 };

void credit_pool_init(struct credit_pool *pool, uint32_t pcpus, unsigned tslice_ms, bool tick_debit, uint64_t credit_time)
{
	unsigned ms = tslice_ms < TSLICE_MS_MIN ? TSLICE_MS_MIN : tslice_ms > TSLICE_MS_MAX ? TSLICE_MS_MAX : tslice_ms;
	int32_t ticks = ms < CREDIT_TICKS_PER_TSLICE ? 1 : CREDIT_TICKS_PER_TSLICE;

	*pool = (struct credit_pool){
		.pcpus = pcpus, .tick_debit = tick_debit, .credit_time = credit_time > 0 ? credit_time : 1, .first_domain = CREDIT_NONE,
		.credits_per_tslice = CREDITS_PER_MS * (int32_t)ms,
	};
	pool->credits_per_tick = pool->credits_per_tslice / ticks;
}

void credit_pool_free(struct credit_pool *pool)
{
	free(pool->units);
	free(pool->domains);
}

/* ---- units and domains ---- */

bool credit_pool_add(struct credit_pool *pool, size_t unit, size_t domain)
{
	struct credit_unit *units = room_for(pool->units, &pool->unit_room, unit + 1, sizeof(*units));
	struct credit_domain *domains = room_for(pool->domains, &pool->domain_room, domain + 1, sizeof(*domains));

	pool->units = units ? units : pool->units;
	pool->domains = domains ? domains : pool->domains;
	if (!units || !domains)
		return false;
	if (!domains[domain].known)
		domains[domain] = (struct credit_domain){ .known = true, .weight = CREDIT_WEIGHT, .first_unit = CREDIT_NONE };
	if (!units[unit].known)
		units[unit] = (struct credit_unit){ .known = true, .priority = CREDIT_UNDER, .domain = (int32_t)domain };
	return true;
}

void credit_pool_settings(struct credit_pool *pool, size_t domain, uint32_t weight, uint32_t cap_percent)
{
	struct credit_domain *row = &pool->domains[domain];
	uint32_t old_weight = row->weight;

	row->weight = weight == 0 ? CREDIT_WEIGHT : weight > WEIGHT_MAX ? WEIGHT_MAX : weight;
	row->cap_percent = cap_percent > UINT16_MAX ? UINT16_MAX : cap_percent;
	pool->active_weight += (row->weight - old_weight) * row->active_units;
}

/* ---- who earns: both lists are last come, first served ---- */

static void link_domain(struct credit_pool *pool, int32_t domain)
{
	struct credit_domain *row = &pool->domains[domain];

	row->prev = CREDIT_NONE;
	row->next = pool->first_domain;
	if (row->next != CREDIT_NONE)
		pool->domains[row->next].prev = domain;
	pool->first_domain = domain;
}

static void unlink_domain(struct credit_pool *pool, int32_t domain)
{
	struct credit_domain *row = &pool->domains[domain];

	if (row->prev != CREDIT_NONE)
		pool->domains[row->prev].next = row->next;
	else
		pool->first_domain = row->next;
	if (row->next != CREDIT_NONE)
		pool->domains[row->next].prev = row->prev;
}

void credit_activate(struct credit_pool *pool, size_t unit)
{
	struct credit_unit *row = &pool->units[unit];
	struct credit_domain *domain = &pool->domains[row->domain];

	if (row->active)
		return;
	row->active = true;
	row->prev = CREDIT_NONE;
	row->next = domain->first_unit;
	if (row->next != CREDIT_NONE)
		pool->units[row->next].prev = (int32_t)unit;
	domain->first_unit = (int32_t)unit;
	pool->active_weight += domain->weight;
	if (domain->active_units++ == 0)
		link_domain(pool, row->domain);
}

void credit_deactivate(struct credit_pool *pool, size_t unit)
{
	struct credit_unit *row = &pool->units[unit];
	struct credit_domain *domain = &pool->domains[row->domain];

	if (!row->active)
		return;
	row->active = false;
	if (row->prev != CREDIT_NONE)
		pool->units[row->prev].next = row->next;
	else
		domain->first_unit = row->next;
	if (row->next != CREDIT_NONE)
		pool->units[row->next].prev = row->prev;
	pool->active_weight -= domain->weight;
	if (--domain->active_units == 0)
		unlink_domain(pool, row->domain);
}

/* ---- what a unit does ---- */

static void pay(struct credit_unit *unit, uint64_t credits)
{
	uint64_t most = (uint64_t)((int64_t)unit->credit - CREDIT_LEAST);

	unit->credit -= (int32_t)(credits < most ? credits : most);
}

void credit_burn(struct credit_pool *pool, size_t unit, uint64_t ran)
{
	struct credit_unit *row = &pool->units[unit];
	uint64_t owed = row->unpaid + ran;

	if (pool->tick_debit)
		return;
	if (owed >= pool->credit_time) { /* most runs are shorter, and dividing takes long */
		pay(row, owed / pool->credit_time);
		owed %= pool->credit_time;
	}
	row->unpaid = owed;
}

void credit_tick(struct credit_pool *pool, size_t unit)
{
	struct credit_unit *row = &pool->units[unit];

	if (row->priority == CREDIT_BOOST)
		row->priority = CREDIT_UNDER;
	if (pool->tick_debit)
		pay(row, (uint64_t)pool->credits_per_tick);
	credit_activate(pool, unit);
}

bool credit_wake(struct credit_pool *pool, size_t unit, bool migrating)
{
	struct credit_unit *row = &pool->units[unit];

	if (migrating || row->priority != CREDIT_UNDER || row->parked)
		return false;
	row->priority = CREDIT_BOOST;
	return true;
}

/* ---- accounting ---- */

/* What is still to be handed out in this accounting, and to whom. */
struct round {
	uint32_t credit_total, weight_total, weight_left;
	int32_t cap_credits;   /* of the domain at hand, for each unit */
	int64_t balance;
	bool extra;            /* somebody could have had more */
};

static int32_t rounded_up(uint32_t value, uint32_t divisor)
{
	return (int32_t)((value + (divisor - 1)) / divisor);
}

/* The most that a domain may earn: a slice for each unit, what all lack together, no more than its cap. */
static int32_t peak_of(const struct credit_pool *pool, const struct credit_domain *domain, struct round *round)
{
	int32_t peak = (int32_t)domain->active_units * pool->credits_per_tslice;
	int32_t cap = rounded_up(domain->cap_percent * (uint32_t)pool->credits_per_tslice, 100);

	if (pool->balance < 0)
		peak += rounded_up((0 - (uint32_t)pool->balance) * domain->weight * domain->active_units, round->weight_total);
	if (domain->cap_percent == 0)
		return peak;
	round->cap_credits = rounded_up((uint32_t)cap, domain->active_units);
	return cap < peak ? cap : peak;
}

/* What each of a domain's units earns.  A domain that could have had more goes to the list's head. */
static int32_t fair_of(struct credit_pool *pool, int32_t index, struct round *round)
{
	struct credit_domain *domain = &pool->domains[index];
	int32_t peak = peak_of(pool, domain, round), fair;

	round->weight_left -= domain->weight * domain->active_units;
	fair = rounded_up(round->credit_total * domain->weight * domain->active_units, round->weight_total);
	if (fair < peak)
		round->extra = true;
	else {
		if (round->weight_left != 0)
			round->credit_total += (uint32_t)rounded_up(((uint32_t)fair - (uint32_t)peak) * round->weight_total, round->weight_left);
		if (round->extra) {
			unlink_domain(pool, index);
			link_domain(pool, index);
		}
		fair = peak;
	}
	return rounded_up((uint32_t)fair, domain->active_units);
}

static void settle_over(const struct credit_pool *pool, struct credit_unit *unit, const struct round *round)
{
	unit->priority = CREDIT_OVER;
	if (pool->domains[unit->domain].cap_percent != 0 && unit->credit < -round->cap_credits)
		unit->parked = true;
	if (unit->credit < -pool->credits_per_tslice)
		unit->credit = -pool->credits_per_tslice;
}

/* Credit above a slice's worth: it has not used what it earned, so it earns no more, and keeps half. */
static void settle_under(struct credit_pool *pool, size_t index)
{
	struct credit_unit *unit = &pool->units[index];

	unit->priority = CREDIT_UNDER;
	unit->parked = false;
	if (unit->credit <= pool->credits_per_tslice)
		return;
	credit_deactivate(pool, index);
	unit->credit /= 2;
}

void credit_account(struct credit_pool *pool, void (*settled)(void *arg, size_t unit, int32_t earned), void *arg)
{
	struct round round = { .credit_total = pool->pcpus * (uint32_t)pool->credits_per_tslice, .weight_total = pool->active_weight,
			       .weight_left = pool->active_weight };
	int32_t next_domain, next_unit;

	if (pool->balance < 0)
		round.credit_total -= (uint32_t)pool->balance;
	for (int32_t d = pool->first_domain; d != CREDIT_NONE; d = next_domain) {
		int32_t earned;
		next_domain = pool->domains[d].next; /* the domain may move, and go when its last unit does */
		earned = fair_of(pool, d, &round);
		for (int32_t u = pool->domains[d].first_unit; u != CREDIT_NONE; u = next_unit) {
			struct credit_unit *unit = &pool->units[u];
			next_unit = unit->next;
			unit->credit += earned;
			if (unit->credit < 0)
				settle_over(pool, unit, &round);
			else
				settle_under(pool, (size_t)u);
			round.balance += unit->credit;
			if (settled)
				settled(arg, (size_t)u, earned);
		}
	}
	pool->balance = round.balance < CREDIT_LEAST ? CREDIT_LEAST : round.balance > CREDIT_MOST ? CREDIT_MOST : (int32_t)round.balance;
}
