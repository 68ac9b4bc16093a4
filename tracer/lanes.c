/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tracer/lanes.h"

#include <stdlib.h>

int lanes_new(struct lanes *lanes, const struct ring *rings, size_t count)
{
	lanes->lane = calloc(count, sizeof(*lanes->lane));
	lanes->count = lanes->lane ? count : 0;
	for (size_t i = 0; i < lanes->count; i++)
		lanes->lane[i].ring = &rings[i];
	return lanes->lane ? 0 : -1;
}

void lanes_free(struct lanes *lanes)
{
	free(lanes->lane);
	*lanes = (struct lanes){ 0 };
}

uint64_t lanes_buffer_bytes(const struct lanes *lanes)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < lanes->count; i++)
		bytes += lanes->lane[i].ring->size;
	return bytes;
}

uint32_t lanes_pcpus(const struct lanes *lanes)
{
	uint32_t pcpus = 0;

	for (size_t i = 0; i < lanes->count; i++)
		if (lanes->lane[i].ring->pcpu >= pcpus)
			pcpus = lanes->lane[i].ring->pcpu + 1;
	return pcpus;
}

struct lanes_totals lanes_totals(const struct lanes *lanes)
{
	struct lanes_totals totals = { 0 };

	for (size_t i = 0; i < lanes->count; i++) {
		const struct lane *lane = &lanes->lane[i];
		totals.records += lane->tally.records;
		totals.lost_records += lane_lost_records(lane);
		totals.dropped_records += lane_dropped_records(lane);
	}
	return totals;
}
