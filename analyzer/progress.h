/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line on a terminal, from the second second on. */
#ifndef XTRACE_PROGRESS_H
#define XTRACE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct progress {
	uint64_t total_bytes;
	uint32_t calls;
	bool on_terminal, shown;
	struct timespec begin;
};

void progress_begin(struct progress *progress, uint64_t total_bytes);
void progress_show(struct progress *progress, uint64_t at_bytes);
void progress_end(struct progress *progress);

/* Cheap enough to be called for each record. */
static inline void progress_at(struct progress *progress, uint64_t at_bytes)
{
	if ((++progress->calls & 0xffff) == 0 && progress->on_terminal)
		progress_show(progress, at_bytes);
}

#endif
