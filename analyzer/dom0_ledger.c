/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/dom0_ledger.h"

#include "analyzer/proportion.h"
#include "analyzer/room.h"
#include "analyzer/vcpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const dom0_part_name[DOM0_PARTS] = { "thread", "interrupt", "softirq" };

enum { SLOTS = 4 * DOM0_ENTRIES_MAX };

/* ---- names ---- */

static uint32_t hash_of(enum dom0_part part, const char *name)
{
	uint32_t hash = 2166136261u + (uint32_t)part; /* FNV-1a */

	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619u;
	return hash;
}

static struct dom0_role role_of(enum dom0_part part, const char *name)
{
	if (part == DOM0_THREAD)
		return dom0_role_of_thread(name);
	if (part == DOM0_INTERRUPT)
		return dom0_role_of_interrupt(name);
	/* A softirq is named after what it is, or after the device that it polls. */
	if (strcmp(name, "NET_RX") == 0 || strcmp(name, "NET_TX") == 0)
		return (struct dom0_role){ DOM0_SHARED_IO, 0 };
	return (struct dom0_role){ DOM0_OTHER, 0 };
}

/* Which domain of its id a guest's name stands for now; 0 of what is no guest's. */
static uint32_t generation_of(const struct dom0_ledger *ledger, struct dom0_role role)
{
	return role.row == DOM0_GUEST ? ledger->generation[role.domain_id] : 0;
}

static uint16_t entry_add(struct dom0_ledger *ledger, uint16_t *slot, enum dom0_part part, const char *name, struct dom0_role role)
{
	struct dom0_entry *entry = &ledger->entries[ledger->entry_count];

	if (ledger->entry_count == DOM0_ENTRIES_MAX)
		return DOM0_ENTRY_MORE;
	*entry = (struct dom0_entry){ .part = part, .role = role, .generation = generation_of(ledger, role) };
	snprintf(entry->name, sizeof(entry->name), "%s", name);
	*slot = (uint16_t)ledger->entry_count++;
	return *slot;
}

/* The entry of this name; role: NULL, or what it is where the name alone does not tell. */
static uint16_t entry_of(struct dom0_ledger *ledger, enum dom0_part part, const char *name, const struct dom0_role *role)
{
	uint32_t at = hash_of(part, name) % SLOTS;

	for (; ledger->slots[at]; at = (at + 1) % SLOTS) {
		const struct dom0_entry *entry = &ledger->entries[ledger->slots[at]];
		if (entry->part == part && entry->generation == generation_of(ledger, entry->role) && strcmp(entry->name, name) == 0)
			return ledger->slots[at];
	}
	return entry_add(ledger, &ledger->slots[at], part, name, role ? *role : role_of(part, name));
}

/* Threads of one kind have a CPU's or a queue's number behind a slash: "kworker/0:1-events", "ksoftirqd/1". */
static uint16_t entry_of_thread(struct dom0_ledger *ledger, const struct dom0_task *task)
{
	static const struct dom0_role tracer = { DOM0_TRACER, 0 };
	char name[DOM0_COMM_BYTES];

	if (task->tid == 0)
		return entry_of(ledger, DOM0_THREAD, "idle", NULL);
	for (size_t i = 0; i < ledger->info->tracer_tid_count; i++)
		if (ledger->info->tracer_tids[i] == task->tid)
			return entry_of(ledger, DOM0_THREAD, "xtrace-cap", &tracer);
	memcpy(name, task->comm, sizeof(name));
	name[sizeof(name) - 1] = '\0';
	name[strcspn(name, "/")] = '\0';
	return entry_of(ledger, DOM0_THREAD, name, NULL);
}

static uint16_t entry_of_poll(struct dom0_ledger *ledger, const char *device)
{
	struct dom0_role role = dom0_role_of_device(device);

	return entry_of(ledger, DOM0_SOFTIRQ, device, &role);
}

/* ---- guests ---- */

static struct dom0_guest *guest_of(struct dom0_ledger *ledger, const char *device)
{
	struct dom0_role role = dom0_role_of_device(device);
	uint32_t generation = generation_of(ledger, role);
	struct dom0_guest *guests;

	if (role.row != DOM0_GUEST)
		return NULL;
	for (size_t i = 0; i < ledger->guest_count; i++)
		if (ledger->guests[i].domain_id == role.domain_id && ledger->guests[i].generation == generation)
			return &ledger->guests[i];
	guests = room_for(ledger->guests, &ledger->guest_room, ledger->guest_count + 1, sizeof(*guests));
	if (!guests) {
		ledger->out_of_memory = true;
		return NULL;
	}
	ledger->guests = guests;
	guests[ledger->guest_count] = (struct dom0_guest){ .domain_id = role.domain_id, .generation = generation };
	return &guests[ledger->guest_count++];
}

/* ---- over time ---- */

static uint64_t clip(const struct dom0_ledger *ledger, uint64_t tsc)
{
	return tsc < ledger->from_tsc ? ledger->from_tsc : tsc > ledger->to_tsc ? ledger->to_tsc : tsc;
}

static void add(struct dom0_ledger *ledger, struct series *series, size_t row, uint64_t begin_tsc, uint64_t end_tsc, uint64_t length_tsc)
{
	if (length_tsc > 0 && !series_add(series, row, begin_tsc, end_tsc, length_tsc))
		ledger->out_of_memory = true;
}

/* ---- shared I/O ---- */

/* In proportion to bytes. */
static void share_out(struct dom0_ledger *ledger)
{
	uint64_t left_tsc = ledger->window_shared_tsc, left_bytes = 0;
	uint64_t end_tsc = clip(ledger, ledger->window_end_tsc), begin_tsc = clip(ledger, ledger->window_end_tsc - ledger->share_tsc);

	for (size_t i = 0; i < ledger->guest_count; i++)
		left_bytes += ledger->guests[i].window_bytes;
	for (size_t i = 0; i < ledger->guest_count; i++) {
		struct dom0_guest *guest = &ledger->guests[i];
		uint64_t part_tsc = proportion_tsc(left_tsc, guest->window_bytes, left_bytes);
		guest->shared_tsc += part_tsc;
		add(ledger, &ledger->shared, DOM0_SHARED_GUESTS + i, begin_tsc, end_tsc, part_tsc);
		left_tsc -= part_tsc;
		left_bytes -= guest->window_bytes;
		guest->window_bytes = 0;
	}
	ledger->unshared_tsc += left_tsc;
	add(ledger, &ledger->shared, DOM0_UNSHARED, begin_tsc, end_tsc, left_tsc);
	ledger->window_shared_tsc = 0;
}

static void move_window(struct dom0_ledger *ledger, uint64_t tsc)
{
	if (tsc < ledger->window_end_tsc)
		return;
	share_out(ledger);
	ledger->window_end_tsc = tsc - tsc % ledger->share_tsc + ledger->share_tsc;
}

/* ---- charging ---- */

/* Some cycles of a stretch. */
static void charge(struct dom0_ledger *ledger, uint16_t entry, uint64_t begin_tsc, uint64_t end_tsc, uint64_t length_tsc)
{
	ledger->entries[entry].tsc += length_tsc;
	add(ledger, &ledger->by_entry, entry, begin_tsc, end_tsc, length_tsc);
	if (ledger->entries[entry].role.row == DOM0_SHARED_IO)
		ledger->window_shared_tsc += length_tsc;
}

/* What was run up to now goes to the activity that it was. */
static void pass(struct dom0_ledger *ledger, struct dom0_cpu *cpu, uint64_t tsc)
{
	uint64_t begin_tsc, end_tsc, length_tsc;

	if (tsc <= cpu->since_tsc)
		return; /* an event that stands for the trace's begin has no time */
	move_window(ledger, tsc);
	begin_tsc = clip(ledger, cpu->since_tsc);
	end_tsc = clip(ledger, tsc);
	length_tsc = end_tsc - begin_tsc;
	cpu->since_tsc = tsc;
	if (!cpu->running || length_tsc == 0)
		return;
	if (cpu->interrupt)
		charge(ledger, cpu->interrupt, begin_tsc, end_tsc, length_tsc);
	else if (cpu->softirq && cpu->polls)
		cpu->poll_tsc += length_tsc;
	else
		charge(ledger, cpu->softirq ? cpu->softirq : cpu->thread, begin_tsc, end_tsc, length_tsc);
}

static void settle_poll(struct dom0_ledger *ledger, struct dom0_cpu *cpu, uint16_t entry)
{
	uint64_t end_tsc = clip(ledger, cpu->since_tsc);

	charge(ledger, entry, end_tsc - cpu->poll_tsc, end_tsc, cpu->poll_tsc);
	cpu->poll_tsc = 0;
}

void dom0_ledger_run(struct dom0_ledger *ledger, uint32_t cpu, uint64_t tsc, bool running)
{
	struct dom0_cpu *row = cpu < DOM0_CPU_MAX ? &ledger->cpus[cpu] : NULL;

	if (!row)
		return;
	if (row->running)
		pass(ledger, row, tsc);
	else if (tsc > row->since_tsc)
		row->since_tsc = tsc;
	row->running = running;
}

/* ---- events ---- */

static void take_switch(struct dom0_ledger *ledger, struct dom0_cpu *cpu, const struct dom0_event *event)
{
	cpu->thread = entry_of_thread(ledger, &event->switched.next);
	cpu->interrupt = cpu->softirq = DOM0_ENTRY_UNATTRIBUTED;
}

static void take_irq_entry(struct dom0_ledger *ledger, struct dom0_cpu *cpu, const struct dom0_event *event)
{
	cpu->interrupt = entry_of(ledger, DOM0_INTERRUPT, event->irq.name, NULL);
}

static void take_irq_exit(struct dom0_ledger *ledger, struct dom0_cpu *cpu, const struct dom0_event *event)
{
	(void)ledger;
	(void)event;
	cpu->interrupt = DOM0_ENTRY_UNATTRIBUTED;
}

static void take_softirq_entry(struct dom0_ledger *ledger, struct dom0_cpu *cpu, const struct dom0_event *event)
{
	uint32_t vector = event->softirq.vector;
	const char *name = vector < DOM0_SOFTIRQS_MAX ? ledger->info->softirqs[vector] : "";

	cpu->softirq = entry_of(ledger, DOM0_SOFTIRQ, *name ? name : "unnamed", NULL);
	cpu->polls = strcmp(name, "NET_RX") == 0;
}

static void take_softirq_exit(struct dom0_ledger *ledger, struct dom0_cpu *cpu, const struct dom0_event *event)
{
	(void)event;
	if (cpu->softirq && cpu->polls)
		settle_poll(ledger, cpu, cpu->softirq);
	cpu->softirq = DOM0_ENTRY_UNATTRIBUTED;
}

static void take_poll(struct dom0_ledger *ledger, struct dom0_cpu *cpu, const struct dom0_event *event)
{
	if (cpu->softirq && cpu->polls)
		settle_poll(ledger, cpu, entry_of_poll(ledger, event->napi.device));
}

static void count_packet(struct dom0_ledger *ledger, const struct dom0_event *event, bool to_guest)
{
	struct dom0_guest *guest = event->tsc >= ledger->from_tsc && event->tsc <= ledger->to_tsc ? guest_of(ledger, event->packet.device) : NULL;

	if (!guest)
		return;
	guest->window_bytes += event->packet.bytes;
	if (to_guest) {
		guest->to_bytes += event->packet.bytes;
		guest->to_packets++;
	} else {
		guest->from_bytes += event->packet.bytes;
		guest->from_packets++;
	}
}

static void take_packet_in(struct dom0_ledger *ledger, struct dom0_cpu *cpu, const struct dom0_event *event)
{
	(void)cpu;
	count_packet(ledger, event, false);
}

static void take_packet_out(struct dom0_ledger *ledger, struct dom0_cpu *cpu, const struct dom0_event *event)
{
	(void)cpu;
	count_packet(ledger, event, true);
}

/* What this CPU does from here on is not known until it switches. */
static void take_missed(struct dom0_ledger *ledger, struct dom0_cpu *cpu, const struct dom0_event *event)
{
	(void)event;
	settle_poll(ledger, cpu, DOM0_ENTRY_UNATTRIBUTED);
	cpu->thread = cpu->interrupt = cpu->softirq = DOM0_ENTRY_UNATTRIBUTED;
}

void dom0_ledger_event(struct dom0_ledger *ledger, const struct dom0_event *event)
{
	static void (*const handlers[DOM0_EVENT_KINDS])(struct dom0_ledger *, struct dom0_cpu *, const struct dom0_event *) = {
		[DOM0_SWITCH] = take_switch,
		[DOM0_IRQ_ENTRY] = take_irq_entry,
		[DOM0_IRQ_EXIT] = take_irq_exit,
		[DOM0_SOFTIRQ_ENTRY] = take_softirq_entry,
		[DOM0_SOFTIRQ_EXIT] = take_softirq_exit,
		[DOM0_NAPI_POLL] = take_poll,
		[DOM0_PACKET_IN] = take_packet_in,
		[DOM0_PACKET_OUT] = take_packet_out,
		[DOM0_MISSED] = take_missed,
	};
	struct dom0_cpu *cpu = &ledger->cpus[event->cpu];

	pass(ledger, cpu, event->tsc);
	if (handlers[event->kind])
		handlers[event->kind](ledger, cpu, event);
}

void dom0_ledger_domain(struct dom0_ledger *ledger, uint32_t domain_id, uint32_t generation)
{
	if (domain_id < DOMID_IDLE)
		ledger->generation[domain_id] = generation;
}

void dom0_ledger_finish(struct dom0_ledger *ledger, uint64_t end_tsc)
{
	if (end_tsc < ledger->to_tsc)
		ledger->to_tsc = end_tsc;
	for (size_t i = 0; i < DOM0_CPU_MAX; i++) {
		struct dom0_cpu *cpu = &ledger->cpus[i];
		pass(ledger, cpu, end_tsc);
		settle_poll(ledger, cpu, cpu->softirq);
	}
	share_out(ledger);
}

/* ---- sums ---- */

uint64_t dom0_ledger_row_tsc(const struct dom0_ledger *ledger, enum dom0_row row)
{
	uint64_t sum_tsc = 0;

	for (size_t i = 0; i < ledger->entry_count; i++)
		if (ledger->entries[i].role.row == row)
			sum_tsc += ledger->entries[i].tsc;
	return sum_tsc;
}

uint64_t dom0_ledger_guest_tsc(const struct dom0_ledger *ledger, uint32_t domain_id, uint32_t generation, enum dom0_part part)
{
	uint64_t sum_tsc = 0;

	for (size_t i = 0; i < ledger->entry_count; i++) {
		const struct dom0_entry *entry = &ledger->entries[i];
		if (entry->role.row == DOM0_GUEST && entry->role.domain_id == domain_id && entry->generation == generation && entry->part == part)
			sum_tsc += entry->tsc;
	}
	return sum_tsc;
}

bool dom0_ledger_init(struct dom0_ledger *ledger, const struct dom0_kernel_info *info, uint64_t from_tsc, uint64_t to_tsc, uint64_t tsc_hz)
{
	uint64_t share_tsc = tsc_hz * DOM0_SHARE_MS / 1000;

	*ledger = (struct dom0_ledger){
		.info = info, .from_tsc = from_tsc, .to_tsc = to_tsc, .share_tsc = share_tsc ? share_tsc : 1, .entry_count = 2,
		.cpus = calloc(DOM0_CPU_MAX, sizeof(*ledger->cpus)),
		.entries = calloc(DOM0_ENTRIES_MAX, sizeof(*ledger->entries)),
		.slots = calloc(SLOTS, sizeof(*ledger->slots)),
		.generation = calloc(DOMID_IDLE, sizeof(*ledger->generation)),
	};
	if (!ledger->cpus || !ledger->entries || !ledger->slots || !ledger->generation) {
		dom0_ledger_free(ledger);
		return false;
	}
	series_init(&ledger->by_entry, from_tsc, ledger->share_tsc);
	series_init(&ledger->shared, from_tsc, ledger->share_tsc);
	ledger->entries[DOM0_ENTRY_UNATTRIBUTED].role.row = DOM0_UNATTRIBUTED;
	ledger->entries[DOM0_ENTRY_MORE] = (struct dom0_entry){ .name = "(further names)", .role.row = DOM0_OTHER };
	return true;
}

void dom0_ledger_free(struct dom0_ledger *ledger)
{
	free(ledger->cpus);
	free(ledger->entries);
	free(ledger->slots);
	free(ledger->generation);
	free(ledger->guests);
	series_free(&ledger->by_entry);
	series_free(&ledger->shared);
	*ledger = (struct dom0_ledger){ 0 };
}
