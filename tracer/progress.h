/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a person sees of a capture: a line that goes on, on a terminal only, and one at the end. */
#ifndef XTRACE_CAP_PROGRESS_H
#define XTRACE_CAP_PROGRESS_H

#include "tracer/lanes.h"

#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool shown;                  /* the line: on a terminal, if wanted */
	bool quiet;
	double duration_s;           /* 0: not known */
	uint64_t begin_ns, next_ns;
};

/* At the capture's begin; at_ns is of clock_monotonic_ns(). */
void progress_begin(struct progress *progress, bool quiet, double duration_s, uint64_t at_ns);

/* To be called often; shows what is due. */
void progress_show(struct progress *progress, uint64_t at_ns, const struct lanes *lanes, uint64_t file_bytes);

/* Tells the result, in place of the line; cpu_ns: what the capture itself took. */
void progress_end(const struct progress *progress, const char *path, const struct lanes *lanes, uint64_t file_bytes, uint64_t cpu_ns);

#endif
