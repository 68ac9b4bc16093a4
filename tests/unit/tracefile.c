/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/trace.h"

#include <stdlib.h>

enum { AFTER_DAMAGE = 1, CUT_SHORT = 2 };

struct wanted { enum chunk_kind kind; uint32_t pcpu, raw_bytes; unsigned marks; };

/* Walks all of the trace and holds each chunk against what is wanted; returns what was counted. */
static struct trust walk_all(const struct trace *trace, const struct wanted *wanted, size_t count)
{
	struct trust trust = trust_quiet();
	struct tracefile file;
	struct chunk chunk;
	struct walk walk;
	size_t i = 0;

	trace_to_file(trace, &file);
	walk_begin(&walk, &file, 0);
	while (walk_next(&walk, &chunk, &trust)) {
		assert_true(i < count);
		assert_int_equal(chunk.kind, wanted[i].kind);
		assert_int_equal(chunk.pcpu, wanted[i].pcpu);
		assert_int_equal(chunk.raw_bytes, wanted[i].raw_bytes);
		assert_int_equal((chunk.after_damage ? AFTER_DAMAGE : 0) | (chunk.cut_short ? CUT_SHORT : 0), wanted[i].marks);
		i++;
	}
	assert_int_equal(i, count);
	assert_int_equal(walk.position, trace->used);
	tracefile_close(&file);
	return trust;
}

static const uint32_t one_word[] = { 0x00010000 };

/* Three windows: pCPU 0 of 32 bytes at 0, pCPU 1 of 16 at 44, pCPU 0 of 0 at 72. */
static struct trace three_windows(void)
{
	struct trace trace = { 0 };

	trace_open(&trace, 0);
	trace_record(&trace, 0x21002, 100, 1, one_word);
	trace_record(&trace, 0x21002, 200, 1, one_word);
	trace_close(&trace);
	trace_open(&trace, 1);
	trace_record(&trace, 0x21002, 150, 1, one_word);
	trace_close(&trace);
	trace_open(&trace, 0);
	trace_close(&trace);
	return trace;
}

static void xentrace_windows(void **state)
{
	static const struct wanted wanted[] = { { CHUNK_WINDOW, 0, 32, 0 }, { CHUNK_WINDOW, 1, 16, 0 }, { CHUNK_WINDOW, 0, 0, 0 } };
	struct trace trace = three_windows();
	struct trust trust = walk_all(&trace, wanted, ROWS(wanted));

	(void)state;
	assert_int_equal(trust.damaged_places, 0);
}

/* What is written over a good file, what is left of it and what that counts as. */
static void xentrace_damage(void **state)
{
	static const struct {
		size_t at, cut;
		uint32_t value;
		struct wanted wanted[3];
		size_t count;
		uint64_t places, bytes;
	} rows[] = {
		{ 48, 0, PCPU_MAX, { { CHUNK_WINDOW, 0, 32, 0 }, { CHUNK_WINDOW, 0, 0, AFTER_DAMAGE } }, 2, 1, 28 },
		{ 48, 0, UINT32_MAX, { { CHUNK_WINDOW, 0, 32, 0 }, { CHUNK_WINDOW, 0, 0, AFTER_DAMAGE } }, 2, 1, 28 },
		{ 44, 0, 0, { { CHUNK_WINDOW, 0, 32, 0 }, { CHUNK_WINDOW, 0, 0, AFTER_DAMAGE } }, 2, 1, 28 },
		/* Too long: it ends at the next header.  Too short: the rest is skipped. */
		{ 8, 0, 40, { { CHUNK_WINDOW, 0, 32, CUT_SHORT }, { CHUNK_WINDOW, 1, 16, 0 }, { CHUNK_WINDOW, 0, 0, 0 } }, 3, 1, 0 },
		{ 8, 0, UINT32_MAX - 3, { { CHUNK_WINDOW, 0, 32, CUT_SHORT }, { CHUNK_WINDOW, 1, 16, 0 }, { CHUNK_WINDOW, 0, 0, 0 } }, 3, 1, 0 },
		{ 8, 0, 16, { { CHUNK_WINDOW, 0, 16, 0 }, { CHUNK_WINDOW, 1, 16, AFTER_DAMAGE }, { CHUNK_WINDOW, 0, 0, 0 } }, 3, 1, 16 },
		{ 8, 0, 30, { { CHUNK_WINDOW, 1, 16, AFTER_DAMAGE }, { CHUNK_WINDOW, 0, 0, 0 } }, 2, 1, 44 },
		/* Cut off in the last header, in the last window's record, and in the middle of the first record. */
		{ 0, 3, XENTRACE_CPU_CHANGE, { { CHUNK_WINDOW, 0, 32, 0 }, { CHUNK_WINDOW, 1, 16, 0 } }, 2, 1, 9 },
		{ 0, 14, XENTRACE_CPU_CHANGE, { { CHUNK_WINDOW, 0, 32, 0 }, { CHUNK_WINDOW, 1, 14, CUT_SHORT } }, 2, 1, 0 },
		{ 0, 60, XENTRACE_CPU_CHANGE, { { CHUNK_WINDOW, 0, 12, CUT_SHORT } }, 1, 1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct trace trace = three_windows();
		memcpy(trace.bytes + rows[i].at, &rows[i].value, 4);
		trace.used -= rows[i].cut;
		struct trust trust = walk_all(&trace, rows[i].wanted, rows[i].count);
		if (trust.damaged_places != rows[i].places || trust.damaged_bytes != rows[i].bytes)
			fail_msg("row %zu: %ju bytes in %ju places", i, (uintmax_t)trust.damaged_bytes, (uintmax_t)trust.damaged_places);
	}
}

/* ---- container ---- */

/* A file block of 24 + 16 bytes at 0, windows of pCPU 2 at 40 (24 + 16) and of pCPU 3 at 80 (24 + 5 + 3). */
static struct trace container(void)
{
	static const uint8_t file[16] = { TRC_VERSION_MAJOR };
	struct trace trace = { 0 };

	trace_block(&trace, TRC_BLOCK_FILE, 0, 0, file, sizeof(file), sizeof(file));
	trace_block(&trace, TRC_BLOCK_WINDOW, 0, 2, "0123456789abcdef", 16, 16);
	trace_block(&trace, TRC_BLOCK_WINDOW, 0, 3, "01234", 5, 5);
	return trace;
}

static void container_blocks(void **state)
{
	static const struct wanted wanted[] = { { CHUNK_OTHER, 0, 16, 0 }, { CHUNK_WINDOW, 2, 16, 0 }, { CHUNK_WINDOW, 3, 5, 0 } };
	struct trace trace = container();
	struct trust trust = walk_all(&trace, wanted, ROWS(wanted));

	(void)state;
	assert_int_equal(trust.damaged_places, 0);
}

static void container_damage(void **state)
{
	static const struct { size_t at; uint32_t value; uint64_t bytes; } rows[] = {
		{ 40, 0, 40 },                             /* no magic */
		{ 48, TRC_PAYLOAD_MAX + 1, 40 },
		{ 52, TRC_PAYLOAD_MAX + 1, 40 },
		{ 52, 17, 40 },                            /* two lengths, not compressed */
		{ 56, PCPU_MAX, 40 },
	};
	static const struct wanted wanted[] = { { CHUNK_OTHER, 0, 16, 0 }, { CHUNK_WINDOW, 3, 5, AFTER_DAMAGE } };

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct trace trace = container();
		memcpy(trace.bytes + rows[i].at, &rows[i].value, 4);
		struct trust trust = walk_all(&trace, wanted, ROWS(wanted));
		assert_int_equal(trust.damaged_places, 1);
		assert_int_equal(trust.damaged_bytes, rows[i].bytes);
	}
}

/* Cut off in the middle of a window, that is one without records; in the middle of a header, nothing. */
static void container_cut_off(void **state)
{
	static const struct wanted wanted[] = { { CHUNK_OTHER, 0, 16, 0 }, { CHUNK_WINDOW, 2, 16, 0 }, { CHUNK_WINDOW, 3, 0, CUT_SHORT } };

	(void)state;
	for (size_t left = 1; left < TRC_BLOCK_HEADER + 5; left++) {
		struct trace trace = container();
		trace.used = 80 + left;
		struct trust trust = walk_all(&trace, wanted, left < TRC_BLOCK_HEADER ? 2 : 3);
		assert_int_equal(trust.damaged_places, 1);
		assert_int_equal(trust.damaged_bytes, left);
	}
}

/* Pairs of an empty block and one that reaches over half of the file: to try the CRC of each would take hours. */
static void lengths_over_each_other(void **state)
{
	enum { PAIRS = 1 << 17, PAIR_WORDS = 12, HALF_BYTES = PAIRS / 2 * PAIR_WORDS * 4 + TRC_BLOCK_ALIGN };
	const uint32_t pair[PAIR_WORDS] = {
		TRC_BLOCK_MAGIC, TRC_BLOCK_MARKER, 0, 0, 0, 0, TRC_BLOCK_MAGIC, TRC_BLOCK_MARKER, HALF_BYTES, HALF_BYTES, 0, 0,
	};
	uint8_t *bytes = malloc(PAIRS * sizeof(pair));
	struct trust trust = trust_quiet();
	struct tracefile file;
	struct chunk chunk;
	struct walk walk;
	size_t blocks = 0;

	(void)state;
	assert_non_null(bytes);
	for (size_t i = 0; i < PAIRS; i++)
		memcpy(bytes + i * sizeof(pair), pair, sizeof(pair));
	assert_true(tracefile_open_bytes(&file, "pairs", bytes, PAIRS * sizeof(pair)));
	walk_begin(&walk, &file, 0);
	alarm(60);
	while (walk_next(&walk, &chunk, &trust))
		blocks++;
	alarm(0);
	assert_true(blocks > 0 && trust.damaged_places > 0);
	tracefile_close(&file);
	free(bytes);
}

static void payloads_are_checked_and_inflated(void **state)
{
	uint8_t raw[200], packed[400];
	uLongf packed_bytes = sizeof(packed);
	struct trace trace = container();
	struct trust trust = trust_quiet();
	struct payload payload = { 0 };
	struct tracefile file;
	struct chunk chunk;
	struct walk walk;

	(void)state;
	for (size_t i = 0; i < sizeof(raw); i++)
		raw[i] = (uint8_t)(i * i);
	assert_int_equal(compress(packed, &packed_bytes, raw, sizeof(raw)), Z_OK);
	trace_block(&trace, TRC_BLOCK_WINDOW, TRC_FLAG_ZLIB, 1, packed, (uint32_t)packed_bytes, sizeof(raw));
	trace_block(&trace, TRC_BLOCK_WINDOW, TRC_FLAG_ZLIB, 1, packed, (uint32_t)packed_bytes, sizeof(raw) - 1);
	trace_block(&trace, TRC_BLOCK_WINDOW, TRC_FLAG_ZLIB, 1, packed, (uint32_t)packed_bytes, TRC_PAYLOAD_MAX);
	trace_block(&trace, TRC_BLOCK_WINDOW, TRC_FLAG_ZLIB << 1, 1, raw, sizeof(raw), sizeof(raw));
	trace.bytes[80 + 24] ^= 1; /* in the payload of the window of pCPU 3 */
	trace_to_file(&trace, &file);
	walk_begin(&walk, &file, 0);

	assert_true(walk_next(&walk, &chunk, &trust));
	assert_non_null(chunk_payload(&chunk, &payload, &trust));
	assert_true(walk_next(&walk, &chunk, &trust));
	assert_memory_equal(chunk_payload(&chunk, &payload, &trust), "0123456789abcdef", 16);
	assert_int_equal(trust.damaged_places, 0);
	assert_true(walk_next(&walk, &chunk, &trust));
	assert_null(chunk_payload(&chunk, &payload, &trust));
	assert_int_equal(trust.damaged_places, 1);
	assert_true(walk_next(&walk, &chunk, &trust));
	assert_memory_equal(chunk_payload(&chunk, &payload, &trust), raw, sizeof(raw));
	assert_int_equal(trust.damaged_places, 1);
	assert_true(walk_next(&walk, &chunk, &trust));
	assert_null(chunk_payload(&chunk, &payload, &trust));
	assert_true(walk_next(&walk, &chunk, &trust));
	assert_null(chunk_payload(&chunk, &payload, &trust));
	assert_true(payload.room_bytes < 1 << 20); /* nothing was made room for that cannot be */
	assert_int_equal(trust.damaged_places, 3);
	assert_true(walk_next(&walk, &chunk, &trust));
	assert_null(chunk_payload(&chunk, &payload, &trust));
	assert_int_equal(trust.damaged_places, 4);
	assert_false(walk_next(&walk, &chunk, &trust));
	payload_free(&payload);
	tracefile_close(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(xentrace_windows),
		cmocka_unit_test(xentrace_damage),
		cmocka_unit_test(container_blocks),
		cmocka_unit_test(container_damage),
		cmocka_unit_test(container_cut_off),
		cmocka_unit_test(lengths_over_each_other),
		cmocka_unit_test(payloads_are_checked_and_inflated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
