/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/trc.h"

#include "tests/unit/unit.h"
#include "tracer/le.h"
#include "tracer/trc_format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static uint8_t *slurp(const char *path, size_t *bytes)
{
	FILE *in = fopen(path, "rb");
	uint8_t *all;

	assert_non_null(in);
	assert_int_equal(fseek(in, 0, SEEK_END), 0);
	*bytes = (size_t)ftell(in);
	rewind(in);
	all = malloc(*bytes + 1);
	assert_non_null(all);
	assert_int_equal(fread(all, 1, *bytes, in), *bytes);
	fclose(in);
	return all;
}

static struct trc_block block_of(const uint8_t *at, uint32_t stored_bytes)
{
	uint32_t flags = le32(at + 4) >> 16, raw_bytes = le32(at + 12);
	struct trc_block block = { .type = (uint16_t)le32(at + 4), .arg = le32(at + 16), .bytes = raw_bytes };
	uLongf inflated = raw_bytes;

	block.payload = malloc(raw_bytes + 1);
	assert_non_null(block.payload);
	block.payload[raw_bytes] = 0;
	if (flags & TRC_FLAG_ZLIB) {
		assert_int_equal(uncompress(block.payload, &inflated, at + TRC_BLOCK_HEADER, stored_bytes), Z_OK);
		assert_int_equal(inflated, raw_bytes);
	} else {
		assert_int_equal(stored_bytes, raw_bytes);
		memcpy(block.payload, at + TRC_BLOCK_HEADER, raw_bytes);
	}
	return block;
}

struct trc trc_read(const char *path)
{
	struct trc trc = { 0 };
	size_t bytes, offset = 0;
	uint8_t *all = slurp(path, &bytes);

	while (offset < bytes) {
		const uint8_t *at = all + offset;
		uint32_t stored_bytes;
		assert_true(bytes - offset >= TRC_BLOCK_HEADER);
		assert_int_equal(le32(at), TRC_BLOCK_MAGIC);
		stored_bytes = le32(at + 8);
		assert_true(bytes - offset - TRC_BLOCK_HEADER >= stored_bytes);
		assert_int_equal(le32(at + TRC_BLOCK_CRC_AT),
				 crc32(crc32(0, at, TRC_BLOCK_CRC_AT), at + TRC_BLOCK_HEADER, stored_bytes));
		trc.blocks = realloc(trc.blocks, (trc.count + 1) * sizeof(*trc.blocks));
		assert_non_null(trc.blocks);
		trc.blocks[trc.count++] = block_of(at, stored_bytes);
		offset += (TRC_BLOCK_HEADER + stored_bytes + TRC_BLOCK_ALIGN - 1) / TRC_BLOCK_ALIGN * TRC_BLOCK_ALIGN;
	}
	assert_int_equal(offset, bytes);
	free(all);
	return trc;
}

void trc_free(struct trc *trc)
{
	for (size_t i = 0; i < trc->count; i++)
		free(trc->blocks[i].payload);
	free(trc->blocks);
	*trc = (struct trc){ 0 };
}
