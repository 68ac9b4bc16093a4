/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The questions why: who waited for whom, who fell behind, and what caused it.  Each is told of the stretches between two changes,
 * of the changes, and of the intervals as they close.  A new question is a line in each function here.
 */
#ifndef XTRACE_WHY_H
#define XTRACE_WHY_H

#include "analyzer/boost.h"
#include "analyzer/causes.h"
#include "analyzer/credit.h"
#include "analyzer/lag.h"
#include "analyzer/notes.h"
#include "analyzer/scene.h"
#include "analyzer/stretches.h"
#include "analyzer/waits.h"

struct result;

struct why {
	struct scene scene;
	struct waits waits;
	struct lag lag;
	struct credit credit;
	struct boost boost;
	struct causes causes;
	struct stretches stretches;
	uint64_t bin_end_tsc;       /* of lag's and causes' bins, whichever is first */
	size_t vcpu_count;          /* for so many there is room */
	bool out_of_memory;
};

/* The window is from_tsc to to_tsc; nothing before counts.  Stays where it is. */
bool why_init(struct why *why, const struct vcpus *vcpus, const struct fluid *fluid, uint64_t from_tsc, uint64_t to_tsc, uint64_t tsc_hz);
void why_free(struct why *why);

/* A vCPU is in this state from now on; called before the fluid hears of it. */
void why_change(struct why *why, size_t vcpu, uint64_t tsc, enum runstate state);

/* An interval closes, before the change that closes it is told. */
void why_interval(struct why *why, const struct interval *interval);

void why_note(struct why *why, const struct note *note);

/* All is as it is at this time, before which all changes were told. */
void why_reach(struct why *why, uint64_t tsc);

/* Weights, caps or affinities of the host's info are others from now on; why_reach() was called of it, and the fluid does not know yet. */
void why_settings(struct why *why, uint64_t tsc);

/* The window ends. */
void why_finish(struct why *why, uint64_t end_tsc);

bool why_out_of_memory(const struct why *why);

/* Fills the answers into a result whose domains are there already.  False when out of memory. */
bool why_fill(const struct why *why, struct result *result);

#endif
