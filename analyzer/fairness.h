/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Short-term fairness: is each short while as fair as the whole?
 *
 * Windows of 1 ms, 2 ms, 4 ms, ... slide by half their length over the trace.  In each, Jain's index of the guests'
 * attained over entitled time, over the guests that were entitled to some (who wanted to run in it); and how many
 * guests ran at all (windows.h).  Windows in which the state of some vCPU was lost are left out and counted.
 */
#ifndef XTRACE_FAIRNESS_H
#define XTRACE_FAIRNESS_H

#include "analyzer/fluid.h"
#include "analyzer/vcpu.h"
#include "analyzer/windows.h"

struct result;

/* What one guest got, and was entitled to, in a half of the shortest window while that goes on. */
struct fairness_open {
	struct windows_half got;        /* less what those that run did not up to now: they are counted for the whole half at its end */
	double running;                 /* how many of its vCPUs */
	uint64_t mark;                  /* of its place */
};

struct fairness_vcpu {
	uint32_t domain;                /* index into vcpus.domains */
	uint8_t state;                  /* as told last */
	bool is_idle;
	bool is_guests;
};

/* What is kept of one domain beside its halves. */
struct fairness_guest {
	uint32_t running, runnable;     /* how many of its vCPUs; of guests */
	bool starving;
	uint64_t starving_since_tsc, longest_tsc, longest_at_tsc;
};

struct fairness {
	const struct vcpus *vcpus;
	const struct fluid *fluid;      /* who wants to run, and at which rate it is entitled to */
	uint64_t from_tsc, to_tsc;      /* the window that counts */
	uint64_t now_tsc;               /* all halves that end up to then are whole */
	uint64_t settled_tsc;           /* up to then, what guests are entitled to is added up in `open' */
	struct fairness_vcpu *rows;     /* by index into vcpus.vcpus */
	size_t vcpu_count, row_room;
	size_t unknown_vcpus;           /* whose state was known once, and is not now */
	struct fairness_guest *guests;  /* by index into vcpus.domains */
	size_t guest_count, guest_room;
	uint32_t *open_of;              /* by index into vcpus.domains: which of `open' is its */
	size_t open_of_room;
	struct fairness_open *open;     /* the first one is nobody's: of those that are no guests, or never wanted to run; then by place in the windows */
	size_t open_room;
	uint64_t open_marks;            /* of that half */
	struct windows windows;
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

/* All windows up to this time, before which all changes were told, are judged, so that their sums may be read. */
void fairness_reach(struct fairness *fairness, uint64_t tsc);

/* The window ends. */
void fairness_finish(struct fairness *fairness, uint64_t end_tsc);

/* Once it is finished: the rows for window lengths that fit in the trace at least once; returns how many, at most WINDOWS_LEVELS. */
size_t fairness_windows(const struct fairness *fairness, uint64_t tsc_hz, struct fairness_window *out);

/* Fills the windows, the horizon and starvation into a result whose domains are there already. */
void fairness_fill(const struct fairness *fairness, struct result *result);

/* The shortest window's length whose mean index is at least 0.95; a longer one's may be less.  NAN if there is none. */
double fairness_horizon_ms(const struct fairness_window *windows, size_t count);

#endif
