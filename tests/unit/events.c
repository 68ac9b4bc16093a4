/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/unit.h"

#include "tracer/events.h"

#include <string.h>

static void lists(void **state)
{
	/* bad: where in the list the word is that is neither; NULL: none. */
	static const struct { const char *list; uint32_t mask; const char *bad; } rows[] = {
		{ "sched", 0x0002f000, NULL },
		{ "runstate", 0x00021000, NULL },
		{ "sched,pv", 0x0022f000, NULL },
		{ "pv,0x0002f000", 0x0022f000, NULL },
		{ "0x21000,0x28000", 0x00029000, NULL },
		{ "131072", 0, "131072" },                  /* a class without a subclass lets nothing through */
		{ "all", EVENTS_ALL, NULL },
		{ "guest", 0x0800f000, NULL },
		{ EVENTS_DEFAULT, 0x0016f000, NULL },
		{ "", 0, "" },
		{ "sched,", 0, "" },
		{ ",sched", 0, ",sched" },
		{ "sched,nonsense,pv", 0, "nonsense,pv" },
		{ "sche", 0, "sche" },
		{ "schedule", 0, "schedule" },
		{ "SCHED", 0, "SCHED" },
		{ "0", 0, "0" },
		{ "0x10000000", 0, "0x10000000" },            /* bit 28 is no event's */
		{ "-1", 0, "-1" },
		{ "0x2f000x", 0, "0x2f000x" },
		{ "sched pv", 0, "sched pv" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		uint32_t mask = 0;
		const char *bad = NULL;
		bool parsed = events_parse(rows[i].list, &mask, &bad);
		if (parsed != !rows[i].bad)
			fail_msg("`%s' is %staken", rows[i].list, parsed ? "" : "not ");
		if (parsed)
			assert_int_equal(mask, rows[i].mask);
		else
			assert_string_equal(bad, rows[i].bad);
	}
}

static void which_have_addresses(void **state)
{
	static const struct { const char *list; bool has; } rows[] = {
		{ "pv", true }, { "all", true }, { "sched,pv", true }, { EVENTS_DEFAULT, false }, { "hvm,hw", false },
		{ "0x00202000", false }, /* calls within multicalls only */
		{ "0x00201000", true },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		uint32_t mask;
		const char *bad;
		assert_true(events_parse(rows[i].list, &mask, &bad));
		assert_int_equal(events_have_addresses(mask), rows[i].has);
	}
}

static void every_row_can_be_asked_for(void **state)
{
	const char *name, *what;
	unsigned rows = 0;

	(void)state;
	for (; (name = events_row(rows, &what)); rows++) {
		uint32_t mask;
		const char *bad;
		assert_true(events_parse(name, &mask, &bad));
		assert_int_equal(mask & 0xfff, 0);      /* classes and subclasses only */
		assert_true(*what);
	}
	assert_true(rows > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists),
		cmocka_unit_test(which_have_addresses),
		cmocka_unit_test(every_row_can_be_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
