/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs demands (demand.h) through a model of a scheduler, event by event, and writes the records that Xen would have
 * written, so that what measures a trace measures a replay.
 *
 * The engine knows what the vCPUs want: it runs their steps, blocks and wakes them.  A model (replay_credit.c,
 * replay_credit2.c) knows who runs next where.  Times are cycles of the trace's TSC from the window's begin on.
 */
#ifndef XTRACE_REPLAY_H
#define XTRACE_REPLAY_H

#include "analyzer/agenda.h"
#include "analyzer/demand.h"

enum { REPLAY_PCPUS_MAX = 64, REPLAY_IDLE = -1, REPLAY_TASK_NONE = -1 };

struct replay_domain {
	uint32_t id, weight, cap_percent; /* cap 0: none */
};

/* At some time a domain's weight and cap, or a vCPU's affinity, become others. */
struct replay_change {
	uint64_t at_tsc;
	size_t domain;
	int32_t task;              /* REPLAY_TASK_NONE: the domain's weight and cap */
	uint32_t weight, cap_percent;
	uint64_t allowed;
};

struct replay_settings {
	unsigned tslice_ms, ratelimit_us;
	bool boost;                /* credit: who wakes UNDER is boosted */
	bool tick_debit;           /* credit: as before 2009 */
};

struct replay_model;

/* What is replayed, and on what.  Tasks are the demand's rows. */
struct replay_plan {
	const struct demand *demand;
	const struct replay_model *model;
	struct replay_settings settings;
	bool whole;                /* for the demand's length, even where some vCPU's work is used up */
	double phase;              /* 0 to 1: what the trace does not tell of clocks and delays begins so far on */
	uint64_t tsc_hz;
	uint64_t pcpus;            /* bit p: there is a pCPU p */
	unsigned threads_per_core, cores_per_socket; /* at least 1 */
	struct replay_domain *domains;
	size_t domain_count;
	size_t *domain_of;         /* by task */
	uint64_t *allowed;         /* by task: bit p: may run on pCPU p; some of those that there are */
	struct replay_change *changes; /* by time */
	size_t change_count;
};

struct replay_task {
	const struct demand_row *demand;
	size_t domain;
	uint64_t allowed;
	enum runstate state;
	uint64_t since_tsc;        /* in this state */
	uint32_t pcpu;             /* where it runs or waits, or ran last */
	bool away;                 /* blocked or paused */
	bool parked;               /* by its cap */
	bool migrating;            /* it leaves its pCPU, for another one to be picked */
	bool told;                 /* some record named it */
	size_t step, signal;       /* at hand */
	uint64_t left_tsc;         /* of this step's running time */
	uint64_t progress_tsc;     /* ran so long in all */
	uint8_t *signalled;        /* by step: whom it waits for was there already */
};

struct replay_choice {
	int32_t task;              /* REPLAY_IDLE: none */
	uint64_t slice_tsc;        /* for so long at most */
};

struct replay_pcpu {
	int32_t task;              /* that runs, or REPLAY_IDLE */
	uint64_t paid_tsc;         /* its progress is counted up to here */
};

/* How a replay ended. */
struct replay_end {
	uint64_t end_tsc;
	int32_t done;                 /* the task that did all that is known of it, and ended it early; REPLAY_TASK_NONE: none */
};

struct replay {
	const struct replay_plan *plan;
	struct replay_task *tasks;
	size_t task_count;
	struct replay_domain *domains; /* as they are now */
	struct replay_pcpu pcpus[REPLAY_PCPUS_MAX];
	struct agenda agenda;
	uint64_t now_tsc, stamp_tsc;
	uint32_t here;             /* the pCPU on which it happens */
	struct replay_end end;
	size_t changes_passed;
	size_t delays_used[DELAY_KINDS];
	void *model;               /* the model's own */
	void (*emit)(void *arg, uint32_t pcpu, uint32_t event, uint64_t tsc, uint32_t domain_id, uint32_t vcpu_id);
	void *emit_arg;
};

/* A scheduler.  Who waits is in the model's queues; who runs is in none. */
struct replay_model {
	const char *name;          /* as Xen's */
	bool (*init)(struct replay *replay);
	void (*free)(struct replay *replay);
	/* A runnable task comes to its pCPU's queue; woken: because it woke, not because it was there or is moved or unparked. */
	void (*wake)(struct replay *replay, size_t task, bool woken);
	/* A task that waits does not want to any more. */
	void (*leave)(struct replay *replay, size_t task);
	/* Who runs next on this pCPU.  Its task, if it has one, has run up to now, and goes on if it is runnable. */
	struct replay_choice (*schedule)(struct replay *replay, uint32_t pcpu, bool runnable, bool yields);
	/* A task gave its pCPU to another, and can be queued from now on.  NULL: schedule() did that. */
	void (*saved)(struct replay *replay, size_t task);
	/* A task that migrates is between two pCPUs: sets its pcpu. */
	void (*pick)(struct replay *replay, size_t task);
	/* The model's own clocks. */
	void (*tick)(struct replay *replay, uint32_t pcpu);
	void (*account)(struct replay *replay);
	void (*settings)(struct replay *replay, size_t domain);
};

extern const struct replay_model replay_credit, replay_credit2;

/* True if the task could go on running. */
static inline bool replay_runnable(const struct replay_task *task)
{
	return !task->away && !task->parked && !task->migrating;
}

static inline uint64_t replay_ms(const struct replay *replay, unsigned ms)
{
	return replay->plan->tsc_hz * ms / 1000;
}

static inline uint64_t replay_us(const struct replay *replay, unsigned us)
{
	return replay->plan->tsc_hz * us / 1000000;
}

static inline unsigned replay_count(uint64_t set)
{
	return (unsigned)__builtin_popcountll(set);
}

/* The pCPUs of the group of this size that has this one: a core's threads, or a socket's. */
static inline uint64_t replay_group(uint32_t pcpu, unsigned size)
{
	uint64_t all = size < 64 ? (UINT64_C(1) << size) - 1 : UINT64_MAX;

	return all << pcpu / size * size;
}

/* The next pCPU of a set after this one, around the end; REPLAY_PCPUS_MAX: it is empty.  As Xen's cpumask_cycle(). */
static inline uint32_t replay_cycle(uint32_t pcpu, uint64_t set)
{
	uint64_t after = pcpu < 63 ? set >> (pcpu + 1) << (pcpu + 1) : 0;

	return set == 0 ? REPLAY_PCPUS_MAX : (uint32_t)__builtin_ctzll(after ? after : set);
}

/* ---- what a model asks of the engine ---- */

/* This pCPU shall decide anew; it gets to it after a delay that was seen in the trace. */
void replay_tickle(struct replay *replay, uint32_t pcpu);

/* The model's own clocks. */
void replay_tick_at(struct replay *replay, uint32_t pcpu, uint64_t tsc);
void replay_account_at(struct replay *replay, uint64_t tsc);

/* The cap of a task's domain is used up, or there is some of it again; as Xen pauses a vCPU and wakes it. */
void replay_park(struct replay *replay, size_t task);
void replay_unpark(struct replay *replay, size_t task);

/* ---- the engine ---- */

/* How much of the demand could be met. */
struct replay_progress {
	uint64_t done_tsc, asked_tsc; /* running time; of demands that end */
};

/* Runs the plan for the demand's length, or (unless it shall be whole) up to where the trace does not tell any more what some vCPU wants, because in the
 * replay it was done earlier with all that the trace knows of it.  emit() is called in the order of time, which is
 * never the same twice.  progress has room for each task.  False when out of memory. */
bool replay_run(const struct replay_plan *plan, void (*emit)(void *, uint32_t, uint32_t, uint64_t, uint32_t, uint32_t), void *emit_arg,
		struct replay_progress *progress, struct replay_end *end);

#endif
