/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who made whom wait: each vCPU's runnable time by who held the pCPU that it waited for (scene.h says which one that
 * is).  The parts of a vCPU add up to its runnable time, in whole cycles; what only later records told to be
 * runnable is in the part of the unknown holder.
 */
#ifndef XTRACE_WAITS_H
#define XTRACE_WAITS_H

#include "analyzer/scene.h"

/* Who holds a pCPU: a domain's index in vcpus.domains, or one of these. */
enum { HOLDER_IDLE = -1, HOLDER_SWITCH = -2, HOLDER_UNKNOWN = -3, HOLDERS_NONE = 3 };

struct wait_part {
	int32_t holder;               /* a domain */
	uint64_t waited_tsc;
};

struct wait_row {
	struct wait_part *parts;
	size_t count, room;
	uint64_t nobody_tsc[HOLDERS_NONE]; /* while no domain held it, by -1 - holder */
	uint64_t elsewhere_tsc;       /* of it: another pCPU where it might have run was idle meanwhile */
};

struct waits_vcpu {
	struct wait_row whole;        /* one part for each holder */
	size_t latest;                /* of its parts, the one that was added to last, while it is less than their count */
	struct wait_row open;         /* of the wait that is not over yet; parts in the order of time */
	bool waits;                   /* there is one, as far as stretches tell */
};

struct waits {
	struct waits_vcpu *vcpus;     /* by index into vcpus.vcpus */
	size_t vcpu_room;
	bool out_of_memory;
};

void waits_free(struct waits *waits);

/* Makes room for so many vCPUs, of which all that follows is told.  False when out of memory. */
bool waits_reserve(struct waits *waits, size_t vcpus);

/* The wait goes on while another holds the pCPU. */
void waits_add_holder(struct waits *waits, struct wait_row *open, int32_t holder, uint64_t held_tsc);

/* Of a stretch in which this one waits; at its end Xen may be switching. */
static inline void waits_stretch(struct waits *waits, const struct scene *scene, const struct scene_waiter *waiter, uint64_t begin_tsc, uint64_t end_tsc)
{
	struct waits_vcpu *row = &waits->vcpus[waiter->vcpu];
	struct wait_row *open = &row->open;
	uint64_t switch_from_tsc = waiter->stopped_tsc > begin_tsc ? waiter->stopped_tsc : begin_tsc;
	uint64_t switch_tsc = switch_from_tsc < end_tsc ? end_tsc - switch_from_tsc : 0, held_tsc = end_tsc - begin_tsc - switch_tsc;

	row->waits = true;
	open->nobody_tsc[-1 - HOLDER_SWITCH] += switch_tsc;
	if (waiter->idle_elsewhere)
		open->elsewhere_tsc += held_tsc;
	if (held_tsc == 0)
		return;
	if (!waiter->held_by_domain) {
		open->nobody_tsc[-1 - (waiter->holder >= 0 ? HOLDER_IDLE : HOLDER_UNKNOWN)] += held_tsc;
	} else {
		int32_t holder = (int32_t)scene->vcpu[waiter->holder].domain;
		if (open->count > 0 && open->parts[open->count - 1].holder == holder)
			open->parts[open->count - 1].waited_tsc += held_tsc;
		else
			waits_add_holder(waits, open, holder, held_tsc);
	}
}

/* Whether the interval is a wait, or ends one that was none. */
static inline bool waits_concerns(const struct waits *waits, const struct interval *interval)
{
	return interval->vcpu < waits->vcpu_room && (interval->state == RUNNABLE || waits->vcpus[interval->vcpu].waits);
}

/* Of one that concerns them. */
void waits_interval(struct waits *waits, const struct interval *interval);

/* How long the vCPU waited while this one held its pCPU. */
uint64_t waits_of(const struct waits *waits, size_t vcpu, int32_t holder);
uint64_t waits_elsewhere_tsc(const struct waits *waits, size_t vcpu);

#endif
