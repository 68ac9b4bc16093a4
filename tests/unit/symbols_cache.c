/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/unit.h"

#include "tracer/symbols_cache.h"
#include "tracer/trc_format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { PATH_BYTES = 64, TEXT_BYTES = 4096 };

static const char boot[] = "0a1b2c3d-0000-4000-8000-0123456789ab\n";
static const char modules[] = "xen_netback 73728 2 - Live 0xffffffffc0300000\nbridge 300000 0 stp,llc, Live 0xffffffffc0200000\n";

struct cache_test {
	char directory[PATH_BYTES], path[4][PATH_BYTES + 16];
	struct symbols_source source;
};

static void write_file(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

/* Enough lines to be worth compressing, all with this name. */
static void write_symbols(const struct cache_test *test, const char *name)
{
	FILE *out = fopen(test->source.symbols, "w");

	assert_non_null(out);
	for (int i = 0; i < 20; i++)
		fprintf(out, "ffffffff8100%04x T %s\n", 16 * i, name);
	fclose(out);
}

static int set_up(void **state)
{
	static const char *const names[] = { "kallsyms", "boot_id", "modules", "kept" };
	struct cache_test *test = calloc(1, sizeof(*test));

	strcpy(test->directory, "/tmp/xtrace-cache-XXXXXX");
	if (!mkdtemp(test->directory))
		return -1;
	for (size_t i = 0; i < ROWS(names); i++)
		snprintf(test->path[i], sizeof(test->path[i]), "%s/%s", test->directory, names[i]);
	test->source = (struct symbols_source){ test->path[0], test->path[1], test->path[2], test->path[3] };
	write_symbols(test, "first");
	write_file(test->source.boot_id, boot);
	write_file(test->source.modules, modules);
	*state = test;
	return 0;
}

static int tear_down(void **state)
{
	struct cache_test *test = *state;

	for (size_t i = 0; i < ROWS(test->path); i++)
		unlink(test->path[i]);
	rmdir(test->directory);
	free(test);
	return 0;
}

/* Takes the names, which are all this one. */
static void assert_taken(const struct cache_test *test, const char *name)
{
	uint8_t text[TEXT_BYTES];
	uLongf bytes = sizeof(text);
	struct packed packed;
	char why[128] = "", line[64];

	if (!symbols_cache_take(&test->source, &packed, why, sizeof(why)))
		fail_msg("nothing taken: %s", why);
	assert_int_equal(packed.flags, TRC_FLAG_ZLIB);
	assert_int_equal(uncompress(text, &bytes, packed.bytes, packed.stored_bytes), Z_OK);
	assert_int_equal(bytes, packed.raw_bytes);
	snprintf(line, sizeof(line), "ffffffff81000000 T %s\n", name);
	assert_memory_equal(text, line, strlen(line));
	packed_free(&packed);
}

static void names_are_kept(void **state)
{
	struct cache_test *test = *state;

	assert_taken(test, "first");
	write_symbols(test, "second");
	assert_taken(test, "first");
	unlink(test->source.symbols);
	assert_taken(test, "first");
}

/* How many use a module is no matter; which there are, where, and since which boot, is. */
static void what_is_kept_holds_for_a_boot_and_its_modules(void **state)
{
	static const struct { size_t file; const char *text, *wanted; } rows[] = {
		{ 2, "xen_netback 73728 7 - Live 0xffffffffc0300000\nbridge 300000 1 stp,llc, Live 0xffffffffc0200000\n", "first" },
		{ 2, "xen_netback 73728 2 - Live 0xffffffffc0300000\n", "second" },
		{ 2, "xen_netback 73728 2 - Live 0xffffffffc0900000\nbridge 300000 0 stp,llc, Live 0xffffffffc0200000\n", "second" },
		{ 2, "xen_blkback 73728 2 - Live 0xffffffffc0300000\nbridge 300000 0 stp,llc, Live 0xffffffffc0200000\n", "second" },
		{ 1, "0a1b2c3d-0000-4000-8000-0123456789ac\n", "second" },
		{ 1, "", "second" },
	};
	struct cache_test *test = *state;

	for (size_t i = 0; i < ROWS(rows); i++) {
		write_file(test->source.boot_id, boot);
		write_file(test->source.modules, modules);
		unlink(test->source.kept);
		write_symbols(test, "first");
		assert_taken(test, "first");
		write_symbols(test, "second");
		write_file(test->path[rows[i].file], rows[i].text);
		assert_taken(test, rows[i].wanted);
	}
}

/* What is kept is whole, or not taken. */
static void short_files_are_read_anew(void **state)
{
	struct cache_test *test = *state;
	uint8_t bytes[TEXT_BYTES];
	size_t size;
	FILE *file;

	assert_taken(test, "first");
	file = fopen(test->source.kept, "rb");
	size = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	assert_true(size > 160 && size < sizeof(bytes));
	write_symbols(test, "second");
	for (size_t i = 0; i < size; i += 1 + i / 40) {
		file = fopen(test->source.kept, "wb");
		fwrite(bytes, 1, i, file);
		fclose(file);
		assert_taken(test, "second");
	}
}

static void nothing_to_keep_them_in(void **state)
{
	struct cache_test *test = *state;

	test->source.kept = "/nowhere/kept";
	assert_taken(test, "first");
	write_symbols(test, "second");
	assert_taken(test, "second");
}

static void no_names(void **state)
{
	struct cache_test *test = *state;
	struct packed packed;
	char why[128] = "";

	write_file(test->source.symbols, "0000000000000000 T hidden\n");
	assert_false(symbols_cache_take(&test->source, &packed, why, sizeof(why)));
	assert_non_null(strstr(why, "kptr_restrict"));
	assert_int_equal(access(test->source.kept, F_OK), -1);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(names_are_kept), TEST(what_is_kept_holds_for_a_boot_and_its_modules), TEST(short_files_are_read_anew),
		TEST(nothing_to_keep_them_in), TEST(no_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
