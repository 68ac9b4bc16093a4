/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Short-term fairness: is each short while as fair as the whole?
 *
 * Windows of 1 ms, 2 ms, 4 ms, ... slide by half their length over the trace.  In each, Jain's index of the guests'
 * attained over entitled time, over the guests that were entitled to some (who wanted to run in it); and how many
 * guests ran at all.  Two halves of a window are one half of the next longer one, so memory is a few numbers per
 * guest and length.  Windows in which the state of some vCPU was lost are left out and counted.
 *
 * Halves are collected and judged in batches, a length at a time: so what is alike for many windows is done to several at once, and
 * those in which no guest wanted to run, or one, are passed by quickly.
 */
#ifndef XTRACE_FAIRNESS_H
#define XTRACE_FAIRNESS_H

#include "analyzer/fluid.h"
#include "analyzer/vcpu.h"

struct result;

enum { FAIRNESS_NO_PLACE = -1, FAIRNESS_OUTSIDE = -2, FAIRNESS_LEVELS = 22, FAIRNESS_JAIN_STEPS = 1000, FAIRNESS_RAN_MAX = 256 };

enum {
	FAIRNESS_BATCH = 128,           /* halves of one length that are judged together, while there are few guests */
	FAIRNESS_TILE = 8,              /* windows that are judged at once, and the least that a batch is */
	FAIRNESS_BATCH_HALVES = 1 << 11, /* in a batch of all guests: the more there are, the shorter it is, down to a tile */
	FAIRNESS_LONG_BATCHES = 16,     /* halves that are alike and more than fill so many batches are judged as one */
};

/* What one guest got, and was entitled to. */
struct fairness_half {
	double running_tsc, entitled_tsc;
};

/* The same of the shortest half, while it goes on. */
struct fairness_open {
	double running;                 /* how many of its vCPUs */
	double running_tsc;             /* less what those that run did not up to now: they are counted for the whole half at its end */
	double entitled_tsc;
	uint64_t mark;                  /* of the guest, in the halves' marks */
};

/* What is kept of one domain beside its halves. */
struct fairness_guest {
	int32_t place;                  /* among the halves of each level; FAIRNESS_NO_PLACE: it never wanted to run; FAIRNESS_OUTSIDE: it is no guest */
	uint32_t running, runnable;     /* how many of its vCPUs; of guests */
	bool starving;
	uint64_t starving_since_tsc, longest_tsc, longest_at_tsc;
};

/* Of one length. */
struct fairness_level {
	struct fairness_half *halves; /* a row for each place: first the last one that was judged, then those that wait for it, then zeros */
	size_t stride;                /* of the rows */
	uint64_t *marks;              /* as a row of halves: who wanted to run, and whether all is known */
	size_t waiting;               /* halves */
	uint64_t judged;              /* halves, ever */
	uint64_t windows, unknown_windows, jain_windows; /* jain: of those, with two guests or more that wanted to run */
	double jain_sum;
	uint64_t ran_sum;
	uint64_t jain[FAIRNESS_JAIN_STEPS + 1];  /* windows by index, rounded down */
	uint64_t ran[FAIRNESS_RAN_MAX];          /* windows by how many guests ran; the last: or more */
};

struct fairness {
	const struct vcpus *vcpus;
	const struct fluid *fluid;      /* who wants to run, and at which rate it is entitled to */
	uint64_t from_tsc, to_tsc;      /* the window that counts */
	uint64_t now_tsc;               /* all halves that end up to then are whole */
	uint64_t settled_tsc;           /* up to then, what guests are entitled to is added up in `open' */
	uint8_t *states;                /* by index into vcpus.vcpus: as told last */
	size_t vcpu_room;
	size_t unknown_vcpus;           /* whose state was known once, and is not now */
	struct fairness_guest *guests;  /* by index into vcpus.domains */
	size_t guest_count, guest_room;
	size_t place_count, place_room;
	struct fairness_open *open;     /* by place */
	uint64_t open_marks;            /* of that half */
	size_t batch;                   /* how many halves of one length are judged together */
	struct fairness_level *levels;
	uint64_t half_tsc;              /* of the shortest window */
	uint64_t half_end_tsc;
};

/* One row of the result; NAN where no window had two guests that wanted to run. */
struct fairness_window {
	double window_ms;
	uint64_t windows, unknown_windows, jain_windows;
	double jain_mean, jain_p5;
	double ran_mean;                /* guests that ran at all */
	unsigned ran_p5, ran_p50, ran_p95;
};

/* The window is from_tsc to to_tsc; nothing before counts.  vcpus, fluid: borrowed.  False when out of memory. */
bool fairness_init(struct fairness *fairness, const struct vcpus *vcpus, const struct fluid *fluid, uint64_t from_tsc, uint64_t to_tsc,
		   uint64_t tsc_hz);
void fairness_free(struct fairness *fairness);

/* A vCPU is in this state from now on; called before the fluid hears of it.  False when out of memory. */
bool fairness_change(struct fairness *fairness, size_t vcpu, uint64_t tsc, enum runstate state);

/* Weights, caps or affinities change; called before the fluid hears of it. */
void fairness_settings(struct fairness *fairness, uint64_t tsc);

/* All windows up to this time, before which all changes were told, are judged, so that the levels' sums may be read. */
void fairness_reach(struct fairness *fairness, uint64_t tsc);

/* The window ends. */
void fairness_finish(struct fairness *fairness, uint64_t end_tsc);

/* Once it is finished: the rows for window lengths that fit in the trace at least once; returns how many, at most FAIRNESS_LEVELS. */
size_t fairness_windows(const struct fairness *fairness, uint64_t tsc_hz, struct fairness_window *out);

/* Fills the windows, the horizon and starvation into a result whose domains are there already. */
void fairness_fill(const struct fairness *fairness, struct result *result);

/* The shortest window's length whose mean index is at least 0.95; a longer one's may be less.  NAN if there is none. */
double fairness_horizon_ms(const struct fairness_window *windows, size_t count);

#endif
