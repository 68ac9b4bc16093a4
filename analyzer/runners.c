/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/runners.h"

#include <stdlib.h>

bool runners_init(struct runners *runners, const struct vcpus *vcpus)
{
	*runners = (struct runners){ .vcpus = vcpus, .vcpu = malloc(PCPU_MAX * sizeof(*runners->vcpu)) };
	for (size_t i = 0; runners->vcpu && i < PCPU_MAX; i++)
		runners->vcpu[i] = VCPU_NONE;
	return runners->vcpu != NULL;
}

void runners_free(struct runners *runners)
{
	free(runners->vcpu);
}
