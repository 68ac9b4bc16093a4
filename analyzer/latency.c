/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/metrics.h"

#include "analyzer/room.h"

#include <stdlib.h>

static bool reserve(struct latency *latency, size_t vcpu)
{
	void *rows = room_for(latency->vcpus, &latency->vcpu_room, vcpu + 1, sizeof(*latency->vcpus));

	if (!rows)
		return false;
	latency->vcpus = rows;
	return true;
}

bool latency_interval(struct latency *latency, const struct interval *interval)
{
	struct histogram **histogram;

	if (interval->state != RUNNABLE || interval->after != RUNNING || !interval->begin_seen || !interval->end_seen)
		return true;
	if (interval->vcpu >= latency->vcpu_room && !reserve(latency, interval->vcpu))
		return false;
	histogram = &latency->vcpus[interval->vcpu][interval->before == RUNNING ? WAIT_PREEMPTED : WAIT_WAKE];
	if (!*histogram)
		*histogram = calloc(1, sizeof(**histogram));
	if (!*histogram)
		return false;
	histogram_add(*histogram, interval->end_tsc - interval->begin_tsc, interval->begin_tsc);
	return true;
}

const struct histogram *latency_of(const struct latency *latency, size_t vcpu, enum wait_kind kind)
{
	return vcpu < latency->vcpu_room ? latency->vcpus[vcpu][kind] : NULL;
}

void latency_free(struct latency *latency)
{
	for (size_t i = 0; i < latency->vcpu_room; i++)
		for (int kind = 0; kind < WAIT_KINDS; kind++)
			free(latency->vcpus[i][kind]);
	free(latency->vcpus);
}
