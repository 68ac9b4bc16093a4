/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A replay as a trace in memory, in the format of xtrace.trc(5), for the analysis to read like any other. */
#ifndef XTRACE_REPLAY_TRACE_H
#define XTRACE_REPLAY_TRACE_H

#include "analyzer/hostinfo.h"
#include "analyzer/replay.h"

/* Replays the plan.  Times begin at begin_tsc.  host: what the replayed trace says of names and vCPUs.  The bytes are the
 * caller's to free().  progress has room for each task.  False when out of memory. */
bool replay_trace_make(const struct replay_plan *plan, const struct hostinfo *host, uint64_t begin_tsc, uint8_t **bytes, size_t *size,
		       struct replay_progress *progress, struct replay_end *end);

#endif
