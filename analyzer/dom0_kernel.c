/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/dom0_kernel.h"

#include "analyzer/bytes.h"
#include "analyzer/deal.h"
#include "analyzer/json_block.h"
#include "analyzer/kernel_format.h"
#include "analyzer/kernel_page.h"
#include "tracer/trc_format.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLOCK_BITS = 63 }; /* a TSC beyond is no clock */

/* One of Dom0's CPUs. */
struct cpu_stream {
	uint32_t cpu;
	uint64_t chunk_offset;
	struct payload payload;
	struct kernel_page page;
	bool in_page;
	bool missed;                /* events after last_tsc are not there; not told yet */
	uint64_t missed_events;
	uint64_t last_tsc;
	uint32_t irq;               /* whose handler began last, … */
	char irq_name[DOM0_NAME_BYTES];
	struct dom0_event head;
	bool ended;                 /* head is not valid */
};

struct dom0_kernel {
	const struct tracefile *file;
	struct trust *trust;
	struct deal *deal;
	struct kernel_formats *formats;
	struct dom0_kernel_info info;
	struct dom0_kernel_tally tally;
	struct cpu_stream *streams;
	size_t current;             /* the stream of the earliest head */
};

/* ---- what the capture says about the kernel ---- */

static void copy_string(const json_t *root, const char *key, char *out, size_t room)
{
	const char *string = json_string_value(json_object_get(root, key));

	if (string)
		snprintf(out, room, "%s", string);
}

static void take_lists(struct dom0_kernel_info *info, const json_t *root)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(root, "softirqs"), i, entry)
		if (json_is_string(entry) && i < DOM0_SOFTIRQS_MAX)
			strncat(info->softirqs[i], json_string_value(entry), DOM0_COMM_BYTES - 1);
	json_array_foreach(json_object_get(root, "tracer_tids"), i, entry)
		if (json_is_integer(entry) && info->tracer_tid_count < DOM0_TRACER_TIDS_MAX)
			info->tracer_tids[info->tracer_tid_count++] = (int32_t)json_integer_value(entry);
}

static void take_formats(struct dom0_kernel *kernel, const json_t *root, uint64_t offset)
{
	const char *page = json_string_value(json_object_get(root, "header_page"));
	const json_t *entry;
	size_t i;

	if (!page || !kernel_formats_take_page(kernel->formats, page))
		trust_damage(kernel->trust, offset, 0, "the format of Dom0's kernel's pages cannot be understood");
	json_array_foreach(json_object_get(root, "events"), i, entry) {
		const char *system = json_string_value(json_object_get(entry, "system"));
		const char *name = json_string_value(json_object_get(entry, "name"));
		const char *format = json_string_value(json_object_get(entry, "format"));
		if (!system || !name || !format || !kernel_formats_take_event(kernel->formats, system, name, format))
			trust_damage(kernel->trust, offset, 0, "format %zu of the events of Dom0's kernel cannot be understood", i + 1);
	}
}

/* Only the first of its kind in a file counts. */
static void take_description(struct dom0_kernel *kernel, const struct chunk *chunk, struct payload *payload)
{
	json_t *root = kernel->info.captured ? NULL : json_block(chunk, "kernel", payload, kernel->trust);

	if (!root)
		return;
	copy_string(root, "missing", kernel->info.missing, sizeof(kernel->info.missing));
	kernel->info.captured = !json_object_get(root, "missing");
	copy_string(root, "release", kernel->info.release, sizeof(kernel->info.release));
	copy_string(root, "clock", kernel->info.clock, sizeof(kernel->info.clock));
	take_lists(&kernel->info, root);
	if (kernel->info.captured)
		take_formats(kernel, root, chunk->offset);
	json_decref(root);
}

static bool make_streams(struct dom0_kernel *kernel, const bool *seen)
{
	for (uint32_t cpu = 0; cpu < DOM0_CPU_MAX; cpu++)
		kernel->info.cpus += seen[cpu];
	kernel->streams = calloc(kernel->info.cpus + 1, sizeof(*kernel->streams));
	if (!kernel->streams)
		return false;
	for (uint32_t cpu = 0, i = 0; cpu < DOM0_CPU_MAX; cpu++)
		if (seen[cpu])
			kernel->streams[i++].cpu = cpu;
	return true;
}

static bool is_of_kernel(const struct chunk *chunk)
{
	return chunk->block_type == TRC_BLOCK_KERNEL_PAGE || chunk->block_type == TRC_BLOCK_KERNEL_DROPPED;
}

static bool scan(struct dom0_kernel *kernel)
{
	bool seen[DOM0_CPU_MAX] = { false };
	struct payload payload = { 0 };
	struct chunk chunk;
	struct walk walk;
	uint64_t strange_pages = 0;
	bool done;

	walk_begin(&walk, kernel->file, 0);
	while (kernel->file->format == FORMAT_CONTAINER && walk_next(&walk, &chunk, NULL)) {
		if (chunk.block_type == TRC_BLOCK_KERNEL)
			take_description(kernel, &chunk, &payload);
		if (!is_of_kernel(&chunk))
			continue;
		if (kernel->info.captured && strcmp(kernel->info.clock, "x86-tsc") == 0 && chunk.pcpu < DOM0_CPU_MAX)
			seen[chunk.pcpu] = true;
		else if (strange_pages++ == 0)
			trust_damage(kernel->trust, chunk.offset, chunk.stored_bytes, "a page of Dom0's kernel without a format, or of CPU %u", chunk.pcpu);
	}
	done = !payload.out_of_memory;
	payload_free(&payload);
	return done && make_streams(kernel, seen);
}

/* ---- one CPU's events ---- */

static void note_missed(struct cpu_stream *stream, uint64_t events)
{
	stream->missed = true;
	stream->missed_events += events;
}

static void page_damaged(struct dom0_kernel *kernel, struct cpu_stream *stream, uint64_t bytes)
{
	kernel->tally.damaged_pages++;
	trust_damage(kernel->trust, stream->chunk_offset, bytes, "a page of Dom0's kernel, CPU %u, is damaged", stream->cpu);
	stream->in_page = false;
	note_missed(stream, 0);
}

static void enter_page(struct dom0_kernel *kernel, struct cpu_stream *stream, const struct chunk *chunk)
{
	const uint8_t *bytes = chunk_payload(chunk, &stream->payload, kernel->trust);

	stream->chunk_offset = chunk->offset;
	if (!bytes) {
		kernel->tally.damaged_pages++;
		note_missed(stream, 0);
		return;
	}
	stream->in_page = kernel_page_begin(&stream->page, bytes, chunk->raw_bytes, kernel_formats_long_bytes(kernel->formats)) &&
			  !(stream->page.tsc >> CLOCK_BITS);
	if (!stream->in_page)
		page_damaged(kernel, stream, chunk->stored_bytes);
	else if (stream->page.missed)
		note_missed(stream, stream->page.missed_events);
}

static void take_dropped(struct dom0_kernel *kernel, struct cpu_stream *stream, const struct chunk *chunk)
{
	const uint8_t *bytes = chunk_payload(chunk, &stream->payload, kernel->trust);

	note_missed(stream, 0);
	if (!bytes)
		return;
	if (chunk->raw_bytes < TRC_KERNEL_DROPPED_PAYLOAD) {
		trust_damage(kernel->trust, chunk->offset, chunk->stored_bytes, "a count of dropped pages of only %u bytes", chunk->raw_bytes);
		return;
	}
	kernel->tally.dropped_pages += le64(bytes);
	kernel->tally.dropped_bytes += le64(bytes + 8);
}

/* Finds this CPU's next whole page; what is told to be missing before it is noted, and what may be where the file is damaged. */
static bool next_page(struct dom0_kernel *kernel, struct cpu_stream *stream)
{
	struct chunk chunk;

	while (!stream->in_page) {
		bool more = deal_next(kernel->deal, stream->cpu, &chunk);
		if (chunk.after_damage)
			note_missed(stream, 0);
		if (!more)
			break;
		if (chunk.block_type == TRC_BLOCK_KERNEL_PAGE)
			enter_page(kernel, stream, &chunk);
		else if (chunk.block_type == TRC_BLOCK_KERNEL_DROPPED)
			take_dropped(kernel, stream, &chunk);
	}
	return stream->in_page;
}

static void tell_missed(struct dom0_kernel *kernel, struct cpu_stream *stream)
{
	uint64_t until_tsc = UINT64_MAX;

	if (stream->in_page)
		until_tsc = stream->page.tsc > stream->last_tsc ? stream->page.tsc : stream->last_tsc;
	stream->head = (struct dom0_event){ .kind = DOM0_MISSED, .tid = -1, .missed = { until_tsc, stream->missed_events } };
	kernel->tally.missed_places++;
	kernel->tally.missed_events += stream->missed_events;
	stream->missed = false;
	stream->missed_events = 0;
}

/* An exit says only the number of its interrupt. */
static void name_irq(struct cpu_stream *stream)
{
	struct dom0_event *event = &stream->head;

	if (event->kind == DOM0_IRQ_ENTRY) {
		stream->irq = event->irq.irq;
		memcpy(stream->irq_name, event->irq.name, sizeof(stream->irq_name));
	} else if (event->kind == DOM0_IRQ_EXIT && event->irq.irq == stream->irq) {
		memcpy(event->irq.name, stream->irq_name, sizeof(event->irq.name));
	}
}

static void take_clock(struct dom0_kernel *kernel, struct cpu_stream *stream, uint64_t tsc)
{
	if (tsc >= stream->last_tsc)
		stream->last_tsc = tsc;
	else
		kernel->tally.backward_events++;
}

/* Decodes one event into the head; false and counted if it is none. */
static bool take_entry(struct dom0_kernel *kernel, struct cpu_stream *stream, const struct kernel_entry *entry)
{
	take_clock(kernel, stream, entry->tsc);
	switch (kernel_formats_decode(kernel->formats, entry, &stream->head)) {
	case KERNEL_DECODED:
		kernel->tally.events++;
		name_irq(stream);
		return true;
	case KERNEL_DAMAGED_EVENT:
		kernel->tally.damaged_events++;
		trust_damage(kernel->trust, stream->chunk_offset, entry->payload_bytes, "an event of Dom0's kernel, CPU %u, is damaged", stream->cpu);
		return false;
	case KERNEL_UNKNOWN_EVENT: break;
	}
	kernel->tally.unknown_events++;
	return false;
}

/* The next event of the page, if it has one more. */
static bool page_event(struct dom0_kernel *kernel, struct cpu_stream *stream)
{
	struct kernel_entry entry;
	enum kernel_page_result result;

	while ((result = kernel_page_next(&stream->page, &entry)) == KERNEL_PAGE_ENTRY && !(entry.tsc >> CLOCK_BITS))
		if (take_entry(kernel, stream, &entry))
			return true;
	if (result == KERNEL_PAGE_END)
		stream->in_page = false;
	else
		page_damaged(kernel, stream, 0);
	return false;
}

static void refill(struct dom0_kernel *kernel, struct cpu_stream *stream)
{
	bool found;

	do {
		bool more = stream->in_page || next_page(kernel, stream);
		found = stream->missed;
		if (found)
			tell_missed(kernel, stream);
		else if (more)
			found = page_event(kernel, stream);
		else
			stream->ended = true;
	} while (!found && !stream->ended);
	stream->head.tsc = stream->last_tsc;
	stream->head.cpu = stream->cpu;
}

/* ---- all CPUs' events ---- */

static void select_earliest(struct dom0_kernel *kernel)
{
	size_t earliest = 0;

	for (size_t i = 1; i < kernel->info.cpus; i++)
		if (!kernel->streams[i].ended && (kernel->streams[earliest].ended || kernel->streams[i].head.tsc < kernel->streams[earliest].head.tsc))
			earliest = i;
	kernel->current = earliest;
}

struct dom0_kernel *dom0_kernel_open(const struct tracefile *file, struct trust *trust)
{
	struct dom0_kernel *kernel = calloc(1, sizeof(*kernel));

	if (!kernel)
		return NULL;
	kernel->file = file;
	kernel->trust = trust;
	kernel->deal = deal_new(file, is_of_kernel);
	kernel->formats = kernel_formats_new();
	if (!kernel->deal || !kernel->formats || !scan(kernel)) {
		dom0_kernel_free(kernel);
		return NULL;
	}
	for (size_t i = 0; i < kernel->info.cpus; i++)
		refill(kernel, &kernel->streams[i]);
	select_earliest(kernel);
	return kernel;
}

void dom0_kernel_free(struct dom0_kernel *kernel)
{
	if (!kernel)
		return;
	for (size_t i = 0; kernel->streams && i < kernel->info.cpus; i++)
		payload_free(&kernel->streams[i].payload);
	free(kernel->streams);
	kernel_formats_free(kernel->formats);
	deal_free(kernel->deal);
	free(kernel);
}

const struct dom0_event *dom0_kernel_head(const struct dom0_kernel *kernel)
{
	if (kernel->info.cpus == 0 || kernel->streams[kernel->current].ended)
		return NULL;
	return &kernel->streams[kernel->current].head;
}

void dom0_kernel_advance(struct dom0_kernel *kernel)
{
	refill(kernel, &kernel->streams[kernel->current]);
	select_earliest(kernel);
}

const struct dom0_kernel_info *dom0_kernel_info(const struct dom0_kernel *kernel)
{
	return &kernel->info;
}

const struct dom0_kernel_tally *dom0_kernel_tally(const struct dom0_kernel *kernel)
{
	return &kernel->tally;
}
