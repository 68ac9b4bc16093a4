/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the vCPUs of a trace wanted, apart from what the scheduler made of it: each ran for so long in all until it
 * blocked, was away for so long or until another woke it, and so on.  Waiting for a pCPU is not part of it, nor is being
 * parked by a cap: that is the scheduler's doing, and the replay's.
 *
 * What woke a vCPU: the record of its wakeup is written by the pCPU on which it was woken, so it was woken by whom ran there
 * (an event, an interrupt between CPUs) or by an interrupt or timer that hit that pCPU by chance.  A patched hypervisor's records
 * tell which of the two, a stock one's do not, but numbers do: a domain whose running time has several times more of a vCPU's
 * wakeups than that of those who cannot have to do with it is taken for their cause, others are not.
 */
#ifndef XTRACE_DEMAND_H
#define XTRACE_DEMAND_H

#include "analyzer/hostinfo.h"
#include "analyzer/vcpu.h"

enum demand_end { DEMAND_BLOCKS, DEMAND_PAUSES, DEMAND_YIELDS, DEMAND_ENDLESS };

enum { DEMAND_NOBODY = -1 };

#define DEMAND_FOR_GOOD UINT64_MAX

struct demand_step {
	uint64_t run_tsc;         /* of a pCPU, and then */
	uint64_t away_tsc;        /* blocked or paused for so long; FOR_GOOD: until the trace's end */
	int32_t waker;            /* row of the vCPU that wakes it instead, or DEMAND_NOBODY */
	enum demand_end end;
};

/* A vCPU wakes another. */
struct demand_signal {
	uint64_t progress_tsc;    /* when the one that wakes has run for so long in all */
	uint32_t row, step;       /* whom, and from which of its steps */
};

/* By domain: how often a vCPU was woken while that domain ran where it was woken, and how long that domain ran while it was blocked. */
struct demand_cell {
	uint64_t wakes;
	uint64_t exposed_tsc;
};

struct demand_row {
	uint32_t domain_id, id;
	enum runstate first_state; /* at the window's begin; its first step begins in it */
	uint32_t first_pcpu;
	struct demand_step *steps;
	size_t step_count, step_room;
	uint64_t tail_tsc;         /* after its last step nothing came for so long, until the trace's end */
	struct demand_signal *signals; /* by progress */
	size_t signal_count, signal_room;
	/* while the trace is read: */
	enum runstate state;       /* UNKNOWN: nothing known yet */
	uint64_t since_tsc, run_tsc, away_since_tsc, progress_tsc, longest_tsc;
	enum demand_end away_by;
	bool begun, away, yielded; /* begun: within the window */
	struct demand_cell *cells; /* by index into vcpus.domains */
	size_t cell_room;
};

/* How long Xen took from tickling a pCPU to deciding what it runs, in the order in which it was seen. */
struct demand_delays {
	uint64_t *delays_tsc;
	size_t count, room;
};

/* By whether the tickled pCPU was idle, and whether it was the one that tickles. */
enum { DELAY_IDLE = 1, DELAY_HERE = 2, DELAY_KINDS = 4 };

struct demand_domain {
	uint32_t running;          /* of its vCPUs */
	uint64_t since_tsc, ran_tsc;
};

struct demand_vcpu {
	int32_t row;               /* -1: none */
	int32_t held_pcpu;         /* where it runs; -1: it does not */
};

struct demand {
	struct demand_row *rows;
	size_t row_count, row_room;
	struct demand_delays delays[DELAY_KINDS];
	uint64_t length_tsc;
	size_t wakes, coupled_wakes; /* seen in all, and of them with a cause */
	/* while the trace is read: */
	const struct vcpus *vcpus;
	const struct hostinfo *host;
	uint64_t from_tsc, to_tsc, tsc_hz;
	uint32_t record_pcpu;      /* of the record at hand */
	struct demand_vcpu *vcpu;  /* by index into vcpus.vcpus */
	size_t vcpu_room;
	struct demand_domain *domains; /* by index into vcpus.domains */
	size_t domain_room;
	int32_t *holder;           /* PCPU_MAX entries: who runs there, by index into vcpus.vcpus, or -1 */
	uint64_t *tickled_tsc;     /* PCPU_MAX entries: 0: not tickled */
	uint8_t *tickled_kind;     /* PCPU_MAX entries: of delay */
	int32_t *sent_to;          /* PCPU_MAX entries: whom an event was sent there last by whom ran there, by index into vcpus.vcpus, or -1 */
	bool sends_told;           /* there are such records */
	bool out_of_memory;
};

/* From now on the trace of these vCPUs is read.  False when out of memory. */
bool demand_begin(struct demand *demand, const struct vcpus *vcpus, const struct hostinfo *host, uint64_t from_tsc, uint64_t to_tsc,
		  uint64_t tsc_hz);
void demand_free(struct demand *demand);

/* Before the vCPUs take a record, and before others take a note. */
void demand_record(struct demand *demand, const struct rec *rec);

/* A vCPU changed its state; as struct vcpus tells it. */
void demand_change(struct demand *demand, size_t vcpu, uint64_t tsc, enum runstate state);

/* The window ends.  False when out of memory, then or before. */
bool demand_finish(struct demand *demand, uint64_t end_tsc);

#endif
