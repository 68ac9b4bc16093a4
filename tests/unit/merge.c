/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/trace.h"

#include "analyzer/merge.h"

enum { CONTINUE = 0x21002, PCPUS = 5 };

static const uint32_t words[1] = { 0x00010000 };

/* Windows of interleaved pCPUs; each record's TSC is given, 0 ends a window. */
static void build(struct trace *trace, uint32_t pcpu, const uint64_t *tscs)
{
	trace_open(trace, pcpu);
	for (; *tscs; tscs++)
		trace_record(trace, CONTINUE, *tscs, 1, words);
	trace_close(trace);
}

static void records_come_in_the_order_of_time(void **state)
{
	static const uint32_t pcpus[PCPUS] = { 0, 1, 2, 3, 9 };
	struct trace trace = { 0 };
	struct trust trust = trust_quiet();
	struct tracefile file;
	struct merge merge;
	const struct rec *rec;
	uint64_t last_tsc = 0, count = 0, sum = 0;

	(void)state;
	build(&trace, 1, (const uint64_t[]){ 10, 11, 500, 501, 0 });
	build(&trace, 0, (const uint64_t[]){ 5, 300, 300, 301, 0 });
	build(&trace, 9, (const uint64_t[]){ 0 });
	build(&trace, 2, (const uint64_t[]){ 10, 10, 10, 900, 0 });
	build(&trace, 0, (const uint64_t[]){ 301, 700, 0 });
	build(&trace, 1, (const uint64_t[]){ 501, 502, 0 });
	trace_to_file(&trace, &file);
	assert_true(merge_init(&merge, &file, pcpus, PCPUS, &trust, NULL)); /* 3 has no window at all */
	for (; (rec = merge_head(&merge)); merge_advance(&merge)) {
		assert_true(rec->tsc >= last_tsc);
		last_tsc = rec->tsc;
		sum += rec->tsc;
		count++;
	}
	assert_null(merge_head(&merge)); /* and stays so */
	assert_int_equal(count, 16);
	assert_int_equal(sum, 10 + 11 + 500 + 501 + 5 + 300 + 300 + 301 + 30 + 900 + 301 + 700 + 501 + 502);
	merge_free(&merge);
	tracefile_close(&file);
}

static bool of_pcpu(const struct rec *rec, const void *arg)
{
	return rec->pcpu == *(const uint32_t *)arg;
}

static void another_head_can_be_preferred(void **state)
{
	static const uint32_t pcpus[] = { 0, 1, 2 }, one = 1, two = 2;
	struct trace trace = { 0 };
	struct trust trust = trust_quiet();
	struct tracefile file;
	struct merge merge;

	(void)state;
	build(&trace, 0, (const uint64_t[]){ 100, 110, 0 });
	build(&trace, 1, (const uint64_t[]){ 105, 120, 0 });
	build(&trace, 2, (const uint64_t[]){ 400, 0 });
	trace_to_file(&trace, &file);
	assert_true(merge_init(&merge, &file, pcpus, 3, &trust, NULL));
	assert_false(merge_prefer(&merge, 104, of_pcpu, &one));    /* too late */
	assert_false(merge_prefer(&merge, 200, of_pcpu, &two));
	assert_int_equal(merge_head(&merge)->pcpu, 0);
	assert_true(merge_prefer(&merge, 105, of_pcpu, &one));
	assert_int_equal(merge_head(&merge)->pcpu, 1);
	assert_int_equal(merge_head(&merge)->tsc, 100);            /* taken at the time of the one it goes before */
	merge_advance(&merge);
	assert_int_equal(merge_head(&merge)->pcpu, 0);
	assert_int_equal(merge_head(&merge)->tsc, 100);
	merge_advance(&merge);
	assert_int_equal(merge_head(&merge)->tsc, 110);
	merge_advance(&merge);
	assert_int_equal(merge_head(&merge)->tsc, 120);
	merge_advance(&merge);
	assert_int_equal(merge_head(&merge)->tsc, 400);
	merge_advance(&merge);
	assert_null(merge_head(&merge));
	merge_free(&merge);
	tracefile_close(&file);
}

static void nothing_to_merge(void **state)
{
	struct trace trace = { 0 };
	struct trust trust = trust_quiet();
	struct tracefile file;
	struct merge merge;

	(void)state;
	build(&trace, 0, (const uint64_t[]){ 0 });
	trace_to_file(&trace, &file);
	assert_true(merge_init(&merge, &file, (const uint32_t[]){ 0 }, 1, &trust, NULL));
	assert_null(merge_head(&merge));
	merge_free(&merge);
	tracefile_close(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_come_in_the_order_of_time),
		cmocka_unit_test(another_head_can_be_preferred),
		cmocka_unit_test(nothing_to_merge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
