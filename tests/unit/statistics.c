/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/unit.h"

#include "analyzer/statistics.h"

#include <math.h>

/* The reference implementation's first numbers. */
static void random_numbers_are_those_of_splitmix64(void **state)
{
	uint64_t zero = 0, other = 1234567;

	(void)state;
	assert_true(random_next(&zero) == UINT64_C(0xe220a8397b1dcdaf));
	assert_true(random_next(&zero) == UINT64_C(0x6e789e6aa1b965f4));
	assert_true(random_next(&other) == UINT64_C(6457827717110365317));
	assert_true(random_next(&other) == UINT64_C(3203168211198807973));
}

static void random_below_is_even(void **state)
{
	uint64_t random = 1;
	unsigned seen[7] = { 0 };

	(void)state;
	for (int i = 0; i < 70000; i++) {
		uint32_t drawn = random_below(&random, 7);
		assert_true(drawn < 7);
		seen[drawn]++;
	}
	for (int i = 0; i < 7; i++)
		assert_true(seen[i] > 9700 && seen[i] < 10300); /* 3 standard deviations */
	assert_int_equal(random_below(&random, 1), 0);
}

/* From the tables of Student's distribution, both sides. */
static void students_tails(void **state)
{
	static const struct { double t, dof, p; } rows[] = {
		{ 12.7062, 1, 0.05 }, { 4.30265, 2, 0.05 }, { 2.22814, 10, 0.05 }, { 2.04227, 30, 0.05 }, { 1.95996, 1e7, 0.05 },
		{ 6.86883, 5, 0.001 }, { 3.64596, 30, 0.001 }, { 0.69981, 10, 0.5 }, { 636.619, 1, 0.001 }, { 0, 3, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		assert_true(fabs(student_p(rows[i].t, rows[i].dof) - rows[i].p) < 2e-6);
		assert_true(fabs(student_p(-rows[i].t, rows[i].dof) - rows[i].p) < 2e-6);
		if (rows[i].t > 0)
			assert_true(fabs(student_t(rows[i].p, rows[i].dof) / rows[i].t - 1) < 2e-5);
	}
	assert_true(student_p(INFINITY, 4) == 0);
	assert_true(student_p(40, 4) > 0 && student_p(1e6, 100) < 1e-300);
	assert_true(fabs(student_p(1, 0.5) - 0.5) < 0.2); /* less than one degree of freedom is no trouble */
}

static void mean_and_deviation(void **state)
{
	static const double values[] = { 2, 4, 4, 4, 5, 5, 7, 9 };

	(void)state;
	assert_true(mean_of(values, 8) == 5);
	assert_true(fabs(deviation_of(values, 8) - sqrt(32.0 / 7)) < 1e-15);
	assert_true(isnan(mean_of(values, 0)));
	assert_true(isnan(deviation_of(values, 1)));
}

/* Four comparisons, and one that is none: 4 x 0.005, 3 x 0.01, 2 x 0.03; and 0.04 is no less than those before. */
static void holm(void **state)
{
	double p[] = { 0.01, 0.04, NAN, 0.03, 0.005 };
	static const double wanted[] = { 0.03, 0.06, NAN, 0.06, 0.02 };
	double certain[] = { 0.9, 0.8 };

	(void)state;
	assert_true(holm_adjust(p, ROWS(p)));
	for (size_t i = 0; i < ROWS(p); i++)
		assert_true(isnan(wanted[i]) ? isnan(p[i]) : fabs(p[i] - wanted[i]) < 1e-15);
	assert_true(holm_adjust(certain, 2));
	assert_true(certain[0] == 1 && certain[1] == 1);
	assert_true(holm_adjust(certain, 0));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_numbers_are_those_of_splitmix64), cmocka_unit_test(random_below_is_even), cmocka_unit_test(students_tails),
		cmocka_unit_test(mean_and_deviation), cmocka_unit_test(holm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
