/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/timeline.h"

#include <inttypes.h>

bool timeline_interval(struct timeline *timeline, const struct vcpus *vcpus, const struct interval *interval)
{
	const struct vcpu *vcpu = &vcpus->vcpus[interval->vcpu];
	const struct domain *domain = &vcpus->domains[vcpu->domain];
	uint64_t begin_tsc = interval->begin_tsc, end_tsc = interval->end_tsc;

	if (interval->state != RUNNING || domain->id == DOMID_IDLE)
		return true;
	if (begin_tsc < timeline->from_tsc)
		begin_tsc = timeline->from_tsc;
	if (end_tsc > timeline->to_tsc)
		end_tsc = timeline->to_tsc;
	if (begin_tsc >= end_tsc)
		return true;
	return fprintf(timeline->file, "%" PRIu32 " %" PRIu32 " %" PRIu32 " %.9f %.9f %" PRIu32 "\n", interval->pcpu, domain->id, vcpu->id,
		       (double)(begin_tsc - timeline->zero_tsc) / timeline->tsc_hz,
		       (double)(end_tsc - timeline->zero_tsc) / timeline->tsc_hz, domain->generation) > 0;
}
