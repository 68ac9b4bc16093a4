/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tracer/output.h"

#include "tracer/le.h"
#include "tracer/say.h"
#include "tracer/trc_format.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <zlib.h>

enum { CPU_CHANGE = 0x2001f003, CPU_CHANGE_BYTES = 12, HEADER_ROOM = 32, INDEX_MAX_BYTES = 4 << 20 };

struct output {
	const struct output_format *format;
	const char *path;
	int fd;
	bool is_regular;             /* can be cut back after a failed write */
	bool created, begun;
	bool torn;                   /* ends with a part of a block: nothing may follow */
	uint64_t bytes;              /* of whole blocks */
	uint8_t *index;
	size_t index_bytes, index_room;
	bool index_left_out;
};

/* ---- the two formats ---- */

static uint32_t container_header(uint8_t *header, uint16_t type, uint16_t flags, uint32_t arg, const uint8_t *payload,
				 uint32_t stored_bytes, uint32_t raw_bytes)
{
	put_le32(header, TRC_BLOCK_MAGIC);
	put_le16(header + 4, type);
	put_le16(header + 6, flags);
	put_le32(header + 8, stored_bytes);
	put_le32(header + 12, raw_bytes);
	put_le32(header + 16, arg);
	put_le32(header + TRC_BLOCK_CRC_AT, (uint32_t)crc32(crc32(0, header, TRC_BLOCK_CRC_AT), payload, stored_bytes));
	return TRC_BLOCK_HEADER;
}

/* tools/xentrace/xentrace.c: only windows, each after a CPU-change record. */
static uint32_t xentrace_header(uint8_t *header, uint16_t type, uint16_t flags, uint32_t arg, const uint8_t *payload,
				uint32_t stored_bytes, uint32_t raw_bytes)
{
	(void)flags, (void)payload, (void)raw_bytes;
	if (type != TRC_BLOCK_WINDOW)
		return 0;
	put_le32(header, CPU_CHANGE);
	put_le32(header + 4, arg);
	put_le32(header + 8, stored_bytes);
	return CPU_CHANGE_BYTES;
}

static const struct output_format formats[] = {
	{ "xtrace", container_header, TRC_BLOCK_ALIGN, true },
	{ "xentrace", xentrace_header, 4, false },
};

const struct output_format *output_format_named(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL;
}

/* ---- the file ---- */

/* O_EXCL follows no link; what is there already is taken only with force.  A trace tells of guests, and perhaps addresses of Dom0's
 * kernel that others may not see. */
static int open_file(struct output *output, bool force)
{
	output->fd = open(output->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	output->created = output->fd >= 0;
	if (!output->created && errno == EEXIST && force)
		output->fd = open(output->path, O_WRONLY | O_CLOEXEC);
	return output->fd < 0 ? -1 : 0;
}

struct output *output_open(const char *path, const struct output_format *format, bool force)
{
	struct output *output = calloc(1, sizeof(*output));
	struct stat st;

	if (!output) {
		say_error("out of memory");
		return NULL;
	}
	*output = (struct output){ .format = format, .path = path };
	if (open_file(output, force) < 0 || fstat(output->fd, &st) < 0) {
		if (errno == EEXIST && !force)
			say_error("%s exists: --force writes over it", path);
		else
			say_error("create %s:", path);
	} else if (S_ISBLK(st.st_mode)) {
		say_error("%s is a disk: what is on it is not written over", path);
	} else {
		output->is_regular = S_ISREG(st.st_mode);
		return output;
	}
	if (output->fd >= 0)
		close(output->fd);
	free(output);
	return NULL;
}

bool output_is_regular(const struct output *output)
{
	return output->is_regular;
}

int output_begin(struct output *output)
{
	output->begun = true;
	return output->is_regular ? ftruncate(output->fd, 0) : 0;
}

/* Writes all pieces; on failure errno tells. */
static int write_pieces(int fd, struct iovec *pieces, int count)
{
	while (count > 0) {
		ssize_t done = writev(fd, pieces, count);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		while (count > 0 && (size_t)done >= pieces->iov_len) {
			done -= (ssize_t)pieces->iov_len;
			pieces++;
			count--;
		}
		if (count > 0) {
			pieces->iov_base = (uint8_t *)pieces->iov_base + done;
			pieces->iov_len -= (size_t)done;
		}
	}
	return 0;
}

/* Cuts off what was written of a block that did not fit. */
static void cut_back(struct output *output)
{
	int saved_errno = errno;

	output->torn = !output->is_regular || ftruncate(output->fd, (off_t)output->bytes) < 0 ||
		       lseek(output->fd, (off_t)output->bytes, SEEK_SET) < 0;
	errno = saved_errno;
}

/* The index is a help for readers, not worth a failure: without memory, or too long, it is left out. */
static void note_index(struct output *output, uint16_t type, uint32_t arg)
{
	if (output->index_bytes + TRC_INDEX_ENTRY > output->index_room) {
		size_t room = output->index_room ? 2 * output->index_room : 4096;
		uint8_t *index = room <= INDEX_MAX_BYTES ? realloc(output->index, room) : NULL;
		output->index_left_out = !index;
		if (!index)
			return;
		output->index = index;
		output->index_room = room;
	}
	put_le64(output->index + output->index_bytes, output->bytes);
	put_le32(output->index + output->index_bytes + 8, type);
	put_le32(output->index + output->index_bytes + 12, arg);
	output->index_bytes += TRC_INDEX_ENTRY;
}

int output_block(struct output *output, uint16_t type, uint16_t flags, uint32_t arg, const uint8_t *payload,
		 uint32_t stored_bytes, uint32_t raw_bytes)
{
	static const uint8_t zeroes[TRC_BLOCK_ALIGN];
	uint8_t header[HEADER_ROOM];
	uint32_t header_bytes = output->format->header(header, type, flags, arg, payload, stored_bytes, raw_bytes);
	uint32_t padding = (0 - stored_bytes) % output->format->align;
	struct iovec pieces[] = {
		{ header, header_bytes },
		{ (void *)(uintptr_t)payload, stored_bytes },
		{ (void *)(uintptr_t)zeroes, padding },
	};

	if (header_bytes == 0)
		return 0;
	if (output->torn) {
		errno = EIO;
		return -1;
	}
	if (write_pieces(output->fd, pieces, 3) < 0) {
		cut_back(output);
		return -1;
	}
	if (output->format->indexed && !output->index_left_out)
		note_index(output, type, arg);
	__atomic_store_n(&output->bytes, output->bytes + header_bytes + stored_bytes + padding, __ATOMIC_RELAXED);
	return 0;
}

uint64_t output_bytes(const struct output *output)
{
	return __atomic_load_n(&output->bytes, __ATOMIC_RELAXED);
}

static int put_index(struct output *output)
{
	if (!output->format->indexed || output->index_left_out)
		return 0;
	return output_block(output, TRC_BLOCK_INDEX, 0, 0, output->index, (uint32_t)output->index_bytes,
			    (uint32_t)output->index_bytes);
}

int output_end(struct output *output)
{
	int status, saved_errno;

	if (!output->begun)
		return 0;
	status = put_index(output);
	saved_errno = errno;
	if (output->is_regular && fsync(output->fd) < 0 && status == 0)
		return -1;
	errno = saved_errno;
	return status;
}

int output_close(struct output *output)
{
	int status, saved_errno;

	if (output->created && !output->begun)
		unlink(output->path);
	status = close(output->fd);
	saved_errno = errno;
	free(output->index);
	free(output);
	errno = saved_errno;
	return status;
}
