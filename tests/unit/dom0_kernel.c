/* SPDX-License-Identifier: GPL-2.0-or-later */
/* analyzer/dom0_kernel.h on a real capture of the lab, whole and damaged. */
#include "tests/unit/unit.h"

#include "analyzer/bytes.h"
#include "analyzer/dom0_kernel.h"
#include "tracer/trc_format.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#define REAL "tests/data/dom0.trc"

enum { PAGES_TAKEN = 12, MUTANTS = 600, EVENT_BYTES_LEAST = 4 };

/* ---- a small container in memory, not compressed ---- */

struct image {
	uint8_t *bytes;
	size_t size;
};

static void put(uint8_t *at, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

static void seal(uint8_t *block)
{
	uint32_t stored_bytes = le32(block + 8);

	put(block + TRC_BLOCK_CRC_AT, crc32(crc32(0, block, TRC_BLOCK_CRC_AT), block + TRC_BLOCK_HEADER, stored_bytes), 4);
}

static size_t block_size(uint32_t stored_bytes)
{
	return TRC_BLOCK_HEADER + (stored_bytes + TRC_BLOCK_ALIGN - 1) / TRC_BLOCK_ALIGN * TRC_BLOCK_ALIGN;
}

static void add_block(struct image *image, uint16_t type, uint32_t arg, const uint8_t *payload, uint32_t bytes)
{
	uint8_t *grown = realloc(image->bytes, image->size + block_size(bytes)), *block;

	assert_non_null(grown);
	image->bytes = grown;
	block = grown + image->size;
	memset(block, 0, block_size(bytes));
	put(block, TRC_BLOCK_MAGIC, 4);
	put(block + 4, type, 2);
	put(block + 8, bytes, 4);
	put(block + 12, bytes, 4);
	put(block + 16, arg, 4);
	memcpy(block + TRC_BLOCK_HEADER, payload, bytes);
	seal(block);
	image->size += block_size(bytes);
}

/* What of the real capture is about Dom0's kernel, up to so many pages. */
static struct image excerpt(int pages)
{
	struct tracefile file;
	struct trust trust = { .input_name = REAL };
	struct payload payload = { 0 };
	struct image image = { 0 };
	struct chunk chunk;
	struct walk walk;

	assert_true(tracefile_open(&file, REAL));
	walk_begin(&walk, &file, 0);
	while (walk_next(&walk, &chunk, &trust)) {
		const uint8_t *bytes;
		bool page = chunk.block_type == TRC_BLOCK_KERNEL_PAGE;
		if (chunk.block_type != TRC_BLOCK_FILE && chunk.block_type != TRC_BLOCK_KERNEL && (!page || pages-- <= 0))
			continue;
		bytes = chunk_payload(&chunk, &payload, &trust);
		assert_non_null(bytes);
		add_block(&image, chunk.block_type, chunk.pcpu, bytes, chunk.raw_bytes);
	}
	payload_free(&payload);
	tracefile_close(&file);
	return image;
}

static void open_image(const struct image *image, struct tracefile *file)
{
	char path[64];
	int fd = memfd_create("image", 0);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, image->bytes, image->size), (ssize_t)image->size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_true(tracefile_open(file, path));
	close(fd);
}

/* ---- what holds of every stream, however damaged ---- */

static bool terminated(const char *text, size_t room)
{
	return strnlen(text, room) < room;
}

static void check_event(const struct dom0_event *event)
{
	switch (event->kind) {
	case DOM0_SWITCH:
		assert_true(terminated(event->switched.prev.comm, DOM0_COMM_BYTES));
		assert_true(terminated(event->switched.next.comm, DOM0_COMM_BYTES));
		break;
	case DOM0_WAKING: assert_true(terminated(event->waking.task.comm, DOM0_COMM_BYTES)); break;
	case DOM0_IRQ_ENTRY:
	case DOM0_IRQ_EXIT: assert_true(terminated(event->irq.name, DOM0_NAME_BYTES)); break;
	case DOM0_NAPI_POLL: assert_true(terminated(event->napi.device, DOM0_NAME_BYTES)); break;
	case DOM0_PACKET_IN:
	case DOM0_PACKET_OUT: assert_true(terminated(event->packet.device, DOM0_NAME_BYTES)); break;
	case DOM0_MISSED: assert_true(event->missed.until_tsc >= event->tsc); break;
	default: assert_in_range(event->kind, 0, DOM0_EVENT_KINDS - 1);
	}
}

struct counts {
	uint64_t by_kind[DOM0_EVENT_KINDS];
	uint64_t all;
	struct dom0_kernel_tally tally;
	struct trust trust;
};

/* Pulls all events; they are in order of time. */
static struct counts pull(const struct tracefile *file)
{
	struct counts counts = { .trust = { .input_name = "image", .messages = UINT32_MAX } };
	struct dom0_kernel *kernel = dom0_kernel_open(file, &counts.trust);
	const struct dom0_event *event;
	uint64_t last_tsc = 0;

	assert_non_null(kernel);
	while ((event = dom0_kernel_head(kernel))) {
		assert_true(event->tsc >= last_tsc);
		assert_true(event->cpu < DOM0_CPU_MAX);
		check_event(event);
		last_tsc = event->tsc;
		counts.by_kind[event->kind]++;
		counts.all++;
		assert_true(counts.all < file->input.size);
		dom0_kernel_advance(kernel);
	}
	counts.tally = *dom0_kernel_tally(kernel);
	assert_int_equal(counts.tally.events + counts.tally.missed_places, counts.all);
	dom0_kernel_free(kernel);
	return counts;
}

static struct counts pull_image(const struct image *image)
{
	struct tracefile file;
	struct counts counts;

	open_image(image, &file);
	counts = pull(&file);
	tracefile_close(&file);
	return counts;
}

/* ---- the real capture ---- */

/* How many events the kernel itself says were read from its buffers, by the end block. */
static uint64_t events_read(const struct tracefile *file)
{
	struct trust trust = { .input_name = REAL };
	struct payload payload = { 0 };
	struct chunk chunk;
	struct walk walk;
	uint64_t events = 0;
	json_t *root, *cpu;
	size_t i;

	walk_begin(&walk, file, 0);
	while (walk_next(&walk, &chunk, &trust)) {
		if (chunk.block_type != TRC_BLOCK_END)
			continue;
		root = json_loadb((const char *)chunk_payload(&chunk, &payload, &trust), chunk.raw_bytes, 0, NULL);
		assert_non_null(root);
		json_array_foreach(json_object_get(json_object_get(root, "dom0_kernel"), "cpus"), i, cpu)
			events += (uint64_t)json_integer_value(json_object_get(cpu, "events"));
		json_decref(root);
	}
	payload_free(&payload);
	return events;
}

/* The stream takes all that the kernel gave, and knows each kind. */
static void whole(void **state)
{
	struct tracefile file;
	struct counts counts;

	(void)state;
	assert_true(tracefile_open(&file, REAL));
	counts = pull(&file);
	assert_int_equal(counts.tally.events, events_read(&file));
	assert_int_equal(counts.all, counts.tally.events);
	assert_int_equal(counts.trust.damaged_places + counts.tally.backward_events + counts.tally.unknown_events, 0);
	for (int kind = 0; kind < DOM0_MISSED; kind++)
		assert_true(counts.by_kind[kind] > 0);
	tracefile_close(&file);
}

/* One CPU as its events tell it. */
struct cpu {
	bool known;                 /* who runs */
	int32_t running;
	bool in_irq;
	char irq_name[DOM0_NAME_BYTES];
	uint32_t softirq_depth;
};

static void follow(struct cpu *cpu, const struct dom0_event *event)
{
	if (cpu->known)
		assert_int_equal(event->tid, cpu->running);
	switch (event->kind) {
	case DOM0_SWITCH:
		assert_int_equal(event->switched.prev.tid, event->tid);
		cpu->running = event->switched.next.tid;
		cpu->known = true;
		break;
	case DOM0_IRQ_ENTRY:
		assert_true(event->in_hardirq);
		assert_false(cpu->in_irq);
		cpu->in_irq = true;
		memcpy(cpu->irq_name, event->irq.name, sizeof(cpu->irq_name));
		break;
	case DOM0_IRQ_EXIT:
		assert_true(event->in_hardirq);
		if (cpu->in_irq)
			assert_string_equal(event->irq.name, cpu->irq_name);
		cpu->in_irq = false;
		break;
	case DOM0_SOFTIRQ_ENTRY:
		assert_true(event->in_softirq);
		assert_int_equal(cpu->softirq_depth++, 0);
		break;
	case DOM0_SOFTIRQ_EXIT:
		cpu->softirq_depth = 0;
		break;
	default: break;
	}
}

/* Who runs, by the events of one CPU in their order, is who each event says it ran in; handlers do not nest. */
static void consistent(void **state)
{
	struct trust trust = { .input_name = REAL };
	struct cpu cpus[2] = { { 0 } };
	struct tracefile file;
	struct dom0_kernel *kernel;
	const struct dom0_kernel_info *info;
	const struct dom0_event *event;
	uint64_t guest_bytes = 0, tracer_runs = 0;

	(void)state;
	assert_true(tracefile_open(&file, REAL));
	kernel = dom0_kernel_open(&file, &trust);
	assert_non_null(kernel);
	info = dom0_kernel_info(kernel);
	assert_true(info->captured);
	assert_int_equal(info->cpus, ROWS(cpus));
	assert_string_equal(info->clock, "x86-tsc");
	assert_string_equal(info->softirqs[3], "NET_RX");
	assert_int_equal(info->tracer_tid_count, 2); /* it drains, and it writes */
	for (; (event = dom0_kernel_head(kernel)); dom0_kernel_advance(kernel)) {
		assert_true(event->cpu < ROWS(cpus));
		follow(&cpus[event->cpu], event);
		if (event->kind == DOM0_PACKET_OUT && strncmp(event->packet.device, "vif", 3) == 0)
			guest_bytes += event->packet.bytes;
		for (size_t i = 0; event->kind == DOM0_SWITCH && i < info->tracer_tid_count; i++)
			tracer_runs += event->switched.next.tid == info->tracer_tids[i] && strcmp(event->switched.next.comm, "xtrace-cap") == 0;
	}
	assert_true(guest_bytes > 1000000);
	assert_true(tracer_runs > 0);
	dom0_kernel_free(kernel);
	tracefile_close(&file);
}

/* ---- damage ---- */

/* A page less in the middle: where it was is told, from the last event before it to the first after it. */
static void page_lost(void **state)
{
	struct image image = excerpt(PAGES_TAKEN), less = { 0 };
	struct counts counts;
	int pages = 0;

	(void)state;
	for (size_t at = 0; at < image.size; at += block_size(le32(image.bytes + at + 8))) {
		const uint8_t *block = image.bytes + at;
		uint16_t type = le16(block + 4);
		bool lost = type == TRC_BLOCK_KERNEL_PAGE && ++pages == PAGES_TAKEN / 2;
		static const uint8_t counts_of[TRC_KERNEL_DROPPED_PAYLOAD] = { [0] = 3, [9] = 0x20 };
		if (lost)
			add_block(&less, TRC_BLOCK_KERNEL_DROPPED, le32(block + 16), counts_of, sizeof(counts_of));
		else
			add_block(&less, type, le32(block + 16), block + TRC_BLOCK_HEADER, le32(block + 8));
	}
	counts = pull_image(&less);
	assert_int_equal(counts.by_kind[DOM0_MISSED], 1);
	assert_int_equal(counts.tally.dropped_pages, 3);
	assert_int_equal(counts.tally.dropped_bytes, 0x2000);
	assert_int_equal(counts.trust.damaged_places, 0);
	free(image.bytes);
	free(less.bytes);
}

/* A page whose block is not known as one any more: it may have been of any CPU. */
static void page_unrecognised(void **state)
{
	struct image image = excerpt(PAGES_TAKEN);
	struct counts counts;
	int pages = 0;

	(void)state;
	for (size_t at = 0; at < image.size; at += block_size(le32(image.bytes + at + 8)))
		if (le16(image.bytes + at + 4) == TRC_BLOCK_KERNEL_PAGE && ++pages == PAGES_TAKEN / 2) {
			image.bytes[at] ^= 1;
			break;
		}
	counts = pull_image(&image);
	assert_true(counts.tally.events > 0);
	assert_int_equal(counts.by_kind[DOM0_MISSED], 2); /* of either CPU */
	free(image.bytes);
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* A few bytes of a block become others: in text printable ones, so that it often stays JSON. */
static void damage(uint8_t *block, uint32_t *seed)
{
	bool is_text = le16(block + 4) == TRC_BLOCK_KERNEL;
	uint32_t bytes = le32(block + 8);

	for (uint32_t n = 1 + next_random(seed) % 6; n > 0 && bytes > 0; n--)
		block[TRC_BLOCK_HEADER + next_random(seed) % bytes] = (uint8_t)(is_text ? ' ' + next_random(seed) % 95 : next_random(seed));
	seal(block);
}

/* Whatever the bytes: events come in order of time, text is terminated, and the stream ends. */
static void mutants(void **state)
{
	struct image image = excerpt(PAGES_TAKEN), mutant = { .bytes = malloc(image.size), .size = image.size };
	uint64_t damaged = 0, events = 0;
	uint32_t seed = 23;

	(void)state;
	assert_non_null(mutant.bytes);
	for (int i = 0; i < MUTANTS; i++) {
		struct counts counts;
		memcpy(mutant.bytes, image.bytes, image.size);
		for (size_t at = 0; at < image.size; at += block_size(le32(mutant.bytes + at + 8)))
			if (le16(mutant.bytes + at + 4) != TRC_BLOCK_FILE && next_random(&seed) % 3 == 0)
				damage(mutant.bytes + at, &seed);
		counts = pull_image(&mutant);
		damaged += counts.trust.damaged_places > 0;
		events += counts.tally.events;
	}
	assert_true(damaged > MUTANTS / 2);
	assert_true(events > 0);
	free(image.bytes);
	free(mutant.bytes);
}

/* JSON that would take some hundred megabytes to hold. */
static void description_too_long(void **state)
{
	enum { BYTES = (1 << 24) + 1 };
	uint8_t *json = malloc(BYTES);
	struct image image = { 0 };
	struct counts counts;

	(void)state;
	assert_non_null(json);
	memset(json, ' ', BYTES);
	json[0] = '{';
	json[BYTES - 1] = '}';
	add_block(&image, TRC_BLOCK_KERNEL, 0, json, BYTES);
	counts = pull_image(&image);
	assert_int_equal(counts.trust.damaged_places, 1);
	assert_int_equal(counts.trust.damaged_bytes, BYTES);
	free(image.bytes);
	free(json);
}

/* A block cut off anywhere. */
static void truncated(void **state)
{
	struct image image = excerpt(2);

	(void)state;
	for (size_t at = 0; at < image.size; at += block_size(le32(image.bytes + at + 8))) {
		uint32_t bytes = le32(image.bytes + at + 8), step = bytes / 20 + 1;
		for (uint32_t kept = 0; le16(image.bytes + at + 4) != TRC_BLOCK_FILE && kept < bytes; kept += step) {
			struct image cut = { 0 };
			for (size_t from = 0; from < image.size; from += block_size(le32(image.bytes + from + 8)))
				add_block(&cut, le16(image.bytes + from + 4), le32(image.bytes + from + 16), image.bytes + from + TRC_BLOCK_HEADER,
					  from == at ? kept : le32(image.bytes + from + 8));
			assert_true(pull_image(&cut).trust.damaged_places > 0);
			free(cut.bytes);
		}
	}
	free(image.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole), cmocka_unit_test(consistent), cmocka_unit_test(page_lost), cmocka_unit_test(page_unrecognised),
		cmocka_unit_test(mutants), cmocka_unit_test(description_too_long), cmocka_unit_test(truncated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
