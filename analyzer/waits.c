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

bool waits_reserve(struct waits *waits, size_t vcpus)
{
	struct waits_vcpu *rows = room_for(waits->vcpus, &waits->vcpu_room, vcpus, sizeof(*rows));

	waits->vcpus = rows ? rows : waits->vcpus;
	return rows != NULL;
}

/* ---- parts ---- */

static void append(struct waits *waits, struct wait_row *row, int32_t holder, uint64_t waited_tsc)
{
	struct wait_part *parts = row->count < row->room ? row->parts : room_for(row->parts, &row->room, row->count + 1, sizeof(*parts));

	if (!parts) {
		waits->out_of_memory = true;
		return;
	}
	row->parts = parts;
	parts[row->count++] = (struct wait_part){ holder, waited_tsc };
}

static size_t find(const struct wait_row *row, int32_t holder)
{
	size_t at = 0;

	while (at < row->count && row->parts[at].holder != holder)
		at++;
	return at;
}

/* Mostly it is the holder of the time before. */
static inline void add_whole(struct waits *waits, struct waits_vcpu *row, const struct wait_part *part)
{
	if (row->latest >= row->whole.count || row->whole.parts[row->latest].holder != part->holder)
		row->latest = find(&row->whole, part->holder);
	if (row->latest < row->whole.count)
		row->whole.parts[row->latest].waited_tsc += part->waited_tsc;
	else
		append(waits, &row->whole, part->holder, part->waited_tsc);
}

/* Each holder's parts become one. */
static void gather(struct waits *waits, struct wait_row *row)
{
	size_t count = row->count;

	row->count = 0;
	for (size_t i = 0; i < count; i++) {
		const struct wait_part part = row->parts[i];
		size_t at = find(row, part.holder);
		if (at < row->count)
			row->parts[at].waited_tsc += part.waited_tsc;
		else
			append(waits, row, part.holder, part.waited_tsc);
	}
}

/* Holders come and go: their parts are only gathered before there must be more room. */
void waits_add_holder(struct waits *waits, struct wait_row *open, int32_t holder, uint64_t held_tsc)
{
	if (open->count == open->room)
		gather(waits, open);
	append(waits, open, holder, held_tsc);
}

/* ---- intervals: a wait is over, and was one if its interval says so ---- */

static void close_wait(struct waits *waits, struct waits_vcpu *row, uint64_t length_tsc)
{
	for (size_t i = 0; i < row->open.count; i++) {
		add_whole(waits, row, &row->open.parts[i]);
		length_tsc -= row->open.parts[i].waited_tsc;
	}
	for (size_t i = 0; i < HOLDERS_NONE; i++) {
		row->whole.nobody_tsc[i] += row->open.nobody_tsc[i];
		length_tsc -= row->open.nobody_tsc[i];
	}
	row->whole.nobody_tsc[-1 - HOLDER_UNKNOWN] += length_tsc; /* before it was known to wait */
	row->whole.elsewhere_tsc += row->open.elsewhere_tsc;
}

void waits_interval(struct waits *waits, const struct interval *interval)
{
	struct waits_vcpu *row = &waits->vcpus[interval->vcpu];

	if (interval->state == RUNNABLE)
		close_wait(waits, row, interval->end_tsc - interval->begin_tsc);
	row->open.count = 0;
	for (size_t i = 0; i < HOLDERS_NONE; i++)
		row->open.nobody_tsc[i] = 0;
	row->open.elsewhere_tsc = 0;
	row->waits = false;
}

/* ---- what comes of it ---- */

uint64_t waits_of(const struct waits *waits, size_t vcpu, int32_t holder)
{
	const struct wait_row *row = vcpu < waits->vcpu_room ? &waits->vcpus[vcpu].whole : NULL;
	size_t at;

	if (!row)
		return 0;
	if (holder < 0)
		return row->nobody_tsc[-1 - holder];
	at = find(row, holder);
	return at < row->count ? row->parts[at].waited_tsc : 0;
}

uint64_t waits_elsewhere_tsc(const struct waits *waits, size_t vcpu)
{
	return vcpu < waits->vcpu_room ? waits->vcpus[vcpu].whole.elsewhere_tsc : 0;
}
