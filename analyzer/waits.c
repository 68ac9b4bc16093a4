/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/waits.h"

#include "analyzer/room.h"

#include <stdlib.h>

void waits_free(struct waits *waits)
{
	for (size_t i = 0; i < waits->vcpu_room; i++) {
		free(waits->vcpus[i].whole.parts);
		free(waits->vcpus[i].open.parts);
	}
	free(waits->vcpus);
}

static struct waits_vcpu *row_of(struct waits *waits, size_t vcpu)
{
	struct waits_vcpu *rows = room_for(waits->vcpus, &waits->vcpu_room, vcpu + 1, sizeof(*rows));

	if (!rows) {
		waits->out_of_memory = true;
		return NULL;
	}
	waits->vcpus = rows;
	return &rows[vcpu];
}

static void add_first(struct waits *waits, struct wait_row *row, int32_t holder, uint64_t waited_tsc)
{
	struct wait_part *parts = room_for(row->parts, &row->room, row->count + 1, sizeof(*parts));

	if (!parts) {
		waits->out_of_memory = true;
		return;
	}
	row->parts = parts;
	row->latest = row->count++;
	parts[row->latest] = (struct wait_part){ holder, waited_tsc };
}

static void find_and_add(struct waits *waits, struct wait_row *row, int32_t holder, uint64_t waited_tsc)
{
	for (size_t i = 0; i < row->count; i++)
		if (row->parts[i].holder == holder) {
			row->parts[i].waited_tsc += waited_tsc;
			row->latest = i;
			return;
		}
	add_first(waits, row, holder, waited_tsc);
}

static inline void begin(struct wait_row *row, int32_t holder, uint64_t waited_tsc)
{
	row->parts[0] = (struct wait_part){ holder, waited_tsc };
	row->count = 1;
	row->latest = 0;
}

/* Mostly the same one holds the pCPU as the time before. */
static inline void add(struct waits *waits, struct wait_row *row, int32_t holder, uint64_t waited_tsc)
{
	if (row->latest < row->count && row->parts[row->latest].holder == holder)
		row->parts[row->latest].waited_tsc += waited_tsc;
	else if (row->count == 0 && row->room > 0)
		begin(row, holder, waited_tsc);
	else
		find_and_add(waits, row, holder, waited_tsc);
}

/* ---- stretches ---- */

static int32_t holder_of(const struct scene *scene, const struct scene_waiter *waiter)
{
	if (waiter->held_by_domain)
		return (int32_t)scene->vcpu[waiter->holder].domain;
	return waiter->holder >= 0 ? HOLDER_IDLE : waiter->holder == PCPU_SWITCHES ? HOLDER_SWITCH : HOLDER_UNKNOWN;
}

void waits_stretch(struct waits *waits, const struct scene *scene, const struct scene_waiter *waiter, uint64_t length_tsc)
{
	struct waits_vcpu *row = waiter->vcpu < waits->vcpu_room ? &waits->vcpus[waiter->vcpu] : row_of(waits, waiter->vcpu);

	if (!row)
		return;
	add(waits, &row->open, holder_of(scene, waiter), length_tsc);
	if (waiter->idle_elsewhere)
		row->open.elsewhere_tsc += length_tsc;
}

/* ---- intervals: a wait is over, and was one if its interval says so ---- */

static void close_wait(struct waits *waits, struct waits_vcpu *row, uint64_t length_tsc)
{
	for (size_t i = 0; i < row->open.count; i++) {
		add(waits, &row->whole, row->open.parts[i].holder, row->open.parts[i].waited_tsc);
		length_tsc -= row->open.parts[i].waited_tsc;
	}
	if (length_tsc > 0)
		add(waits, &row->whole, HOLDER_UNKNOWN, length_tsc);
	row->whole.elsewhere_tsc += row->open.elsewhere_tsc;
}

void waits_interval(struct waits *waits, const struct interval *interval)
{
	struct waits_vcpu *row = interval->vcpu < waits->vcpu_room ? &waits->vcpus[interval->vcpu] : row_of(waits, interval->vcpu);

	if (!row)
		return;
	if (interval->state == RUNNABLE)
		close_wait(waits, row, interval->end_tsc - interval->begin_tsc);
	row->open.count = 0;
	row->open.elsewhere_tsc = 0;
}

/* ---- what comes of it ---- */

uint64_t waits_of(const struct waits *waits, size_t vcpu, int32_t holder)
{
	const struct wait_row *row = vcpu < waits->vcpu_room ? &waits->vcpus[vcpu].whole : NULL;

	for (size_t i = 0; row && i < row->count; i++)
		if (row->parts[i].holder == holder)
			return row->parts[i].waited_tsc;
	return 0;
}

uint64_t waits_elsewhere_tsc(const struct waits *waits, size_t vcpu)
{
	return vcpu < waits->vcpu_room ? waits->vcpus[vcpu].whole.elsewhere_tsc : 0;
}
