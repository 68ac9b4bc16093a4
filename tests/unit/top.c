/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/unit.h"

#include "analyzer/top.h"

struct row {
	double greatness;
	char name;
};

static double greatness(const void *row)
{
	return ((const struct row *)row)->greatness;
}

/* Offers the rows, and compares the names of those that are kept. */
static void keep(const char *wanted, size_t most, const struct row *offered, size_t count)
{
	struct row rows[8] = { { 0 } };
	char names[8] = "";
	struct top top = { rows, sizeof(rows[0]), most, 0, greatness };

	for (size_t i = 0; i < count; i++)
		top_offer(&top, &offered[i]);
	for (size_t i = 0; i < top.count; i++)
		names[i] = rows[i].name;
	assert_string_equal(names, wanted);
	for (size_t i = most; i < 8; i++)
		assert_int_equal(rows[i].name, 0); /* nothing is written past the room */
}

static void the_greatest_are_kept_in_order(void **state)
{
	static const struct row rows[] = { { 2, 'a' }, { 5, 'b' }, { 1, 'c' }, { 4, 'd' }, { 3, 'e' } };

	(void)state;
	keep("", 3, rows, 0);
	keep("a", 3, rows, 1);
	keep("bac", 3, rows, 3);
	keep("bda", 3, rows, 4);
	keep("bde", 3, rows, 5);
	keep("bdeac", 7, rows, 5);
	keep("b", 1, rows, 5);
}

static void of_equals_the_first_stays_first(void **state)
{
	static const struct row rows[] = { { 1, 'a' }, { 1, 'b' }, { 2, 'c' }, { 1, 'd' }, { 2, 'e' } };

	(void)state;
	keep("ceabd", 7, rows, 5);
	keep("cea", 3, rows, 5);
	keep("ab", 2, rows, 2);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_greatest_are_kept_in_order),
		cmocka_unit_test(of_equals_the_first_stays_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
