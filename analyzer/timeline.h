/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which vCPU ran on which pCPU when: one line of text per run within a window, written as it ends. */
#ifndef XTRACE_TIMELINE_H
#define XTRACE_TIMELINE_H

#include "analyzer/vcpu.h"

#include <stdio.h>

struct timeline {
	FILE *file;                 /* borrowed; columns: pcpu domain vcpu begin_s end_s generation */
	uint64_t zero_tsc;          /* seconds count from here */
	uint64_t from_tsc, to_tsc;
	double tsc_hz;
};

/* False when the line could not be written. */
bool timeline_interval(struct timeline *timeline, const struct vcpus *vcpus, const struct interval *interval);

#endif
