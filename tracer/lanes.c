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

struct lane *lanes_of(const struct lanes *lanes, uint32_t pcpu)
{
	struct lane *lane = lanes->lane;

	while (lane->ring->pcpu != pcpu)
		lane++;
	return lane;
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
