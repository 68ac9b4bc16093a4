/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/credit.h"

#include "analyzer/room.h"

#include <stdlib.h>
#include <string.h>

enum {
	CATCH_UP_MAX = 32,       /* accountings in a stretch in which nothing happens; more change little */
	ASSUMED_TICKS_MAX = 64,
	DEBITS_MIN = 32,         /* from so many on they say how Xen debits */
	FIRST_BINS_PER_S = 1000,
};

void credit_init(struct credit *credit, const struct scene *scene, const struct hostinfo *host, uint32_t pcpus, uint64_t tsc_hz)
{
	unsigned tslice_ms = host->tslice_ms >= 1 ? (unsigned)host->tslice_ms : CREDIT_TSLICE_MS;

	*credit = (struct credit){
		.scene = scene, .host = host, .off = *host->scheduler && strcmp(host->scheduler, "credit") != 0, .from_tsc = scene->from_tsc,
		.slice_tsc = tslice_ms * tsc_hz / 1000, .bin_tsc = tsc_hz / FIRST_BINS_PER_S,
		.debit_known = *host->xen_command_line != '\0',
	};
	credit->bin_end_tsc = credit->from_tsc + credit->bin_tsc;
	credit_pool_init(&credit->pool, pcpus > 0 ? pcpus : 1, tslice_ms, hostinfo_xen_option(host, "sched_credit_tick_debit"),
			 tsc_hz / (1000 * CREDITS_PER_MS));
	lottery_init(&credit->lottery, credit->slice_tsc);
	credit->tick_tsc = credit->slice_tsc * (uint64_t)credit->pool.credits_per_tick / (uint64_t)credit->pool.credits_per_tslice;
}

void credit_free(struct credit *credit)
{
	for (size_t i = 0; i < credit->vcpu_room; i++)
		trail_free(&credit->vcpus[i].trail);
	free(credit->vcpus);
	lottery_free(&credit->lottery);
	credit_pool_free(&credit->pool);
}

/* ---- vCPUs ---- */

static void read_settings(struct credit *credit, size_t domain)
{
	const struct domain *known = &credit->scene->vcpus->domains[domain];
	const struct domain_info *info = hostinfo_domain(credit->host, known->id, known->since_tsc, known->until_tsc, NULL);

	credit_pool_settings(&credit->pool, domain, info ? info->weight : 0, info ? info->cap_percent : 0);
}

static bool reserve(struct credit *credit, size_t vcpu)
{
	size_t old_room = credit->vcpu_room, domain = credit->scene->vcpus->vcpus[vcpu].domain;
	struct credit_vcpu *rows = room_for(credit->vcpus, &credit->vcpu_room, vcpu + 1, sizeof(*rows));

	if (!rows)
		return false;
	for (size_t i = old_room; i < credit->vcpu_room; i++) {
		rows[i] = (struct credit_vcpu){ .state = UNKNOWN };
		trail_init(&rows[i].trail);
	}
	credit->vcpus = rows;
	if (!credit_pool_add(&credit->pool, vcpu, domain))
		return false;
	read_settings(credit, domain);
	return true;
}

bool credit_sees(const struct credit *credit, int32_t vcpu)
{
	return vcpu >= 0 && (size_t)vcpu < credit->pool.unit_room && credit->pool.units[vcpu].known;
}

/* ---- what a vCPU has, by the best that is known ---- */

static bool is_shown(const struct credit *credit, const struct credit_vcpu *row)
{
	return row->told.known || !credit->credits_told;
}

static enum credit_level shown_level(const struct credit *credit, size_t vcpu)
{
	const struct credit_told *told = &credit->vcpus[vcpu].told;

	return (enum credit_level)((told->known ? told->priority : credit->pool.units[vcpu].priority) - CREDIT_OVER);
}

/* Mostly it is as before. */
static inline void observe(struct credit *credit, size_t vcpu)
{
	struct credit_vcpu *row = &credit->vcpus[vcpu];
	int32_t shown = row->told.known ? row->told.credit : credit->pool.units[vcpu].credit;
	enum credit_level level = shown_level(credit, vcpu);

	if (trail_is(&row->trail, shown, level) || !is_shown(credit, row))
		return;
	if (credit->now_tsc >= credit->scene->from_tsc && credit->now_tsc <= credit->scene->to_tsc)
		trail_note(&row->trail, shown, level);
}

/* Counts the time up to now, before the state or the priority changes. */
static inline void count_time(struct credit *credit, size_t vcpu, uint64_t tsc)
{
	struct credit_vcpu *row = &credit->vcpus[vcpu];
	uint64_t since_tsc = row->counted_tsc;

	row->counted_tsc = tsc;
	if (tsc == since_tsc || !runstate_wants(row->state))
		return;
	if (credit->pool.tick_debit)
		lottery_pass(&credit->lottery, &row->lottery, tsc - since_tsc, row->state == RUNNING);
	if (is_shown(credit, row))
		row->trail.level_tsc[shown_level(credit, vcpu)][row->state == RUNNABLE] += scene_clip(credit->scene, tsc) - scene_clip(credit->scene, since_tsc);
}

/* ---- paying ---- */

static void meet_tick(struct credit *credit, size_t vcpu)
{
	struct credit_told *told = &credit->vcpus[vcpu].told;

	credit_tick(&credit->pool, vcpu);
	if (told->known && credit->pool.tick_debit)
		told_pay_credits(told, (uint64_t)credit->pool.credits_per_tick);
}

/* One that runs pays up to a time. */
static void pay_until(struct credit *credit, size_t vcpu, uint64_t tsc)
{
	struct credit_vcpu *row = &credit->vcpus[vcpu];
	uint64_t ran_tsc = tsc - row->paid_tsc;

	count_time(credit, vcpu, tsc);
	credit_burn(&credit->pool, vcpu, ran_tsc);
	if (row->told.known && !credit->pool.tick_debit)
		told_pay(&row->told, ran_tsc, credit->pool.credit_time);
	row->paid_tsc = tsc;
}

/* Ticks where no record tells them: at whole periods. */
static void assume_ticks(struct credit *credit, size_t vcpu, uint64_t tsc)
{
	const uint64_t *paid_tsc = &credit->vcpus[vcpu].paid_tsc;
	uint64_t next_tsc = (*paid_tsc / credit->tick_tsc + 1) * credit->tick_tsc;

	for (int i = 0; i < ASSUMED_TICKS_MAX && next_tsc <= tsc; i++, next_tsc += credit->tick_tsc) {
		pay_until(credit, vcpu, next_tsc);
		observe(credit, vcpu);
		meet_tick(credit, vcpu);
	}
}

/* One that runs, if it has not paid up to now. */
static void pay_running(struct credit *credit, size_t vcpu, uint64_t tsc)
{
	if (tsc <= credit->vcpus[vcpu].paid_tsc)
		return;
	if (!credit->events_told)
		assume_ticks(credit, vcpu, tsc);
	pay_until(credit, vcpu, tsc);
}

static void pay(struct credit *credit, size_t vcpu, uint64_t tsc)
{
	if (credit->vcpus[vcpu].state != RUNNING || tsc <= credit->vcpus[vcpu].paid_tsc)
		return;
	pay_running(credit, vcpu, tsc);
	observe(credit, vcpu);
}

/* ---- accounting ---- */

/* Who goes inactive has a record that says so; before it comes, he has all that is possible. */
static void settled(void *arg, size_t unit, int32_t earned)
{
	struct credit *credit = arg;
	struct credit_vcpu *row = &credit->vcpus[unit];
	struct credit_unit *settled_unit = &credit->pool.units[unit];

	(void)earned;
	row->unhalved = 0;
	if (!settled_unit->active && credit->events_told) {
		row->unhalved = 2 * settled_unit->credit;
		settled_unit->credit = credit->pool.credits_per_tslice;
		credit_activate(&credit->pool, unit);
	}
	row->accounted = settled_unit->credit;
	observe(credit, unit);
}

/* Where no records of ticks come, those who run pay here. */
static void pay_all(struct credit *credit, uint64_t tsc)
{
	for (size_t i = 0; i < credit->pool.unit_room; i++)
		if (credit->pool.units[i].known)
			pay(credit, i, tsc);
}

/* What all would have without the ticks' lottery. */
static void end_round(struct credit *credit, uint64_t tsc)
{
	const struct credit_pool *pool = &credit->pool;

	for (size_t i = 0; i < pool->unit_room; i++) {
		if (!pool->units[i].known)
			continue;
		count_time(credit, i, tsc);
		if (!lottery_claim(&credit->lottery, &credit->vcpus[i].lottery, pool->domains[pool->units[i].domain].weight))
			credit->out_of_memory = true;
	}
	lottery_share(&credit->lottery, pool->pcpus, tsc - credit->accounted_tsc);
	for (size_t i = 0; i < pool->unit_room; i++)
		if (pool->units[i].known)
			lottery_earn(&credit->lottery, &credit->vcpus[i].lottery, pool->domains[pool->units[i].domain].weight);
}

static void account(struct credit *credit, uint64_t tsc)
{
	if (!credit->events_told)
		pay_all(credit, tsc);
	if (credit->pool.tick_debit)
		end_round(credit, tsc);
	for (int32_t d = credit->pool.first_domain; d != CREDIT_NONE; d = credit->pool.domains[d].next)
		for (int32_t u = credit->pool.domains[d].first_unit; u != CREDIT_NONE; u = credit->pool.units[u].next) {
			count_time(credit, (size_t)u, tsc);
			observe(credit, (size_t)u);
		}
	credit->accounted_tsc = tsc;
	credit_account(&credit->pool, settled, credit);
	credit->accountings++;
}

/* A record that only the accounting writes. */
static void account_shown(struct credit *credit, uint64_t tsc)
{
	if (tsc - credit->accounted_tsc > credit->slice_tsc / 2)
		account(credit, tsc);
	credit->shown_accountings += tsc - credit->shown_tsc > credit->slice_tsc / 2;
	credit->accounted_tsc = credit->shown_tsc = tsc;
	credit->due_tsc = tsc + credit->slice_tsc;
}

/* ---- time goes on ---- */

static void close_bin(struct credit *credit)
{
	bool full = credit->bins == CREDIT_BINS - 1;

	for (size_t i = 0; i < credit->pool.unit_room; i++)
		if (credit->pool.units[i].known && !trail_end_bin(&credit->vcpus[i].trail, credit->bins))
			credit->out_of_memory = true;
	credit->bins = full ? CREDIT_BINS / 2 : credit->bins + 1;
	credit->bin_tsc *= full ? 2 : 1;
	credit->bin_end_tsc += credit->bin_tsc;
}

/* Something is due. */
static void pass_due(struct credit *credit, uint64_t tsc)
{
	if (credit->due_tsc == 0) {
		credit->due_tsc = tsc + credit->slice_tsc;
		credit->accounted_tsc = tsc;
	}
	for (int i = 0; credit->due_tsc <= tsc && i < CATCH_UP_MAX; i++) {
		account(credit, credit->due_tsc);
		credit->due_tsc += credit->slice_tsc;
	}
	if (credit->due_tsc <= tsc)
		credit->due_tsc += ((tsc - credit->due_tsc) / credit->slice_tsc + 1) * credit->slice_tsc;
	while (scene_clip(credit->scene, tsc) >= credit->bin_end_tsc && !credit->out_of_memory)
		close_bin(credit);
}

/* Returns the time; what comes late, for two pCPUs' clocks differ, comes now. */
static inline uint64_t pass_time(struct credit *credit, uint64_t tsc)
{
	if (tsc < credit->now_tsc)
		return credit->now_tsc;
	credit->now_tsc = tsc;
	if (tsc >= credit->due_tsc || tsc >= credit->bin_end_tsc)
		pass_due(credit, tsc);
	return tsc;
}

/* ---- what contradicts the reconstruction ---- */

/* At the last accounting it had this much, at least or at most; what it did since is kept. */
static void correct(struct credit *credit, size_t vcpu, int32_t accounted, enum credit_priority priority)
{
	struct credit_unit *unit = &credit->pool.units[vcpu];

	unit->credit += accounted - credit->vcpus[vcpu].accounted;
	unit->priority = priority;
	credit->vcpus[vcpu].accounted = accounted;
	credit->corrections++;
}

/* It woke, and runs without a boost: it was OVER, unless the accounting may have come in between. */
static void was_refused(struct credit *credit, size_t vcpu, uint64_t woken_tsc)
{
	const struct credit_unit *unit = &credit->pool.units[vcpu];
	uint64_t since_tsc = woken_tsc - credit->accounted_tsc;

	if (unit->active && unit->priority == CREDIT_UNDER && since_tsc > credit->slice_tsc / 4 && since_tsc < credit->slice_tsc / 4 * 3)
		correct(credit, vcpu, -1, CREDIT_OVER);
}

static void was_parked(struct credit *credit, size_t vcpu)
{
	struct credit_unit *unit = &credit->pool.units[vcpu];

	if (unit->parked)
		return;
	unit->parked = true;
	correct(credit, vcpu, -1 - (int32_t)(credit->pool.domains[unit->domain].cap_percent * (uint32_t)credit->pool.credits_per_tslice / 100), CREDIT_OVER);
}

static void goes_on(struct credit *credit, size_t vcpu)
{
	struct credit_unit *unit = &credit->pool.units[vcpu];

	if (unit->parked)
		correct(credit, vcpu, 0, CREDIT_UNDER);
	unit->parked = false;
}

/* ---- changes ---- */

static void wake(struct credit *credit, const struct scene_change *change, uint64_t tsc)
{
	struct credit_vcpu *row = &credit->vcpus[change->vcpu];

	if (!credit->events_told)
		credit_wake(&credit->pool, change->vcpu, change->from == OFFLINE);
	else if (change->from == BLOCKED)
		row->woken_tsc = tsc;
}

/* Parking and going on are done by the accounting. */
static void take_parking(struct credit *credit, const struct scene_change *change, uint64_t tsc)
{
	if (change->from == RUNNABLE || change->to == RUNNABLE)
		account_shown(credit, tsc);
	if (change->to == OFFLINE)
		was_parked(credit, change->vcpu);
	else
		goes_on(credit, change->vcpu);
}

/* It is taken for one of this time. */
static inline void take_change(struct credit *credit, const struct scene_change *change, uint64_t tsc)
{
	struct credit_vcpu *row = &credit->vcpus[change->vcpu];
	bool wakes = change->to == RUNNABLE && (change->from == BLOCKED || change->from == OFFLINE);

	if (row->state == RUNNING)
		pay_running(credit, change->vcpu, tsc);
	else
		count_time(credit, change->vcpu, tsc);
	if ((change->from == OFFLINE || change->to == OFFLINE) && credit_is_capped(credit, change->vcpu))
		take_parking(credit, change, tsc);
	if (change->to == RUNNING && row->woken_tsc != 0)
		was_refused(credit, change->vcpu, row->woken_tsc);
	row->woken_tsc = 0;
	if (wakes)
		wake(credit, change, tsc);
	row->state = change->to;
	row->paid_tsc = tsc;
	observe(credit, change->vcpu);
}

void credit_change(struct credit *credit, const struct scene_change *change)
{
	uint64_t tsc;

	if (credit->off)
		return;
	tsc = pass_time(credit, change->tsc);
	if (credit_sees(credit, (int32_t)change->vcpu) || reserve(credit, change->vcpu))
		take_change(credit, change, tsc);
	else
		credit->out_of_memory = true;
}

void credit_settings(struct credit *credit, uint64_t tsc)
{
	pass_time(credit, tsc);
	for (size_t d = 0; d < credit->pool.domain_room; d++)
		if (credit->pool.domains[d].known)
			read_settings(credit, d);
}

void credit_finish(struct credit *credit, uint64_t end_tsc)
{
	if (credit->off)
		return;
	end_tsc = pass_time(credit, end_tsc);
	for (size_t i = 0; i < credit->pool.unit_room; i++)
		if (credit->pool.units[i].known) {
			pay(credit, i, end_tsc);
			count_time(credit, i, end_tsc);
		}
}

/* ---- records of the scheduler ---- */

static void take_tick(struct credit *credit, const struct note *note)
{
	pay(credit, (size_t)note->vcpu, note->tsc);
	count_time(credit, (size_t)note->vcpu, note->tsc);
	meet_tick(credit, (size_t)note->vcpu);
}

/* A tick looks where the vCPU that runs there might run better; any other time it does not run. */
static void take_picked(struct credit *credit, const struct note *note)
{
	const struct scene_vcpu *vcpu = &credit->scene->vcpu[note->vcpu];

	if (vcpu->state == RUNNING && vcpu->pcpu == (int32_t)note->pcpu)
		take_tick(credit, note);
}

static void set_priority(struct credit *credit, const struct note *note, enum credit_priority priority)
{
	count_time(credit, (size_t)note->vcpu, note->tsc);
	credit->pool.units[note->vcpu].priority = priority;
	credit->vcpus[note->vcpu].told.priority = priority;
	observe(credit, (size_t)note->vcpu);
}

static void take_boost_start(struct credit *credit, const struct note *note)
{
	if (credit->pool.units[note->vcpu].priority == CREDIT_OVER)
		correct(credit, (size_t)note->vcpu, 0, CREDIT_UNDER);
	credit->vcpus[note->vcpu].woken_tsc = 0;
	set_priority(credit, note, CREDIT_BOOST);
}

static void take_boost_end(struct credit *credit, const struct note *note)
{
	set_priority(credit, note, CREDIT_UNDER);
}

/* Written by the accounting, and when a vCPU is destroyed. */
static void take_account_stop(struct credit *credit, const struct note *note)
{
	struct credit_vcpu *row = &credit->vcpus[note->vcpu];
	int32_t slice = credit->pool.credits_per_tslice;

	if (row->state != OFFLINE) {
		account_shown(credit, note->tsc);
		if (row->unhalved <= slice)
			correct(credit, (size_t)note->vcpu, slice + 1, CREDIT_UNDER);
		credit->pool.units[note->vcpu].credit = row->accounted = (row->unhalved > slice ? row->unhalved : slice + 1) / 2;
	}
	credit_deactivate(&credit->pool, (size_t)note->vcpu);
	observe(credit, (size_t)note->vcpu);
}

/* ---- records of a patched hypervisor ---- */

/* Whether Xen debits whole ticks shows. */
static void take_debit(struct credit *credit, const struct credit_told *before, const struct credit_told *now)
{
	int64_t debit = (int64_t)before->last_credit - now->credit;

	if (!before->known || debit <= 0)
		return;
	if (debit % credit->pool.credits_per_tick == 0)
		credit->whole_debits++;
	else
		credit->other_debits++;
	if (credit->whole_debits + credit->other_debits < DEBITS_MIN)
		return;
	credit->debit_known = true;
	credit->pool.tick_debit = credit->whole_debits > 9 * credit->other_debits;
}

static void tell(struct credit *credit, size_t vcpu, uint64_t tsc, const struct credit_told *told)
{
	count_time(credit, vcpu, tsc);
	credit->credits_told = true;
	credit->vcpus[vcpu].told = *told;
	observe(credit, vcpu);
}

/* Who ran has paid. */
static void take_decision_of(struct credit *credit, int32_t vcpu, uint64_t tsc, uint32_t credit_word, uint16_t priority, bool ran)
{
	struct credit_told told;

	if (!credit_sees(credit, vcpu) || !told_read(&told, credit_word, priority))
		return;
	pay(credit, (size_t)vcpu, tsc);
	credit_error_add(&credit->error, &credit->pool.units[vcpu], &told);
	if (ran)
		take_debit(credit, &credit->vcpus[vcpu].told, &told);
	tell(credit, (size_t)vcpu, tsc, &told);
}

static void take_decision(struct credit *credit, const struct note *note)
{
	uint32_t next = rec_word(note->rec, 2), priorities = rec_word(note->rec, 4);
	int32_t next_vcpu = vcpus_index(credit->scene->vcpus, next >> 16, next & 0xffff);

	take_decision_of(credit, note->vcpu, note->tsc, rec_word(note->rec, 1), (uint16_t)priorities, true);
	if (next_vcpu != note->vcpu)
		take_decision_of(credit, next_vcpu, note->tsc, rec_word(note->rec, 3), (uint16_t)(priorities >> 16), false);
}

/* What it ran since a tick met it it has not paid yet. */
static void take_earn(struct credit *credit, const struct note *note)
{
	struct credit_told told;

	if (!told_read(&told, rec_word(note->rec, 1), (uint16_t)rec_word(note->rec, 3)))
		return;
	told.unpaid = credit->vcpus[note->vcpu].told.unpaid;
	tell(credit, (size_t)note->vcpu, note->tsc, &told);
}

/* By kind, from REC_NOTES on; NULL: not credit's. */
static void (*const takers[REC_DOM0 - REC_NOTES])(struct credit *, const struct note *) = {
	[REC_PICKED_CPU - REC_NOTES] = take_picked,
	[REC_BOOST_START - REC_NOTES] = take_boost_start,
	[REC_BOOST_END - REC_NOTES] = take_boost_end,
	[REC_ACCOUNT_START - REC_NOTES] = take_tick,
	[REC_ACCOUNT_STOP - REC_NOTES] = take_account_stop,
	[REC_CREDIT_DECISION - REC_NOTES] = take_decision,
	[REC_CREDIT_EARN - REC_NOTES] = take_earn,
};

void credit_note(struct credit *credit, const struct note *note)
{
	void (*take)(struct credit *, const struct note *) = takers[note->kind - REC_NOTES];
	struct note late;
	uint64_t now_tsc;

	if (credit->off || !take)
		return;
	now_tsc = pass_time(credit, note->tsc);
	if (now_tsc != note->tsc) {
		late = *note;
		late.tsc = now_tsc;
		note = &late;
	}
	credit->events_told = true;
	if (credit_sees(credit, note->vcpu) || note->kind == REC_CREDIT_DECISION)
		take(credit, note);
}

/* ---- what is known ---- */

bool credit_known(const struct credit *credit)
{
	return !credit->off && (*credit->host->scheduler || credit->events_told);
}

bool credit_lottery(const struct credit *credit, size_t waiting, size_t holder)
{
	if (!credit->pool.tick_debit || !credit_sees(credit, (int32_t)waiting) || !credit_sees(credit, (int32_t)holder))
		return false;
	return (shown_level(credit, waiting) == LEVEL_OVER && !credit->vcpus[waiting].lottery.over) ||
	       (shown_level(credit, holder) != LEVEL_OVER && credit->vcpus[holder].lottery.over);
}

bool credit_is_capped(const struct credit *credit, size_t vcpu)
{
	return credit_sees(credit, (int32_t)vcpu) && credit->pool.domains[credit->pool.units[vcpu].domain].cap_percent > 0;
}

bool credit_told_priority(const struct credit *credit, size_t vcpu, enum credit_priority *priority)
{
	if (vcpu >= credit->vcpu_room || !credit->vcpus[vcpu].told.known)
		return false;
	*priority = credit->vcpus[vcpu].told.priority;
	return true;
}

bool credit_reconstructed_priority(const struct credit *credit, size_t vcpu, enum credit_priority *priority)
{
	if (!credit_sees(credit, (int32_t)vcpu))
		return false;
	*priority = credit->pool.units[vcpu].priority;
	return true;
}
