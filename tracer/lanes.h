/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lanes of all pCPUs of a capture. */
#ifndef XTRACE_LANES_H
#define XTRACE_LANES_H

#include "tracer/lane.h"

#include <stddef.h>
#include <stdint.h>

struct lanes {
	struct lane *lane;
	size_t count;
};

/* A lane for each ring, which is borrowed.  Returns -1 when memory is short. */
int lanes_new(struct lanes *lanes, const struct ring *rings, size_t count);
void lanes_free(struct lanes *lanes);

/* All buffers of Xen together. */
uint64_t lanes_buffer_bytes(const struct lanes *lanes);

/* The lane of a pCPU that has one. */
struct lane *lanes_of(const struct lanes *lanes, uint32_t pcpu);

struct lanes_totals {
	uint64_t records, lost_records, dropped_records;
};
struct lanes_totals lanes_totals(const struct lanes *lanes);

#endif
