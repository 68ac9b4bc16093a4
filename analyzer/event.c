/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/event.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define GEN "xen/include/public/trace.h"
#define CORE "xen/common/sched/core.c"
#define CREDIT "xen/common/sched/credit.c"
#define CREDIT2 "xen/common/sched/credit2.c"
#define RTDS "xen/common/sched/rt.c"
#define NULLS "xen/common/sched/null.c"
#define PV "xen/arch/x86/pv/trace.c"
#define HVM "xen/arch/x86/hvm"
#define PATCH "patches/events.tsv"
#define UNIT_DOM "u16 unit, u16 domain"

/* Rows by id.  Layouts as of Xen 4.17.7; what another release changed is said in the row. */
const struct event events[] = {
	{ 0, 0, 0, "unknown", "unknown", 0, REC_UNKNOWN, "", "no row of this table" },

	{ 0x0001f001, 0, 0, "LOST_RECORDS", "gen", 4, REC_LOST, "count, u16 domain, u16 vcpu, u64 first_tsc", "xen/common/trace.c insert_lost_records" },
	{ 0x0001f002, 0, 0, "WRAP_BUFFER", "gen", 0, REC_WRAP, "", "xen/common/trace.c insert_wrap_record" },
	{ 0x0001f003, 0, 0, "CPU_CHANGE", "gen", 2, REC_STRAY, "pcpu, window_bytes", "tools/xentrace/xentrace.c; never inside a window" },

	{ 0x00021001, 0, 0x330, "RUNSTATE_CHANGE", "sched", 1, REC_RUNSTATE, "u16 vcpu, u16 domain; id: old<<8 | new<<4", CORE " vcpu_runstate_change" },
	{ 0x00021002, 0, 0, "CONTINUE_RUNNING", "sched", 1, REC_CONTINUE, "u16 vcpu, u16 domain", CORE " sched_context_switch" },
	{ 0x00028001, 0, 0, "SCHED_DOM_ADD", "sched", 1, REC_DOM_ADD, "domain", CORE " sched_init_domain" },
	{ 0x00028002, 0, 0, "SCHED_DOM_REM", "sched", 1, REC_DOM_REM, "domain", CORE " sched_destroy_domain" },
	{ 0x00028003, 0, 0, "SLEEP", "sched", 2, REC_COUNTED, "domain, vcpu", CORE " vcpu_sleep_nosync" },
	{ 0x00028004, 0, 0, "WAKE", "sched", 2, REC_WAKE, "domain, vcpu", CORE " vcpu_wake" },
	{ 0x00028005, 0, 0, "YIELD", "sched", 2, REC_YIELD, "domain, vcpu", CORE " vcpu_yield" },
	{ 0x00028006, 0, 0, "BLOCK", "sched", 2, REC_COUNTED, "domain, vcpu", CORE " vcpu_block, do_poll" },
	{ 0x00028007, 0, 0, "SHUTDOWN", "sched", 3, REC_COUNTED, "domain, vcpu, reason", CORE " do_sched_op" },
	{ 0x00028008, 0, 0, "CTL", "sched", 0, REC_COUNTED, "", GEN "; not emitted by 4.17" },
	{ 0x00028009, 0, 0, "ADJDOM", "sched", 1, REC_COUNTED, "domain", CORE " sched_adjust" },
	{ 0x0002800a, 0, 0, "SWITCH", "sched", 4, REC_COUNTED, "prev_domain, prev_unit, next_domain, next_unit", CORE " sched_switch_units" },
	{ 0x0002800b, 0x0002800d, 0, "TIMER_FN", "sched", 0, REC_COUNTED, "", GEN "; not emitted by 4.17" },
	{ 0x0002800e, 0, 0, "SWITCH_INFPREV", "sched", 3, REC_COUNTED, "domain, unit, ran_ns (wraps)", CORE " sched_switch_units; unit since 4.8" },
	{ 0x0002800f, 0, 0, "SWITCH_INFNEXT", "sched", 4, REC_COUNTED, "domain, unit, runnable_ns (wraps), slice_ns", CORE " sched_switch_units; unit since 4.8" },
	{ 0x00028010, 0, 0, "SHUTDOWN_CODE", "sched", 3, REC_COUNTED, "domain, vcpu, reason", CORE " do_sched_op" },
	{ 0x00028011, 0, 0, "SWITCH_INFCONT", "sched", 4, REC_COUNTED, "domain, unit, ran_ns (wraps), slice_ns", CORE " sched_switch_units" },

	{ 0x00022001, 0, 0, "credit:SCHED_TASKLET", "sched", 0, REC_COUNTED, "", CREDIT " csched_schedule" },
	{ 0x00022002, 0, 0, "credit:ACCOUNT_START", "sched", 3, REC_ACCOUNT_START, "domain, unit, active_units", CREDIT " __csched_unit_acct_start" },
	{ 0x00022003, 0, 0, "credit:ACCOUNT_STOP", "sched", 3, REC_ACCOUNT_STOP, "domain, unit, active_units", CREDIT " __csched_unit_acct_stop_locked" },
	{ 0x00022004, 0, 0, "credit:STOLEN_UNIT", "sched", 3, REC_COUNTED, "peer_pcpu, domain, unit", CREDIT " csched_runq_steal" },
	{ 0x00022005, 0, 0, "credit:PICKED_CPU", "sched", 3, REC_PICKED_CPU, "domain, unit, pcpu", CREDIT " _csched_cpu_pick" },
	{ 0x00022006, 0, 0, "credit:TICKLE", "sched", 1, REC_TICKLE, "pcpu", CREDIT " __runq_tickle" },
	{ 0x00022007, 0, 0, "credit:BOOST_START", "sched", 2, REC_BOOST_START, "domain, unit", CREDIT " csched_unit_wake" },
	{ 0x00022008, 0, 0, "credit:BOOST_END", "sched", 2, REC_BOOST_END, "domain, unit", CREDIT " csched_unit_acct" },
	{ 0x00022009, 0, 0, "credit:SCHEDULE", "sched", 1, REC_COUNTED, "u16 pcpu, u8 tasklet, u8 idle", CREDIT " csched_schedule" },
	{ 0x0002200a, 0, 0, "credit:RATELIMIT", "sched", 2, REC_RATELIMIT, UNIT_DOM ", ran_ns", CREDIT " csched_schedule" },
	{ 0x0002200b, 0, 0, "credit:STEAL_CHECK", "sched", 2, REC_COUNTED, "peer_pcpu, checked", CREDIT " csched_load_balance" },
	{ 0x0002200c, 0, 0, "credit:DECISION", "sched", 5, REC_CREDIT_DECISION, UNIT_DOM ", i32 credit, u16 next_unit, u16 next_domain, i32 next_credit, i16 priority, i16 next_priority", PATCH },
	{ 0x0002200d, 0, 0, "credit:EARN", "sched", 4, REC_CREDIT_EARN, UNIT_DOM ", i32 credit, earned, i16 priority, u8 active, u8 parked", PATCH },

	{ 0x00022201, 0, 0, "credit2:TICK", "sched", 0, REC_COUNTED, "", GEN "; not emitted by 4.17" },
	{ 0x00022202, 0, 0, "credit2:RUNQ_POS", "sched", 2, REC_COUNTED, UNIT_DOM ", position", CREDIT2 " runq_insert" },
	{ 0x00022203, 0, 0, "credit2:CREDIT_BURN", "sched", 4, REC_COUNTED, UNIT_DOM ", i32 credit, i32 budget, i32 delta", CREDIT2 " burn_credits" },
	{ 0x00022204, 0, 0, "credit2:CREDIT_ADD", "sched", 0, REC_COUNTED, "", GEN "; not emitted by 4.17" },
	{ 0x00022205, 0, 0, "credit2:TICKLE_CHECK", "sched", 3, REC_COUNTED, UNIT_DOM ", i32 credit, score", CREDIT2 " tickle_score" },
	{ 0x00022206, 0, 0, "credit2:TICKLE", "sched", 1, REC_TICKLE, "u16 pcpu, u16 pad", CREDIT2 " runq_tickle" },
	{ 0x00022207, 0, 0, "credit2:CREDIT_RESET", "sched", 3, REC_COUNTED, UNIT_DOM ", i32 start, i32 end", CREDIT2 " reset_credit" },
	{ 0x00022208, 0, 0, "credit2:SCHED_TASKLET", "sched", 0, REC_COUNTED, "", CREDIT2 " csched2_schedule" },
	{ 0x00022209, 0, 0, "credit2:UPDATE_LOAD", "sched", 0, REC_COUNTED, "", CREDIT2 " update_load" },
	{ 0x0002220a, 0, 0, "credit2:RUNQ_ASSIGN", "sched", 2, REC_COUNTED, UNIT_DOM ", u16 runqueue, u16 pad", CREDIT2 " _runq_assign" },
	{ 0x0002220b, 0, 0, "credit2:UPDATE_UNIT_LOAD", "sched", 4, REC_COUNTED, "u64 average_load, " UNIT_DOM ", shift", CREDIT2 " update_svc_load" },
	{ 0x0002220c, 0, 0, "credit2:UPDATE_RUNQ_LOAD", "sched", 5, REC_COUNTED, "u64 average, u64 balance_average, u16 load, u8 runqueue, u8 shift", CREDIT2 " update_runq_load" },
	{ 0x0002220d, 0, 0, "credit2:TICKLE_NEW", "sched", 3, REC_COUNTED, UNIT_DOM ", pcpu, i32 credit", CREDIT2 " runq_tickle" },
	{ 0x0002220e, 0, 0, "credit2:RUNQ_MAX_WEIGHT", "sched", 1, REC_COUNTED, "u16 runqueue, u16 max_weight", CREDIT2 " update_max_weight" },
	{ 0x0002220f, 0, 0, "credit2:MIGRATE", "sched", 2, REC_COUNTED, UNIT_DOM ", u16 from, u16 to", CREDIT2 " migrate" },
	{ 0x00022210, 0, 0, "credit2:LOAD_CHECK", "sched", 2, REC_COUNTED, "u16 local, u16 other, delta", CREDIT2 " balance_load" },
	{ 0x00022211, 0, 0, "credit2:LOAD_BALANCE", "sched", 5, REC_COUNTED, "u64 local, u64 other, u16 local, u16 other", CREDIT2 " balance_load" },
	{ 0x00022213, 0, 0, "credit2:PICKED_CPU", "sched", 4, REC_PICKED_CPU2, "u64 balance_average, " UNIT_DOM ", u16 runqueue, u16 pcpu", CREDIT2 " csched2_res_pick" },
	{ 0x00022214, 0, 0, "credit2:RUNQ_CANDIDATE", "sched", 3, REC_COUNTED, UNIT_DOM ", tickled_pcpu, i32 credit", CREDIT2 " runq_candidate" },
	{ 0x00022215, 0, 0, "credit2:SCHEDULE", "sched", 2, REC_COUNTED, "u16 pcpu, u16 runqueue, u8 tasklet, u8 idle, u8 smt_idle, u8 tickled", CREDIT2 " csched2_schedule" },
	{ 0x00022216, 0, 0, "credit2:RATELIMIT", "sched", 2, REC_RATELIMIT, UNIT_DOM ", ran_ns", CREDIT2 " runq_candidate" },
	{ 0x00022217, 0, 0, "credit2:RUNQ_CAND_CHECK", "sched", 1, REC_COUNTED, UNIT_DOM, CREDIT2 " runq_candidate" },

	{ 0x00022801, 0x00022806, 0, "rtds", "sched", 0, REC_COUNTED, "", RTDS },
	{ 0x00022a01, 0x00022a06, 0, "null", "sched", 0, REC_COUNTED, "", NULLS },

	{ 0x00041001, 0, 0, "DOM0_DOM_ADD", "dom0op", 1, REC_COUNTED, "domain", "xen/common/domain.c domain_create" },
	{ 0x00041002, 0, 0, "DOM0_DOM_REM", "dom0op", 1, REC_COUNTED, "domain", "xen/common/domain.c complete_domain_destroy" },

	{ 0x00081001, 0, 0x400, "VMENTRY", "hvm", 0, REC_COUNTED, "", HVM },
	{ 0x00081002, 0, 0x500, "VMEXIT", "hvm", 2, REC_COUNTED, "reason, u32 or u64 rip", HVM "; both vendors up to 4.18, Intel only since 4.19" },
	{ 0x00081003, 0, 0x500, "SVM_EXIT", "hvm", 2, REC_COUNTED, "reason, u32 or u64 rip", HVM "/svm; since 4.19" },
	{ 0x00082001, 0x00082027, 0x300, "HVM_HANDLER", "hvm", 0, REC_COUNTED, "", HVM "; id: 0x100 with u64 values, 0x200 what is written" },
	{ 0x00084001, 0x00084011, 0, "HVM_EMUL", "hvm", 0, REC_COUNTED, "", HVM },

	{ 0x0010f001, 0, 0, "GRANT_MAP", "mem", 1, REC_GRANT, "granting_domain", "xen/common/grant_table.c map_grant_ref" },
	{ 0x0010f002, 0, 0, "GRANT_UNMAP", "mem", 1, REC_GRANT, "granting_domain", "xen/common/grant_table.c unmap_common" },
	{ 0x0010f003, 0, 0, "GRANT_TRANSFER", "mem", 1, REC_COUNTED, "domain", "xen/common/grant_table.c gnttab_transfer" },
	{ 0x0010f004, 0, 0, "SET_P2M_ENTRY", "mem", 0, REC_COUNTED, "", "xen/arch/x86/mm/p2m-pt.c" },
	{ 0x0010f005, 0, 0, "DECREASE_RESERVATION", "mem", 1, REC_COUNTED, "up to 4.17 u16 domain, u16 order, pad; since 4.18 u32 domain, u32 order", "xen/common/memory.c" },
	{ 0x0010f006, 0, 0, "GRANT_COPY", "mem", 3, REC_GRANT_COPY, "u16 source_domain, u16 dest_domain, operations, bytes", PATCH },
	{ 0x0010f010, 0x0010f012, 0, "POD", "mem", 1, REC_COUNTED, "up to 4.17 u16 domain, u16 order, pad; since 4.18 u32 domain, u32 order", "xen/arch/x86/mm/p2m-pod.c" },

	{ 0x00201001, 0x00201002, 0x100, "HYPERCALL_V1", "pv", 1, REC_COUNTED, "", GEN "; not emitted by 4.17" },
	{ 0x00201003, 0, 0x100, "TRAP", "pv", 2, REC_PV, "u32 or u64 rip, u16 trap:15 use_error_code:1, u16 error_code", PV },
	{ 0x00201004, 0, 0x100, "PAGE_FAULT", "pv", 3, REC_PV, "u32 or u64 rip, u32 or u64 address, error_code", PV },
	{ 0x00201005, 0, 0x100, "FORCED_INVALID_OP", "pv", 1, REC_PV, "u32 or u64 rip", PV },
	{ 0x00201006, 0, 0x100, "EMULATE_PRIVOP", "pv", 1, REC_PV, "u32 or u64 rip", PV },
	{ 0x00201007, 0, 0x100, "EMULATE_4G", "pv", 1, REC_PV, "u32 or u64 rip", PV },
	{ 0x00201008, 0, 0x100, "MATH_STATE_RESTORE", "pv", 0, REC_PV, "", "xen/arch/x86/traps.c; up to 4.17" },
	{ 0x00201009, 0, 0x100, "PAGING_FIXUP", "pv", 2, REC_PV, "u32 or u64 rip, u32 or u64 address", PV },
	{ 0x0020100a, 0, 0x100, "GDT_LDT_MAPPING_FAULT", "pv", 2, REC_PV, "u32 or u64 rip, u32 or u64 offset", PV },
	{ 0x0020100b, 0, 0x100, "PTWR_EMULATION", "pv", 4, REC_PV, "u64 pte, u32 or u64 address, u32 or u64 rip", PV },
	{ 0x0020100c, 0, 0x100, "PTWR_EMULATION_PAE", "pv", 4, REC_PV, "u64 pte, u32 address, u32 rip", PV "; of 32-bit guests" },
	{ 0x0020100d, 0, 0, "HYPERCALL", "pv", 1, REC_PV, "op:20 argument_flags:12, arguments", "xen/common/trace.c __trace_hypercall; since 4.3" },
	{ 0x0020200e, 0, 0, "HYPERCALL_SUBCALL", "pv", 1, REC_PV, "op:20 argument_flags:12, arguments", "xen/common/multicall.c; since 4.3" },

	{ 0x0040f001, 0x0040f00f, 0x300, "SHADOW", "shadow", 0, REC_COUNTED, "", "xen/arch/x86/mm/shadow/multi.c; id: levels of the guest's page tables less two, << 8" },
	{ 0x00801001, 0x00801003, 0, "HW_PM", "hw", 0, REC_COUNTED, "", "xen/drivers/cpufreq, xen/arch/x86/acpi/cpu_idle.c" },
	{ 0x00802001, 0x00802008, 0, "HW_IRQ", "hw", 0, REC_COUNTED, "", "xen/arch/x86/irq.c" },
	{ 0x00804001, 0, 0, "EVTCHN_SEND", "hw", 3, REC_EVTCHN_SEND, "u16 sender_vcpu, u16 sender_domain, u16 vcpu, u16 domain, port:20 virq:8 kind:4", PATCH },
	{ 0x00808001, 0, 0, "XEN_TIME", "hw", 3, REC_XEN_TIME, "u16 vcpu, u16 domain, then 1 to 3 times (kind:8 count:24, cycles)", PATCH },
	{ 0x0800f000, 0x0800ffff, 0, "GUEST", "guest", 0, REC_COUNTED, "", "the guest's own, by HVMOP_xentrace" },
};

const size_t event_count = sizeof(events) / sizeof(events[0]);
_Static_assert(sizeof(events) / sizeof(events[0]) <= 256, "a row fits a byte");

static uint32_t last_id(const struct event *event)
{
	return event->last_id ? event->last_id : event->first_id;
}

/* Gives a row to each id it stands for: each of its range, with each subset of its vary bits. */
static void index_row(struct event_index *index, size_t row)
{
	const struct event *event = &events[row];

	for (uint32_t id = event->first_id; id <= last_id(event); id++) {
		uint32_t bits = 0;
		do {
			index->row_of[index->page_of[id >> 12]][(id | bits) & (EVENT_PAGE_IDS - 1)] = (uint8_t)row;
			bits = (bits - event->vary_bits) & event->vary_bits;
		} while (bits);
	}
}

static bool is_unasked(const struct event_index *index, unsigned kind)
{
	return kind >= index->unasked || (kind == REC_PV && index->unasked < REC_KINDS);
}

void event_meet(struct event_index *index, uint32_t header)
{
	unsigned row = event_row(index, header & 0x0fffffff), kind = index->kind[row];
	bool passed_by = kind == REC_COUNTED || is_unasked(index, kind);

	if (header >> 31 && (header >> 28 & 7) >= index->min_words[row] && (passed_by || kind >= REC_RUNSTATE))
		index->plain[event_plain_place(header)] = (struct event_plain){ header, (uint8_t)row, passed_by ? REC_COUNTED : (uint8_t)kind };
}

/* Where nothing was met there is a header whose place that is not. */
static void forget_plain(struct event_index *index)
{
	memset(index->plain, 0, sizeof(index->plain));
	index->plain[event_plain_place(0)].header = 1;
}

struct event_index *event_index_new(void)
{
	struct event_index *index = calloc(1, sizeof(*index));
	size_t pages = 1;

	if (!index)
		return NULL;
	for (size_t row = 1; row < event_count; row++)
		if (!index->page_of[events[row].first_id >> 12])
			index->page_of[events[row].first_id >> 12] = (uint8_t)pages++;
	index->row_of = calloc(pages, sizeof(*index->row_of));
	if (!index->row_of) {
		free(index);
		return NULL;
	}
	for (size_t row = 0; row < event_count; row++) {
		if (row != EVENT_UNKNOWN)
			index_row(index, row);
		index->min_words[row] = events[row].min_words;
		index->kind[row] = (uint8_t)events[row].kind;
	}
	index->unasked = REC_KINDS;
	forget_plain(index);
	return index;
}

void event_index_free(struct event_index *index)
{
	if (index)
		free(index->row_of);
	free(index);
}

void event_index_handle(struct event_index *index, uint32_t id, enum rec_kind kind)
{
	index->kind[event_row(index, id)] = (uint8_t)kind;
	forget_plain(index);
}

void event_index_leave_out(struct event_index *index, enum rec_kind first)
{
	index->unasked = (uint8_t)first;
	forget_plain(index);
}
