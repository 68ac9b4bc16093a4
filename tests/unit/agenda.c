/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/unit.h"

#include "analyzer/agenda.h"

enum { ALARMS = 64 };

static void the_earliest_comes_first(void **state)
{
	struct agenda agenda;
	uint64_t at_tsc = 0;

	(void)state;
	assert_true(agenda_init(&agenda, ALARMS));
	assert_int_equal(agenda_next(&agenda, &at_tsc), AGENDA_OFF);
	agenda_set(&agenda, 7, 30);
	agenda_set(&agenda, 3, 10);
	agenda_set(&agenda, 5, 20);
	assert_int_equal(agenda_next(&agenda, &at_tsc), 3);
	assert_int_equal(at_tsc, 10);
	assert_false(agenda_is_set(&agenda, 3));
	agenda_set(&agenda, 7, 15); /* anew */
	agenda_clear(&agenda, 5);
	assert_int_equal(agenda_next(&agenda, &at_tsc), 7);
	assert_int_equal(at_tsc, 15);
	assert_int_equal(agenda_next(&agenda, &at_tsc), AGENDA_OFF);
	agenda_free(&agenda);
}

static void of_equal_times_the_lower_number(void **state)
{
	struct agenda agenda;
	uint64_t at_tsc;

	(void)state;
	assert_true(agenda_init(&agenda, ALARMS));
	for (uint32_t alarm = ALARMS; alarm-- > 0;)
		agenda_set(&agenda, alarm, 5);
	for (uint32_t alarm = 0; alarm < ALARMS; alarm++)
		assert_int_equal(agenda_next(&agenda, &at_tsc), alarm);
	agenda_free(&agenda);
}

/* Sets and clears at random; what comes out is always the least of what is set. */
static void any_order(void **state)
{
	uint64_t set_to[ALARMS] = { 0 }, at_tsc, seed = 1;
	struct agenda agenda;

	(void)state;
	assert_true(agenda_init(&agenda, ALARMS));
	for (int round = 0; round < 5000; round++) {
		uint32_t alarm, least = ALARMS;
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		alarm = seed >> 33 & (ALARMS - 1);
		if (seed >> 60 < 3) {
			agenda_clear(&agenda, alarm);
			set_to[alarm] = 0;
		} else if (seed >> 60 < 12) {
			set_to[alarm] = 1 + (seed >> 20 & 1023);
			agenda_set(&agenda, alarm, set_to[alarm]);
		} else {
			for (uint32_t i = 0; i < ALARMS; i++)
				if (set_to[i] != 0 && (least == ALARMS || set_to[i] < set_to[least]))
					least = i;
			alarm = agenda_next(&agenda, &at_tsc);
			assert_int_equal(alarm, least == ALARMS ? AGENDA_OFF : least);
			if (least < ALARMS) {
				assert_int_equal(at_tsc, set_to[least]);
				set_to[least] = 0;
			}
		}
	}
	agenda_free(&agenda);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_earliest_comes_first),
		cmocka_unit_test(of_equal_times_the_lower_number),
		cmocka_unit_test(any_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
