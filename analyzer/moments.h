/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What each vCPU is entitled to (fluid.h) and the questions about moments (why.h), which rest on it.
 *
 * They are most of the work.  So, where there is a second CPU, they are a second thread's: it follows the same records with
 * vCPUs' states of its own, which come to the same indices, and nothing else is touched by both threads.  What comes of
 * it is the same to the bit.
 */
#ifndef XTRACE_MOMENTS_H
#define XTRACE_MOMENTS_H

#include "analyzer/fluid.h"
#include "analyzer/relay.h"
#include "analyzer/trust.h"
#include "analyzer/why.h"

enum moments_way {
	MOMENTS_BRIEF,              /* nothing of why.h */
	MOMENTS_IN_STEP,            /* in this thread: told of changes and intervals */
	MOMENTS_APART,              /* in a second thread, if there can be one */
};

struct moments {
	struct fluid fluid;
	struct why why;
	struct hostinfo *host;      /* borrowed; its settings pass here */
	uint64_t from_tsc, to_tsc;  /* the window that counts */
	uint64_t due_tsc;           /* the next settings */
	bool brief;
	bool failed;                /* out of memory, within an interval */
	struct relay *relay;        /* to the second thread; NULL: there is none */
	struct vcpus apart;         /* the second thread's */
	struct trust uncounted;     /* what is wrong with records is counted once, by the caller's */
};

struct moments_window {
	uint64_t begin_tsc;         /* of the trace */
	uint64_t from_tsc, to_tsc, tsc_hz;
};

/* vcpus, host: borrowed; host is as at the first snapshot.  Stays where it is.  False when out of memory. */
bool moments_init(struct moments *moments, enum moments_way way, const struct vcpus *vcpus, struct hostinfo *host, size_t pcpus,
		  const struct moments_window *window);
void moments_free(struct moments *moments);

/* There is a second thread: the next two are nothing then. */
static inline bool moments_are_apart(const struct moments *moments)
{
	return moments->relay != NULL;
}

/* In step: of the caller's vcpus.  False when out of memory. */
bool moments_interval(struct moments *moments, const struct interval *interval);
void moments_change(struct moments *moments, size_t vcpu, uint64_t tsc, enum runstate state);

/* As vcpus_preset(). */
void moments_preset(struct moments *moments, const struct rec *rec);

/* Each record, in the order in which vcpus_take() takes them. */
void moments_record(struct moments *moments, const struct rec *rec);

/* When settings change next, for which moments_reach() is to be called; UINT64_MAX: need not be. */
uint64_t moments_due_tsc(const struct moments *moments);

/* All is as it is at this time, with all records so far; it may be read up to the next record. */
void moments_reach(struct moments *moments, uint64_t tsc);

/* The trace and the window end; the caller's vcpus did. */
void moments_finish(struct moments *moments, uint64_t end_tsc, uint64_t to_tsc);

/* After moments_reach(). */
bool moments_out_of_memory(const struct moments *moments);

#endif
