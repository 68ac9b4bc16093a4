/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tracer/dom0_kernel.h on a tracefs in memory. */
#include "tests/unit/unit.h"

#include "analyzer/bytes.h"
#include "tests/unit/fake_kernel_trace.h"
#include "tracer/dom0_kernel.h"
#include "tracer/trc_format.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { QUEUE_BYTES = 64 << 10, HEADER_BYTES = 16 /* of a page */ };

struct setting {
	struct kernel_trace trace;
	struct dom0_kernel kernel;
	struct queue *queue;
};

static struct setting *set_up(void)
{
	struct setting *setting = calloc(1, sizeof(*setting));

	assert_non_null(setting);
	fake_kernel_trace_use(&setting->trace);
	setting->queue = queue_new(QUEUE_BYTES);
	assert_non_null(setting->queue);
	return setting;
}

static void tear_down(struct setting *setting)
{
	dom0_kernel_close(&setting->kernel);
	assert_false(setting->trace.there);
	queue_free(setting->queue);
	fake_kernel_trace_use(NULL);
	free(setting);
}

/* The next block that was put; the queue must be closed, so that none is a failure and not a wait. */
static struct queue_item take(struct setting *setting, uint16_t type, uint32_t arg)
{
	struct queue_item item;

	assert_true(queue_take(setting->queue, &item));
	assert_int_equal(item.type, type);
	assert_int_equal(item.arg, arg);
	return item;
}

static json_t *take_description(struct setting *setting)
{
	struct queue_item item = take(setting, TRC_BLOCK_KERNEL, 0);
	json_t *root = json_loadb((const char *)item.payload, item.bytes, 0, NULL);

	assert_non_null(root);
	queue_release(setting->queue);
	return root;
}

static void take_page(struct setting *setting, uint32_t cpu, uint32_t event_bytes, uint8_t event_byte)
{
	struct queue_item item = take(setting, TRC_BLOCK_KERNEL_PAGE, cpu);

	assert_int_equal(item.bytes, HEADER_BYTES + event_bytes);
	if (event_bytes > 0)
		assert_int_equal(item.payload[HEADER_BYTES], event_byte);
	queue_release(setting->queue);
}

static void nothing_left(struct setting *setting)
{
	struct queue_item item;

	assert_false(queue_take(setting->queue, &item));
}

/* Pages come cut off behind their events, of each CPU in order, after the block that describes them. */
static void pages(void **state)
{
	struct setting *setting = set_up();
	json_t *root, *entry;
	size_t i, own = 0;

	(void)state;
	dom0_kernel_open(&setting->kernel, true);
	assert_true(setting->trace.there);
	assert_false(setting->trace.on);
	dom0_kernel_begin(&setting->kernel, setting->queue);
	assert_true(setting->trace.on);
	fake_kernel_trace_add(&setting->trace, 0, 40);
	fake_kernel_trace_add(&setting->trace, 0, FAKE_PAGE_BYTES - HEADER_BYTES);
	fake_kernel_trace_add(&setting->trace, 1, 8);
	dom0_kernel_drain(&setting->kernel, setting->queue);
	dom0_kernel_off(&setting->kernel);
	assert_false(setting->trace.on);
	fake_kernel_trace_add(&setting->trace, 1, 12);
	dom0_kernel_end(&setting->kernel, setting->queue);
	assert_true(dom0_kernel_incomplete(&setting->kernel)); /* the fake says that CPU 1 missed an event */
	queue_close(setting->queue);

	root = take_description(setting);
	assert_string_equal(json_string_value(json_object_get(root, "release")), "6.1.0-fake");
	json_array_foreach(json_object_get(root, "tracer_tids"), i, entry)
		own += json_integer_value(entry) == getpid();
	assert_int_equal(own, 1);
	json_decref(root);
	take_page(setting, 0, 40, 1);
	take_page(setting, 0, FAKE_PAGE_BYTES - HEADER_BYTES, 2);
	take_page(setting, 1, 8, 1);
	take_page(setting, 1, 12, 2);
	nothing_left(setting);
	tear_down(setting);
}

static void check_cpu(const json_t *cpu, json_int_t pages_put, json_int_t bytes, json_int_t events, json_int_t missed_events, json_int_t dropped_pages)
{
	assert_int_equal(json_integer_value(json_object_get(cpu, "pages")), pages_put);
	assert_int_equal(json_integer_value(json_object_get(cpu, "bytes")), bytes);
	assert_int_equal(json_integer_value(json_object_get(cpu, "events")), events);
	assert_int_equal(json_integer_value(json_object_get(cpu, "missed_events")), missed_events);
	assert_int_equal(json_integer_value(json_object_get(cpu, "dropped_pages")), dropped_pages);
}

/* What finds no room is dropped, counted, and told where it was before the next page of its CPU. */
static void dropped(void **state)
{
	enum { PAGES = 30, EVENT_BYTES = FAKE_PAGE_BYTES - HEADER_BYTES };
	struct setting *setting = set_up();
	json_t *json, *cpus;
	json_int_t kept, told = 0;

	(void)state;
	dom0_kernel_open(&setting->kernel, true);
	for (int i = 0; i < PAGES; i++)
		fake_kernel_trace_add(&setting->trace, 1, EVENT_BYTES);
	dom0_kernel_drain(&setting->kernel, setting->queue);
	kept = (json_int_t)setting->kernel.lanes[1].pages;
	assert_in_range(kept, 10, 15); /* of 4 KiB in a queue of 64 */
	for (json_int_t i = 1; i <= kept; i++)
		take_page(setting, 1, EVENT_BYTES, (uint8_t)i);
	fake_kernel_trace_add(&setting->trace, 1, 8);
	dom0_kernel_end(&setting->kernel, setting->queue);
	queue_close(setting->queue);

	while (told < PAGES - kept) {
		struct queue_item item = take(setting, TRC_BLOCK_KERNEL_DROPPED, 1);
		assert_int_equal(item.bytes, TRC_KERNEL_DROPPED_PAYLOAD);
		assert_int_equal(le64(item.payload + 8), le64(item.payload) * FAKE_PAGE_BYTES);
		told += (json_int_t)le64(item.payload);
		queue_release(setting->queue);
	}
	assert_int_equal(told, PAGES - kept);
	take_page(setting, 1, 8, PAGES + 1);
	nothing_left(setting);

	json = dom0_kernel_json(&setting->kernel);
	cpus = json_object_get(json, "cpus");
	assert_int_equal(json_array_size(cpus), FAKE_CPUS);
	check_cpu(json_array_get(cpus, 0), 0, 0, 0, 0, 0);
	check_cpu(json_array_get(cpus, 1), kept + 1, kept * FAKE_PAGE_BYTES + HEADER_BYTES + 8, 23 * (PAGES + 1), 1, PAGES - kept);
	json_decref(json);
	tear_down(setting);
}

/* A capture goes on without, and its file says why. */
static void not_recorded(void **state)
{
	static const struct {
		bool wanted;
		const char *why_not, *missing;
	} rows[] = {
		{ true, "there is none", "there is none" },
		{ false, NULL, "--no-dom0-kernel" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct setting *setting = set_up();
		json_t *root;
		setting->trace.why_not = rows[i].why_not;
		setting->trace.stale = true;
		dom0_kernel_open(&setting->kernel, rows[i].wanted);
		assert_false(setting->trace.there);
		assert_false(setting->trace.stale);
		dom0_kernel_begin(&setting->kernel, setting->queue);
		fake_kernel_trace_add(&setting->trace, 0, 8);
		dom0_kernel_drain(&setting->kernel, setting->queue);
		dom0_kernel_off(&setting->kernel);
		dom0_kernel_end(&setting->kernel, setting->queue);
		queue_close(setting->queue);
		root = take_description(setting);
		assert_string_equal(json_string_value(json_object_get(root, "missing")), rows[i].missing);
		json_decref(root);
		nothing_left(setting);
		assert_null(dom0_kernel_json(&setting->kernel));
		tear_down(setting);
	}
}

/* Pages that cannot be read end nothing, but it is told; what an earlier capture left and cannot be removed ends nothing either. */
static void failing(void **state)
{
	struct setting *setting = set_up();

	(void)state;
	setting->trace.stale = true;
	setting->trace.remove_errno = EBUSY;
	setting->trace.read_errno = EIO;
	dom0_kernel_open(&setting->kernel, true);
	assert_true(setting->trace.there);
	fake_kernel_trace_add(&setting->trace, 0, 8);
	dom0_kernel_drain(&setting->kernel, setting->queue);
	dom0_kernel_end(&setting->kernel, setting->queue);
	assert_true(dom0_kernel_incomplete(&setting->kernel));
	queue_close(setting->queue);
	for (uint32_t cpu = 0; cpu < FAKE_CPUS; cpu++) {
		struct queue_item item = take(setting, TRC_BLOCK_KERNEL_DROPPED, cpu);
		assert_int_equal(le64(item.payload), 1);
		queue_release(setting->queue);
	}
	nothing_left(setting);
	tear_down(setting);
}

/* What cannot be switched on is not recorded, and the file says why. */
static void not_to_be_switched_on(void **state)
{
	struct setting *setting = set_up();
	json_t *root;

	(void)state;
	setting->trace.on_errno = EIO;
	dom0_kernel_open(&setting->kernel, true);
	dom0_kernel_begin(&setting->kernel, setting->queue);
	assert_false(setting->trace.there);
	queue_close(setting->queue);
	root = take_description(setting);
	assert_string_equal(json_string_value(json_object_get(root, "missing")), "switch its tracing on: Input/output error");
	json_decref(root);
	nothing_left(setting);
	assert_null(dom0_kernel_json(&setting->kernel));
	tear_down(setting);
}

/* What cannot be switched off writes as fast as it is read: that has an end. */
static void not_to_be_switched_off(void **state)
{
	struct setting *setting = set_up();

	(void)state;
	setting->trace.off_errno = EIO;
	dom0_kernel_open(&setting->kernel, true);
	fake_kernel_trace_add(&setting->trace, 0, 8);
	dom0_kernel_off(&setting->kernel);
	dom0_kernel_end(&setting->kernel, setting->queue);
	queue_close(setting->queue);
	assert_in_range(setting->kernel.lanes[0].pages, 1, UINT16_MAX);
	tear_down(setting);
}

/* A queue without room for what describes the pages: there are none. */
static void no_room_for_the_description(void **state)
{
	static const uint8_t filling[QUEUE_BYTES - 64];
	struct setting *setting = set_up();
	struct queue_item item;

	(void)state;
	assert_true(queue_put(setting->queue, TRC_BLOCK_MARKER, 0, (const uint8_t *const[2]){ filling }, (const uint32_t[2]){ sizeof(filling) }));
	dom0_kernel_open(&setting->kernel, true);
	dom0_kernel_begin(&setting->kernel, setting->queue);
	assert_false(setting->trace.there);
	queue_close(setting->queue);
	item = take(setting, TRC_BLOCK_MARKER, 0);
	assert_int_equal(item.bytes, sizeof(filling));
	queue_release(setting->queue);
	nothing_left(setting);
	tear_down(setting);
}

/* What the disk did not take, a count of what was dropped before among it, is told together behind it, and once. */
static void taken_back(void **state)
{
	enum { PAGES = 30, EVENT_BYTES = FAKE_PAGE_BYTES - HEADER_BYTES };
	struct setting *setting = set_up();
	struct queue_item item;
	json_t *json;

	(void)state;
	dom0_kernel_open(&setting->kernel, true);
	for (int i = 0; i < PAGES; i++)
		fake_kernel_trace_add(&setting->trace, 1, EVENT_BYTES);
	dom0_kernel_drain(&setting->kernel, setting->queue); /* some have no room */
	take_page(setting, 1, EVENT_BYTES, 1);
	take_page(setting, 1, EVENT_BYTES, 2);
	fake_kernel_trace_add(&setting->trace, 1, 8);
	dom0_kernel_drain(&setting->kernel, setting->queue); /* and that is told */
	queue_stop(setting->queue);
	while (queue_take_back(setting->queue, &item))
		dom0_kernel_take_back(&setting->kernel, &item);
	queue_resume(setting->queue);
	dom0_kernel_tell(&setting->kernel, setting->queue);
	dom0_kernel_tell(&setting->kernel, setting->queue);
	queue_close(setting->queue);

	item = take(setting, TRC_BLOCK_KERNEL_DROPPED, 1);
	assert_int_equal(le64(item.payload), PAGES - 2 + 1);
	assert_int_equal(le64(item.payload + 8), (PAGES - 2) * FAKE_PAGE_BYTES + HEADER_BYTES + 8);
	queue_release(setting->queue);
	nothing_left(setting);
	json = dom0_kernel_json(&setting->kernel);
	check_cpu(json_array_get(json_object_get(json, "cpus"), 1), 2, 2 * FAKE_PAGE_BYTES, 0, 0, PAGES - 2 + 1);
	json_decref(json);
	tear_down(setting);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages), cmocka_unit_test(dropped), cmocka_unit_test(not_recorded), cmocka_unit_test(failing),
		cmocka_unit_test(not_to_be_switched_on), cmocka_unit_test(not_to_be_switched_off), cmocka_unit_test(no_room_for_the_description), cmocka_unit_test(taken_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
