/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tracer/patience.h"

#include "tracer/clock.h"
#include "tracer/say.h"

#define SILENT_NS UINT64_C(3000000000)

void patience_begin(struct patience *patience, struct command *command, struct queue *queue, const char *path)
{
	*patience = (struct patience){ .command = command, .queue = queue, .path = path, .begin_ns = clock_monotonic_ns() };
}

bool patience_is_left(void *waiting)
{
	struct patience *patience = waiting;

	if (!patience->said) {
		if (clock_monotonic_ns() - patience->begin_ns < SILENT_NS)
			return true;
		command_poll(patience->command); /* signals from before */
		say_warning("tracing is off, but %s has not taken all, %.1f MB wait: a signal (SIGINT, SIGTERM) gives them up", patience->path,
			    (double)queue_used_bytes(patience->queue) / 1e6);
		patience->said = true;
	} else if (command_poll(patience->command) == COMMAND_SIGNAL) {
		patience->at_end = true;
	}
	return !patience->at_end;
}
