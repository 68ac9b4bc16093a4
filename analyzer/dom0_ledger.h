/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where Dom0's CPU time went, by its own kernel's events on Xen's clock.
 *
 * At any moment a Dom0 CPU is in one activity: the interrupt handler that runs, else the softirq, else the thread.  Each
 * activity has a name, and the name says for whom it works (dom0_role.h).  While Xen's records say that the vCPU of that
 * CPU runs, every cycle is charged to its activity; what was run before the first event, or after missed ones, to none.
 *
 * Two things are settled later than they are spent:
 *  - a poll of the softirq NET_RX says which device it was for when it ends;
 *  - what was done for several guests (shared I/O) is shared out by the bytes that went to and came from each guest
 *    within the same DOM0_SHARE_MS; it stays a row of its own all the same.
 *
 * Names say a domain's id.  Of an id that is used again they say the domain that has it at that time.
 */
#ifndef XTRACE_DOM0_LEDGER_H
#define XTRACE_DOM0_LEDGER_H

#include "analyzer/dom0_kernel.h"
#include "analyzer/dom0_role.h"
#include "analyzer/series.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	DOM0_SHARE_MS = 100,
	DOM0_ENTRIES_MAX = 4096,     /* names; what comes after that many goes to one entry, DOM0_ENTRY_MORE */
	DOM0_ENTRY_UNATTRIBUTED = 0,
	DOM0_ENTRY_MORE = 1,
	DOM0_UNSHARED = 0,
	DOM0_SHARED_GUESTS = 1,
};

enum dom0_part { DOM0_THREAD, DOM0_INTERRUPT, DOM0_SOFTIRQ, DOM0_PARTS };

extern const char *const dom0_part_name[DOM0_PARTS];

struct dom0_entry {
	char name[DOM0_NAME_BYTES];  /* hostile */
	enum dom0_part part;
	struct dom0_role role;
	uint32_t generation;         /* of a guest: which domain of its id */
	uint64_t tsc;
};

struct dom0_guest {
	uint32_t domain_id, generation;
	uint64_t shared_tsc;                 /* its part of the shared I/O */
	uint64_t to_bytes, from_bytes;       /* that Dom0 handed to it and took from it, */
	uint64_t to_packets, from_packets;   /* in so many packets */
	uint64_t window_bytes;
};

struct dom0_cpu {
	bool running;
	uint64_t since_tsc;                  /* charged up to here */
	uint16_t thread;                     /* entry; DOM0_ENTRY_UNATTRIBUTED: not known */
	uint16_t interrupt, softirq;         /* entries; DOM0_ENTRY_UNATTRIBUTED: none */
	bool polls;                          /* the softirq is NET_RX */
	uint64_t poll_tsc;                   /* spent since its entry or its last poll's end */
};

struct dom0_ledger {
	const struct dom0_kernel_info *info; /* borrowed */
	uint64_t from_tsc, to_tsc;           /* the window that counts */
	uint64_t share_tsc;                  /* DOM0_SHARE_MS */
	struct dom0_cpu *cpus;               /* DOM0_CPU_MAX */
	struct dom0_entry *entries;          /* DOM0_ENTRIES_MAX */
	size_t entry_count;
	uint16_t *slots;                     /* hash of names to entries */
	uint32_t *generation;                /* by domain id, less than DOMID_IDLE: which domain has it now */
	struct dom0_guest *guests;
	size_t guest_count, guest_room;
	uint64_t window_end_tsc, window_shared_tsc;
	uint64_t unshared_tsc;               /* of the shared I/O: no guest's bytes were near */
	struct series by_entry;              /* rows as entries */
	struct series shared;                /* row DOM0_UNSHARED, row DOM0_SHARED_GUESTS + guest */
	bool out_of_memory;
};

/* tsc_hz: cycles per second.  False when out of memory. */
bool dom0_ledger_init(struct dom0_ledger *ledger, const struct dom0_kernel_info *info, uint64_t from_tsc, uint64_t to_tsc, uint64_t tsc_hz);
void dom0_ledger_free(struct dom0_ledger *ledger);

/* Dom0's vCPU of this number begins or stops to run.  Calls to this and to dom0_ledger_event() come in the order of
 * time. */
void dom0_ledger_run(struct dom0_ledger *ledger, uint32_t cpu, uint64_t tsc, bool running);

void dom0_ledger_event(struct dom0_ledger *ledger, const struct dom0_event *event);

/* From now on a domain id is this domain's. */
void dom0_ledger_domain(struct dom0_ledger *ledger, uint32_t domain_id, uint32_t generation);

/* The window ends. */
void dom0_ledger_finish(struct dom0_ledger *ledger, uint64_t end_tsc);

/* A row's sum; of DOM0_GUEST that of one guest and one part. */
uint64_t dom0_ledger_row_tsc(const struct dom0_ledger *ledger, enum dom0_row row);
uint64_t dom0_ledger_guest_tsc(const struct dom0_ledger *ledger, uint32_t domain_id, uint32_t generation, enum dom0_part part);

#endif
