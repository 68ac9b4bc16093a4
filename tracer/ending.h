/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a capture ended: the reason, the exit code that follows from it, and the end block. */
#ifndef XTRACE_ENDING_H
#define XTRACE_ENDING_H

#include "tracer/dom0_kernel.h"
#include "tracer/lanes.h"

#include <stdint.h>

enum end_reason { GOING_ON, BY_DURATION, BY_COMMAND, BY_SIGNAL, BY_SIZE, BY_NOSPACE, BY_ERROR };

/* The reason that a failed write is. */
enum end_reason end_by_write_error(int write_errno);

/* An exit code of say.h: what was lost makes a good end an incomplete one. */
int end_exit_code(enum end_reason reason, const struct lanes_totals *totals);

struct ending {
	enum end_reason reason;
	uint64_t end_tsc, peak_queue_bytes, dropped_snapshots;
	const struct lanes *lanes;
	const struct dom0_kernel *kernel;
};

/* The JSON of TRC_BLOCK_END, to be freed; NULL when memory is short. */
char *end_json(const struct ending *ending);

#endif
