/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/disk.h"
#include "tests/unit/trc.h"
#include "tests/unit/unit.h"
#include "tracer/compress.h"
#include "tracer/trc_format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WINDOW_BYTES = 4096, UNKNOWN_TYPE = 77, FILE_BYTES_MAX = 16384, MODE = 0600 };

struct compress_test {
	char directory[64], path[80];
	uint8_t bytes[FILE_BYTES_MAX]; /* of the file before */
	size_t size;
};

static void read_bytes(const char *path, uint8_t *bytes, size_t *size)
{
	FILE *in = fopen(path, "rb");

	assert_non_null(in);
	*size = fread(bytes, 1, FILE_BYTES_MAX, in);
	fclose(in);
}

static void write_bytes(struct compress_test *test, size_t size)
{
	FILE *out = fopen(test->path, "wb");

	assert_non_null(out);
	assert_int_equal(fwrite(test->bytes, 1, size, out), size);
	fclose(out);
	test->size = size;
}

/* A window, what only a later version knows, and a window that cannot become smaller. */
static int set_up(void **state)
{
	static const uint8_t window[WINDOW_BYTES], little[5] = "tiny";
	struct compress_test *test = calloc(1, sizeof(*test));
	struct output *output;

	strcpy(test->directory, "/tmp/xtrace-compress-XXXXXX");
	if (!mkdtemp(test->directory))
		return -1;
	snprintf(test->path, sizeof(test->path), "%s/run.trc", test->directory);
	output = output_open(test->path, output_format_named("xtrace"), false);
	assert_int_equal(output_begin(output), 0);
	assert_int_equal(output_block(output, TRC_BLOCK_WINDOW, 0, 1, window, sizeof(window), sizeof(window)), 0);
	assert_int_equal(output_block(output, UNKNOWN_TYPE, 0, 0, window, sizeof(little), sizeof(little)), 0);
	assert_int_equal(output_block(output, TRC_BLOCK_WINDOW, 0, 2, little, sizeof(little), sizeof(little)), 0);
	assert_int_equal(output_end(output), 0);
	assert_int_equal(output_close(output), 0);
	assert_int_equal(chmod(test->path, MODE), 0);
	read_bytes(test->path, test->bytes, &test->size);
	*state = test;
	return 0;
}

static int tear_down(void **state)
{
	struct compress_test *test = *state;

	disk_use(NULL);
	unlink(test->path);
	assert_int_equal(rmdir(test->directory), 0); /* nothing is left beside it */
	free(test);
	return 0;
}

static bool goes_on(void *arg)
{
	(void)arg;
	return false;
}

static bool stops(void *arg)
{
	(void)arg;
	return true;
}

static void assert_unchanged(const struct compress_test *test)
{
	uint8_t bytes[FILE_BYTES_MAX];
	size_t size;

	read_bytes(test->path, bytes, &size);
	assert_int_equal(size, test->size);
	assert_memory_equal(bytes, test->bytes, size);
}

static void all_blocks_stay(void **state)
{
	struct compress_test *test = *state;
	struct trc before = trc_read(test->path), after;
	struct stat st;

	assert_int_equal(compress_file(test->path, goes_on, NULL), COMPRESSED);
	after = trc_read(test->path);
	assert_int_equal(after.count, before.count);
	for (size_t i = 0; i < before.count; i++) {
		assert_int_equal(after.blocks[i].type, before.blocks[i].type);
		assert_int_equal(after.blocks[i].arg, before.blocks[i].arg);
		assert_int_equal(after.blocks[i].bytes, before.blocks[i].bytes);
		if (before.blocks[i].type != TRC_BLOCK_INDEX)
			assert_memory_equal(after.blocks[i].payload, before.blocks[i].payload, before.blocks[i].bytes);
	}
	assert_int_equal(stat(test->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, MODE);
	assert_true((size_t)st.st_size < test->size - WINDOW_BYTES / 2);
	trc_free(&before);
	trc_free(&after);
}

static void stopped(void **state)
{
	struct compress_test *test = *state;

	assert_int_equal(compress_file(test->path, stops, NULL), COMPRESS_STOPPED);
	assert_unchanged(test);
}

/* What is no block does not vanish, nor does it get a CRC that is right. */
static void damage_stays(void **state)
{
	struct compress_test *test = *state;
	const size_t size = test->size;
	const size_t at[] = { 0, TRC_BLOCK_CRC_AT, TRC_BLOCK_HEADER + 100, TRC_BLOCK_HEADER + WINDOW_BYTES };

	for (size_t i = 0; i < ROWS(at); i++) {
		test->bytes[at[i]] ^= 1;
		write_bytes(test, size);
		assert_int_equal(compress_file(test->path, goes_on, NULL), COMPRESS_FAILED);
		assert_unchanged(test);
		test->bytes[at[i]] ^= 1;
	}
	for (size_t cut = 1; cut < 60; cut += 7) {
		write_bytes(test, size - cut);
		assert_int_equal(compress_file(test->path, goes_on, NULL), COMPRESS_FAILED);
		assert_unchanged(test);
	}
}

static void no_space(void **state)
{
	const struct disk disk = { .room_bytes = 100 };
	struct compress_test *test = *state;

	disk_use(&disk);
	assert_int_equal(compress_file(test->path, goes_on, NULL), COMPRESS_FAILED);
	assert_unchanged(test);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
	const struct CMUnitTest tests[] = { TEST(all_blocks_stay), TEST(stopped), TEST(damage_stays), TEST(no_space) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
