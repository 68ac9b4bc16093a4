/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What each vCPU is entitled to (fluid.h) and the questions that rest on it: how fair each short while was (fairness.h), and why (why.h).
 *
 * They are most of the work.  So, where there is a second CPU, why is a second thread's question: it is told what the first one
 * found in the records, and follows it with vCPUs' states, a fluid scheduler and blocks of its own, which come to the same; nothing is
 * touched by both threads at a time.  What comes of it is the same to the bit.
 */
#ifndef XTRACE_MOMENTS_H
#define XTRACE_MOMENTS_H

#include "analyzer/blocks.h"
#include "analyzer/fairness.h"
#include "analyzer/fluid.h"
#include "analyzer/relay.h"
#include "analyzer/trust.h"
#include "analyzer/why.h"

enum moments_way {
	MOMENTS_BRIEF,              /* only what is entitled */
	MOMENTS_TOGETHER,           /* in one thread */
	MOMENTS_APART,              /* in two, if there can be two */
};

/* What one thread is told of. */
struct moments_side {
	struct hostinfo *host;      /* borrowed; its settings pass here */
	uint64_t due_tsc;           /* the next ones */
	struct fluid fluid;
	unsigned asked;             /* bits of moments.c: which of the next two */
	struct fairness fairness;
	struct why why;
	bool out_of_memory;
};

struct moments {
	struct moments_side here;   /* the caller's thread */
	struct moments_side apart;  /* the second one's, as all that follows */
	struct relay *relay;        /* NULL: there is no second thread */
	struct blocks blocks;       /* of why */
	uint64_t due_tsc;           /* the next block or settings */
	struct vcpus vcpus;
	struct hostinfo host;
	uint64_t from_tsc, to_tsc;
	struct trust uncounted;     /* what is wrong with records is counted once, by the caller's vcpus */
};

struct moments_window {
	uint64_t begin_tsc;         /* of the trace */
	uint64_t from_tsc, to_tsc;  /* the window that counts */
	uint64_t tsc_hz;
	size_t pcpus;
};

/* vcpus, host: borrowed; host is as at the first snapshot.  Stays where it is.  False when out of memory. */
bool moments_init(struct moments *moments, enum moments_way way, const struct vcpus *vcpus, struct hostinfo *host,
		  const struct moments_window *window);
void moments_free(struct moments *moments);

/* As vcpus_preset(), which the caller calls for its own. */
void moments_preset(struct moments *moments, const struct rec *rec);

/* Each record that is no longer ahead, before the caller's vcpus take it, or the change it is; or the note, from REC_NOTES on.  Records and notes
 * not where it is brief. */
void moments_record(struct moments *moments, const struct rec *rec);
void moments_note(struct moments *moments, const struct rec *rec);
void moments_pass(struct moments *moments, const struct vcpu_change *change);

/* Intervals and changes of the caller's vcpus. */
void moments_interval(struct moments *moments, const struct interval *interval);
void moments_change(struct moments *moments, size_t vcpu, uint64_t tsc, enum runstate state);

/* When settings change next; and, they change up to this time. */
uint64_t moments_due_tsc(const struct moments *moments);
void moments_settings(struct moments *moments, uint64_t tsc);

/* All that the caller's thread follows is as it is at this time, up to which all was told. */
void moments_reach(struct moments *moments, uint64_t tsc);

/* All, in either thread; the second one waits until the next record is told. */
void moments_meet(struct moments *moments, uint64_t tsc);

/* The trace and the window end; the caller's vcpus did. */
void moments_finish(struct moments *moments, uint64_t end_tsc, uint64_t to_tsc);

/* Once it is finished: what each was entitled to. */
const struct fluid *moments_fluid(const struct moments *moments);

/* For the caller's blocks: what his thread is asked itself. */
void moments_sources(const struct moments *moments, struct block_sources *sources);

/* Once it is finished: adds to the caller's blocks, which are finished, too, what the second thread's have. */
void moments_join_blocks(const struct moments *moments, struct blocks *blocks);

/* As fairness_fill() and why_fill(). */
bool moments_fill(const struct moments *moments, struct result *result);

bool moments_out_of_memory(const struct moments *moments);

#endif
