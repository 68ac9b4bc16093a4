/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/metrics.h"

#include "analyzer/room.h"

#include <stdlib.h>

bool account_init(struct account *account, uint64_t counted_from_tsc, uint64_t counted_to_tsc)
{
	*account = (struct account){
		.pcpus = calloc(PCPU_MAX, sizeof(*account->pcpus)), .counted_from_tsc = counted_from_tsc, .counted_to_tsc = counted_to_tsc,
	};
	return account->pcpus != NULL;
}

void account_free(struct account *account)
{
	free(account->vcpus);
	free(account->pcpus);
}

static bool reserve(struct account *account, size_t vcpu)
{
	size_t old_room = account->vcpu_room;
	struct vcpu_account *rows = room_for(account->vcpus, &account->vcpu_room, vcpu + 1, sizeof(*rows));

	if (!rows)
		return false;
	for (size_t i = old_room; i < account->vcpu_room; i++)
		rows[i] = (struct vcpu_account){ .last_pcpu = -1 };
	account->vcpus = rows;
	return true;
}

/* How much of an interval lies before or after what Xen's counters count. */
static uint64_t uncounted_tsc(const struct account *account, const struct interval *interval)
{
	uint64_t before_tsc = 0, after_tsc = 0, length_tsc = interval->end_tsc - interval->begin_tsc;

	if (interval->begin_tsc < account->counted_from_tsc)
		before_tsc = account->counted_from_tsc - interval->begin_tsc;
	if (interval->end_tsc > account->counted_to_tsc)
		after_tsc = interval->end_tsc - account->counted_to_tsc;
	return before_tsc + after_tsc < length_tsc ? before_tsc + after_tsc : length_tsc;
}

static void add_run(struct account *account, struct vcpu_account *row, const struct interval *interval, bool idle)
{
	struct pcpu_account *pcpu = &account->pcpus[interval->pcpu];
	uint64_t length_tsc = interval->end_tsc - interval->begin_tsc;

	pcpu->seen = true;
	if (idle)
		pcpu->idle_tsc += length_tsc;
	else
		pcpu->busy_tsc += length_tsc;
	row->uncounted_tsc += uncounted_tsc(account, interval);
	if (interval->begin_seen)
		row->dispatches++;
	if (row->last_pcpu >= 0 && row->last_pcpu != (int32_t)interval->pcpu)
		row->migrations++;
	row->last_pcpu = (int32_t)interval->pcpu;
}

static void add_time(struct vcpu_account *row, const struct interval *interval)
{
	uint64_t length_tsc = interval->end_tsc - interval->begin_tsc;

	row->state_tsc[interval->state] += length_tsc;
	if (row->dispatches == 0)
		row->before_dispatch_tsc[interval->state] += length_tsc;
	if (!interval->end_seen)
		row->after_last = (struct stretch){ interval->state, length_tsc };
}

bool account_interval(struct account *account, const struct vcpus *vcpus, const struct interval *interval)
{
	struct vcpu_account *row;

	if (interval->vcpu >= account->vcpu_room && !reserve(account, interval->vcpu))
		return false;
	row = &account->vcpus[interval->vcpu];
	if (interval->state == RUNNING)
		add_run(account, row, interval, vcpus->vcpus[interval->vcpu].is_idle);
	add_time(row, interval);
	if (interval->state != RUNNABLE || !interval->begin_seen)
		return true;
	if (interval->before == RUNNING)
		row->preemptions++;
	else
		row->wakeups++;
	return true;
}
