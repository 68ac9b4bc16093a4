/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/unit.h"

#include "tracer/lane.h"

#include <stdlib.h>

enum { SIZE = 4096 - 8, QUEUE_BYTES = 64 << 10 };

struct setting {
	uint32_t cons, prod;
	uint8_t bytes[SIZE];
	struct ring ring;
	struct lane lane;
	struct queue *queue;
};

static struct setting *set_up(void)
{
	struct setting *setting = calloc(1, sizeof(*setting));

	assert_non_null(setting);
	setting->ring = (struct ring){ .cons = &setting->cons, .prod = &setting->prod, .bytes = setting->bytes, .size = SIZE };
	setting->lane.ring = &setting->ring;
	setting->queue = queue_new(QUEUE_BYTES);
	assert_non_null(setting->queue);
	return setting;
}

static void tear_down(struct setting *setting)
{
	queue_free(setting->queue);
	free(setting);
}

/* Xen needs up to 40 bytes for a record, and before its data's end up to 36 more: xen/common/trace.c __trace_var(). */
static void full_where_a_record_may_have_had_no_room(void **state)
{
	static const struct { uint32_t room; bool full; } rows[] = { { 0, true }, { 36, true }, { 72, true }, { 76, false }, { SIZE - 4, false } };

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct setting *setting = set_up();
		setting->prod = SIZE - rows[i].room;
		assert_int_equal(lane_drain(&setting->lane, setting->queue, LANE_DROPS), 0);
		assert_int_equal(setting->cons, setting->prod);
		assert_int_equal(setting->lane.full, rows[i].full);
		assert_int_equal(setting->lane.peak_fill_bytes, setting->prod);
		tear_down(setting);
	}
}

/* Until something is in it again: only then has Xen told. */
static void full_until_the_next_record(void **state)
{
	struct setting *setting = set_up();

	(void)state;
	setting->prod = SIZE;
	assert_int_equal(lane_drain(&setting->lane, setting->queue, LANE_DROPS), 0);
	assert_int_equal(lane_drain(&setting->lane, setting->queue, LANE_DROPS), 0);
	assert_true(setting->lane.full);
	setting->prod += 4;
	assert_int_equal(lane_drain(&setting->lane, setting->queue, LANE_DROPS), 0);
	assert_false(setting->lane.full);
	tear_down(setting);
}

/* What waits is dropped; the time is told where nothing did, too, and once. */
static void given_up(void **state)
{
	static const uint32_t waiting[] = { 0, 400 };

	(void)state;
	for (size_t i = 0; i < ROWS(waiting); i++) {
		struct setting *setting = set_up();
		struct queue_item item;
		struct loss told;
		setting->prod = waiting[i];
		lane_give_up(&setting->lane, setting->queue, 100, 200);
		assert_int_equal(setting->cons, setting->prod);
		assert_int_equal(lane_drain(&setting->lane, setting->queue, LANE_DROPS), 0);
		queue_close(setting->queue);
		assert_true(queue_take(setting->queue, &item));
		assert_int_equal(item.type, TRC_BLOCK_DROPPED);
		loss_from_payload(item.payload, &told);
		assert_int_equal(told.bytes, waiting[i]);
		assert_int_equal(told.tally.records, waiting[i] / 4);
		assert_int_equal(told.tally.first_tsc, 100);
		assert_int_equal(told.tally.last_tsc, 200);
		queue_release(setting->queue);
		assert_false(queue_take(setting->queue, &item));
		assert_int_equal(lane_dropped_records(&setting->lane), waiting[i] / 4);
		tear_down(setting);
	}
}

/* What the disk did not take, a count of what was dropped before among it, is told together. */
static void taken_back(void **state)
{
	struct setting *setting = set_up();
	struct queue_item item;
	struct loss told;

	(void)state;
	setting->prod = 400;
	lane_give_up(&setting->lane, setting->queue, 100, 200);
	setting->prod = 600;
	assert_int_equal(lane_drain(&setting->lane, setting->queue, LANE_DROPS), 0);
	assert_int_equal(setting->lane.tally.records, 200 / 4);
	queue_stop(setting->queue);
	while (queue_take_back(setting->queue, &item))
		lane_take_back(&setting->lane, &item);
	assert_int_equal(setting->lane.tally.records, 0);
	assert_int_equal(setting->lane.bytes, 0);
	queue_resume(setting->queue);
	lane_tell(&setting->lane, setting->queue);
	lane_tell(&setting->lane, setting->queue);
	queue_close(setting->queue);
	assert_true(queue_take(setting->queue, &item));
	assert_int_equal(item.type, TRC_BLOCK_DROPPED);
	loss_from_payload(item.payload, &told);
	assert_int_equal(told.bytes, 600);
	assert_int_equal(told.tally.records, 600 / 4);
	assert_int_equal(told.tally.first_tsc, 100);
	assert_int_equal(told.tally.last_tsc, 200);
	queue_release(setting->queue);
	assert_false(queue_take(setting->queue, &item));
	assert_int_equal(lane_dropped_records(&setting->lane), 600 / 4);
	tear_down(setting);
}

/* Nothing is put into a stopped queue, and nobody waits for room in it: all counts as dropped. */
static void stopped(void **state)
{
	struct setting *setting = set_up();

	(void)state;
	setting->prod = 400;
	queue_stop(setting->queue);
	assert_int_equal(lane_drain(&setting->lane, setting->queue, LANE_WAITS), 0);
	assert_int_equal(lane_dropped_records(&setting->lane), 400 / 4);
	assert_false(queue_wait_empty(setting->queue));
	tear_down(setting);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_where_a_record_may_have_had_no_room),
		cmocka_unit_test(full_until_the_next_record),
		cmocka_unit_test(given_up),
		cmocka_unit_test(taken_back),
		cmocka_unit_test(stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
