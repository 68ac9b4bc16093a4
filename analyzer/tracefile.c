/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/tracefile.h"

#include "analyzer/bytes.h"
#include "analyzer/diag.h"
#include "tracer/trc_format.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
	CPU_CHANGE_SWAPPED = 0x03f00120,  /* XENTRACE_CPU_CHANGE as written on a big-endian machine */
	CPU_CHANGE_BYTES = 12,
	DEFLATE_RATIO_MAX = 1032,         /* no stream inflates to more; zlib's own figure */
};

/* ---- xentrace ---- */

static bool xentrace_header(const struct input *input, uint64_t at)
{
	const uint8_t *header = input->bytes + at;

	return input->size - at >= CPU_CHANGE_BYTES && le32(header) == XENTRACE_CPU_CHANGE && pcpu_valid(le32(header + 4)) && le32(header + 8) % 4 == 0;
}

static uint32_t xentrace_window_bytes(const struct input *input, uint64_t at)
{
	return le32(input->bytes + at + 8);
}

/* A header found while looking for one after damage must lead to another, or to the end. */
static bool xentrace_header_leads_on(const struct input *input, uint64_t at)
{
	uint64_t next;

	if (!xentrace_header(input, at))
		return false;
	next = at + CPU_CHANGE_BYTES + xentrace_window_bytes(input, at);
	return next == input->size || (next < input->size && xentrace_header(input, next));
}

/* The length of a window that is longer than the file or leads nowhere: up to where its records run into the next
 * window header, for that is never a record.  Else as it says, or up to the end. */
static uint32_t xentrace_length(const struct input *input, uint64_t at, uint32_t window_bytes)
{
	uint64_t left = input->size - at, length = window_bytes <= left ? window_bytes : left, record = 0;

	while (record < length && !xentrace_header(input, at + record)) {
		uint32_t header = length - record >= 4 ? le32(input->bytes + at + record) : 0;
		record += 4 + 4 * (header >> 28 & 7) + 8 * (header >> 31);
	}
	return (uint32_t)(record < length ? record : length);
}

static void xentrace_chunk(const struct input *input, uint64_t at, struct chunk *chunk, struct trust *trust)
{
	const uint8_t *header = input->bytes + at;
	uint32_t window_bytes = le32(header + 8);
	uint64_t next = at + CPU_CHANGE_BYTES + window_bytes;

	*chunk = (struct chunk){ .kind = CHUNK_WINDOW, .pcpu = le32(header + 4), .offset = at,
				 .bytes = input->bytes + at + CPU_CHANGE_BYTES, .stored_bytes = window_bytes };
	if (next != input->size && !(next < input->size && xentrace_header(input, next)))
		chunk->stored_bytes = xentrace_length(input, at + CPU_CHANGE_BYTES, window_bytes);
	chunk->raw_bytes = chunk->stored_bytes;
	chunk->cut_short = window_bytes > chunk->stored_bytes;
	if (chunk->cut_short && trust)
		trust_damage(trust, at, 0, "%s: pCPU %u's window of %u bytes has only %u", next > input->size ? "cut off" : "a wrong length",
			     chunk->pcpu, window_bytes, chunk->stored_bytes);
}

static void xentrace_damage(const struct input *input, uint64_t at, uint64_t next, struct trust *trust)
{
	uint64_t left = input->size - at;

	if (left < CPU_CHANGE_BYTES)
		trust_damage(trust, at, next - at, "cut off in the middle of a window header");
	else if (le32(input->bytes + at) == XENTRACE_CPU_CHANGE)
		trust_damage(trust, at, next - at, "a window header with pCPU %" PRId32 " and %u bytes cannot be",
			     (int32_t)le32(input->bytes + at + 4), le32(input->bytes + at + 8));
	else
		trust_damage(trust, at, next - at, "0x%08x is no window header", le32(input->bytes + at));
}

static bool xentrace_next(struct walk *walk, struct chunk *chunk, struct trust *trust)
{
	const struct input *input = &walk->file->input;
	uint64_t begin = walk->position, at = begin;

	if (at >= input->size)
		return false;
	if (!xentrace_header(input, at)) {
		do
			at += 4;
		while (at < input->size && !xentrace_header_leads_on(input, at));
		if (at > input->size)
			at = input->size;
		if (trust)
			xentrace_damage(input, begin, at, trust);
		walk->position = at;
		if (at == input->size)
			return false;
	}
	xentrace_chunk(input, at, chunk, trust);
	chunk->after_damage = at != begin;
	walk->position = at + CPU_CHANGE_BYTES + chunk->stored_bytes;
	return true;
}

/* ---- container ---- */

static uint64_t block_size(uint32_t stored_bytes)
{
	return TRC_BLOCK_HEADER + ((uint64_t)stored_bytes + TRC_BLOCK_ALIGN - 1) / TRC_BLOCK_ALIGN * TRC_BLOCK_ALIGN;
}

/* header: of the block and its payload after it. */
static bool block_crc_good(const uint8_t *header, uint32_t stored_bytes)
{
	uLong crc = crc32(0, header, TRC_BLOCK_CRC_AT);

	return crc32(crc, header + TRC_BLOCK_HEADER, stored_bytes) == le32(header + TRC_BLOCK_CRC_AT);
}

/* Why there is no usable block at this place, or NULL when there is one. */
static const char *block_fault(const struct input *input, uint64_t at)
{
	const uint8_t *header;
	uint16_t type, flags;

	if (input->size - at < TRC_BLOCK_HEADER)
		return "cut off in the middle of a block header";
	header = input->bytes + at;
	if (le32(header) != TRC_BLOCK_MAGIC)
		return "no block begins here";
	type = le16(header + 4);
	flags = le16(header + 6);
	if (le32(header + 8) > TRC_PAYLOAD_MAX || le32(header + 12) > TRC_PAYLOAD_MAX)
		return "a block with an impossible length";
	if (!(flags & TRC_FLAG_ZLIB) && le32(header + 8) != le32(header + 12))
		return "a block with two different lengths";
	if ((type == TRC_BLOCK_WINDOW || type == TRC_BLOCK_DROPPED) && !pcpu_valid(le32(header + 16)))
		return "a block of an impossible pCPU";
	if (TRC_BLOCK_HEADER + (uint64_t)le32(header + 8) > input->size - at)
		return "cut off in the middle of a block";
	return NULL;
}

/* Of a block without a fault. */
static uint64_t block_end(const struct input *input, uint64_t at)
{
	return at + block_size(le32(input->bytes + at + 8));
}

static bool block_leads_on(const struct input *input, uint64_t at)
{
	uint64_t next = block_end(input, at);

	return next >= input->size || !block_fault(input, next);
}

/* A block found while looking for one after damage must lead to another, or to the end. */
static bool block_plausible(const struct input *input, uint64_t at)
{
	return !block_fault(input, at) && block_leads_on(input, at);
}

/* As block_fault(); and a length that leads nowhere is only believed if the CRC is good.  No more is read for that than the file
 * is long: lengths that were made to reach over each other would have it read without end. */
static const char *block_doubt(struct walk *walk, uint64_t at)
{
	const struct input *input = &walk->file->input;
	const char *fault = block_fault(input, at);
	const uint8_t *block = input->bytes + at;
	bool believed;

	if (fault || block_leads_on(input, at))
		return fault;
	believed = walk->doubted_bytes <= input->size && block_crc_good(block, le32(block + 8));
	walk->doubted_bytes += le32(block + 8);
	return believed ? NULL : "a block with a wrong CRC, whose length leads to no other block";
}

static void container_chunk(const struct input *input, uint64_t at, struct chunk *chunk)
{
	const uint8_t *header = input->bytes + at;
	uint16_t type = le16(header + 4);

	*chunk = (struct chunk){
		.kind = type == TRC_BLOCK_WINDOW ? CHUNK_WINDOW : type == TRC_BLOCK_DROPPED ? CHUNK_DROPPED : CHUNK_OTHER,
		.block_type = type,
		.block_flags = le16(header + 6),
		.pcpu = le32(header + 16),
		.offset = at,
		.bytes = input->bytes + at + TRC_BLOCK_HEADER,
		.stored_bytes = le32(header + 8),
		.raw_bytes = le32(header + 12),
	};
}

/* Where the file ends in the middle of a window, that is a window of which no record is left. */
static bool container_last_chunk(const struct input *input, uint64_t at, struct chunk *chunk)
{
	const uint8_t *header = input->bytes + at;

	if (input->size - at < TRC_BLOCK_HEADER || le32(header) != TRC_BLOCK_MAGIC || le16(header + 4) != TRC_BLOCK_WINDOW ||
	    !pcpu_valid(le32(header + 16)))
		return false;
	*chunk = (struct chunk){ .kind = CHUNK_WINDOW, .pcpu = le32(header + 16), .offset = at, .bytes = header + TRC_BLOCK_HEADER,
				 .cut_short = true };
	return true;
}

static bool container_next(struct walk *walk, struct chunk *chunk, struct trust *trust)
{
	const struct input *input = &walk->file->input;
	uint64_t begin = walk->position, at = begin;
	const char *fault;

	if (at >= input->size)
		return false;
	fault = block_doubt(walk, at);
	if (fault) {
		do
			at += TRC_BLOCK_ALIGN;
		while (at < input->size && !block_plausible(input, at));
		if (at > input->size)
			at = input->size;
		if (trust)
			trust_damage(trust, begin, at - begin, "%s", fault);
		walk->position = at;
		if (at == input->size)
			return container_last_chunk(input, begin, chunk);
	}
	container_chunk(input, at, chunk);
	chunk->after_damage = at != begin;
	walk->position = block_end(input, at);
	return true;
}

/* ---- payloads ---- */

static const uint8_t *inflate_payload(const struct chunk *chunk, struct payload *payload)
{
	uLongf length = chunk->raw_bytes;
	int status;

	if (chunk->raw_bytes / DEFLATE_RATIO_MAX > chunk->stored_bytes)
		return NULL;
	if (payload->room_bytes < chunk->raw_bytes) {
		uint8_t *room = realloc(payload->room, chunk->raw_bytes);
		if (!room) {
			payload->out_of_memory = true;
			return NULL;
		}
		payload->room = room;
		payload->room_bytes = chunk->raw_bytes;
	}
	status = uncompress(payload->room, &length, chunk->bytes, chunk->stored_bytes);
	payload->out_of_memory |= status == Z_MEM_ERROR;
	return status == Z_OK && length == chunk->raw_bytes ? payload->room : NULL;
}

const uint8_t *chunk_payload(const struct chunk *chunk, struct payload *payload, struct trust *trust)
{
	const uint8_t *bytes = chunk->bytes;

	if (chunk->block_type == 0)
		return bytes;
	if (!block_crc_good(chunk->bytes - TRC_BLOCK_HEADER, chunk->stored_bytes)) {
		trust_damage(trust, chunk->offset, chunk->stored_bytes, "a block of type %u with a wrong CRC", chunk->block_type);
		return NULL;
	}
	if (chunk->block_flags & ~TRC_FLAG_ZLIB) {
		trust_damage(trust, chunk->offset, chunk->stored_bytes, "a block of type %u with flags 0x%x, which are not known", chunk->block_type,
			     chunk->block_flags);
		return NULL;
	}
	if (chunk->block_flags & TRC_FLAG_ZLIB)
		bytes = inflate_payload(chunk, payload);
	if (!bytes)
		trust_damage(trust, chunk->offset, chunk->stored_bytes, "a block of type %u that does not inflate to its %u bytes",
			     chunk->block_type, chunk->raw_bytes);
	return bytes;
}

void payload_free(struct payload *payload)
{
	free(payload->room);
	*payload = (struct payload){ 0 };
}

/* ---- files ---- */

/* A damaged first block is told later, when all are read; nothing in it is needed. */
static bool container_version_known(const struct input *input)
{
	uint32_t major;

	if (block_fault(input, 0) || le16(input->bytes + 4) != TRC_BLOCK_FILE || le32(input->bytes + 8) < TRC_FILE_PAYLOAD_MIN ||
	    !block_crc_good(input->bytes, le32(input->bytes + 8)))
		return true;
	major = le32(input->bytes + TRC_BLOCK_HEADER);
	if (major > TRC_VERSION_MAJOR)
		diag_error("%s: format version %u is newer than this program, which reads up to %u", input->name, major,
			   TRC_VERSION_MAJOR);
	return major <= TRC_VERSION_MAJOR;
}

static bool recognise(struct tracefile *file)
{
	const struct input *input = &file->input;
	uint32_t first;

	if (input->size == 0) {
		diag_error("%s: the file is empty", input->name);
		return false;
	}
	first = input->size >= 4 ? le32(input->bytes) : 0;
	if (!input_whole(input))
		return false;
	if (first == TRC_BLOCK_MAGIC) {
		file->format = FORMAT_CONTAINER;
		return container_version_known(input);
	}
	if (first == XENTRACE_CPU_CHANGE) {
		file->format = FORMAT_XENTRACE;
		return true;
	}
	if (first == CPU_CHANGE_SWAPPED)
		diag_error("%s: offset 0: a xentrace file of a big-endian machine is not supported", input->name);
	else
		diag_error("%s: offset 0: neither an xtrace nor a xentrace file (begins with 0x%08x)", input->name, first);
	return false;
}

bool tracefile_open(struct tracefile *file, const char *path)
{
	if (!input_open(&file->input, path))
		return false;
	if (recognise(file))
		return true;
	input_close(&file->input);
	return false;
}

bool tracefile_open_bytes(struct tracefile *file, const char *name, const uint8_t *bytes, size_t size)
{
	input_borrow(&file->input, name, bytes, size);
	return recognise(file);
}

void tracefile_close(struct tracefile *file)
{
	input_close(&file->input);
}

void walk_begin(struct walk *walk, const struct tracefile *file, uint64_t position)
{
	*walk = (struct walk){ .file = file, .position = position };
}

bool walk_next(struct walk *walk, struct chunk *chunk, struct trust *trust)
{
	if (walk->file->input.readable < walk->file->input.size) /* zeros are all that is left */
		return false;
	return walk->file->format == FORMAT_CONTAINER ? container_next(walk, chunk, trust) : xentrace_next(walk, chunk, trust);
}
