/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long the end of a capture waits until all is written: for ever, unless somebody says that it shall not.  After some seconds
 * it is said what is waited for; a signal that comes after that ends it.  One that comes before does not: timeout(1) sends
 * two at once, and impatience with a healthy disk shall cost nothing.
 */
#ifndef XTRACE_PATIENCE_H
#define XTRACE_PATIENCE_H

#include "tracer/command.h"
#include "tracer/queue.h"

#include <stdbool.h>
#include <stdint.h>

struct patience {
	struct command *command;
	struct queue *queue;
	const char *path;
	uint64_t begin_ns;
	bool said, at_end;
};

/* All is borrowed. */
void patience_begin(struct patience *patience, struct command *command, struct queue *queue, const char *path);

/* As queue_set_patience() takes it, with a struct patience. */
bool patience_is_left(void *patience);

#endif
