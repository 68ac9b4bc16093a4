/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Short-term fairness: is each short while as fair as the whole?
 *
 * Windows of 1 ms, 2 ms, 4 ms, ... slide by half their length over the trace.  In each, Jain's index of the guests'
 * attained over entitled time, over the guests that were entitled to some (who wanted to run in it); and how many
 * guests ran at all.  Two halves of a window are one half of the next longer one, so memory is a few numbers per
 * guest and length.  Windows in which the state of some vCPU was lost are left out and counted.
 */
#ifndef XTRACE_FAIRNESS_H
#define XTRACE_FAIRNESS_H

#include "analyzer/scene.h"

enum { FAIRNESS_NO_PLACE = -1, FAIRNESS_OUTSIDE = -2, FAIRNESS_LEVELS = 22, FAIRNESS_JAIN_STEPS = 1000, FAIRNESS_RAN_MAX = 256 };

struct fairness_half {
	uint64_t running_tsc;
	double entitled_tsc;
};

/* What is kept of one guest beside its halves. */
struct fairness_guest {
	int32_t place;                  /* among the halves of each level; FAIRNESS_NO_PLACE: it never wanted to run; FAIRNESS_OUTSIDE: it is no guest */
	bool starving;
	uint64_t starving_since_tsc, longest_tsc, longest_at_tsc;
};

struct fairness_level {
	struct fairness_half *half[2]; /* by place: the last whole one, and the one that fills */
	unsigned filling;             /* which of them that is */
	uint64_t halves;              /* that are whole */
	bool known[2];                /* as the halves: all states were known */
	bool any[2];                  /* as the halves: some guest wanted to run; else what is in the half means nothing */
	uint64_t windows, unknown_windows, jain_windows; /* jain: of those, with two guests or more that wanted to run */
	double jain_sum;
	uint64_t ran_sum;
	uint64_t jain[FAIRNESS_JAIN_STEPS + 1];  /* windows by index, rounded down */
	uint64_t ran[FAIRNESS_RAN_MAX];          /* windows by how many guests ran; the last: or more */
};

struct fairness {
	struct fairness_guest *guests;  /* by index into vcpus.domains, others than guests unused */
	size_t guest_room;
	size_t place_count, place_room; /* of the halves and of the next two */
	struct fairness_half *sums;     /* by place: of a window that is no half of a longer one */
	struct fairness_half *nothing;  /* by place: a half in which no guest wanted to run */
	struct fairness_level *levels;
	uint64_t half_tsc;              /* of the shortest window */
	uint64_t half_end_tsc;
	bool out_of_memory;
};

/* One row of the result; NAN where no window had two guests that wanted to run. */
struct fairness_window {
	double window_ms;
	uint64_t windows, unknown_windows, jain_windows;
	double jain_mean, jain_p5;
	double ran_mean;                /* guests that ran at all */
	unsigned ran_p5, ran_p50, ran_p95;
};

bool fairness_init(struct fairness *fairness, uint64_t from_tsc, uint64_t tsc_hz);
void fairness_free(struct fairness *fairness);

/* False when out of memory. */
bool fairness_stretch(struct fairness *fairness, const struct scene *scene, uint64_t begin_tsc, uint64_t end_tsc);
bool fairness_change(struct fairness *fairness, const struct scene *scene, const struct scene_change *change);
void fairness_finish(struct fairness *fairness, uint64_t end_tsc);

/* The rows for window lengths that fit in the trace at least once; returns how many, at most FAIRNESS_LEVELS. */
size_t fairness_windows(const struct fairness *fairness, uint64_t tsc_hz, struct fairness_window *out);

/* The shortest window's length whose mean index is at least 0.95; a longer one's may be less.  NAN if there is none. */
double fairness_horizon_ms(const struct fairness_window *windows, size_t count);

#endif
