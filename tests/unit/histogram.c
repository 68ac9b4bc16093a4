/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/unit.h"

#include "analyzer/histogram.h"

/* The bucket that one duration went to. */
static unsigned bucket_of(uint64_t duration_tsc)
{
	struct histogram histogram = { 0 };

	histogram_add(&histogram, duration_tsc, 0);
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		if (histogram.buckets[i] > 0)
			return i;
	fail_msg("%ju is in no bucket", (uintmax_t)duration_tsc);
	return 0;
}

static void each_bound_is_the_last_of_its_bucket(void **state)
{
	(void)state;
	for (unsigned i = 0; i + 1 < HISTOGRAM_BUCKETS; i++) {
		uint64_t bound_tsc = histogram_bound_tsc(i);
		assert_int_equal(bucket_of(bound_tsc), i);
		assert_int_equal(bucket_of(bound_tsc + 1), i + 1);
	}
	assert_true(histogram_bound_tsc(HISTOGRAM_BUCKETS - 1) == UINT64_MAX);
	assert_int_equal(bucket_of(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
}

static void a_bucket_is_at_most_a_32nd_of_its_values_wide(void **state)
{
	(void)state;
	for (unsigned i = 1; i < HISTOGRAM_BUCKETS; i++) {
		uint64_t least_tsc = histogram_bound_tsc(i - 1) + 1, width_tsc = histogram_bound_tsc(i) - least_tsc + 1;
		assert_true(width_tsc <= least_tsc / 32 || width_tsc == 1);
	}
}

static void quantiles(void **state)
{
	/* Durations 1 to 10 have a bucket each, so these are exact: the smallest value that the fraction does not exceed. */
	static const struct { double fraction; uint64_t wanted_tsc; } rows[] = {
		{ 0, 1 }, { 0.1, 1 }, { 0.11, 2 }, { 0.5, 5 }, { 0.51, 6 }, { 0.9, 9 }, { 0.99, 10 }, { 1, 10 },
	};
	struct histogram histogram = { 0 };

	(void)state;
	assert_int_equal(histogram_quantile_tsc(&histogram, 0.5), 0);
	for (uint64_t tsc = 1; tsc <= 10; tsc++)
		histogram_add(&histogram, tsc, 100 * tsc);
	for (size_t i = 0; i < ROWS(rows); i++)
		assert_int_equal(histogram_quantile_tsc(&histogram, rows[i].fraction), rows[i].wanted_tsc);
}

static void a_quantile_never_exceeds_the_maximum(void **state)
{
	struct histogram histogram = { 0 };

	(void)state;
	histogram_add(&histogram, 1000, 7); /* its bucket ends at 1007 */
	assert_int_equal(histogram_quantile_tsc(&histogram, 0.5), 1000);
	assert_int_equal(histogram_quantile_tsc(&histogram, 1), 1000);
	histogram_add(&histogram, 2000, 8);
	assert_int_equal(histogram_quantile_tsc(&histogram, 0.5), 1007);
}

static void the_maximum_keeps_its_time(void **state)
{
	struct histogram histogram = { 0 };

	(void)state;
	histogram_add(&histogram, 0, 11);
	assert_int_equal(histogram.max_at_tsc, 11);
	histogram_add(&histogram, 50, 22);
	histogram_add(&histogram, 50, 33);
	histogram_add(&histogram, 49, 44);
	assert_int_equal(histogram.max_tsc, 50);
	assert_int_equal(histogram.max_at_tsc, 22);
	assert_int_equal(histogram.count, 4);
	assert_int_equal(histogram.sum_tsc, 149);
}

static void merged_is_as_if_added_to_one(void **state)
{
	struct histogram one = { 0 }, a = { 0 }, b = { 0 }, empty = { 0 };

	(void)state;
	for (uint64_t i = 0; i < 1000; i++) {
		uint64_t tsc = i * i * i;
		histogram_add(&one, tsc, i);
		histogram_add(i % 3 ? &a : &b, tsc, i);
	}
	histogram_merge(&a, &b);
	assert_memory_equal(&a, &one, sizeof(one));
	histogram_merge(&a, &empty);
	assert_memory_equal(&a, &one, sizeof(one));
	histogram_merge(&empty, &one);
	assert_memory_equal(&empty, &one, sizeof(one));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_bound_is_the_last_of_its_bucket),
		cmocka_unit_test(a_bucket_is_at_most_a_32nd_of_its_values_wide),
		cmocka_unit_test(quantiles),
		cmocka_unit_test(a_quantile_never_exceeds_the_maximum),
		cmocka_unit_test(the_maximum_keeps_its_time),
		cmocka_unit_test(merged_is_as_if_added_to_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
