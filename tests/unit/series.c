/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/unit.h"

#include "analyzer/series.h"

static void a_stretch_is_spread_evenly(void **state)
{
	struct series series;

	(void)state;
	series_init(&series, 1000, 10);
	assert_true(series_add(&series, 2, 1005, 1030, 50));
	assert_int_equal(series_at(&series, 2, 0), 10);
	assert_int_equal(series_at(&series, 2, 1), 20);
	assert_int_equal(series_at(&series, 2, 2), 20);
	assert_int_equal(series_at(&series, 2, 3), 0);
	assert_int_equal(series_at(&series, 0, 1), 0);
	assert_int_equal(series_at(&series, 99, 1), 0);
	series_free(&series);
}

static void what_came_before_is_in_the_first_bin(void **state)
{
	struct series series;

	(void)state;
	series_init(&series, 1000, 10);
	assert_true(series_add(&series, 0, 900, 1000, 7));
	assert_true(series_add(&series, 0, 1003, 1003, 1));
	assert_int_equal(series_at(&series, 0, 0), 8);
	series_free(&series);
}

static void bins_double_and_nothing_is_lost(void **state)
{
	struct series series, other;
	size_t bins;

	(void)state;
	series_init(&series, 0, 1);
	series_init(&other, 0, 1);
	for (uint64_t tsc = 0; tsc < 10 * SERIES_BINS; tsc++)
		assert_true(series_add(&series, 1, tsc, tsc + 1, 3));
	bins = series_reach(&series, 10 * SERIES_BINS);
	assert_int_equal(series.bin_tsc, 16);
	assert_int_equal(bins, 10 * SERIES_BINS / 16 + 1);
	for (size_t bin = 0; bin + 1 < bins; bin++)
		assert_int_equal(series_at(&series, 1, bin), 48);
	/* What reaches as far has the same bins. */
	assert_true(series_add(&other, 0, 5, 6, 1));
	assert_int_equal(series_reach(&other, 10 * SERIES_BINS), bins);
	assert_int_equal(other.bin_tsc, series.bin_tsc);
	assert_int_equal(series_at(&other, 0, 0), 1);
	series_free(&series);
	series_free(&other);
}

static void the_end_of_time_ends(void **state)
{
	struct series series;

	(void)state;
	series_init(&series, 0, 1);
	assert_true(series_add(&series, 0, 0, UINT64_MAX, UINT64_MAX));
	assert_in_range(series_reach(&series, UINT64_MAX), 1, SERIES_BINS);
	series_free(&series);
}

static void a_row_takes_all_of_another_series(void **state)
{
	struct series series, other;

	(void)state;
	series_init(&series, 1000, 10);
	series_init(&other, 1000, 10);
	assert_true(series_add(&other, 0, 1000, 1010, 5));
	assert_true(series_add(&other, 3, 1000, 1000 + 15 * SERIES_BINS, 15 * SERIES_BINS)); /* more than there are bins for */
	assert_true(series_take_all(&series, 1, &other));
	assert_int_equal(series.bin_tsc, 20);
	assert_int_equal(series_at(&series, 1, 0), 5 + 20);
	assert_int_equal(series_at(&series, 1, 7), 20);
	assert_int_equal(series_at(&series, 0, 0), 0);
	/* And goes on. */
	assert_true(series_add(&series, 1, 1015, 1025, 10));
	assert_int_equal(series_at(&series, 1, 0), 5 + 20 + 5);
	assert_int_equal(series_at(&series, 1, 1), 20 + 5);
	series_free(&series);
	series_free(&other);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stretch_is_spread_evenly),
		cmocka_unit_test(what_came_before_is_in_the_first_bin),
		cmocka_unit_test(bins_double_and_nothing_is_lost),
		cmocka_unit_test(the_end_of_time_ends),
		cmocka_unit_test(a_row_takes_all_of_another_series),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
