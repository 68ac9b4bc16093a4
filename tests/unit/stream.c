/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/trace.h"

#include "analyzer/stream.h"

enum { RUNSTATE = 0x21021, CONTINUE = 0x21002, LOST = 0x1f001, UNKNOWN_EVENT = 0x2f7ff, BLOCK = 0x28006 };

static const uint32_t words[7] = { 0x00010000 };

/* What must come out of pCPU 1's stream. */
struct wanted { enum rec_kind kind; uint64_t tsc; };

struct outcome { struct trust trust; uint64_t unknown, blocks; };

static struct outcome read_all(const struct trace *trace, const struct wanted *wanted, size_t count)
{
	struct outcome outcome = { .trust = trust_quiet() };
	struct event_index *index = event_index_new();
	struct tracefile file;
	struct deal *deal;
	struct stream stream;
	struct rec rec;

	assert_non_null(index);
	trace_to_file(trace, &file);
	deal = deal_new(&file, deal_windows);
	assert_non_null(deal);
	stream_init(&stream, deal, index, 1, &outcome.trust);
	for (size_t i = 0; i < count; i++) {
		assert_true(stream_next(&stream, &rec));
		if (rec.kind != wanted[i].kind || rec.tsc != wanted[i].tsc)
			fail_msg("record %zu is of kind %u at %ju, wanted %u at %ju", i, rec.kind, (uintmax_t)rec.tsc, wanted[i].kind,
				 (uintmax_t)wanted[i].tsc);
		assert_int_equal(rec.pcpu, 1);
	}
	assert_false(stream_next(&stream, &rec));
	assert_false(stream_next(&stream, &rec)); /* and stays so */
	outcome.unknown = stream.counts[EVENT_UNKNOWN];
	outcome.blocks = stream.counts[event_row(index, BLOCK)];
	stream_free(&stream);
	deal_free(deal);
	tracefile_close(&file);
	event_index_free(index);
	return outcome;
}

static void a_record_and_its_words(void **state)
{
	struct trace trace = { 0 };
	struct event_index *index = event_index_new();
	struct trust trust = trust_quiet();
	struct tracefile file;
	struct deal *deal;
	struct stream stream;
	struct rec rec;

	(void)state;
	trace_open(&trace, 1);
	trace_record(&trace, RUNSTATE, 100, 2, (const uint32_t[]){ 0x00070003, 99 });
	trace_close(&trace);
	trace_to_file(&trace, &file);
	deal = deal_new(&file, deal_windows);
	assert_non_null(deal);
	stream_init(&stream, deal, index, 1, &trust);
	assert_true(stream_next(&stream, &rec));
	assert_int_equal(rec.id, RUNSTATE);
	assert_int_equal(rec.words, 2);
	assert_int_equal(rec_word(&rec, 0), 0x00070003);
	assert_int_equal(rec_word(&rec, 1), 99);
	assert_int_equal(rec_word(&rec, 2), 0); /* past its end */
	assert_int_equal(rec.offset, 0);
	stream_free(&stream);
	deal_free(deal);
	tracefile_close(&file);
	event_index_free(index);
}

static void only_its_own_windows_and_what_is_handled(void **state)
{
	static const struct wanted wanted[] = { { REC_RUNSTATE, 100 }, { REC_CONTINUE, 300 } };
	struct trace trace = { 0 };
	struct outcome outcome;

	(void)state;
	trace_open(&trace, 0);
	trace_record(&trace, RUNSTATE, 50, 1, words);
	trace_close(&trace);
	trace_open(&trace, 1);
	trace_record(&trace, RUNSTATE, 100, 1, words);
	trace_record(&trace, BLOCK, 120, 2, words);
	trace_record(&trace, UNKNOWN_EVENT, 130, 7, words);
	trace_u32(&trace, 0x1f002 | 3u << 28); /* padding: garbage */
	for (int i = 0; i < 3; i++)
		trace_u32(&trace, UINT32_MAX);
	trace_close(&trace);
	trace_open(&trace, 1);
	trace_record(&trace, CONTINUE, 300, 1, words);
	trace_close(&trace);
	outcome = read_all(&trace, wanted, ROWS(wanted));
	assert_int_equal(outcome.blocks, 1);
	assert_int_equal(outcome.unknown, 1);
	assert_int_equal(outcome.trust.unknown_records, 1);
	assert_int_equal(outcome.trust.damaged_places, 0);
}

/* Each is a record of no event, without time or words; before the first record and after it, and none is passed by as a plain one. */
static void zeros_are_unknown_records(void **state)
{
	enum { ZEROS = 5 };
	static const struct wanted wanted[] = { { REC_RUNSTATE, 100 }, { REC_RUNSTATE, 200 } };
	struct trace trace = { 0 };
	struct outcome outcome;

	(void)state;
	trace_open(&trace, 1);
	for (uint64_t tsc = 100; tsc <= 200; tsc += 100) {
		for (unsigned i = 0; i < ZEROS; i++)
			trace_u32(&trace, 0);
		trace_record(&trace, RUNSTATE, tsc, 7, words);
	}
	trace_close(&trace);
	outcome = read_all(&trace, wanted, ROWS(wanted));
	assert_int_equal(outcome.trust.unknown_records, 2 * ZEROS);
	assert_int_equal(outcome.trust.damaged_places, 0);
}

static void a_loss_is_a_begin_and_an_end(void **state)
{
	static const struct wanted wanted[] = { { REC_RUNSTATE, 100 }, { REC_LOSS_BEGIN, 150 }, { REC_LOSS_END, 400 }, { REC_RUNSTATE, 500 } };
	struct trace trace = { 0 };
	struct outcome outcome;

	(void)state;
	trace_open(&trace, 1);
	trace_record(&trace, RUNSTATE, 100, 1, words);
	trace_record(&trace, LOST, 400, 4, (const uint32_t[]){ 23, 0, 150, 0 });
	trace_record(&trace, RUNSTATE, 500, 1, words);
	trace_close(&trace);
	outcome = read_all(&trace, wanted, ROWS(wanted));
	assert_int_equal(outcome.trust.lost_records, 23);
	assert_int_equal(outcome.trust.damaged_places, 0);
}

static void times(void **state)
{
	/* TSCs of three records and what they are taken for; how many were wrong. */
	static const struct { uint64_t tsc[3], taken[3], backward; } rows[] = {
		{ { 100, 100, 101 }, { 100, 100, 101 }, 0 },
		{ { 100, 90, 110 }, { 100, 100, 110 }, 1 },
		{ { 100, UINT64_C(1) << 63, 110 }, { 100, 100, 110 }, 1 },
		{ { 100, UINT64_MAX, 110 }, { 100, 100, 110 }, 1 },
		{ { 100, UINT64_C(1) << 50, 110 }, { 100, 100, 110 }, 1 },                            /* a leap, taken back */
		{ { 100, UINT64_C(1) << 50, UINT64_C(1) << 51 }, { 100, UINT64_C(1) << 50, UINT64_C(1) << 51 }, 0 }, /* a leap that stays */
		{ { 100, 110, UINT64_C(1) << 50 }, { 100, 110, UINT64_C(1) << 50 }, 0 },              /* nobody takes it back */
		{ { UINT64_C(1) << 50, 100, 110 }, { 100, 100, 110 }, 1 },                            /* the very first one */
		{ { UINT64_MAX, 100, 110 }, { 100, 100, 110 }, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct trace trace = { 0 };
		struct wanted wanted[3];
		trace_open(&trace, 1);
		for (size_t r = 0; r < 3; r++) {
			trace_record(&trace, RUNSTATE, rows[i].tsc[r], 1, words);
			wanted[r] = (struct wanted){ REC_RUNSTATE, rows[i].taken[r] };
		}
		trace_close(&trace);
		assert_int_equal(read_all(&trace, wanted, 3).trust.backward_records, rows[i].backward);
	}
}

static void impossible_losses_last_as_long_as_can_be(void **state)
{
	/* After a record at 100: a loss from, to; what comes out. */
	static const struct { uint64_t first, end, begin_out, end_out; bool damage; } rows[] = {
		{ 200, 300, 200, 300, false },
		{ 50, 300, 100, 300, false },                  /* Xen's first_tsc before the last record: from that on */
		{ 100, 100, 100, 100, false },
		{ 400, 300, 100, 300, true },
		{ UINT64_MAX, 300, 100, 300, true },
		{ 200, 90, 100, 100, true },
		{ 200, UINT64_MAX, 100, 100, true },
		{ 200, UINT64_C(1) << 50, 100, 100, true },    /* a leap */
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct trace trace = { 0 };
		const struct wanted wanted[] = { { REC_RUNSTATE, 100 }, { REC_LOSS_BEGIN, rows[i].begin_out }, { REC_LOSS_END, rows[i].end_out },
						 { REC_RUNSTATE, 500 } };
		trace_open(&trace, 1);
		trace_record(&trace, RUNSTATE, 100, 1, words);
		trace_record(&trace, LOST, rows[i].end, 4, (const uint32_t[]){ 1, 0, (uint32_t)rows[i].first, (uint32_t)(rows[i].first >> 32) });
		trace_record(&trace, RUNSTATE, 500, 1, words);
		trace_close(&trace);
		assert_int_equal(read_all(&trace, wanted, ROWS(wanted)).trust.damaged_places, rows[i].damage);
	}
}

static void what_damage_hides_is_a_loss(void **state)
{
	static const struct wanted wanted[] = { { REC_RUNSTATE, 100 }, { REC_LOSS_BEGIN, 100 }, { REC_LOSS_END, 300 }, { REC_RUNSTATE, 300 } };
	struct trace trace = { 0 };

	(void)state;
	trace_open(&trace, 1);
	trace_record(&trace, RUNSTATE, 100, 1, words);
	trace_close(&trace);
	trace_u64(&trace, 0); /* no window header */
	trace_open(&trace, 1);
	trace_record(&trace, RUNSTATE, 300, 1, words);
	trace_close(&trace);
	read_all(&trace, wanted, ROWS(wanted));
}

static void a_window_that_ends_within_a_record_ends_in_a_loss(void **state)
{
	static const struct wanted wanted[] = { { REC_RUNSTATE, 100 }, { REC_LOSS_BEGIN, 100 } };
	struct trace trace = { 0 };
	struct outcome outcome;

	(void)state;
	trace_open(&trace, 1);
	trace_record(&trace, RUNSTATE, 100, 1, words);
	trace_u32(&trace, RUNSTATE | 1u << 28 | 1u << 31); /* its TSC and word are missing */
	trace_close(&trace);
	outcome = read_all(&trace, wanted, ROWS(wanted));
	assert_int_equal(outcome.trust.damaged_bytes, 4);
}

static void records_that_cannot_be_used(void **state)
{
	static const struct wanted wanted[] = { { REC_CONTINUE, 300 } };
	struct trace trace = { 0 };
	struct outcome outcome;

	(void)state;
	trace_open(&trace, 1);
	trace_record(&trace, RUNSTATE, 100, 0, words); /* too short */
	trace_record(&trace, BLOCK, 110, 1, words);
	trace_u32(&trace, RUNSTATE | 1u << 28);        /* without a time */
	trace_u32(&trace, words[0]);
	trace_record(&trace, CONTINUE, 300, 1, words);
	trace_close(&trace);
	outcome = read_all(&trace, wanted, ROWS(wanted));
	assert_int_equal(outcome.trust.short_records, 2);
	assert_int_equal(outcome.trust.invalid_records, 1);
	assert_int_equal(outcome.trust.damaged_places, 3);
	assert_int_equal(outcome.trust.damaged_bytes, 12 + 16 + 8);
}

/* Of a file, not of memory, and of more than a few pages. */
static void a_long_window(void **state)
{
	enum { RECORDS = 20000, WORDS_MAX = RECORDS * 10 };
	static uint32_t window[WORDS_MAX] = { XENTRACE_CPU_CHANGE, 1 };
	static char path[64];
	struct event_index *index = event_index_new();
	struct trust trust = trust_quiet();
	int fd = memfd_create("window", 0);
	struct tracefile file;
	struct deal *deal;
	struct stream stream;
	struct rec rec;
	size_t used = 3;

	(void)state;
	for (uint32_t i = 1; i <= RECORDS; i++) {
		uint32_t payload_words = 1 + i % 7;
		window[used++] = RUNSTATE | payload_words << 28 | 1u << 31;
		window[used++] = i;
		window[used++] = 0;
		for (uint32_t word = 0; word < payload_words; word++)
			window[used++] = i;
	}
	window[2] = (uint32_t)(used - 3) * 4;
	assert_true(fd >= 0 && write(fd, window, used * 4) == (ssize_t)(used * 4));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_true(tracefile_open(&file, path));
	deal = deal_new(&file, deal_windows);
	stream_init(&stream, deal, index, 1, &trust);
	for (uint32_t i = 1; i <= RECORDS; i++) {
		assert_true(stream_next(&stream, &rec));
		assert_int_equal(rec.tsc, i);
		assert_int_equal(rec.words, 1 + i % 7);
		assert_int_equal(rec_word(&rec, rec.words - 1u), i);
	}
	assert_false(stream_next(&stream, &rec));
	assert_int_equal(trust.damaged_places, 0);
	stream_free(&stream);
	deal_free(deal);
	tracefile_close(&file);
	event_index_free(index);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_and_its_words),
		cmocka_unit_test(a_long_window),
		cmocka_unit_test(only_its_own_windows_and_what_is_handled),
		cmocka_unit_test(zeros_are_unknown_records),
		cmocka_unit_test(a_loss_is_a_begin_and_an_end),
		cmocka_unit_test(times),
		cmocka_unit_test(impossible_losses_last_as_long_as_can_be),
		cmocka_unit_test(what_damage_hides_is_a_loss),
		cmocka_unit_test(a_window_that_ends_within_a_record_ends_in_a_loss),
		cmocka_unit_test(records_that_cannot_be_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
