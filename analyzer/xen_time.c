/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/xen_time.h"

#include "analyzer/room.h"

#include <stdio.h>
#include <stdlib.h>

/* xen/include/public/xen.h, Xen 4.17. */
static const char *const hypercalls[] = {
	"set_trap_table", "mmu_update", "set_gdt", "stack_switch", "set_callbacks", "fpu_taskswitch", "sched_op_compat",
	"platform_op", "set_debugreg", "get_debugreg", "update_descriptor", NULL, "memory_op", "multicall",
	"update_va_mapping", "set_timer_op", "event_channel_op_compat", "xen_version", "console_io", "physdev_op_compat",
	"grant_table_op", "vm_assist", "update_va_mapping_otherdomain", "iret", "vcpu_op", "set_segment_base", "mmuext_op",
	"xsm_op", "nmi_op", "sched_op", "callback_op", "xenoprof_op", "event_channel_op", "physdev_op", "hvm_op", "sysctl",
	"domctl", "kexec_op", "tmem_op", "argo_op", "xenpmu_op", "dm_op", "hypfs_op",
};

/* xen/include/xen/softirq.h, xen/arch/x86/include/asm/softirq.h, Xen 4.17. */
static const char *const softirqs[] = {
	"timer", "RCU", "scheduler slave", "scheduler", "new TLB flush clock", "tasklet", "NMI", "time calibration", "vCPU kick",
	"machine check", "PCI passthrough",
};

static const char *const traps[] = {
	"divide error", "debug", "NMI", "breakpoint", "overflow", "bounds", "invalid opcode", "device not available", "double fault",
	"coprocessor", "invalid TSS", "no segment", "stack fault", "general protection", "page fault", "spurious", "FPU error",
	"alignment check", "machine check", "SIMD error",
};

/* Names by kind: the first row whose first kind is not greater. */
static const struct {
	unsigned first;
	const char *prefix;
	const char *const *names;
	size_t count;
} ranges[] = {
	{ XEN_TIME_HYPERCALL, "hypercall", hypercalls, sizeof(hypercalls) / sizeof(hypercalls[0]) },
	{ XEN_TIME_TRAP, "trap", traps, sizeof(traps) / sizeof(traps[0]) },
	{ XEN_TIME_SOFTIRQ, "softirq", softirqs, sizeof(softirqs) / sizeof(softirqs[0]) },
};

const char *xen_hypercall_name(unsigned number)
{
	return number < sizeof(hypercalls) / sizeof(hypercalls[0]) ? hypercalls[number] : NULL;
}

const char *xen_trap_name(unsigned vector)
{
	return vector < sizeof(traps) / sizeof(traps[0]) ? traps[vector] : NULL;
}

const char *xen_time_kind_name(unsigned kind, char *out, size_t out_size)
{
	static const char *const singles[] = { "the guest itself", "system call on its way", "interrupts", "scheduler" };

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		unsigned number = kind - ranges[i].first;
		if (kind < ranges[i].first)
			continue;
		if (number < ranges[i].count && ranges[i].names[number])
			snprintf(out, out_size, "%s %s", ranges[i].prefix, ranges[i].names[number]);
		else
			snprintf(out, out_size, "%s %u", ranges[i].prefix, number);
		return out;
	}
	if (kind < sizeof(singles) / sizeof(singles[0]))
		snprintf(out, out_size, "%s", singles[kind]);
	else
		snprintf(out, out_size, "kind %u", kind);
	return out;
}

void xen_time_init(struct xen_time *time, const struct vcpus *vcpus, uint64_t from_tsc, uint64_t to_tsc)
{
	*time = (struct xen_time){ .vcpus = vcpus, .from_tsc = from_tsc, .to_tsc = to_tsc };
}

void xen_time_free(struct xen_time *time)
{
	free(time->rows);
}

static struct xen_time_row *row_of(struct xen_time *time, size_t domain)
{
	struct xen_time_row *rows;

	if (domain < time->room)
		return &time->rows[domain];
	rows = room_for(time->rows, &time->room, domain + 1, sizeof(*rows));
	if (!rows) {
		time->out_of_memory = true;
		return NULL;
	}
	time->rows = rows;
	return &rows[domain];
}

void xen_time_note(struct xen_time *time, const struct rec *rec)
{
	uint32_t domain_id = rec_word(rec, 0) >> 16;
	int32_t domain = domain_id < DOMID_MAX ? time->vcpus->domain_by_id[domain_id] : -1;
	struct xen_time_row *row;

	if (domain < 0 || rec->tsc < time->from_tsc || rec->tsc > time->to_tsc || !(row = row_of(time, (size_t)domain)))
		return;
	time->records++;
	for (unsigned word = 1; word + 1 < rec->words; word += 2) {
		unsigned kind = rec_word(rec, word) & 0xff;
		row->count[kind] += rec_word(rec, word) >> 8;
		row->tsc[kind] += rec_word(rec, word + 1);
	}
}

const struct xen_time_row *xen_time_of(const struct xen_time *time, size_t domain)
{
	return domain < time->room ? &time->rows[domain] : NULL;
}
