/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who runs on which pCPU, as the changes of the vCPUs' states tell. */
#ifndef XTRACE_RUNNERS_H
#define XTRACE_RUNNERS_H

#include "analyzer/vcpu.h"

struct runners {
	const struct vcpus *vcpus;   /* borrowed */
	int32_t *vcpu;               /* PCPU_MAX entries: index into vcpus.vcpus, or VCPU_NONE where nobody runs or it is not known who does */
};

/* False when out of memory. */
bool runners_init(struct runners *runners, const struct vcpus *vcpus);
void runners_free(struct runners *runners);

/* A vCPU is in this state from now on. */
static inline void runners_change(struct runners *runners, size_t vcpu, enum runstate state)
{
	int32_t *runner = &runners->vcpu[runners->vcpus->vcpus[vcpu].pcpu];

	if (state == RUNNING)
		*runner = (int32_t)vcpu;
	else if (*runner == (int32_t)vcpu)
		*runner = VCPU_NONE;
}

/* NULL: nobody, or not known. */
static inline const struct vcpu *runners_at(const struct runners *runners, uint32_t pcpu)
{
	return runners->vcpu[pcpu] == VCPU_NONE ? NULL : &runners->vcpus->vcpus[runners->vcpu[pcpu]];
}

#endif
