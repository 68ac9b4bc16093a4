/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of xtrace-cap where it is right; tests/cap.bats has it where it is wrong. */
#include "tests/unit/unit.h"

#include "tracer/options.h"

#include <stdio.h>
#include <string.h>

static struct options parse(char **argv)
{
	struct options options;
	int argc = 0;

	while (argv[argc])
		argc++;
	options_parse(&options, argc, argv);
	return options;
}

static void defaults(void **state)
{
	char *argv[] = { "xtrace-cap", "-o", "run.trc", NULL };
	struct options options = parse(argv);

	(void)state;
	assert_string_equal(options.output, "run.trc");
	assert_string_equal(options.format->name, "xtrace");
	assert_true(options.all_pcpus);
	assert_true(options.duration_s <= 0);
	assert_true(options.event_mask & 0x0002f000);
	assert_int_equal(options.buffer_pages, 0);
	assert_int_equal(options.size_limit_bytes, 0);
	assert_false(options.compress || options.force || options.quiet);
	assert_null(options.command);
}

static void all_of_them(void **state)
{
	char *argv[] = { "xtrace-cap", "-o", "x", "-d", "2.5", "-e", "runstate", "-b", "512", "--format", "xentrace", "-f", "-q", NULL };
	struct options options = parse(argv);

	(void)state;
	assert_true(options.duration_s > 2.49 && options.duration_s < 2.51);
	assert_int_equal(options.event_mask, 0x21000);
	assert_int_equal(options.buffer_pages, 512);
	assert_string_equal(options.format->name, "xentrace");
	assert_true(options.force && options.quiet);
}

static void sizes(void **state)
{
	static const struct { char text[16]; uint64_t bytes; } rows[] = {
		{ "1", 1 }, { "4096", 4096 }, { "10k", 10240 }, { "500M", 500 * UINT64_C(1048576) }, { "2G", UINT64_C(2) << 30 }, { "1.5k", 1536 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		char text[16];
		char *argv[] = { "xtrace-cap", "-o", "x", "--size-limit", text, NULL };
		memcpy(text, rows[i].text, sizeof(text));
		assert_int_equal(parse(argv).size_limit_bytes, rows[i].bytes);
	}
}

static void pcpu_lists(void **state)
{
	static const struct { char text[16]; uint8_t map[3]; } rows[] = {
		{ "0", { 0x01 } }, { "7", { 0x80 } }, { "8", { 0, 0x01 } }, { "0,2-5", { 0x3d } }, { "3-3,20", { 0x08, 0, 0x10 } },
		{ "6-9,7", { 0xc0, 0x03 } }, { "0-0", { 0x01 } },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		char text[16];
		char *argv[] = { "xtrace-cap", "-o", "x", "-c", text, NULL };
		struct options options;
		uint8_t wanted[PCPU_MAP_BYTES] = { 0 };
		memcpy(text, rows[i].text, sizeof(text));
		memcpy(wanted, rows[i].map, sizeof(rows[i].map));
		options = parse(argv);
		assert_false(options.all_pcpus);
		assert_memory_equal(options.pcpu_map, wanted, sizeof(wanted));
	}
}

static void a_command_keeps_its_options(void **state)
{
	char *argv[] = { "xtrace-cap", "-o", "x", "--", "sleep", "-d", "5", NULL }, *without[] = { "xtrace-cap", "-o", "x", "sleep", "--force", NULL };
	struct options options = parse(argv);

	(void)state;
	assert_string_equal(options.command[0], "sleep");
	assert_string_equal(options.command[1], "-d");
	assert_string_equal(options.command[2], "5");
	assert_null(options.command[3]);
	assert_true(options.duration_s <= 0);
	options = parse(without);
	assert_string_equal(options.command[1], "--force");
	assert_false(options.force);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(all_of_them),
		cmocka_unit_test(sizes),
		cmocka_unit_test(pcpu_lists),
		cmocka_unit_test(a_command_keeps_its_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
