/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small traces in files of no name, for tests of what reads them. */
#ifndef XTRACE_UNIT_TRACE_H
#define XTRACE_UNIT_TRACE_H

#include "tests/unit/unit.h"

#include "analyzer/tracefile.h"
#include "tracer/trc_format.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

struct trace {
	uint8_t bytes[4096];
	size_t used;
	size_t window;           /* where the open window's header is */
};

static inline void trace_u32(struct trace *trace, uint32_t value)
{
	memcpy(trace->bytes + trace->used, &value, sizeof(value));
	trace->used += sizeof(value);
	assert_true(trace->used <= sizeof(trace->bytes));
}

static inline void trace_u64(struct trace *trace, uint64_t value)
{
	trace_u32(trace, (uint32_t)value);
	trace_u32(trace, (uint32_t)(value >> 32));
}

/* A xentrace window of this pCPU, to be closed. */
static inline void trace_open(struct trace *trace, uint32_t pcpu)
{
	trace->window = trace->used;
	trace_u32(trace, XENTRACE_CPU_CHANGE);
	trace_u32(trace, pcpu);
	trace_u32(trace, 0);
}

static inline void trace_close(struct trace *trace)
{
	uint32_t bytes = (uint32_t)(trace->used - trace->window - 12);

	memcpy(trace->bytes + trace->window + 8, &bytes, sizeof(bytes));
}

static inline void trace_record(struct trace *trace, uint32_t id, uint64_t tsc, unsigned count, const uint32_t *words)
{
	trace_u32(trace, id | count << 28 | 1u << 31);
	trace_u64(trace, tsc);
	for (unsigned i = 0; i < count; i++)
		trace_u32(trace, words[i]);
}

/* Appends a block of a container. */
static inline void trace_block(struct trace *trace, uint32_t type, uint32_t flags, uint32_t arg, const void *payload, uint32_t stored_bytes,
			       uint32_t raw_bytes)
{
	uint8_t *header = trace->bytes + trace->used;
	uint32_t crc;

	trace_u32(trace, TRC_BLOCK_MAGIC);
	trace_u32(trace, type | flags << 16);
	trace_u32(trace, stored_bytes);
	trace_u32(trace, raw_bytes);
	trace_u32(trace, arg);
	trace_u32(trace, 0);
	assert_true(stored_bytes + TRC_BLOCK_ALIGN <= sizeof(trace->bytes) - trace->used);
	memcpy(trace->bytes + trace->used, payload, stored_bytes);
	trace->used += (stored_bytes + TRC_BLOCK_ALIGN - 1) / TRC_BLOCK_ALIGN * TRC_BLOCK_ALIGN;
	crc = (uint32_t)crc32(crc32(0, header, TRC_BLOCK_CRC_AT), header + TRC_BLOCK_HEADER, stored_bytes);
	memcpy(header + TRC_BLOCK_CRC_AT, &crc, sizeof(crc));
}

/* Opens the bytes as a file; the test fails if they are none. */
static inline void trace_to_file(const struct trace *trace, struct tracefile *file)
{
	static char path[64]; /* the file keeps it as its name */
	int fd = memfd_create("trace", 0);

	assert_true(fd >= 0 && write(fd, trace->bytes, trace->used) == (ssize_t)trace->used);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_true(tracefile_open(file, path));
	close(fd);
}

/* A trust that counts and says nothing. */
static inline struct trust trust_quiet(void)
{
	return (struct trust){ .input_name = "trace", .messages = UINT32_MAX };
}

#endif
