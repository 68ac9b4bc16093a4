/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/unit.h"

#include "analyzer/bytes.h"

static void little_endian_at_any_alignment(void **state)
{
	const uint8_t bytes[] = { 0xff, 0x01, 0x82, 0x03, 0x84, 0x05, 0x86, 0x07, 0x88 };

	(void)state;
	assert_int_equal(le16(bytes + 1), 0x8201);
	assert_int_equal(le16(bytes), 0x01ff);
	assert_int_equal(le32(bytes + 1), 0x84038201);
	assert_int_equal(le32(bytes), 0x038201ff);
	assert_true(le64(bytes + 1) == UINT64_C(0x8807860584038201));
	assert_true(le64(bytes) == UINT64_C(0x07860584038201ff));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(little_endian_at_any_alignment) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
