/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The questions that are asked of a trace.  Each is a module that is handed every vCPU's intervals,
 * clipped to the window asked for, as they close, and keeps what it needs by vCPU or pCPU: nothing
 * grows with the trace.  To add one: a state and its functions here, a row in analysis.c.
 */
#ifndef XTRACE_METRICS_H
#define XTRACE_METRICS_H

#include "analyzer/histogram.h"
#include "analyzer/vcpu.h"

/* ---- account: how long each vCPU was in each state, and what each pCPU did ---- */

/* A stretch of one state. */
struct stretch {
	enum runstate state;
	uint64_t length_tsc;
};

struct vcpu_account {
	uint64_t state_tsc[RUNSTATES];
	uint64_t wakeups;          /* blocked or offline to runnable */
	uint64_t preemptions;      /* running to runnable: preempted, or yielded */
	uint64_t migrations;       /* began to run on another pCPU than it ran on last */
	uint64_t dispatches;       /* began to run */
	int32_t last_pcpu;         /* ran there last, -1: not yet */
	uint64_t before_dispatch_tsc[RUNSTATES]; /* of state_tsc: before it was first seen to begin to run */
	uint64_t uncounted_tsc;    /* of its running time: before the first or after the last of Xen's counters */
	struct stretch after_last; /* after its last record */
};

struct pcpu_account {
	bool seen;
	uint64_t busy_tsc;         /* vCPUs of domains ran */
	uint64_t idle_tsc;         /* its idle vCPU ran */
};

struct account {
	struct vcpu_account *vcpus;
	size_t vcpu_room;
	struct pcpu_account *pcpus; /* PCPU_MAX entries */
	uint64_t counted_from_tsc, counted_to_tsc; /* the first and last of Xen's counters are of then */
};

bool account_init(struct account *account, uint64_t counted_from_tsc, uint64_t counted_to_tsc);
void account_free(struct account *account);
bool account_interval(struct account *account, const struct vcpus *vcpus, const struct interval *interval);

/* ---- latency: how long a vCPU waited before it ran, after a wakeup and after a preemption ---- */

enum wait_kind { WAIT_WAKE, WAIT_PREEMPTED, WAIT_KINDS };

struct latency {
	struct histogram *(*vcpus)[WAIT_KINDS]; /* NULL entries: no such wait; past vcpu_room: none either */
	size_t vcpu_room;
};

void latency_free(struct latency *latency);
bool latency_interval(struct latency *latency, const struct interval *interval);

/* NULL if the vCPU never waited so. */
const struct histogram *latency_of(const struct latency *latency, size_t vcpu, enum wait_kind kind);

#endif
