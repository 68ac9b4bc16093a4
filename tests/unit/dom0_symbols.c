/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/unit.h"

#include "tracer/dom0_symbols.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A file with these bytes, at a path that lasts until the next one. */
static const char *file_of(const void *bytes, size_t size)
{
	static char path[64];
	FILE *out;
	int fd;

	strcpy(path, "/tmp/xtrace-symbols-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	out = fdopen(fd, "wb");
	assert_int_equal(fwrite(bytes, 1, size, out), size);
	assert_int_equal(fclose(out), 0);
	return path;
}

static void read_text(const char *kallsyms, const char *wanted, const char *wanted_why)
{
	const char *path = file_of(kallsyms, strlen(kallsyms));
	char why[128] = "";
	uint32_t bytes;
	char *text = dom0_symbols_read(path, &bytes, why, sizeof(why));

	unlink(path);
	if (wanted) {
		assert_non_null(text);
		assert_int_equal(bytes, strlen(wanted));
		assert_memory_equal(text, wanted, bytes);
	} else {
		assert_null(text);
		assert_non_null(strstr(why, wanted_why));
	}
	free(text);
}

static void lines_of_code(void **state)
{
	(void)state;
	read_text("ffffffff81000000 T a\nffffffff81000010 W b\nffffffff81000020 D c\nffffffff81000030 w d\n",
		  "ffffffff81000000 T a\nffffffff81000010 W b\nffffffff81000030 w d\n", NULL);
	read_text("ffffffff81000000 t a\t[m]", "ffffffff81000000 t a\t[m]", NULL);
	read_text("", NULL, "no code in it");
	read_text("what?\n\n T a\nxyz\n", NULL, "no code in it");
	read_text("0000000000000000 T a\n0000000000000000 t b\n", NULL, "kptr_restrict");
	read_text("0000000000000000 T a\nffffffff81000000 t b\n", "0000000000000000 T a\nffffffff81000000 t b\n", NULL);
}

static void no_such_file(void **state)
{
	char why[128];
	uint32_t bytes;

	(void)state;
	assert_null(dom0_symbols_read("/nowhere/kallsyms", &bytes, why, sizeof(why)));
	assert_string_equal(why, "/nowhere/kallsyms: No such file or directory");
}

static void build_ids(void **state)
{
	static const struct { const char *what; uint8_t bytes[64]; size_t size; const char *id; } rows[] = {
		{ "one note", { 4, 0, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0, 'G', 'N', 'U', 0, 0xde, 0xad, 0x0f, 0 }, 20, "dead0f" },
		{ "behind another", { 4, 0, 0, 0, 1, 0, 0, 0, 6, 0, 0, 0, 'X', 'e', 'n', 0, 1, 0, 0, 0,
				      4, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 'G', 'N', 'U', 0, 0xbe, 0xef, 0, 0 }, 40, "beef" },
		{ "none", { 4, 0, 0, 0, 1, 0, 0, 0, 6, 0, 0, 0, 'X', 'e', 'n', 0, 1, 0, 0, 0 }, 20, "" },
		{ "another's", { 4, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 'X', 'e', 'n', 0, 1, 0, 0, 0 }, 20, "" },
		{ "cut off in the id", { 4, 0, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0, 'G', 'N', 'U', 0, 0xde }, 17, "" },
		{ "cut off in the name", { 4, 0, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0, 'G', 'N' }, 14, "" },
		{ "an absurd name", { 0xff, 0xff, 0xff, 0xff, 3, 0, 0, 0, 3, 0, 0, 0, 'G', 'N', 'U', 0, 1, 2, 3, 0 }, 20, "" },
		{ "an absurd id", { 4, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff, 1, 0, 0, 0, 'G', 'N', 'U', 0, 1, 2, 3, 0 }, 20, "" },
		{ "nothing", { 0 }, 0, "" },
		{ "an id that is too long", { 4, 0, 0, 0, 36, 0, 0, 0, 3, 0, 0, 0, 'G', 'N', 'U', 0 }, 52,
		  "0000000000000000000000000000000000000000000000000000000000000000" },
	};
	char id[BUILD_ID_TEXT_BYTES];

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		const char *path = file_of(rows[i].bytes, rows[i].size);
		dom0_symbols_build_id(path, id);
		unlink(path);
		if (strcmp(id, rows[i].id) != 0)
			fail_msg("%s: `%s', wanted `%s'", rows[i].what, id, rows[i].id);
	}
	dom0_symbols_build_id("/nowhere/notes", id);
	assert_string_equal(id, "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_code),
		cmocka_unit_test(no_such_file),
		cmocka_unit_test(build_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
