/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes a trace small enough for tests/data:   thin TRACE OUT
 *
 * Of the symbols of Dom0's kernel only those stay that cover a value in some record of class pv, each with the one
 * behind it, so that all addresses have the names that they had; the index goes.
 */
#include "analyzer/bytes.h"
#include "tracer/trc_format.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { CLASS_PV = 0x201, LINE_BYTES = 512 };

struct line {
	uint64_t address;
	const char *text;       /* up to its end of line */
	bool wanted;
};

struct thin {
	const uint8_t *bytes;
	size_t size;
	struct line *lines;     /* by address */
	size_t count;
};

struct block {
	const uint8_t *header;
	uint8_t *payload;       /* inflated, with a zero byte behind it */
	uint32_t type, stored_bytes, raw_bytes;
};

static void fail(const char *why)
{
	fprintf(stderr, "thin: %s\n", why);
	exit(1);
}

static void *room(size_t bytes)
{
	void *at = calloc(1, bytes + 1);

	if (!at)
		fail("out of memory");
	return at;
}

static const uint8_t *read_all(const char *path, size_t *size)
{
	FILE *in = fopen(path, "rb");
	uint8_t *bytes;

	if (!in || fseek(in, 0, SEEK_END) != 0)
		fail("cannot read the trace");
	*size = (size_t)ftell(in);
	rewind(in);
	bytes = room(*size);
	if (fread(bytes, 1, *size, in) != *size)
		fail("cannot read the trace");
	fclose(in);
	return bytes;
}

/* The block at an offset, which is moved to the next one; false at the end. */
static bool next_block(const struct thin *thin, size_t *at, struct block *block)
{
	const uint8_t *header = thin->bytes + *at;
	uLongf length;

	if (*at + TRC_BLOCK_HEADER > thin->size)
		return false;
	*block = (struct block){ .header = header, .type = le16(header + 4), .stored_bytes = le32(header + 8), .raw_bytes = le32(header + 12) };
	block->payload = room(block->raw_bytes);
	length = block->raw_bytes;
	if (!(le16(header + 6) & TRC_FLAG_ZLIB))
		memcpy(block->payload, header + TRC_BLOCK_HEADER, block->raw_bytes);
	else if (uncompress(block->payload, &length, header + TRC_BLOCK_HEADER, block->stored_bytes) != Z_OK)
		fail("a block does not inflate");
	*at += TRC_BLOCK_HEADER + (block->stored_bytes + TRC_BLOCK_ALIGN - 1) / TRC_BLOCK_ALIGN * TRC_BLOCK_ALIGN;
	return true;
}

static int compare(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	return x->address != y->address ? (x->address < y->address ? -1 : 1) : (x->text > y->text) - (x->text < y->text);
}

static char *next_line(char *at)
{
	at += strcspn(at, "\n");
	return *at ? at + 1 : at;
}

static void take_symbols(struct thin *thin, char *text)
{
	for (char *at = text; *at; at = next_line(at))
		thin->count++;
	thin->lines = room(thin->count * sizeof(*thin->lines));
	thin->count = 0;
	for (char *at = text; *at; at = next_line(at))
		thin->lines[thin->count++] = (struct line){ .address = strtoull(at, NULL, 16), .text = at };
	qsort(thin->lines, thin->count, sizeof(*thin->lines), compare);
}

/* All lines of the symbol that covers a value, and those of the next one. */
static void want(struct thin *thin, uint64_t value)
{
	size_t behind = 0;
	uint64_t begin, end;

	if (thin->count == 0 || value < thin->lines[0].address)
		return;
	while (behind < thin->count && thin->lines[behind].address <= value)
		behind++;
	begin = thin->lines[behind - 1].address;
	end = behind < thin->count ? thin->lines[behind].address : begin;
	for (size_t i = 0; i < thin->count; i++)
		thin->lines[i].wanted |= thin->lines[i].address == begin || thin->lines[i].address == end;
}

static void take_window(struct thin *thin, const struct block *block)
{
	const uint8_t *at = block->payload, *end = at + block->raw_bytes;

	while (end - at >= 4) {
		uint32_t header = le32(at), words = header >> 28 & 7;
		const uint8_t *payload = at + 4 + 8 * (header >> 31);
		at = payload + 4 * words;
		for (uint32_t i = 0; (header >> 12 & 0xffff) == CLASS_PV && i + 1 < words && at <= end; i++)
			want(thin, le64(payload + 4 * i));
	}
}

static void put_symbols(const struct thin *thin, FILE *out)
{
	char *text = room(thin->count * LINE_BYTES);
	size_t length = 0;
	uint8_t *packed, header[TRC_BLOCK_HEADER] = { 'X', 'T', 'R', 'B', TRC_BLOCK_SYMBOLS, 0, TRC_FLAG_ZLIB, 0 };
	uLongf packed_bytes;
	uint32_t crc;

	for (size_t i = 0; i < thin->count; i++)
		if (thin->lines[i].wanted)
			length += (size_t)snprintf(text + length, LINE_BYTES, "%.*s\n", (int)strcspn(thin->lines[i].text, "\n"), thin->lines[i].text);
	packed_bytes = compressBound(length);
	packed = room(packed_bytes);
	compress2(packed, &packed_bytes, (const uint8_t *)text, length, Z_BEST_COMPRESSION);
	for (unsigned i = 0; i < 4; i++) {
		header[8 + i] = (uint8_t)(packed_bytes >> 8 * i);
		header[12 + i] = (uint8_t)(length >> 8 * i);
	}
	crc = (uint32_t)crc32(crc32(0, header, TRC_BLOCK_CRC_AT), packed, (uInt)packed_bytes);
	for (unsigned i = 0; i < 4; i++)
		header[TRC_BLOCK_CRC_AT + i] = (uint8_t)(crc >> 8 * i);
	fwrite(header, 1, sizeof(header), out);
	fwrite(packed, 1, packed_bytes, out);
	for (size_t i = packed_bytes; i % TRC_BLOCK_ALIGN; i++)
		fputc(0, out);
}

int main(int argc, char **argv)
{
	struct thin thin = { 0 };
	struct block block;
	FILE *out;

	if (argc != 3 || !(out = fopen(argv[2], "wb"))) {
		fprintf(stderr, "usage: thin TRACE OUT\n");
		return 2;
	}
	thin.bytes = read_all(argv[1], &thin.size);
	for (size_t at = 0; next_block(&thin, &at, &block);)
		if (block.type == TRC_BLOCK_SYMBOLS)
			take_symbols(&thin, (char *)block.payload);
	for (size_t at = 0; next_block(&thin, &at, &block);)
		if (block.type == TRC_BLOCK_WINDOW)
			take_window(&thin, &block);
	for (size_t begin = 0, at = 0; next_block(&thin, &at, &block); begin = at) {
		if (block.type == TRC_BLOCK_SYMBOLS)
			put_symbols(&thin, out);
		else if (block.type != TRC_BLOCK_INDEX)
			fwrite(thin.bytes + begin, 1, at - begin, out);
	}
	return fclose(out) != 0;
}
