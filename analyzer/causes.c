/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/causes.h"

#include "analyzer/room.h"

#include <stdlib.h>
#include <string.h>

const struct cause_name cause_names[CAUSES] = {
	[CAUSE_NO_BOOST] = { "H1", "woke OVER, so it got no boost" },
	[CAUSE_LOTTERY] = { "H2", "credit debited to whom the tick met" },
	[CAUSE_DOM0_WAITS] = { "H3", "blocked while Dom0 waited for a pCPU before it woke it" },
	[CAUSE_MULTI_BOOST] = { "H4", "boosted behind another that was boosted" },
	[CAUSE_DOM0_PREEMPTED] = { "H5", "Dom0 preempted by whom it had just woken" },
	[CAUSE_RATELIMIT] = { "H6", "woken, held back by the rate limit" },
	[CAUSE_HALVED] = { "H7", "OVER after half its credit was taken for being inactive" },
	[CAUSE_WRONG_QUEUE] = { "H8", "in a queue while an allowed pCPU was idle" },
	[CAUSE_BOUND] = { "H9", "cap or affinity" },
	[CAUSE_BLOCKED] = { "H10", "blocked: not the scheduler's doing" },
	[CAUSE_TURN] = { "turn", "its turn in the queue" },
	[CAUSE_DISPATCH] = { "dispatch", "Xen had not yet switched to it" },
	[CAUSE_UNEXPLAINED] = { "unexplained", "nothing that the records show" },
};

enum { FIRST_BINS_PER_S = 1000 };

bool causes_init(struct causes *causes, uint64_t from_tsc, uint64_t tsc_hz, uint64_t slice_tsc)
{
	*causes = (struct causes){
		.pcpus = calloc(PCPU_MAX, sizeof(*causes->pcpus)), .from_tsc = from_tsc, .slice_tsc = slice_tsc, .bin_tsc = tsc_hz / FIRST_BINS_PER_S,
	};
	causes->bin_end_tsc = from_tsc + causes->bin_tsc;
	return causes->pcpus != NULL;
}

void causes_free(struct causes *causes)
{
	for (size_t i = 0; i < causes->vcpu_room; i++)
		free(causes->vcpus[i].waits);
	free(causes->vcpus);
	free(causes->domains);
	free(causes->pcpus);
}

bool causes_reserve(struct causes *causes, size_t domain_count, size_t vcpu_count)
{
	size_t old_vcpus = causes->vcpu_room;
	struct cause_domain *domains = room_for(causes->domains, &causes->domain_room, domain_count, sizeof(*domains));
	struct cause_vcpu *vcpus = room_for(causes->vcpus, &causes->vcpu_room, vcpu_count, sizeof(*vcpus));

	causes->domains = domains ? domains : causes->domains;
	causes->vcpus = vcpus ? vcpus : causes->vcpus;
	for (size_t i = old_vcpus; vcpus && i < causes->vcpu_room; i++)
		vcpus[i] = (struct cause_vcpu){ .waker = VCPU_NONE };
	return domains && vcpus;
}

/* ---- evidence ---- */

static void keep_evidence(struct cause_record *record, const struct evidence *piece)
{
	size_t at = EVIDENCE_MAX;

	while (at > 0 && record->evidence[at - 1].lag_tsc < piece->lag_tsc)
		at--;
	if (at == EVIDENCE_MAX)
		return;
	memmove(&record->evidence[at + 1], &record->evidence[at], (EVIDENCE_MAX - 1 - at) * sizeof(*record->evidence));
	record->evidence[at] = *piece;
}

static void end_piece(struct cause_record *record, struct evidence *piece)
{
	if (piece->lag_tsc > 0)
		keep_evidence(record, piece);
	piece->lag_tsc = 0;
}

static void grow_piece(struct evidence *piece, uint64_t begin_tsc, uint64_t end_tsc, double lag_tsc)
{
	if (piece->lag_tsc == 0)
		piece->begin_tsc = begin_tsc;
	piece->end_tsc = end_tsc;
	piece->lag_tsc += lag_tsc;
}

/* ---- which cause ---- */

static bool is_held(const struct causes *causes, const struct scene *scene, const struct scene_vcpu *waiting)
{
	uint64_t held_tsc = causes->pcpus[waiting->pcpu].held_tsc;

	return held_tsc >= scene->began_tsc[waiting->pcpu] && held_tsc >= waiting->since_tsc;
}

static enum cause cause_of_woken(struct causes *causes, const struct scene *scene, const struct boost *boost, size_t vcpu, size_t holder)
{
	const struct scene_vcpu *waiting = &scene->vcpu[vcpu];
	enum wake_priority priority = boost_priority(boost, vcpu);

	if (priority == PRIORITY_OVER && !causes->vcpus[vcpu].moved)
		return causes->vcpus[vcpu].budget_tsc > 0 ? CAUSE_HALVED : CAUSE_NO_BOOST;
	if (is_held(causes, scene, waiting))
		return CAUSE_RATELIMIT;
	if (priority == PRIORITY_BOOST && boost_ran_priority(boost, holder) == PRIORITY_BOOST)
		return CAUSE_MULTI_BOOST;
	if (priority == PRIORITY_BOOST && causes->pcpus[waiting->pcpu].tickled_tsc >= waiting->since_tsc)
		return CAUSE_DISPATCH;
	return CAUSE_UNEXPLAINED;
}

/* The holder is one that this vCPU woke while it ran last. */
static bool preempted_by_woken(const struct causes *causes, size_t vcpu, size_t holder)
{
	return causes->vcpus[holder].waker == (int32_t)vcpu && causes->vcpus[holder].waker_tsc >= causes->vcpus[vcpu].ran_since_tsc;
}

/* CAUSE_TURN: only that another is in the queue, too. */
static enum cause shown_cause(struct causes *causes, const struct scene *scene, const struct boost *boost, const struct scene_waiter *waiter)
{
	size_t holder = (size_t)waiter->holder;
	enum cause cause = CAUSE_UNEXPLAINED;

	if (waiter->state == OFFLINE)
		return CAUSE_BOUND;
	if (!waiter->held_by_domain)
		return waiter->holder == PCPU_UNKNOWN ? CAUSE_UNEXPLAINED : CAUSE_DISPATCH;
	if (waiter->idle_elsewhere)
		return CAUSE_WRONG_QUEUE;
	if (causes->vcpus[waiter->vcpu].woken)
		cause = cause_of_woken(causes, scene, boost, waiter->vcpu, holder);
	else if (scene->vcpu[waiter->vcpu].role == ROLE_DOM0 && preempted_by_woken(causes, waiter->vcpu, holder))
		cause = CAUSE_DOM0_PREEMPTED;
	return cause == CAUSE_UNEXPLAINED ? CAUSE_TURN : cause;
}

static bool lost_lottery(const struct boost *boost, const struct scene_waiter *waiter)
{
	return waiter->state == RUNNABLE && waiter->held_by_domain && !waiter->idle_elsewhere &&
	       credit_lottery(boost->credit, waiter->vcpu, (size_t)waiter->holder);
}

/* From which part of the stretch on the domain is behind, and no longer ahead. */
static double behind_from(const struct cause_step *step)
{
	double begin_lag_tsc = step->lag_tsc - step->more_tsc;

	return begin_lag_tsc >= 0 ? 0 : step->lag_tsc <= 0 ? 1 : -begin_lag_tsc / step->more_tsc;
}

/* Up to which part of the stretch it is its turn to wait. */
static double round_until(const struct causes *causes, const struct scene *scene, const struct scene_vcpu *waiting, const struct cause_step *step)
{
	uint64_t until_tsc = causes_round_end(causes, scene, waiting);

	if (until_tsc >= step->end_tsc)
		return 1;
	return until_tsc <= step->begin_tsc ? 0 : (double)(until_tsc - step->begin_tsc) / (double)(step->end_tsc - step->begin_tsc);
}

/* … or while it is ahead, or stood back by itself. */
static double turn_until(const struct causes *causes, const struct scene *scene, const struct scene_waiter *waiter, const struct cause_step *step)
{
	double ahead_until = behind_from(step), until;

	if (causes->vcpus[waiter->vcpu].yielded || ahead_until >= 1)
		return 1;
	until = round_until(causes, scene, &scene->vcpu[waiter->vcpu], step);
	return until > ahead_until ? until : ahead_until;
}

/* ---- charging ---- */

static void charge(struct causes *causes, const struct scene_waiter *waiter, enum cause cause, uint64_t begin_tsc, uint64_t end_tsc, double lag_tsc)
{
	struct cause_vcpu *row = &causes->vcpus[waiter->vcpu];
	struct cause_domain *domain = &causes->domains[waiter->domain];

	if (row->cause != cause)
		end_piece(&domain->records[row->cause], &row->piece);
	row->cause = cause;
	grow_piece(&row->piece, begin_tsc, end_tsc, lag_tsc);
	domain->lag_tsc[cause] += lag_tsc;
	domain->charged |= 1u << cause;
	domain->outstanding_tsc += lag_tsc;
}

static void miss(struct cause_domain *domain, enum cause cause, double missed_tsc)
{
	domain->lag_tsc[cause] += missed_tsc;
	domain->beside_tsc[cause] += missed_tsc;
}

static double outstanding(const struct cause_domain *domain, size_t cause)
{
	return domain->lag_tsc[cause] - domain->beside_tsc[cause] - domain->made_up_tsc[cause];
}

static double lesser(double a, double b)
{
	return a < b ? a : b;
}

void causes_make_up(struct causes *causes, uint32_t index, double gained_tsc)
{
	struct cause_domain *domain = &causes->domains[index];
	double turns_tsc = outstanding(domain, CAUSE_TURN), left_tsc = domain->outstanding_tsc - turns_tsc, share;

	if (domain->outstanding_tsc < 1)
		return;
	turns_tsc = lesser(gained_tsc, turns_tsc);
	domain->made_up_tsc[CAUSE_TURN] += turns_tsc;
	domain->outstanding_tsc -= turns_tsc;
	gained_tsc -= turns_tsc;
	if (gained_tsc <= 0 || left_tsc < 1)
		return;
	share = lesser(1, gained_tsc / left_tsc);
	for (uint32_t left = domain->charged; left; left &= left - 1) {
		size_t cause = (size_t)__builtin_ctz(left);
		domain->made_up_tsc[cause] += share * outstanding(domain, cause);
	}
	domain->outstanding_tsc -= share * left_tsc;
}

/* What its cap or its affinity keeps from a vCPU, whether it runs or not. */
static void charge_bound(struct causes *causes, const struct scene *scene, size_t at, uint64_t begin_tsc, uint64_t end_tsc)
{
	const struct claimant *claimant = &scene->fluid->now->wanting[at];
	struct cause_vcpu *row = &causes->vcpus[scene->fluid->now->wanting_vcpu[at]];
	double kept_tsc = (claimant->free_s - claimant->entitled_s) * (double)(end_tsc - begin_tsc);

	if (claimant->free_s - claimant->entitled_s < 1e-9)
		return;
	miss(&causes->domains[claimant->domain], CAUSE_BOUND, kept_tsc);
	grow_piece(&row->bound_piece, begin_tsc, end_tsc, kept_tsc);
}

/* A guest's blocked time, at the rate to which it is entitled now that it is back. */
static void charge_blocked(struct causes *causes, const struct scene *scene, size_t at)
{
	const struct claimant *claimant = &scene->fluid->now->wanting[at];
	struct cause_vcpu *row = &causes->vcpus[scene->fluid->now->wanting_vcpu[at]];
	struct cause_domain *domain = &causes->domains[claimant->domain];

	row->blocked_piece.lag_tsc = claimant->entitled_s * (double)(row->blocked_tsc - row->starved_tsc);
	row->starved_piece.lag_tsc = claimant->entitled_s * (double)row->starved_tsc;
	miss(domain, CAUSE_BLOCKED, row->blocked_piece.lag_tsc);
	miss(domain, CAUSE_DOM0_WAITS, row->starved_piece.lag_tsc);
	end_piece(&domain->records[CAUSE_BLOCKED], &row->blocked_piece);
	end_piece(&domain->records[CAUSE_DOM0_WAITS], &row->starved_piece);
	row->blocked_tsc = row->starved_tsc = 0;
	causes->blocked_pending--;
}

/* ---- stretches ---- */

void causes_beside(struct causes *causes, const struct scene *scene, uint64_t begin_tsc, uint64_t end_tsc)
{
	const struct fluid_moment *now = scene->fluid->now;

	for (size_t i = 0; (now->capped_count > 0 || now->bound_count > 0) && i < now->wanting_count; i++)
		charge_bound(causes, scene, i, begin_tsc, end_tsc);
	for (size_t i = 0; causes->blocked_pending > 0 && i < now->wanting_count; i++)
		if (causes->vcpus[now->wanting_vcpu[i]].blocked_tsc > 0)
			charge_blocked(causes, scene, i);
}

/* No more of the lag than it lost: for what it waits beyond that, it would have waited anyway. */
static void charge_halved(struct causes *causes, const struct scene_waiter *waiter, uint64_t begin_tsc, uint64_t end_tsc, double lag_tsc)
{
	struct cause_vcpu *row = &causes->vcpus[waiter->vcpu];
	double lost_tsc = lesser(lag_tsc, row->budget_tsc);
	uint64_t until_tsc = begin_tsc + (uint64_t)((double)(end_tsc - begin_tsc) * lost_tsc / lag_tsc);

	row->budget_tsc -= lost_tsc;
	charge(causes, waiter, CAUSE_HALVED, begin_tsc, until_tsc, lost_tsc);
	if (lag_tsc > lost_tsc)
		charge(causes, waiter, CAUSE_NO_BOOST, until_tsc, end_tsc, lag_tsc - lost_tsc);
}

static void charge_for(struct causes *causes, const struct scene_waiter *waiter, enum cause cause, uint64_t begin_tsc, uint64_t end_tsc, double lag_tsc)
{
	if (cause == CAUSE_HALVED)
		charge_halved(causes, waiter, begin_tsc, end_tsc, lag_tsc);
	else
		charge(causes, waiter, cause, begin_tsc, end_tsc, lag_tsc);
}

/* From a part of the stretch to another, of 1. */
static void charge_part(struct causes *causes, const struct scene_waiter *waiter, enum cause cause, const struct cause_step *step, double lag_tsc, double from,
			double to)
{
	double length_tsc = (double)(int64_t)(step->end_tsc - step->begin_tsc);

	if (from < to)
		charge_for(causes, waiter, cause, step->begin_tsc + (uint64_t)(int64_t)(from * length_tsc),
			   step->begin_tsc + (uint64_t)(int64_t)(to * length_tsc), (to - from) * lag_tsc);
}

/* From a part of the stretch on it lost the ticks' lottery, which only who is behind does. */
static void lay_lottery(struct causes *causes, const struct scene *scene, const struct boost *boost, const struct scene_waiter *waiter,
			const struct cause_step *step, double lag_tsc)
{
	enum cause cause = shown_cause(causes, scene, boost, waiter);
	double from = behind_from(step);

	charge_part(causes, waiter, cause, step, lag_tsc, 0, from);
	charge_part(causes, waiter, CAUSE_LOTTERY, step, lag_tsc, from, 1);
}

static void lay_turn(struct causes *causes, const struct scene *scene, const struct scene_waiter *waiter, const struct cause_step *step, double lag_tsc)
{
	double until = turn_until(causes, scene, waiter, step);

	charge_part(causes, waiter, CAUSE_TURN, step, lag_tsc, 0, until);
	charge_part(causes, waiter, CAUSE_UNEXPLAINED, step, lag_tsc, until, 1);
}

void causes_wait(struct causes *causes, const struct scene *scene, const struct boost *boost, const struct scene_waiter *waiter,
		 const struct cause_step *step, double lag_tsc)
{
	enum cause cause;

	if (boost->credit->pool.tick_debit && lost_lottery(boost, waiter)) {
		lay_lottery(causes, scene, boost, waiter, step, lag_tsc);
		return;
	}
	cause = shown_cause(causes, scene, boost, waiter);
	if (cause == CAUSE_TURN)
		lay_turn(causes, scene, waiter, step, lag_tsc);
	else
		charge_for(causes, waiter, cause, step->begin_tsc, step->end_tsc, lag_tsc);
}

static void close_bin(struct causes *causes)
{
	for (size_t d = 0; d < causes->domain_room; d++)
		for (size_t cause = 0; cause < CAUSES; cause++) {
			struct cause_record *record = &causes->domains[d].records[cause];
			record->at_tsc[causes->bins] = (float)causes->domains[d].lag_tsc[cause];
			for (size_t i = 0; causes->bins == CAUSE_BINS - 1 && i < CAUSE_BINS / 2; i++)
				record->at_tsc[i] = record->at_tsc[2 * i + 1];
		}
	if (++causes->bins == CAUSE_BINS) {
		causes->bins = CAUSE_BINS / 2;
		causes->bin_tsc *= 2;
	}
	causes->bin_end_tsc += causes->bin_tsc;
}

/* Bins end at the first change after their end: a sum over time needs no more. */
void causes_reach(struct causes *causes, uint64_t end_tsc)
{
	while (end_tsc >= causes->bin_end_tsc)
		close_bin(causes);
}

/* ---- changes ---- */

static bool keep_wait(struct cause_vcpu *row, uint64_t begin_tsc, uint64_t end_tsc)
{
	if (!row->waits)
		row->waits = calloc(DOM0_WAITS_KEPT, sizeof(*row->waits));
	if (!row->waits)
		return false;
	row->waits[row->wait_count++ % DOM0_WAITS_KEPT] = (struct dom0_wait){ begin_tsc, end_tsc };
	return true;
}

/* How long of this time the waker, one of Dom0's, waited for a pCPU itself; the longest piece is the evidence. */
static uint64_t waker_waited(const struct cause_vcpu *waker, uint64_t begin_tsc, uint64_t end_tsc, struct evidence *longest)
{
	uint64_t sum_tsc = 0;

	for (size_t i = 0; i < DOM0_WAITS_KEPT && i < waker->wait_count; i++) {
		uint64_t from_tsc = waker->waits[i].begin_tsc > begin_tsc ? waker->waits[i].begin_tsc : begin_tsc;
		uint64_t to_tsc = waker->waits[i].end_tsc < end_tsc ? waker->waits[i].end_tsc : end_tsc;
		if (from_tsc >= to_tsc)
			continue;
		sum_tsc += to_tsc - from_tsc;
		if (to_tsc - from_tsc > longest->end_tsc - longest->begin_tsc)
			*longest = (struct evidence){ .begin_tsc = from_tsc, .end_tsc = to_tsc };
	}
	return sum_tsc;
}

static void end_blocked(struct causes *causes, const struct scene *scene, struct cause_vcpu *row, uint64_t tsc)
{
	uint64_t begin_tsc = row->blocked_since_tsc > scene->from_tsc ? row->blocked_since_tsc : scene->from_tsc;
	uint64_t end_tsc = tsc < scene->to_tsc ? tsc : scene->to_tsc;

	if (begin_tsc >= end_tsc)
		return;
	causes->blocked_pending += row->blocked_tsc == 0;
	row->blocked_tsc = end_tsc - begin_tsc;
	row->starved_tsc = 0;
	row->blocked_piece = (struct evidence){ .begin_tsc = begin_tsc, .end_tsc = end_tsc };
	if (row->waker != VCPU_NONE && row->waker_tsc > row->blocked_since_tsc && scene->vcpu[row->waker].role == ROLE_DOM0)
		row->starved_tsc = waker_waited(&causes->vcpus[row->waker], begin_tsc, end_tsc, &row->starved_piece);
}

static void begin_wait(struct causes *causes, const struct scene *scene, struct cause_vcpu *row, const struct scene_change *change)
{
	row->woken = change->from == BLOCKED || change->from == OFFLINE;
	row->moved = change->from == OFFLINE;
	if (change->from == BLOCKED && scene->vcpu[change->vcpu].role == ROLE_GUEST)
		end_blocked(causes, scene, row, change->tsc);
}

bool causes_change(struct causes *causes, const struct scene *scene, const struct scene_change *change)
{
	const struct scene_vcpu *vcpu = &scene->vcpu[change->vcpu];
	struct cause_vcpu *row;
	bool done = true;

	row = &causes->vcpus[change->vcpu];
	end_piece(&causes->domains[vcpu->domain].records[row->cause], &row->piece);
	if (change->to == BLOCKED || change->to == OFFLINE || change->to == UNKNOWN)
		end_piece(&causes->domains[vcpu->domain].records[CAUSE_BOUND], &row->bound_piece);
	if (change->from == RUNNABLE && vcpu->role == ROLE_DOM0)
		done = keep_wait(row, change->since_tsc, change->tsc);
	if (change->to == RUNNABLE)
		begin_wait(causes, scene, row, change);
	else
		row->yielded = false;
	if (change->to == RUNNING)
		row->ran_since_tsc = change->tsc;
	if (change->to == BLOCKED)
		row->blocked_since_tsc = change->tsc;
	return done;
}

/* ---- notes ---- */

/* Credit above a slice's worth is halved when a vCPU goes inactive: no less than half a slice of CPU time is lost. */
static void lose_credit(struct causes *causes, struct cause_vcpu *row)
{
	row->budget_tsc = (double)causes->slice_tsc / 2;
}

void causes_note(struct causes *causes, const struct scene *scene, const struct note *note)
{
	struct cause_vcpu *row;

	if (note->kind == REC_TICKLE && pcpu_valid(note->argument))
		causes->pcpus[note->argument].tickled_tsc = note->tsc;
	if (note->kind == REC_RATELIMIT)
		causes->pcpus[note->pcpu].held_tsc = note->tsc;
	if (note->vcpu == VCPU_NONE)
		return;
	row = &causes->vcpus[note->vcpu];
	if (note->kind == REC_WAKE) {
		row->waker = scene_runner(scene, note->pcpu);
		row->waker_tsc = note->tsc;
	} else if (note->kind == REC_YIELD)
		row->yielded = true;
	else if (note->kind == REC_ACCOUNT_STOP)
		lose_credit(causes, row);
}

/* ---- the end ---- */

void causes_finish(struct causes *causes, const struct scene *scene)
{
	for (size_t i = 0; i < causes->vcpu_room && i < scene->vcpu_room; i++) {
		struct cause_record *records = causes->domain_room > scene->vcpu[i].domain ? causes->domains[scene->vcpu[i].domain].records : NULL;
		if (!records)
			continue;
		end_piece(&records[causes->vcpus[i].cause], &causes->vcpus[i].piece);
		end_piece(&records[CAUSE_BOUND], &causes->vcpus[i].bound_piece);
	}
}

const struct cause_domain *causes_of(const struct causes *causes, size_t domain)
{
	return domain < causes->domain_room ? &causes->domains[domain] : NULL;
}
