/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * xencost: counted hypercalls, to learn what a trace record costs the hypervisor.
 *
 *     xencost
 *
 * Runs in Dom0, as root, with nobody else tracing.  Does each operation of the table below in batches, with
 * tracing off, with tracing on for a class that nothing here writes, and with tracing on for one class of
 * records, and prints a line for each, tab-separated:
 *
 *     operation events operations least median records bytes
 *
 * least and median are TSC cycles for one operation, of the best batch and of the middle one; records and
 * bytes are what Xen wrote for one operation.  Nobody but xencost reads the buffers, and only between
 * batches: no reader disturbs.
 *
 * The truth it creates: a batch is so many operations, so the records per operation are known beforehand:
 * one EVTCHN_SEND for an event, one GRANT_COPY for a batch of copies, and so on.
 */
#include "tracer/xen_headers.h"
#include "tracer/xen_host.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	BATCHES = 25,
	CALLS = 64,        /* operations in a hypercall of many */
	COPY_BYTES = 64,
	RING_PAGES = 512,  /* a batch's records must fit */
	NO_EVENTS = 0x0800f000, /* the guests' own: nothing here writes them */
};

struct bench {
	xencall_handle *call;
	evtchn_send_t *send;
	multicall_entry_t *sends;
	gnttab_copy_t *copies;
	bool other_stops;
};

/* ---- operations: each does count of them, true if all went well ---- */

static bool version_calls(struct bench *bench, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (xencall2(bench->call, __HYPERVISOR_xen_version, XENVER_version, 0) <= 0)
			return false;
	return true;
}

/* One hypercall with CALLS sends to an event channel that leads back to us and stays pending. */
static bool event_sends(struct bench *bench, unsigned count)
{
	for (unsigned i = 0; i < count; i += CALLS)
		if (xencall2(bench->call, __HYPERVISOR_multicall, (uintptr_t)bench->sends, CALLS) != 0)
			return false;
	return bench->sends[0].result == 0;
}

static bool copy_batch(struct bench *bench, unsigned count, unsigned copies)
{
	for (unsigned i = 0; i < count; i += copies)
		if (xencall3(bench->call, __HYPERVISOR_grant_table_op, GNTTABOP_copy, (uintptr_t)bench->copies, copies) != 0)
			return false;
	return bench->copies[0].status == GNTST_okay;
}

static bool single_copies(struct bench *bench, unsigned count)
{
	return copy_batch(bench, count, 1);
}

static bool batched_copies(struct bench *bench, unsigned count)
{
	return copy_batch(bench, count, CALLS);
}

static bool yields(struct bench *bench, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (xencall2(bench->call, __HYPERVISOR_sched_op, SCHEDOP_yield, 0) != 0)
			return false;
	return true;
}

static void *yield_until_told(void *argument)
{
	struct bench *bench = argument;

	while (!__atomic_load_n(&bench->other_stops, __ATOMIC_ACQUIRE))
		yields(bench, 1);
	return NULL;
}

/* With Dom0's vCPUs on one pCPU each yield switches to the other vCPU, which yields back. */
static bool switches(struct bench *bench, unsigned count)
{
	pthread_t other;
	bool good;

	bench->other_stops = false;
	if (pthread_create(&other, NULL, yield_until_told, bench) != 0)
		return false;
	good = yields(bench, count);
	__atomic_store_n(&bench->other_stops, true, __ATOMIC_RELEASE);
	pthread_join(other, NULL);
	return good;
}

static const struct operation {
	const char *name;
	unsigned count;    /* in a batch */
	bool (*run)(struct bench *bench, unsigned count);
} operations[] = {
	{ "hypercall", 2048, version_calls },
	{ "event", 4096, event_sends },
	{ "copy", 2048, single_copies },
	{ "copy-of-64", 4096, batched_copies },
	{ "yield", 1024, yields },
	{ "switch", 1024, switches },
};

/* What is traced while an operation is measured; each is also measured with nothing and with NO_EVENTS. */
static const struct trial {
	const char *operation, *events;
	uint32_t mask;
} trials[] = {
	{ "hypercall", "HYPERCALL", 0x00201000 },
	{ "hypercall", "XEN_TIME", 0x00808000 },
	{ "event", "HYPERCALL_SUBCALL", 0x00202000 },
	{ "event", "EVTCHN_SEND", 0x00804000 },
	{ "event", "XEN_TIME", 0x00808000 },
	{ "copy", "HYPERCALL", 0x00201000 },
	{ "copy", "GRANT_COPY", 0x0010f000 },
	{ "copy-of-64", "GRANT_COPY", 0x0010f000 },
	{ "yield", "CONTINUE_RUNNING", 0x00021000 },
	{ "yield", "credit", 0x00022000 },
	{ "switch", "RUNSTATE_CHANGE", 0x00021000 },
	{ "switch", "credit", 0x00022000 },
	{ "switch", "sched-verbose", 0x00028000 },
	{ "switch", "sched", 0x0002f000 },
	{ "switch", "XEN_TIME", 0x00808000 },
};

/* ---- measuring ---- */

struct tracing {
	struct xen_host *host;
	const struct ring *rings;
	size_t ring_count;
};

struct result {
	double cycles[BATCHES];
	uint64_t records, bytes, operations;
};

static void rings_empty(const struct tracing *tracing)
{
	for (size_t i = 0; i < tracing->ring_count; i++)
		ring_discard(&tracing->rings[i]);
}

static bool rings_tally(const struct tracing *tracing, struct result *result)
{
	struct ring_tally tally = { 0 };

	for (size_t i = 0; i < tracing->ring_count; i++) {
		struct ring_window window;
		int64_t bytes = ring_peek(&tracing->rings[i], &window);
		if (bytes < 0)
			return false;
		result->bytes += (uint64_t)bytes;
		if (bytes > 0)
			ring_count(&window, &tally);
	}
	result->records += tally.records;
	return tally.lost_records == 0;
}

static bool measure(const struct tracing *tracing, struct bench *bench, const struct operation *operation, struct result *result)
{
	for (unsigned i = 0; i < BATCHES; i++) {
		uint64_t begin_tsc, end_tsc;
		rings_empty(tracing);
		begin_tsc = xen_host_tsc();
		if (!operation->run(bench, operation->count))
			return false;
		end_tsc = xen_host_tsc();
		if (!rings_tally(tracing, result))
			return false;
		result->cycles[i] = (double)(end_tsc - begin_tsc) / operation->count;
		result->operations += operation->count;
	}
	return true;
}

static int by_size(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

/* Measures one operation with these events, 0 for tracing off, and prints the line. */
static bool trial_run(const struct tracing *tracing, struct bench *bench, const struct operation *operation, const char *events,
		      uint32_t mask)
{
	struct result result = { .records = 0 };
	bool good = mask == 0 || (xen_tbuf_set_events(tracing->host, mask) == 0 && xen_tbuf_enable(tracing->host) == 0);

	good = good && measure(tracing, bench, operation, &result);
	xen_tbuf_disable(tracing->host);
	rings_empty(tracing);
	if (!good) {
		fprintf(stderr, "xencost: %s with %s failed\n", operation->name, events);
		return false;
	}
	qsort(result.cycles, BATCHES, sizeof(result.cycles[0]), by_size);
	printf("%s\t%s\t%" PRIu64 "\t%.1f\t%.1f\t%.3f\t%.2f\n", operation->name, events, result.operations, result.cycles[0],
	       result.cycles[BATCHES / 2], (double)result.records / (double)result.operations,
	       (double)result.bytes / (double)result.operations);
	return true;
}

static bool run_all(const struct tracing *tracing, struct bench *bench)
{
	bool good = true;

	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		const struct operation *operation = &operations[i];
		operation->run(bench, operation->count);
		good &= trial_run(tracing, bench, operation, "off", 0);
		good &= trial_run(tracing, bench, operation, "none", NO_EVENTS);
		for (size_t j = 0; j < sizeof(trials) / sizeof(trials[0]); j++)
			if (strcmp(trials[j].operation, operation->name) == 0)
				good &= trial_run(tracing, bench, operation, trials[j].events, trials[j].mask);
	}
	return good;
}

/* ---- setting up ---- */

/* An event channel from us to us.  Its first event goes through Dom0's kernel, which then keeps it masked. */
static bool prepare_sends(struct bench *bench)
{
	xenevtchn_handle *events = xenevtchn_open(NULL, 0);
	xenevtchn_port_or_error_t there = events ? xenevtchn_bind_unbound_port(events, 0) : -1;
	xenevtchn_port_or_error_t here = there < 0 ? -1 : xenevtchn_bind_interdomain(events, 0, (evtchn_port_t)there);

	bench->send = xencall_alloc_buffer(bench->call, sizeof(*bench->send));
	bench->sends = xencall_alloc_buffer(bench->call, CALLS * sizeof(*bench->sends));
	if (here < 0 || !bench->send || !bench->sends)
		return false;
	bench->send->port = (evtchn_port_t)here;
	for (unsigned i = 0; i < CALLS; i++)
		bench->sends[i] = (multicall_entry_t){
			.op = __HYPERVISOR_event_channel_op, .args = { EVTCHNOP_send, (uintptr_t)bench->send } };
	return true;
}

/* From one page of ours to another, by grants. */
static bool prepare_copies(struct bench *bench)
{
	xengntshr_handle *grants = xengntshr_open(NULL, 0);
	uint32_t refs[2];

	bench->copies = xencall_alloc_buffer(bench->call, CALLS * sizeof(*bench->copies));
	if (!grants || !bench->copies || !xengntshr_share_pages(grants, 0, 2, refs, 1))
		return false;
	for (unsigned i = 0; i < CALLS; i++)
		bench->copies[i] = (gnttab_copy_t){
			.source = { .u.ref = refs[0], .domid = DOMID_SELF }, .dest = { .u.ref = refs[1], .domid = DOMID_SELF },
			.len = COPY_BYTES, .flags = GNTCOPY_source_gref | GNTCOPY_dest_gref };
	return true;
}

static bool prepare_tracing(struct tracing *tracing)
{
	uint32_t pages;

	xen_tbuf_set_pages(tracing->host, RING_PAGES); /* fails when they have a size, which is fine */
	return xen_tbuf_disable(tracing->host) == 0 && xen_tbuf_map(tracing->host, &tracing->rings, &tracing->ring_count, &pages) == 0;
}

int main(void)
{
	struct tracing tracing = { .host = xen_host_open() };
	struct bench bench = { .call = xencall_open(NULL, 0) };
	bool good;

	if (!tracing.host || !bench.call)
		return 1;
	if (!prepare_tracing(&tracing) || !prepare_sends(&bench) || !prepare_copies(&bench)) {
		perror("xencost: prepare");
		return 1;
	}
	good = run_all(&tracing, &bench);
	xen_host_close(tracing.host);
	return good && fflush(stdout) == 0 ? 0 : 1;
}
