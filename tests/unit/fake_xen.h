/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Xen in memory: the other implementation of tracer/xen_host.h.  It keeps to what xen/common/trace.c does: records go
 * to a pCPU's ring if tracing is on and both masks let them through; what finds no room is lost and told by a
 * LOST_RECORDS record before the next that fits; no record straddles the data's end; a buffer that becomes half full
 * makes a signal; sizing the buffers switches tracing on.
 *
 * All of it lies in memory that fork() shares, so that a killed process leaves it as it was.
 *
 * Time passes here by what happens, never by itself: each runstate change takes FAKE_CHANGE_NS, and fake_pass() is the
 * only other way.  The TSC and the clocks of tracer/clock.h are this one time, so what a capture makes of its duration,
 * and what share of it a loss is, does not hang on how fast the machine is.
 */
#ifndef XTRACE_FAKE_XEN_H
#define XTRACE_FAKE_XEN_H

#include "tracer/options.h"
#include "tracer/xen_host.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { FAKE_PCPUS = 2, FAKE_PAGES_MAX = 1024, FAKE_LOG_BYTES = 24 << 20, FAKE_CHANGE_NS = 10000 };

enum fake_call {
	CALL_DESCRIBE, CALL_INFO, CALL_SET_PAGES, CALL_SET_EVENTS, CALL_SET_PCPUS, CALL_ENABLE, CALL_DISABLE, CALL_MAP,
	CALL_BIND, CALL_REARM, CALL_DOMAINS, CALL_VCPU, CALL_WEIGHT, CALL_POOL, FAKE_CALLS,
};

struct fake_ring {
	uint32_t cons, prod;
	uint32_t lost;                  /* not told yet */
	uint64_t lost_first_tsc;
	uint32_t running;               /* domain << 16 | vCPU */
	/* Of the last session: */
	uint64_t offered;               /* records that Xen was to write */
	uint64_t records;               /* that it wrote; without wrap padding */
	uint64_t losses, lost_told;     /* LOST_RECORDS records, and what they count */
	uint64_t log_bytes;
	uint8_t bytes[FAKE_PAGES_MAX * 4096 - 8];
	uint8_t log[FAKE_LOG_BYTES];    /* every byte written */
};

/* What a capture must leave as it was. */
struct fake_tracing {
	uint32_t event_mask;
	bool enabled, all_pcpus;
	uint8_t pcpu_map[PCPU_MAP_BYTES];
};

struct xen_host {
	pthread_mutex_t lock;
	uint64_t now_ns;
	struct fake_tracing tracing;
	uint32_t pages;                 /* 0: no buffers yet */
	uint32_t pages_max;             /* more are ENOMEM */
	uint32_t nr_pcpus;
	bool other_tracer;              /* has the signal */
	bool hold, held;                /* see fake_hold() */
	int virq_fd;                    /* an eventfd, opened by xen_virq_bind() */
	const char *domain_name;        /* of domain 1 */
	enum fake_call fail_call;       /* this one fails … */
	unsigned fail_at;               /* … the so many-th time from now; 0: never */
	int fail_errno;
	unsigned calls[FAKE_CALLS];
	uint32_t session_mask;          /* the event mask of the capture under test */
	unsigned sessions;              /* how often tracing was switched on with it */
	struct ring rings[FAKE_PCPUS];
	struct fake_ring ring[FAKE_PCPUS];
};

/* One at a time: xen_host_tsc() and the clocks are of the last one made. */
struct xen_host *fake_xen_new(void);
void fake_xen_free(struct xen_host *host);

/* To be called by a process before it uses a fake that another process used and was killed. */
void fake_xen_reopen(struct xen_host *host);

/* Five runstate changes a round: domain 1's vCPU of the pCPU's number and the idle vCPU take turns.  All states follow
 * from each other. */
void fake_runstates(struct xen_host *host, uint32_t pcpu, unsigned rounds);

void fake_pass(struct xen_host *host, uint64_t ns);

/* As somebody else does it. */
void fake_set_events(struct xen_host *host, uint32_t mask);

/* Signals, as a buffer that becomes half full does. */
void fake_signal(struct xen_host *host);

/* How often a call was made since fake_xen_reopen(). */
unsigned fake_calls(struct xen_host *host, enum fake_call call);

/* Signals, and keeps who takes the signal waiting until fake_go_on(). */
void fake_hold(struct xen_host *host);
void fake_go_on(struct xen_host *host);

/* How much of a pCPU's buffer waits to be read. */
uint32_t fake_unread(struct xen_host *host, uint32_t pcpu);

unsigned fake_sessions(struct xen_host *host);

/* Of both pCPUs. */
uint64_t fake_offered(struct xen_host *host);
uint64_t fake_records(struct xen_host *host);
uint64_t fake_losses(struct xen_host *host);
uint64_t fake_lost(struct xen_host *host);

const char *fake_call_name(enum fake_call call);

#endif
