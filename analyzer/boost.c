/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/boost.h"

#include "analyzer/room.h"

#include <stdlib.h>

const char *const wake_priority_name[WAKE_PRIORITIES] = { "boost", "under", "over", "unknown" };

void boost_init(struct boost *boost, uint64_t period_tsc, const struct credit *credit)
{
	*boost = (struct boost){ .credit = credit, .period_tsc = period_tsc };
}

void boost_free(struct boost *boost)
{
	for (size_t i = 0; i < boost->vcpu_room; i++)
		for (size_t priority = 0; priority < WAKE_PRIORITIES; priority++)
			free(boost->vcpus[i].wait[priority]);
	free(boost->vcpus);
}

static struct boost_vcpu *row_of_new(struct boost *boost, size_t vcpu)
{
	size_t old_room = boost->vcpu_room;
	struct boost_vcpu *rows = room_for(boost->vcpus, &boost->vcpu_room, vcpu + 1, sizeof(*rows));

	if (!rows) {
		boost->out_of_memory = true;
		return NULL;
	}
	for (size_t i = old_room; i < boost->vcpu_room; i++)
		rows[i].priority = rows[i].ran_priority = PRIORITY_UNKNOWN;
	boost->vcpus = rows;
	return &rows[vcpu];
}

static struct boost_vcpu *row_of(struct boost *boost, size_t vcpu)
{
	return vcpu < boost->vcpu_room ? &boost->vcpus[vcpu] : row_of_new(boost, vcpu);
}

/* ---- credit's records ---- */

static void begin_boost(struct boost_vcpu *row, uint64_t tsc)
{
	row->boosted = true;
	row->boosted_tsc = tsc;
	row->priority = PRIORITY_BOOST;
	row->counts.granted++;
}

static void set_active(struct boost_vcpu *row, bool active, uint64_t tsc)
{
	row->activity_known = true;
	row->active = active;
	row->active_tsc = tsc;
	if (active)
		return;
	row->halved_tsc = tsc;
	row->counts.halved++;
}

void boost_note(struct boost *boost, const struct note *note)
{
	struct boost_vcpu *row;

	if (note->vcpu == VCPU_NONE || note->kind < REC_BOOST_START || note->kind > REC_ACCOUNT_STOP)
		return;
	row = row_of(boost, (size_t)note->vcpu);
	if (!row)
		return;
	boost->any = true;
	if (note->kind == REC_BOOST_START)
		begin_boost(row, note->tsc);
	else if (note->kind == REC_BOOST_END) {
		row->boosted = false;
		row->counts.lost++;
	} else
		set_active(row, note->kind == REC_ACCOUNT_START, note->tsc);
}

/* ---- wakeups ---- */

static const enum wake_priority wake_priority_of[LEVELS] = {
	[LEVEL_OVER] = PRIORITY_OVER, [LEVEL_UNDER] = PRIORITY_UNDER, [LEVEL_BOOST] = PRIORITY_BOOST,
};

/* What a record tells of who was blocked and gets no boost, as far as it does; PRIORITY_UNKNOWN: it does not. */
static enum wake_priority refused_priority(const struct boost *boost, const struct boost_vcpu *row, uint64_t tsc)
{
	bool whole_period = row->active && tsc - row->active_tsc > boost->period_tsc;

	if (row->activity_known && row->boosted && !row->active)
		return PRIORITY_BOOST;
	if (row->activity_known && whole_period && (!row->boosted || tsc - row->boosted_tsc > boost->period_tsc))
		return PRIORITY_OVER;
	return PRIORITY_UNKNOWN;
}

/* Of a wakeup without a BOOST_START record.  Who was offline was as a rule only moved, for which nobody is boosted. */
static enum wake_priority unboosted_priority(const struct boost *boost, const struct boost_vcpu *row, const struct scene_change *change)
{
	enum wake_priority refused = change->from == BLOCKED ? refused_priority(boost, row, change->tsc) : PRIORITY_UNKNOWN;
	enum credit_priority priority;

	if (row->was_parked)
		return PRIORITY_UNDER;
	if (credit_told_priority(boost->credit, change->vcpu, &priority))
		return wake_priority_of[priority - CREDIT_OVER];
	if (refused != PRIORITY_UNKNOWN)
		return refused;
	if (!boost->any || !credit_reconstructed_priority(boost->credit, change->vcpu, &priority) ||
	    (priority == CREDIT_UNDER && change->from == BLOCKED))
		return PRIORITY_UNKNOWN;
	return wake_priority_of[priority - CREDIT_OVER];
}

static void begin_wait(const struct boost *boost, struct boost_vcpu *row, const struct scene_change *change)
{
	row->waking = true;
	row->was_parked = change->from == OFFLINE && credit_is_capped(boost->credit, change->vcpu);
	row->woken_tsc = change->tsc;
	row->priority = unboosted_priority(boost, row, change);
}

static void count_unboosted(struct boost_vcpu *row)
{
	row->counts.kept += row->priority == PRIORITY_BOOST;
	row->counts.refused += row->priority == PRIORITY_OVER;
	row->counts.refused_parked += row->priority == PRIORITY_UNDER && row->was_parked;
	row->counts.refused_moved += row->priority == PRIORITY_UNDER && !row->was_parked;
	row->counts.unknown += row->priority == PRIORITY_UNKNOWN;
}

static bool end_wait(struct boost_vcpu *row, uint64_t tsc)
{
	struct histogram **wait = &row->wait[row->priority];

	if (row->boosted_tsc < row->woken_tsc)
		count_unboosted(row);
	if (!*wait)
		*wait = calloc(1, sizeof(**wait));
	if (*wait)
		histogram_add(*wait, tsc - row->woken_tsc, row->woken_tsc);
	return *wait != NULL;
}

void boost_change(struct boost *boost, const struct scene_change *change)
{
	struct boost_vcpu *row = row_of(boost, change->vcpu);

	if (!row)
		return;
	if (change->to == RUNNABLE && (change->from == BLOCKED || change->from == OFFLINE)) {
		begin_wait(boost, row, change);
		return;
	}
	if (row->waking && change->from == RUNNABLE && change->to == RUNNING && !end_wait(row, change->tsc))
		boost->out_of_memory = true;
	row->waking = false;
	if (change->to == RUNNING)
		row->ran_priority = row->priority;
	if (change->to == RUNNABLE)
		row->priority = PRIORITY_UNKNOWN;
}

/* ---- what is known ---- */

enum wake_priority boost_priority(const struct boost *boost, size_t vcpu)
{
	return vcpu < boost->vcpu_room ? boost->vcpus[vcpu].priority : PRIORITY_UNKNOWN;
}

enum wake_priority boost_ran_priority(const struct boost *boost, size_t vcpu)
{
	return vcpu < boost->vcpu_room ? boost->vcpus[vcpu].ran_priority : PRIORITY_UNKNOWN;
}

const struct boost_vcpu *boost_of(const struct boost *boost, size_t vcpu)
{
	return vcpu < boost->vcpu_room ? &boost->vcpus[vcpu] : NULL;
}
