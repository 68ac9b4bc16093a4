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
enum { HOLDER_IDLE = -1, HOLDER_SWITCH = -2, HOLDER_UNKNOWN = -3, HOLDERS_OTHER = 3 };

struct wait_part {
	int32_t holder;
	uint64_t waited_tsc;
};

struct wait_row {
	struct wait_part *parts;
	size_t count, room;
	size_t latest;                /* the part that was added to last, while it is less than count */
	uint64_t elsewhere_tsc;       /* of it: another pCPU where it might have run was idle meanwhile */
};

struct waits_vcpu {
	struct wait_row whole;
	struct wait_row open;         /* of the wait that is not over yet */
};

struct waits {
	struct waits_vcpu *vcpus;     /* by index into vcpus.vcpus */
	size_t vcpu_room;
	bool out_of_memory;
};

void waits_free(struct waits *waits);

/* Of a stretch in which this one waits. */
void waits_stretch(struct waits *waits, const struct scene *scene, const struct scene_waiter *waiter, uint64_t length_tsc);
void waits_interval(struct waits *waits, const struct interval *interval);

/* How long the vCPU waited while this one held its pCPU. */
uint64_t waits_of(const struct waits *waits, size_t vcpu, int32_t holder);
uint64_t waits_elsewhere_tsc(const struct waits *waits, size_t vcpu);

#endif
