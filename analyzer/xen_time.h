/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the hypervisor itself used, by domain and kind, from a patched Xen's XEN_TIME records (patches/events.tsv):
 * u16 vcpu, u16 domain, then one to three slots of kind:8 count:24, cycles.  All slots since a pCPU's last batch add up to
 * the cycles since then, so of each vCPU's running time this says how much was the guest's own and how much was Xen's.
 */
#ifndef XTRACE_XEN_TIME_H
#define XTRACE_XEN_TIME_H

#include "analyzer/vcpu.h"

/* Kinds: these, then 16 + softirq, 32 + trap vector, 64 + hypercall number. */
enum {
	XEN_TIME_GUEST = 0, XEN_TIME_SYSCALL = 1, XEN_TIME_INTERRUPT = 2, XEN_TIME_SCHEDULER = 3,
	XEN_TIME_SOFTIRQ = 16, XEN_TIME_TRAP = 32, XEN_TIME_HYPERCALL = 64, XEN_TIME_KINDS = 256,
};

struct xen_time_row {
	uint64_t tsc[XEN_TIME_KINDS];
	uint64_t count[XEN_TIME_KINDS];  /* how often Xen was entered for it */
};

struct xen_time {
	const struct vcpus *vcpus;       /* borrowed */
	uint64_t from_tsc, to_tsc;       /* records within count */
	struct xen_time_row *rows;       /* by index into vcpus.domains */
	size_t room;
	uint64_t records;
	bool out_of_memory;
};

void xen_time_init(struct xen_time *time, const struct vcpus *vcpus, uint64_t from_tsc, uint64_t to_tsc);
void xen_time_free(struct xen_time *time);

/* A record of kind REC_XEN_TIME. */
void xen_time_note(struct xen_time *time, const struct rec *rec);

/* NULL if the domain has none. */
const struct xen_time_row *xen_time_of(const struct xen_time *time, size_t domain);

/* "hypercall grant_table_op", "trap 13 general protection", "interrupts"; returns out. */
const char *xen_time_kind_name(unsigned kind, char *out, size_t out_size);

/* A hypercall's name, NULL if the number has none (xen/include/public/xen.h, Xen 4.17). */
const char *xen_hypercall_name(unsigned number);

/* A trap vector's name, NULL if it has none. */
const char *xen_trap_name(unsigned vector);

#endif
