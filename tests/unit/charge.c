/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/unit.h"

#include "analyzer/charge.h"

enum { BIN = 100 };

static struct charge made(void)
{
	struct charge charge;

	charge_init(&charge, 0, BIN);
	return charge;
}

/* The example of charge.h. */
static void a_piece_ends_with_what_is_done_for_a_guest(void **state)
{
	struct charge charge = made();

	(void)state;
	assert_true(charge_kick(&charge, 0, 1));
	assert_true(charge_piece(&charge, 0, 2, 1000, 1018));
	assert_true(charge_piece(&charge, 0, 1, 1000, 1034));
	assert_true(charge_ran(&charge, 0, 1000, 1050, true));
	assert_int_equal(charge_of_tsc(&charge, 1), 9 + 16);
	assert_int_equal(charge_of_tsc(&charge, 2), 9);
	assert_int_equal(charge.uncharged_tsc, 16);
	assert_int_equal(charge_of_tsc(&charge, 99), 0);
	charge_free(&charge);
}

static void an_execution_for_no_guest_is_of_those_that_woke_it(void **state)
{
	struct charge charge = made();

	(void)state;
	assert_true(charge_kick(&charge, 0, 3));
	assert_true(charge_kick(&charge, 0, 4));
	assert_true(charge_kick(&charge, 0, 4));
	assert_true(charge_ran(&charge, 0, 0, 60, false));
	assert_true(charge_ran(&charge, 0, 80, 100, true));
	assert_int_equal(charge_of_tsc(&charge, 3), 40);
	assert_int_equal(charge_of_tsc(&charge, 4), 40);
	/* That was the execution's: the next one begins anew. */
	assert_true(charge_ran(&charge, 0, 200, 260, true));
	assert_int_equal(charge.uncharged_tsc, 60);
	charge_free(&charge);
}

static void who_tells_later_woke_nobody(void **state)
{
	struct charge charge = made();

	(void)state;
	assert_true(charge_piece(&charge, 0, 1, 0, 10));
	assert_true(charge_kick(&charge, 0, 2));
	assert_true(charge_piece(&charge, 0, 1, 0, 20));
	assert_true(charge_ran(&charge, 0, 0, 30, true));
	assert_int_equal(charge_of_tsc(&charge, 1), 20);
	assert_int_equal(charge_of_tsc(&charge, 2), 0);
	charge_free(&charge);
}

static void a_piece_begins_with_its_run(void **state)
{
	struct charge charge = made();

	(void)state;
	assert_true(charge_piece(&charge, 0, 1, 0, 10));
	assert_true(charge_ran(&charge, 0, 0, 50, false));
	assert_true(charge_piece(&charge, 0, 2, 70, 75));
	assert_true(charge_ran(&charge, 0, 70, 80, true));
	assert_int_equal(charge_of_tsc(&charge, 1), 10);
	assert_int_equal(charge_of_tsc(&charge, 2), 5);
	assert_int_equal(charge.uncharged_tsc, 45);
	charge_free(&charge);
}

static void what_is_not_known_is_not_charged(void **state)
{
	struct charge charge = made();

	(void)state;
	assert_true(charge_piece(&charge, 0, 1, 0, 10));
	charge_forget(&charge, 0);
	charge_forget(&charge, 7);
	assert_true(charge_ran(&charge, 0, 40, 50, true));
	assert_int_equal(charge_of_tsc(&charge, 1), 0);
	assert_int_equal(charge.uncharged_tsc, 10);
	charge_free(&charge);
}

/* A run that turns out shorter than its pieces. */
static void no_more_is_charged_than_ran(void **state)
{
	struct charge charge = made();

	(void)state;
	assert_true(charge_piece(&charge, 0, 1, 0, 50));
	assert_true(charge_ran(&charge, 0, 20, 60, true));
	assert_int_equal(charge_of_tsc(&charge, 1), 40);
	assert_int_equal(charge.uncharged_tsc, 0);
	charge_free(&charge);
}

static uint64_t next(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return *seed >> 33;
}

static uint64_t of_series(const struct series *series, size_t row)
{
	uint64_t sum_tsc = 0;

	for (size_t bin = 0; bin < SERIES_BINS; bin++)
		sum_tsc += series_at(series, row, bin);
	return sum_tsc;
}

static void every_cycle_is_charged_once(void **state)
{
	struct charge charge = made();
	uint64_t ran_tsc = 0, charged_tsc = 0, seed = 1, now_tsc = 0;

	(void)state;
	for (unsigned i = 0; i < 10000; i++) {
		uint32_t vcpu = next(&seed) & 7;
		uint64_t begin_tsc = now_tsc;
		if (next(&seed) & 1)
			assert_true(charge_kick(&charge, vcpu, next(&seed) & 63));
		while (next(&seed) & 1)
			assert_true(charge_piece(&charge, vcpu, next(&seed) & 63, begin_tsc, now_tsc += next(&seed) & 1023));
		now_tsc += next(&seed) & 1023;
		assert_true(charge_ran(&charge, vcpu, begin_tsc, now_tsc, next(&seed) & 1));
		ran_tsc += now_tsc - begin_tsc;
	}
	for (size_t d = 0; d < 64; d++) {
		charged_tsc += charge_of_tsc(&charge, d);
		assert_int_equal(of_series(&charge.series, CHARGE_DOMAINS + d), charge_of_tsc(&charge, d));
	}
	assert_int_equal(of_series(&charge.series, CHARGE_NOBODY), charge.uncharged_tsc);
	assert_true(charged_tsc > 0 && charge.uncharged_tsc > 0);
	assert_int_equal(charged_tsc + charge.uncharged_tsc, ran_tsc);
	charge_free(&charge);
}

/* Nothing that one was told of came before: the other one only heard of it when something did. */
static void one_that_begins_late_is_as_one_from_the_begin(void **state)
{
	struct charge other = made(), late = made(), early = made();

	(void)state;
	for (uint64_t tsc = 0; tsc < 400 * BIN; tsc += 80) {
		assert_true(charge_kick(&other, 0, 1 + tsc / 80 % 3));
		assert_true(charge_ran(&other, 0, tsc, tsc + 50, tsc % 3 == 0));
		assert_true(charge_ran(&early, 0, tsc, tsc + 50, tsc % 3 == 0));
	}
	assert_true(charge_begin_late(&late, &other));
	for (struct charge *charge = &late; charge; charge = charge == &late ? &early : NULL) {
		assert_true(charge_piece(charge, 0, 2, 400 * BIN, 400 * BIN + 30));
		assert_true(charge_ran(charge, 0, 400 * BIN, 400 * BIN + 40, true));
	}
	assert_int_equal(late.uncharged_tsc, early.uncharged_tsc);
	assert_int_equal(charge_of_tsc(&late, 2), 30);
	assert_int_equal(late.series.bin_tsc, early.series.bin_tsc);
	assert_int_equal(of_series(&late.series, CHARGE_NOBODY), late.uncharged_tsc);
	for (size_t bin = 0; bin < SERIES_BINS; bin++) {
		/* What of a run lies beyond a bin's end is rounded for each guest. */
		assert_in_range(4 + series_at(&late.series, CHARGE_NOBODY, bin) - series_at(&early.series, CHARGE_NOBODY, bin), 0, 8);
		assert_int_equal(series_at(&late.series, CHARGE_DOMAINS + 2, bin), series_at(&early.series, CHARGE_DOMAINS + 2, bin));
	}
	charge_free(&other);
	charge_free(&late);
	charge_free(&early);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_piece_ends_with_what_is_done_for_a_guest),
		cmocka_unit_test(an_execution_for_no_guest_is_of_those_that_woke_it),
		cmocka_unit_test(who_tells_later_woke_nobody),
		cmocka_unit_test(a_piece_begins_with_its_run),
		cmocka_unit_test(what_is_not_known_is_not_charged),
		cmocka_unit_test(no_more_is_charged_than_ran),
		cmocka_unit_test(every_cycle_is_charged_once),
		cmocka_unit_test(one_that_begins_late_is_as_one_from_the_begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
