/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one thread follows, on its way to a second one, in its order: changes and notes, which are small, and whole records
 * where there is more to a record.  One thread puts, the other takes; the room between them is bounded, and who is faster waits.
 *
 *     relay = relay_new(take, arg);       NULL: there is no second thread to be had, or no memory
 *     relay_put(relay, rec);              take(arg, batch) comes of it in the other thread, some time
 *     relay_drain(relay);                 now it did of all that were put, and the other thread does nothing until the next put
 *     relay_free(relay);
 */
#ifndef XTRACE_RELAY_H
#define XTRACE_RELAY_H

#include "analyzer/notes.h"
#include "analyzer/vcpu.h"

struct relay;

/* Kinds of items: these, and from REC_NOTES on a note of that kind. */
enum { RELAY_RECORD = REC_COUNTED, RELAY_CHANGE = REC_RUNSTATE, RELAY_NOBODY = UINT16_MAX };

struct relay_item {
	uint64_t tsc;
	uint16_t vcpu;             /* of a note: or RELAY_NOBODY */
	uint16_t pcpu;
	uint16_t argument;         /* of a note, as it is in notes.h; UINT16_MAX: no pCPU's number */
	uint8_t kind;
	uint8_t state;             /* of a change */
};

struct relay_batch {
	const struct relay_item *items;
	size_t count;
	const struct rec *recs;    /* of the items that are RELAY_RECORD, in their order */
};

/* There is a second CPU, for a second thread. */
bool relay_has_cpu(void);

struct relay *relay_new(void (*take)(void *arg, const struct relay_batch *batch), void *arg);

/* Drains it.  relay may be NULL. */
void relay_free(struct relay *relay);

/* The record and its payload are copied. */
void relay_put(struct relay *relay, const struct rec *rec);
void relay_put_change(struct relay *relay, const struct vcpu_change *change);
void relay_put_note(struct relay *relay, const struct note *note);

/* What take() touched may be read and written from here on up to the next put. */
void relay_drain(struct relay *relay);

#endif
