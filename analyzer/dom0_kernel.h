/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What Dom0's own kernel did, as typed events in time order, on the clock of Xen's records (the TSC).
 *
 * The pages of its trace buffers are in the container as the kernel wrote them (tracer/trc_format.h), with the
 * formats of its events; a plain xentrace file has none.  Every Dom0 CPU is a stream of its own, the streams are
 * merged here.  Memory depends on the number of Dom0's CPUs, not on the trace's length.
 *
 *     struct dom0_kernel *kernel = dom0_kernel_open(&file, &trust);      NULL: out of memory
 *     while ((event = dom0_kernel_head(kernel))) {
 *             if (event->tsc >= the next Xen record's) break;            or any other order of pulling
 *             …
 *             dom0_kernel_advance(kernel);
 *     }
 *
 * Nothing of an event is trusted: CPU numbers are bounded, text is terminated and hostile.
 */
#ifndef XTRACE_DOM0_KERNEL_H
#define XTRACE_DOM0_KERNEL_H

#include "analyzer/tracefile.h"
#include "analyzer/trust.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	DOM0_CPU_MAX = 512,        /* a block of a greater CPU is damage */
	DOM0_COMM_BYTES = 16,      /* the kernel's TASK_COMM_LEN: "vif10.0-q0-gues" has lost its end */
	DOM0_NAME_BYTES = 32,      /* of an interrupt's or a device's name; cut off if longer */
	DOM0_SOFTIRQS_MAX = 32,
	DOM0_TRACER_TIDS_MAX = 16,
};

enum dom0_event_kind {
	DOM0_SWITCH,               /* sched_switch: prev stops, next starts on this CPU */
	DOM0_WAKING,               /* sched_waking: the running task, or the interrupt in it, wakes a task */
	DOM0_IRQ_ENTRY,            /* irq_handler_entry: one handler of one interrupt begins … */
	DOM0_IRQ_EXIT,             /* … and ends */
	DOM0_SOFTIRQ_ENTRY,        /* softirq_entry: one vector's work begins … */
	DOM0_SOFTIRQ_EXIT,         /* … and ends; interrupts may lie within */
	DOM0_NAPI_POLL,            /* napi_poll: a poll of a device has just ended; `work` packets */
	DOM0_PACKET_IN,            /* netif_receive_skb: a packet came up from a device: from the guest, if a vif */
	DOM0_PACKET_OUT,           /* net_dev_xmit: a packet was given to a device: towards the guest, if a vif */
	DOM0_MISSED,               /* from tsc (0: the trace's begin) to missed.until_tsc some events of this CPU are not there */
	DOM0_EVENT_KINDS,
};

struct dom0_task {
	int32_t tid;               /* the kernel's pid of a thread; 0: idle */
	char comm[DOM0_COMM_BYTES];
};

struct dom0_event {
	uint64_t tsc;              /* never less than that of the event before, on any CPU */
	uint32_t cpu;              /* Dom0's CPU, which is Dom0's vCPU of this number; less than DOM0_CPU_MAX */
	enum dom0_event_kind kind;
	int32_t tid;               /* of the task that ran here, interrupted or not; -1 for DOM0_MISSED */
	bool in_hardirq, in_softirq; /* happened in an interrupt handler, in a softirq */
	union {
		struct {
			struct dom0_task prev, next;
			bool prev_runnable;  /* preempted or yielded: it would go on; else it sleeps or is dead */
		} switched;
		struct {
			struct dom0_task task;
			uint32_t target_cpu;         /* not bounded */
		} waking;
		struct {
			uint32_t irq;
			char name[DOM0_NAME_BYTES]; /* "vif2.0-q0-tx", "timer0"; of an exit whose entry was missed "" */
		} irq;
		struct {
			uint32_t vector;             /* not bounded; see dom0_kernel_info.softirqs */
		} softirq;
		struct {
			char device[DOM0_NAME_BYTES]; /* "eth0", "vif2.0" */
			uint32_t work, budget;
		} napi;
		struct {
			char device[DOM0_NAME_BYTES];
			uint32_t bytes;
		} packet;
		struct {
			uint64_t until_tsc;  /* where events go on; UINT64_MAX: they do not */
			uint64_t events;     /* how many; 0: not told */
		} missed;
	};
};

/* What the capture said about the kernel. */
struct dom0_kernel_info {
	bool captured;             /* false: no events in this file, and all else is empty */
	char missing[96];          /* why not, where the file says; hostile */
	char release[64];          /* "6.1.0-50-amd64"; hostile */
	char clock[16];            /* "x86-tsc"; with another there are no events: they could not be laid over Xen's */
	char softirqs[DOM0_SOFTIRQS_MAX][DOM0_COMM_BYTES]; /* names by vector, "NET_RX"; "" if there is none */
	int32_t tracer_tids[DOM0_TRACER_TIDS_MAX]; /* threads of the tracer itself */
	size_t tracer_tid_count;
	size_t cpus;               /* with at least one page */
};

/* Counts of what came out so far; complete when dom0_kernel_head() has given NULL. */
struct dom0_kernel_tally {
	uint64_t events;           /* typed ones, without DOM0_MISSED */
	uint64_t unknown_events;   /* of an id without a format, or of a kind that nobody here knows; skipped */
	uint64_t missed_events;    /* that the kernel says it dropped */
	uint64_t missed_places;    /* DOM0_MISSED events */
	uint64_t dropped_pages;    /* that the tracer says it dropped, or could not read: at least so many; a DOM0_MISSED marks each place */
	uint64_t dropped_bytes;
	uint64_t damaged_pages;    /* not whole, or with impossible events: their rest is skipped, a DOM0_MISSED marks it */
	uint64_t damaged_events;   /* too short for their fields; skipped */
	uint64_t backward_events;  /* older than the one before them on the same CPU; set to its time */
};

struct dom0_kernel;

/* Reads the formats and the first events.  Damage is counted in trust (borrowed, like the file) and a stream
 * without usable formats is an empty one.  NULL only when out of memory. */
struct dom0_kernel *dom0_kernel_open(const struct tracefile *file, struct trust *trust);
void dom0_kernel_free(struct dom0_kernel *kernel);

/* The earliest event, or NULL at the end.  It stays until dom0_kernel_advance(). */
const struct dom0_event *dom0_kernel_head(const struct dom0_kernel *kernel);

/* Takes the earliest event away. */
void dom0_kernel_advance(struct dom0_kernel *kernel);

const struct dom0_kernel_info *dom0_kernel_info(const struct dom0_kernel *kernel);
const struct dom0_kernel_tally *dom0_kernel_tally(const struct dom0_kernel *kernel);

#endif
