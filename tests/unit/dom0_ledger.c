/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/unit.h"

#include "analyzer/dom0_ledger.h"
#include "analyzer/vcpu.h"

#include <stdio.h>
#include <string.h>

/* One cycle is a nanosecond, so a window for sharing out has 100,000,000. */
enum { HZ = 1000000000 };

static const struct dom0_kernel_info info = {
	.captured = true, .softirqs = { [0] = "TIMER", [3] = "NET_RX" }, .tracer_tids = { 77 }, .tracer_tid_count = 1,
};

static struct dom0_ledger *new_ledger(uint64_t from_tsc, uint64_t to_tsc)
{
	static struct dom0_ledger ledger;

	assert_true(dom0_ledger_init(&ledger, &info, from_tsc, to_tsc, HZ));
	return &ledger;
}

static void switch_to(struct dom0_ledger *ledger, uint64_t tsc, int32_t tid, const char *comm)
{
	struct dom0_event event = { .tsc = tsc, .kind = DOM0_SWITCH };

	event.switched.next.tid = tid;
	memcpy(event.switched.next.comm, comm, strlen(comm));
	dom0_ledger_event(ledger, &event);
}

static void irq(struct dom0_ledger *ledger, uint64_t tsc, enum dom0_event_kind kind, const char *name)
{
	struct dom0_event event = { .tsc = tsc, .kind = kind };

	strcpy(event.irq.name, name);
	dom0_ledger_event(ledger, &event);
}

static void softirq(struct dom0_ledger *ledger, uint64_t tsc, enum dom0_event_kind kind, uint32_t vector)
{
	struct dom0_event event = { .tsc = tsc, .kind = kind };

	event.softirq.vector = vector;
	dom0_ledger_event(ledger, &event);
}

static void poll_ends(struct dom0_ledger *ledger, uint64_t tsc, const char *device)
{
	struct dom0_event event = { .tsc = tsc, .kind = DOM0_NAPI_POLL };

	strcpy(event.napi.device, device);
	dom0_ledger_event(ledger, &event);
}

static void packet(struct dom0_ledger *ledger, uint64_t tsc, enum dom0_event_kind kind, const char *device, uint32_t bytes)
{
	struct dom0_event event = { .tsc = tsc, .kind = kind };

	strcpy(event.packet.device, device);
	event.packet.bytes = bytes;
	dom0_ledger_event(ledger, &event);
}

static uint64_t all_rows(const struct dom0_ledger *ledger)
{
	uint64_t sum_tsc = 0;

	for (int row = 0; row < DOM0_ROWS; row++)
		sum_tsc += dom0_ledger_row_tsc(ledger, (enum dom0_row)row);
	return sum_tsc;
}

static void an_interrupt_interrupts_a_softirq_interrupts_a_thread(void **state)
{
	struct dom0_ledger *ledger = new_ledger(0, UINT64_MAX);

	(void)state;
	dom0_ledger_run(ledger, 0, 100, true);
	switch_to(ledger, 110, 5, "vif1.0-q0-guest");            /* 10 before it are nobody's */
	irq(ledger, 130, DOM0_IRQ_ENTRY, "vif2.0-q0-tx");         /* 20 the thread */
	irq(ledger, 135, DOM0_IRQ_EXIT, "vif2.0-q0-tx");          /* 5 the interrupt */
	softirq(ledger, 140, DOM0_SOFTIRQ_ENTRY, 0);              /* 5 the thread */
	irq(ledger, 141, DOM0_IRQ_ENTRY, "timer0");               /* 1 TIMER */
	irq(ledger, 144, DOM0_IRQ_EXIT, "timer0");                /* 3 timer0 */
	softirq(ledger, 150, DOM0_SOFTIRQ_EXIT, 0);               /* 6 TIMER */
	dom0_ledger_run(ledger, 0, 160, false);                   /* 10 the thread */
	switch_to(ledger, 170, 0, "swapper/0");                   /* while Xen says that it does not run: nothing */
	dom0_ledger_run(ledger, 0, 180, true);
	dom0_ledger_finish(ledger, 184);                          /* 4 idle */
	assert_int_equal(dom0_ledger_guest_tsc(ledger, 1, 0, DOM0_THREAD), 35);
	assert_int_equal(dom0_ledger_guest_tsc(ledger, 2, 0, DOM0_INTERRUPT), 5);
	assert_int_equal(dom0_ledger_row_tsc(ledger, DOM0_GUEST), 40);
	assert_int_equal(dom0_ledger_row_tsc(ledger, DOM0_UNATTRIBUTED), 10);
	assert_int_equal(dom0_ledger_row_tsc(ledger, DOM0_OTHER), 1 + 3 + 6 + 4);
	assert_int_equal(all_rows(ledger), 64);
	dom0_ledger_free(ledger);
}

static void a_poll_is_its_devices(void **state)
{
	struct dom0_ledger *ledger = new_ledger(0, UINT64_MAX);

	(void)state;
	switch_to(ledger, 0, 9, "ksoftirqd/0");
	dom0_ledger_run(ledger, 0, 0, true);
	softirq(ledger, 10, DOM0_SOFTIRQ_ENTRY, 3);
	poll_ends(ledger, 40, "vif3.0");                          /* 30 for guest 3 */
	packet(ledger, 50, DOM0_PACKET_OUT, "vif3.0", 3000);
	packet(ledger, 60, DOM0_PACKET_OUT, "vif4.0", 1000);
	packet(ledger, 60, DOM0_PACKET_IN, "eth0", 4000);         /* not to or from a guest */
	poll_ends(ledger, 140, "eth0");                           /* 100 for both: 75 and 25 */
	softirq(ledger, 144, DOM0_SOFTIRQ_EXIT, 3);               /* 4 the softirq's own: 3 and 1 */
	dom0_ledger_run(ledger, 0, 150, false);
	dom0_ledger_finish(ledger, 200);
	assert_int_equal(dom0_ledger_guest_tsc(ledger, 3, 0, DOM0_SOFTIRQ), 30);
	assert_int_equal(dom0_ledger_row_tsc(ledger, DOM0_SHARED_IO), 104);
	assert_int_equal(dom0_ledger_row_tsc(ledger, DOM0_OTHER), 16); /* ksoftirqd itself */
	assert_int_equal(ledger->guest_count, 2);
	assert_int_equal(ledger->guests[0].shared_tsc, 78);
	assert_int_equal(ledger->guests[1].shared_tsc, 26);
	assert_int_equal(ledger->guests[0].to_bytes, 3000);
	assert_int_equal(ledger->guests[0].to_packets, 1);
	assert_int_equal(ledger->guests[0].from_packets, 0);
	assert_int_equal(ledger->unshared_tsc, 0);
	assert_int_equal(all_rows(ledger), 150);
	dom0_ledger_free(ledger);
}

static void shared_io_goes_to_who_is_near_in_time(void **state)
{
	struct dom0_ledger *ledger = new_ledger(0, UINT64_MAX);

	(void)state;
	switch_to(ledger, 0, 0, "swapper/0");
	dom0_ledger_run(ledger, 0, 0, true);
	irq(ledger, 1000, DOM0_IRQ_ENTRY, "virtio0-input.0");
	packet(ledger, 1500, DOM0_PACKET_IN, "vif1.0", 10);
	irq(ledger, 2000, DOM0_IRQ_EXIT, "virtio0-input.0");      /* 1000, with bytes of guest 1 alone */
	irq(ledger, 100000000, DOM0_IRQ_ENTRY, "virtio0-input.0");
	irq(ledger, 100000500, DOM0_IRQ_EXIT, "virtio0-input.0"); /* 500 in a window without any bytes */
	packet(ledger, 200000000, DOM0_PACKET_IN, "vif2.0", 10);
	dom0_ledger_finish(ledger, 200000001);
	assert_int_equal(ledger->guests[0].shared_tsc, 1000);
	assert_int_equal(ledger->guests[1].shared_tsc, 0);
	assert_int_equal(ledger->unshared_tsc, 500);
	assert_int_equal(dom0_ledger_row_tsc(ledger, DOM0_SHARED_IO), 1500);
	dom0_ledger_free(ledger);
}

static void after_missed_events_nothing_is_known_until_a_switch(void **state)
{
	struct dom0_ledger *ledger = new_ledger(0, UINT64_MAX);
	struct dom0_event missed = { .tsc = 20, .kind = DOM0_MISSED, .tid = -1, .missed = { .until_tsc = 30, .events = 1 } };

	(void)state;
	dom0_ledger_run(ledger, 0, 0, true);
	switch_to(ledger, 0, 77, "whatever");                     /* a thread of the tracer, by its number */
	dom0_ledger_event(ledger, &missed);
	softirq(ledger, 40, DOM0_SOFTIRQ_EXIT, 3);
	switch_to(ledger, 50, 8, "xenstored");
	dom0_ledger_finish(ledger, 60);
	assert_int_equal(dom0_ledger_row_tsc(ledger, DOM0_TRACER), 20);
	assert_int_equal(dom0_ledger_row_tsc(ledger, DOM0_UNATTRIBUTED), 30);
	assert_int_equal(dom0_ledger_row_tsc(ledger, DOM0_TOOLSTACK), 10);
	dom0_ledger_free(ledger);
}

static void only_the_window_counts(void **state)
{
	struct dom0_ledger *ledger = new_ledger(100, 200);

	(void)state;
	dom0_ledger_run(ledger, 0, 0, true);
	switch_to(ledger, 10, 3, "bash");
	packet(ledger, 50, DOM0_PACKET_IN, "vif1.0", 10);
	switch_to(ledger, 150, 4, "sshd");
	dom0_ledger_finish(ledger, 300);
	assert_int_equal(dom0_ledger_row_tsc(ledger, DOM0_OTHER), 100);
	assert_int_equal(all_rows(ledger), 100);
	assert_int_equal(ledger->guest_count, 0);
	dom0_ledger_free(ledger);
}

static void too_many_names_share_one_entry(void **state)
{
	struct dom0_ledger *ledger = new_ledger(0, UINT64_MAX);
	uint64_t tsc = 0;

	(void)state;
	dom0_ledger_run(ledger, 0, 0, true);
	for (unsigned i = 0; i < DOM0_ENTRIES_MAX + 10; i++) {
		char comm[16];
		snprintf(comm, sizeof(comm), "t%u", i);
		switch_to(ledger, tsc++, (int32_t)i + 1000, comm);
	}
	dom0_ledger_finish(ledger, tsc);
	assert_int_equal(ledger->entry_count, DOM0_ENTRIES_MAX);
	assert_int_equal(ledger->entries[DOM0_ENTRY_MORE].tsc, 12); /* two entries are there from the begin */
	assert_int_equal(all_rows(ledger), tsc);
	dom0_ledger_free(ledger);
}

/* The same names, of two guests that had the same id. */
static void a_guest_whose_id_was_another_guests(void **state)
{
	struct dom0_ledger *ledger = new_ledger(0, UINT64_MAX);

	(void)state;
	dom0_ledger_run(ledger, 0, 0, true);
	switch_to(ledger, 0, 5, "vif7.0-q0-guest");
	packet(ledger, 5, DOM0_PACKET_OUT, "vif7.0", 100);
	dom0_ledger_domain(ledger, 8, 3);                         /* of another id */
	switch_to(ledger, 10, 6, "bash");
	dom0_ledger_domain(ledger, 7, 1);
	switch_to(ledger, 30, 9, "vif7.0-q0-guest");
	packet(ledger, 31, DOM0_PACKET_OUT, "vif7.0", 300);
	irq(ledger, 60, DOM0_IRQ_ENTRY, "virtio0-input.0");
	irq(ledger, 100, DOM0_IRQ_EXIT, "virtio0-input.0");       /* 40 for both: 10 and 30 */
	dom0_ledger_domain(ledger, DOMID_IDLE, 1);                /* cannot be */
	dom0_ledger_finish(ledger, 100);
	assert_int_equal(dom0_ledger_guest_tsc(ledger, 7, 0, DOM0_THREAD), 10);
	assert_int_equal(dom0_ledger_guest_tsc(ledger, 7, 1, DOM0_THREAD), 30);
	assert_int_equal(ledger->guest_count, 2);
	assert_int_equal(ledger->guests[0].to_bytes, 100);
	assert_int_equal(ledger->guests[0].shared_tsc, 10);
	assert_int_equal(ledger->guests[1].generation, 1);
	assert_int_equal(ledger->guests[1].shared_tsc, 30);
	assert_int_equal(all_rows(ledger), 100);
	dom0_ledger_free(ledger);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_interrupt_interrupts_a_softirq_interrupts_a_thread),
		cmocka_unit_test(a_poll_is_its_devices),
		cmocka_unit_test(shared_io_goes_to_who_is_near_in_time),
		cmocka_unit_test(after_missed_events_nothing_is_known_until_a_switch),
		cmocka_unit_test(only_the_window_counts),
		cmocka_unit_test(too_many_names_share_one_entry),
		cmocka_unit_test(a_guest_whose_id_was_another_guests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
