/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happens next: a fixed number of alarms, each set to a time or not, in a heap.  Of equal times the lower number comes first. */
#ifndef XTRACE_AGENDA_H
#define XTRACE_AGENDA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct agenda {
	uint64_t *at_tsc;          /* by alarm */
	uint32_t *heap;           /* alarms that are set, the next one first */
	uint32_t *place;          /* by alarm: where in the heap, or AGENDA_OFF */
	size_t count;             /* that are set */
};

#define AGENDA_OFF UINT32_MAX

bool agenda_init(struct agenda *agenda, size_t alarms);
void agenda_free(struct agenda *agenda);

/* Sets an alarm, or sets it anew. */
void agenda_set(struct agenda *agenda, uint32_t alarm, uint64_t at_tsc);
void agenda_clear(struct agenda *agenda, uint32_t alarm);

static inline bool agenda_is_set(const struct agenda *agenda, uint32_t alarm)
{
	return agenda->place[alarm] != AGENDA_OFF;
}

/* The next alarm, which is cleared; AGENDA_OFF: none is set. */
uint32_t agenda_next(struct agenda *agenda, uint64_t *at_tsc);

#endif
