/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tracer/compress.h"

#include "tracer/le.h"
#include "tracer/output.h"
#include "tracer/say.h"
#include "tracer/trc_format.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

struct block {
	uint16_t type, flags;
	uint32_t stored_bytes, raw_bytes, arg;
};

static struct block block_at(const uint8_t *header)
{
	return (struct block){ .type = (uint16_t)le32(header + 4), .flags = (uint16_t)(le32(header + 4) >> 16),
			       .stored_bytes = le32(header + 8), .raw_bytes = le32(header + 12), .arg = le32(header + 16) };
}

/* What is bulk. */
static bool worth_packing(uint16_t type)
{
	return type == TRC_BLOCK_WINDOW || type == TRC_BLOCK_KERNEL || type == TRC_BLOCK_KERNEL_PAGE;
}

bool pack(const uint8_t *payload, uint32_t bytes, enum compress_effort effort, struct packed *packed)
{
	static const int levels[] = { [COMPRESS_QUICKLY] = Z_DEFAULT_COMPRESSION, [COMPRESS_WELL] = Z_BEST_COMPRESSION };
	uLongf stored_bytes = compressBound(bytes);

	*packed = (struct packed){ .bytes = malloc(stored_bytes), .raw_bytes = bytes };
	if (!packed->bytes)
		return false;
	if (compress2(packed->bytes, &stored_bytes, payload, bytes, levels[effort]) == Z_OK && stored_bytes < bytes) {
		packed->flags = TRC_FLAG_ZLIB;
		packed->stored_bytes = (uint32_t)stored_bytes;
	} else {
		memcpy(packed->bytes, payload, bytes);
		packed->stored_bytes = bytes;
	}
	return true;
}

void packed_free(struct packed *packed)
{
	free(packed->bytes);
	packed->bytes = NULL;
}

static int packed_block(struct output *output, uint16_t type, uint32_t arg, const uint8_t *payload, uint32_t bytes)
{
	struct packed packed;
	int status;

	if (!pack(payload, bytes, COMPRESS_WELL, &packed))
		return output_block(output, type, 0, arg, payload, bytes, bytes);
	status = output_block(output, type, packed.flags, arg, packed.bytes, packed.stored_bytes, packed.raw_bytes);
	packed_free(&packed);
	return status;
}

/* Copies one block, compressed if it is bulk. */
static int copy_block(struct output *output, const struct block *block, const uint8_t *payload)
{
	if (block->type == TRC_BLOCK_INDEX)
		return 0; /* a new one is made */
	if (worth_packing(block->type) && block->flags == 0)
		return packed_block(output, block->type, block->arg, payload, block->stored_bytes);
	return output_block(output, block->type, block->flags, block->arg, payload, block->stored_bytes, block->raw_bytes);
}

struct stop {
	bool (*asked)(void *);
	void *arg;
};

/* Whether a block is there, whole and as its CRC says; *end: where the next one is. */
static bool is_block(const uint8_t *bytes, uint64_t size, uint64_t at, struct block *block, uint64_t *end)
{
	const uint8_t *header = bytes + at, *payload = header + TRC_BLOCK_HEADER;

	if (size - at < TRC_BLOCK_HEADER || le32(header) != TRC_BLOCK_MAGIC)
		return false;
	*block = block_at(header);
	*end = (at + TRC_BLOCK_HEADER + block->stored_bytes + TRC_BLOCK_ALIGN - 1) / TRC_BLOCK_ALIGN * TRC_BLOCK_ALIGN;
	return *end <= size && le32(header + TRC_BLOCK_CRC_AT) == crc32(crc32(0, header, TRC_BLOCK_CRC_AT), payload, block->stored_bytes);
}

/* What is no block must not vanish, nor get a CRC that says it is one. */
static enum compress_result copy_blocks(struct output *output, const uint8_t *bytes, uint64_t size, const struct stop *stop)
{
	struct block block;
	uint64_t end;

	for (uint64_t at = 0; at < size; at = end) {
		if (!is_block(bytes, size, at, &block, &end)) {
			say_error("no whole block is at byte %" PRIu64, at);
			errno = EBADMSG;
			return COMPRESS_FAILED;
		}
		if (stop->asked(stop->arg))
			return COMPRESS_STOPPED;
		if (copy_block(output, &block, bytes + at + TRC_BLOCK_HEADER) < 0)
			return COMPRESS_FAILED;
	}
	return output_end(output) < 0 ? COMPRESS_FAILED : COMPRESSED;
}

/* With the old file's owner and mode, before anything is in it. */
static int begin_like(struct output *output, const char *temporary, const struct stat *old)
{
	return chown(temporary, old->st_uid, old->st_gid) < 0 || chmod(temporary, old->st_mode & 07777) < 0 ? -1 : output_begin(output);
}

/* The new file takes the place of the old one. */
static enum compress_result compress_to(const char *path, const char *temporary, const uint8_t *bytes, const struct stat *old,
					const struct stop *stop)
{
	struct output *output = output_open(temporary, output_format_named("xtrace"), false);
	enum compress_result result = COMPRESS_FAILED;
	int closed;

	if (!output)
		return COMPRESS_FAILED;
	if (begin_like(output, temporary, old) == 0)
		result = copy_blocks(output, bytes, (uint64_t)old->st_size, stop);
	if (result == COMPRESS_FAILED)
		say_error("compress %s:", path);
	closed = output_close(output);
	if (result == COMPRESSED && (closed < 0 || rename(temporary, path) < 0)) {
		say_error("compress %s:", path);
		result = COMPRESS_FAILED;
	}
	if (result == COMPRESS_STOPPED)
		say_warning("%s stays uncompressed: a signal came", path);
	if (result != COMPRESSED)
		unlink(temporary);
	return result;
}

static enum compress_result compress_real(const char *path, const struct stop *stop)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	enum compress_result result = COMPRESS_FAILED;
	struct stat old;
	char *temporary = NULL;
	void *bytes = MAP_FAILED;

	if (fd >= 0 && fstat(fd, &old) == 0)
		bytes = mmap(NULL, (size_t)old.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED) {
		say_error("read %s:", path);
	} else if (asprintf(&temporary, "%s.%d.z", path, (int)getpid()) >= 0) {
		result = compress_to(path, temporary, bytes, &old, stop);
		free(temporary);
	}
	if (bytes != MAP_FAILED)
		munmap(bytes, (size_t)old.st_size);
	if (fd >= 0)
		close(fd);
	return result;
}

enum compress_result compress_file(const char *path, bool (*stop)(void *), void *stop_arg)
{
	const struct stop when = { stop, stop_arg };
	char *real = realpath(path, NULL); /* a link stays one */
	enum compress_result result = COMPRESS_FAILED;

	if (real)
		result = compress_real(real, &when);
	else
		say_error("compress %s:", path);
	free(real);
	return result;
}
