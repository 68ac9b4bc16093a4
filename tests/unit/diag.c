/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/unit.h"

#include "analyzer/diag.h"

#include <string.h>

static void hostile_text_becomes_printable(void **state)
{
	static const struct { const char *hostile, *printable; } rows[] = {
		{ "", "" },
		{ "vm-1.example", "vm-1.example" },
		{ "\033[2J\033]0;title\a", "\\x1b[2J\\x1b]0;title\\x07" },
		{ "a\nb\r\tc\177", "a\\x0ab\\x0d\\x09c\\x7f" },
		{ "back\\slash", "back\\x5cslash" },           /* or it could forge an escape of ours */
		{ "\"quoted\" 'so'", "\"quoted\" 'so'" },       /* quoting is each format's own affair */
		{ "na\xc3\xafve \xe2\x82\xac \xf0\x9f\x90\xa7", "na\xc3\xafve \xe2\x82\xac \xf0\x9f\x90\xa7" },
		{ "\xc2\x9b" "31m", "\\xc2\\x9b31m" },         /* C1: CSI in one character */
		{ "\xe2\x80\xae" "evil", "\\xe2\\x80\\xaeevil" }, /* right-to-left override */
		{ "\xe2\x81\xa6", "\\xe2\\x81\\xa6" },          /* isolate */
		{ "\xff\xfe", "\\xff\\xfe" },
		{ "\xc0\xaf", "\\xc0\\xaf" },                   /* overlong */
		{ "\xe0\x80\xaf", "\\xe0\\x80\\xaf" },
		{ "\xf0\x80\x80\xaf", "\\xf0\\x80\\x80\\xaf" },
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },          /* a surrogate */
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" }, /* past Unicode's end */
		{ "cut \xe2\x82", "cut \\xe2\\x82" },           /* ends within a sequence */
		{ "\x80", "\\x80" },
	};
	char out[128];

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		diag_escape(rows[i].hostile, out, sizeof(out));
		assert_string_equal(out, rows[i].printable);
	}
}

static void no_byte_of_any_kind_steers_a_terminal(void **state)
{
	(void)state;
	for (unsigned first = 1; first < 256; first++)
		for (unsigned second = 0; second < 256; second++) {
			const char hostile[] = { (char)first, (char)second, '\0' };
			char out[16];
			diag_escape(hostile, out, sizeof(out));
			for (const unsigned char *at = (const unsigned char *)out; *at; at++) {
				assert_true(*at >= 0x20 && *at != 0x7f);
				assert_false(at[0] == 0xc2 && at[1] < 0xa0);
			}
		}
}

static void cuts_at_its_room_and_terminates(void **state)
{
	(void)state;
	for (size_t room = 1; room <= 24; room++) {
		char out[25];
		memset(out, '!', sizeof(out));
		diag_escape("ab\001\xe2\x82\xac" "cdefghijklmnopqrstuvwxyz", out, room);
		assert_true(strlen(out) < room);
		assert_int_equal(out[room], '!');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile_text_becomes_printable),
		cmocka_unit_test(no_byte_of_any_kind_steers_a_terminal),
		cmocka_unit_test(cuts_at_its_room_and_terminates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
