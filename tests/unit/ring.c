/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/unit.h"

#include "tracer/le.h"
#include "tracer/ring.h"

#include <string.h>

enum { SIZE = 64 }; /* X: the data of the ring under test */

struct buffer {
	uint32_t cons, prod;
	uint8_t bytes[SIZE];
};

static struct ring ring_of(struct buffer *buffer)
{
	return (struct ring){ .pcpu = 3, .cons = &buffer->cons, .prod = &buffer->prod, .bytes = buffer->bytes, .size = SIZE };
}

static void windows(void **state)
{
	/* Both indices run modulo 2X = 128; -1: they cannot be. */
	static const struct {
		uint32_t cons, prod;
		int64_t waiting;
		uint32_t begin, first_bytes, second_bytes;
	} rows[] = {
		{ 0, 0, 0, 0, 0, 0 },
		{ 0, 4, 4, 0, 4, 0 },
		{ 0, 64, 64, 0, 64, 0 },         /* full */
		{ 64, 64, 0, 0, 0, 0 },          /* empty in the second lap */
		{ 64, 128 - 4, 60, 0, 60, 0 },
		{ 60, 68, 8, 60, 4, 4 },         /* over the data's end */
		{ 40, 104, 64, 40, 24, 40 },     /* full, over the data's end */
		{ 124, 4, 8, 60, 4, 4 },         /* over the end of both */
		{ 124, 0, 4, 60, 4, 0 },
		{ 64, 0, 64, 0, 64, 0 },         /* full, over the index's end */
		{ 0, 68, -1, 0, 0, 0 },          /* more than X waits */
		{ 68, 0, 60, 4, 60, 0 },
		{ 60, 0, -1, 0, 0, 0 },          /* 68 would wait */
		{ 128, 0, -1, 0, 0, 0 },         /* not below 2X */
		{ 0, 128, -1, 0, 0, 0 },
		{ UINT32_MAX - 3, 0, -1, 0, 0, 0 },
		{ 2, 8, -1, 0, 0, 0 },           /* not on a word */
		{ 0, 6, -1, 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct buffer buffer = { .cons = rows[i].cons, .prod = rows[i].prod };
		struct ring ring = ring_of(&buffer);
		struct ring_window window;
		int64_t waiting = ring_peek(&ring, &window);
		if (waiting != rows[i].waiting)
			fail_msg("row %zu: %jd bytes wait, wanted %jd", i, (intmax_t)waiting, (intmax_t)rows[i].waiting);
		if (waiting < 0)
			continue;
		assert_ptr_equal(window.piece[0], buffer.bytes + rows[i].begin);
		assert_int_equal(window.piece_bytes[0], rows[i].first_bytes);
		assert_ptr_equal(window.piece[1], buffer.bytes);
		assert_int_equal(window.piece_bytes[1], rows[i].second_bytes);
		assert_int_equal(window.prod, rows[i].prod);
		assert_int_equal(buffer.cons, rows[i].cons); /* a look takes nothing */
	}
}

static void consume_takes_what_was_seen(void **state)
{
	struct buffer buffer = { .cons = 8, .prod = 24 };
	struct ring ring = ring_of(&buffer);
	struct ring_window window;

	(void)state;
	assert_int_equal(ring_peek(&ring, &window), 16);
	buffer.prod = 40; /* Xen goes on meanwhile */
	ring_consume(&ring, &window);
	assert_int_equal(buffer.cons, 24);
	assert_int_equal(ring_peek(&ring, &window), 16);
}

static void discard_empties(void **state)
{
	struct buffer buffer = { .cons = 8, .prod = 120 };
	struct ring ring = ring_of(&buffer);
	struct ring_window window;

	(void)state;
	ring_discard(&ring);
	assert_int_equal(buffer.cons, 120);
	assert_int_equal(ring_peek(&ring, &window), 0);
}

/* A timed record without payload, 12 bytes; returns the place after it. */
static uint8_t *timed(uint8_t *at, uint32_t id, uint64_t tsc)
{
	put_le32(at, id | 1u << 31);
	put_le64(at + 4, tsc);
	return at + 12;
}

static void counts_records_times_and_losses(void **state)
{
	uint8_t bytes[128] = { 0 }, *at = bytes;
	struct ring_tally tally = { 0 };
	struct ring_window window;

	(void)state;
	put_le32(at, 0x82004u | 1u << 28);      /* without a TSC, one word */
	at = timed(at + 8, 0x21002, 500);
	put_le32(at, 0x1f001u | 4u << 28 | 1u << 31);
	put_le64(at + 4, 700);
	put_le32(at + 12, 23);                  /* lost */
	put_le64(at + 20, 600);                 /* since then */
	at = timed(at + 28, 0x1f002, 999);   /* padding: no record, its TSC is none */
	window = (struct ring_window){ .piece = { bytes, at }, .piece_bytes = { (uint32_t)(at - bytes), 0 } };
	ring_count(&window, &tally);
	assert_int_equal(tally.records, 3);
	assert_int_equal(tally.lost_records, 23);
	assert_int_equal(tally.first_tsc, 500);
	assert_int_equal(tally.last_tsc, 700);
	ring_count(&window, &tally);         /* it adds up */
	assert_int_equal(tally.records, 6);
	assert_int_equal(tally.lost_records, 46);
	assert_int_equal(tally.first_tsc, 500);
}

/* Dropped with a window is what Xen lost before it, too. */
static void time_begins_with_what_was_lost(void **state)
{
	static const struct { uint64_t before_tsc, lost_tsc, first_tsc; } rows[] = {
		{ 0, 600, 600 },                     /* the window begins with the loss */
		{ 500, 600, 500 },
		{ 0, 0, 700 },                       /* Xen does not know */
		{ 0, 800, 700 },                     /* nor can that be */
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		uint8_t bytes[40] = { 0 }, *at = bytes;
		struct ring_tally tally = { 0 };
		struct ring_window window;
		if (rows[i].before_tsc)
			at = timed(at, 0x21002, rows[i].before_tsc);
		put_le32(at, 0x1f001u | 4u << 28 | 1u << 31);
		put_le64(at + 4, 700);
		put_le64(at + 20, rows[i].lost_tsc);
		window = (struct ring_window){ .piece = { bytes, bytes }, .piece_bytes = { (uint32_t)(at + 28 - bytes), 0 } };
		ring_count(&window, &tally);
		assert_int_equal(tally.first_tsc, rows[i].first_tsc);
		assert_int_equal(tally.last_tsc, 700);
	}
}

static void counts_both_pieces(void **state)
{
	uint8_t end[12], begin[24];
	struct ring_tally tally = { 0 };
	struct ring_window window = { .piece = { end, begin }, .piece_bytes = { sizeof(end), sizeof(begin) } };

	(void)state;
	timed(end, 0x21002, 10);
	timed(timed(begin, 0x21002, 20), 0x21002, 30);
	ring_count(&window, &tally);
	assert_int_equal(tally.records, 3);
	assert_int_equal(tally.first_tsc, 10);
	assert_int_equal(tally.last_tsc, 30);
}

static void a_record_longer_than_its_window_is_not_read(void **state)
{
	static const uint32_t lengths[] = { 0, 2, 4, 11 };

	(void)state;
	for (size_t i = 0; i < ROWS(lengths); i++) {
		uint8_t bytes[12];
		struct ring_tally tally = { 0 };
		struct ring_window window = { .piece = { bytes, bytes }, .piece_bytes = { lengths[i], 0 } };
		timed(bytes, 0x21002, 10);
		ring_count(&window, &tally);
		assert_int_equal(tally.records, 0);
	}
}

static void a_short_lost_record_counts_no_losses(void **state)
{
	uint8_t bytes[24] = { 0 };
	struct ring_tally tally = { 0 };
	struct ring_window window = { .piece = { bytes, bytes }, .piece_bytes = { sizeof(bytes), 0 } };

	(void)state;
	put_le32(bytes, 0x1f001u | 3u << 28 | 1u << 31); /* three words; Xen writes four */
	put_le32(bytes + 12, 5);
	ring_count(&window, &tally);
	assert_int_equal(tally.records, 1);
	assert_int_equal(tally.lost_records, 0);
}

/* Records of 12 bytes; rows say where a window may be cut, and what the index is then. */
static void shortens_behind_a_record(void **state)
{
	static const struct {
		uint32_t cons, prod, bytes;
		uint32_t first_bytes, second_bytes, new_prod;
	} rows[] = {
		{ 0, 48, 48, 48, 0, 48 },        /* fits */
		{ 0, 48, 40, 36, 0, 36 },
		{ 0, 48, 36, 36, 0, 36 },
		{ 40, 100, 60, 24, 36, 100 },    /* both pieces fit */
		{ 40, 100, 50, 24, 24, 88 },     /* the second is cut */
		{ 40, 100, 40, 24, 12, 76 },
		{ 40, 100, 26, 24, 0, 64 },      /* nothing of the second */
		{ 104, 36, 40, 24, 12, 12 },     /* over the index's end: 128 is 0 */
		{ 104, 36, 12, 12, 0, 116 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct buffer buffer = { .cons = rows[i].cons, .prod = rows[i].prod };
		struct ring ring = ring_of(&buffer);
		struct ring_window window;
		for (uint32_t at = rows[i].cons; at != rows[i].prod; at = (at + 12) % (2 * SIZE))
			timed(buffer.bytes + at % SIZE, 0x00021001, 1);
		assert_true(ring_peek(&ring, &window) > 0);
		ring_shorten(&ring, &window, rows[i].bytes);
		assert_int_equal(window.piece_bytes[0], rows[i].first_bytes);
		assert_int_equal(window.piece_bytes[1], rows[i].second_bytes);
		assert_int_equal(window.prod, rows[i].new_prod);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows),
		cmocka_unit_test(shortens_behind_a_record),
		cmocka_unit_test(consume_takes_what_was_seen),
		cmocka_unit_test(discard_empties),
		cmocka_unit_test(counts_records_times_and_losses),
		cmocka_unit_test(time_begins_with_what_was_lost),
		cmocka_unit_test(counts_both_pieces),
		cmocka_unit_test(a_record_longer_than_its_window_is_not_read),
		cmocka_unit_test(a_short_lost_record_counts_no_losses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
