/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tracer/dom0_kernel.h"

#include "tracer/le.h"
#include "tracer/say.h"
#include "tracer/trc_format.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TSC_BYTES = 8,
	PAGES_AT_ONCE = 1024,      /* of one CPU, so that one that fills as fast as we read keeps nobody waiting */
	COMMIT_BYTES = (1 << 27) - 1, COMMIT_STORED = 1 << 30, /* see analyzer/kernel_page.h */
};

static void missing(struct dom0_kernel *kernel, const char *why)
{
	snprintf(kernel->missing, sizeof(kernel->missing), "%s", why);
	say_warning("Dom0's kernel is not recorded: %s", why);
}

void dom0_kernel_open(struct dom0_kernel *kernel, bool wanted)
{
	char why[sizeof(kernel->missing)];
	int removed = kernel_trace_remove_stale();

	*kernel = (struct dom0_kernel){ .missing = "--no-dom0-kernel" };
	if (removed > 0)
		say_note("an earlier capture was killed: its tracefs instance is removed");
	else if (removed < 0)
		say_warning("remove the tracefs instance of an earlier capture:");
	if (!wanted)
		return;
	kernel->trace = kernel_trace_open(why, sizeof(why));
	if (!kernel->trace) {
		missing(kernel, why);
		return;
	}
	kernel->lanes = calloc(kernel_trace_cpus(kernel->trace), sizeof(*kernel->lanes));
	kernel->page = malloc(kernel_trace_page_bytes(kernel->trace));
	if (!kernel->lanes || !kernel->page) {
		dom0_kernel_close(kernel);
		missing(kernel, "out of memory");
	}
}

void dom0_kernel_close(struct dom0_kernel *kernel)
{
	if (kernel->trace && kernel_trace_close(kernel->trace) < 0)
		say_warning("remove our tracefs instance:");
	free(kernel->lanes);
	free(kernel->page);
	kernel->trace = NULL;
	kernel->lanes = NULL;
	kernel->page = NULL;
}

/* ---- the block before all pages ---- */

static json_t *own_threads(void)
{
	json_t *threads = json_array();
	DIR *dir = opendir("/proc/self/task");
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			json_array_append_new(threads, json_integer(strtol(entry->d_name, NULL, 10)));
	if (dir)
		closedir(dir);
	return threads;
}

static bool put_description(const struct dom0_kernel *kernel, struct queue *queue)
{
	json_t *root = kernel->trace ? kernel_trace_describe(kernel->trace) : json_pack("{s:s}", "missing", kernel->missing);
	char *text = NULL;
	bool done;

	if (root) {
		json_object_set_new(root, "tracer_tids", own_threads());
		text = json_dumps(root, JSON_COMPACT);
		json_decref(root);
	}
	done = text && queue_put(queue, TRC_BLOCK_KERNEL, 0, (const uint8_t *const[2]){ (const uint8_t *)text }, (const uint32_t[2]){ (uint32_t)strlen(text) });
	free(text);
	return done;
}

void dom0_kernel_begin(struct dom0_kernel *kernel, struct queue *queue)
{
	char why[sizeof(kernel->missing)];

	if (kernel->trace && kernel_trace_on(kernel->trace) < 0) {
		snprintf(why, sizeof(why), "switch its tracing on: %s", strerror(errno));
		dom0_kernel_close(kernel);
		missing(kernel, why);
	}
	if (!put_description(kernel, queue)) {
		say_warning("Dom0's kernel is not recorded: no room for what describes it");
		dom0_kernel_close(kernel); /* without that no page can be read */
	}
}

/* ---- pages ---- */

/* What was dropped is told before the next page.  True if nothing is left to tell. */
static bool tell_pending(struct kernel_lane *lane, uint32_t cpu, struct queue *queue)
{
	uint8_t payload[TRC_KERNEL_DROPPED_PAYLOAD];
	const uint8_t *const piece[2] = { payload, NULL };
	const uint32_t piece_bytes[2] = { sizeof(payload), 0 };

	if (lane->pending_pages == 0)
		return true;
	put_le64(payload, lane->pending_pages);
	put_le64(payload + 8, lane->pending_bytes);
	if (!queue_put(queue, TRC_BLOCK_KERNEL_DROPPED, cpu, piece, piece_bytes))
		return false;
	lane->dropped_pages += lane->pending_pages;
	lane->pending_pages = lane->pending_bytes = 0;
	return true;
}

/* A page up to the end of what is in it. */
static uint32_t used_bytes(const uint8_t *page, uint32_t page_bytes, uint32_t long_bytes)
{
	uint32_t commit, used = TSC_BYTES + long_bytes;

	if (page_bytes < used)
		return page_bytes;
	memcpy(&commit, page + TSC_BYTES, sizeof(commit));
	used += commit & COMMIT_BYTES;
	if (commit & COMMIT_STORED)
		used += long_bytes;
	return used < page_bytes ? used : page_bytes;
}

static void put_page(struct kernel_lane *lane, uint32_t cpu, struct queue *queue, const uint8_t *page, uint32_t bytes)
{
	const uint8_t *const piece[2] = { page, NULL };
	const uint32_t piece_bytes[2] = { bytes, 0 };

	if (tell_pending(lane, cpu, queue) && queue_put(queue, TRC_BLOCK_KERNEL_PAGE, cpu, piece, piece_bytes)) {
		lane->pages++;
		lane->bytes += bytes;
	} else {
		lane->pending_pages++;
		lane->pending_bytes += bytes;
	}
}

/* One page of a CPU; false if nothing waits. */
static bool drain_page(struct dom0_kernel *kernel, uint32_t cpu, struct queue *queue, bool waits)
{
	struct kernel_lane *lane = &kernel->lanes[cpu];
	ssize_t bytes = lane->broken ? 0 : kernel_trace_read(kernel->trace, cpu, kernel->page);
	uint32_t used;

	if (bytes < 0) {
		say_warning("read what Dom0's kernel did on CPU %u:", cpu);
		lane->broken = true;
		lane->pending_pages++; /* at least */
	}
	if (bytes <= 0)
		return false;
	used = used_bytes(kernel->page, (uint32_t)bytes, kernel_trace_long_bytes(kernel->trace));
	if (waits)
		queue_wait_room(queue, used);
	put_page(lane, cpu, queue, kernel->page, used);
	return true;
}

void dom0_kernel_drain(struct dom0_kernel *kernel, struct queue *queue)
{
	for (uint32_t cpu = 0; kernel->trace && cpu < kernel_trace_cpus(kernel->trace); cpu++)
		for (int i = 0; i < PAGES_AT_ONCE && drain_page(kernel, cpu, queue, false); i++)
			;
}

void dom0_kernel_off(struct dom0_kernel *kernel)
{
	kernel->stays_on = kernel->trace && kernel_trace_off(kernel->trace) < 0;
	if (kernel->stays_on)
		say_warning("switch the tracing of Dom0's kernel off:");
}

void dom0_kernel_end(struct dom0_kernel *kernel, struct queue *queue)
{
	for (uint32_t cpu = 0; kernel->trace && cpu < kernel_trace_cpus(kernel->trace); cpu++) {
		struct kernel_lane *lane = &kernel->lanes[cpu];
		for (int i = 0; (!kernel->stays_on || i < PAGES_AT_ONCE) && drain_page(kernel, cpu, queue, true); i++)
			;
		if (lane->pending_pages > 0)
			queue_wait_room(queue, TRC_KERNEL_DROPPED_PAYLOAD);
		tell_pending(lane, cpu, queue);
		if (kernel_trace_stats(kernel->trace, cpu, &lane->stats) < 0)
			say_warning("read how much Dom0's kernel lost on CPU %u:", cpu);
	}
}

bool dom0_kernel_incomplete(const struct dom0_kernel *kernel)
{
	uint64_t missed_events = 0, dropped_pages = 0;

	for (uint32_t cpu = 0; kernel->trace && cpu < kernel_trace_cpus(kernel->trace); cpu++) {
		missed_events += kernel->lanes[cpu].stats.missed_events;
		dropped_pages += kernel->lanes[cpu].dropped_pages + kernel->lanes[cpu].pending_pages;
	}
	if (missed_events > 0 || dropped_pages > 0)
		say_warning("of what Dom0's kernel did, %" PRIu64 " events had no room there, and %" PRIu64 " pages of them had none in the queue or could not be read",
			    missed_events, dropped_pages);
	return missed_events > 0 || dropped_pages > 0;
}

void dom0_kernel_take_back(struct dom0_kernel *kernel, const struct queue_item *item)
{
	struct kernel_lane *lane = &kernel->lanes[item->arg];

	if (item->type == TRC_BLOCK_KERNEL_PAGE) {
		lane->pages--;
		lane->bytes -= item->bytes;
		lane->pending_pages++;
		lane->pending_bytes += item->bytes;
	} else {
		lane->dropped_pages -= le64(item->payload);
		lane->pending_pages += le64(item->payload);
		lane->pending_bytes += le64(item->payload + 8);
	}
}

void dom0_kernel_tell(struct dom0_kernel *kernel, struct queue *queue)
{
	for (uint32_t cpu = 0; kernel->trace && cpu < kernel_trace_cpus(kernel->trace); cpu++)
		tell_pending(&kernel->lanes[cpu], cpu, queue);
}

json_t *dom0_kernel_json(const struct dom0_kernel *kernel)
{
	json_t *cpus = json_array();

	for (uint32_t cpu = 0; kernel->trace && cpu < kernel_trace_cpus(kernel->trace); cpu++) {
		const struct kernel_lane *lane = &kernel->lanes[cpu];
		json_array_append_new(cpus, json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "id", (json_int_t)cpu, "pages", (json_int_t)lane->pages,
						      "bytes", (json_int_t)lane->bytes, "events", (json_int_t)lane->stats.read_events,
						      "missed_events", (json_int_t)lane->stats.missed_events,
						      "dropped_pages", (json_int_t)(lane->dropped_pages + lane->pending_pages)));
	}
	if (kernel->trace)
		return json_pack("{s:o}", "cpus", cpus);
	json_decref(cpus);
	return NULL;
}
