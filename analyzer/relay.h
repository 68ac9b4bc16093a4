/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records on their way to a second thread, in their order.  One thread puts, the other takes; the room between them is
 * bounded, and who is faster waits.
 *
 *     relay = relay_new(take, arg);       NULL: there is no second thread to be had, or no memory
 *     relay_put(relay, rec);              take(arg, rec) comes of it in the other thread, some time
 *     relay_drain(relay);                 now it did of all that were put, and the other thread does nothing until the next put
 *     relay_free(relay);
 */
#ifndef XTRACE_RELAY_H
#define XTRACE_RELAY_H

#include "analyzer/stream.h"

struct relay;

struct relay *relay_new(void (*take)(void *arg, const struct rec *rec), void *arg);

/* Drains it.  relay may be NULL. */
void relay_free(struct relay *relay);

/* Copies the record and its payload. */
void relay_put(struct relay *relay, const struct rec *rec);

/* What take() touched may be read and written from here on up to the next relay_put(). */
void relay_drain(struct relay *relay);

#endif
