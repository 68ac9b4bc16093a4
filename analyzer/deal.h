/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One walk through a file for many readers: each CPU's chunks are dealt to it in order, so that a host with many CPUs
 * does not have its file walked once for each.  What the walk meets on the way to a reader's next chunk is kept for the
 * others, up to a limit; a reader whose next chunk lies beyond that goes on with a walk of its own.
 */
#ifndef XTRACE_DEAL_H
#define XTRACE_DEAL_H

#include "analyzer/tracefile.h"

struct deal;

/* wanted: which chunks are dealt at all, to their pcpu.  NULL when out of memory. */
struct deal *deal_new(const struct tracefile *file, bool (*wanted)(const struct chunk *));
void deal_free(struct deal *deal);

/* The next chunk of this CPU, which is less than PCPU_MAX.  False at the end.  chunk->after_damage, set in either case:
 * something was skipped since its chunk before. */
bool deal_next(struct deal *deal, uint32_t cpu, struct chunk *chunk);

/* To be dealt: Xen's windows, and what was dropped of them. */
bool deal_windows(const struct chunk *chunk);

#endif
