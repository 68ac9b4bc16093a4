/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A trace file as a sequence of chunks, whichever of the two formats it has:
 *
 * container  tracer/trc_format.h; described in xtrace.trc(5)
 * xentrace   tools/xentrace/xentrace.c (Xen 4.17): each window of one pCPU's records follows a
 *            TRC_TRACE_CPU_CHANGE record: u32 0x2001f003, u32 pcpu, u32 window_bytes
 *
 * Any number of walks may be under way in one file, and memory does not depend on the file's length.  A length is
 * believed if it leads to another chunk or to the end.  Damage is skipped up to the next plausible chunk; every walk
 * skips alike, and only the one that is given a trust counts it.
 */
#ifndef XTRACE_TRACEFILE_H
#define XTRACE_TRACEFILE_H

#include "analyzer/input.h"
#include "analyzer/trust.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PCPU_MAX = 4096 }; /* Xen's NR_CPUS is at most 4095 (xen/arch/Kconfig) */

static inline bool pcpu_valid(uint32_t pcpu)
{
	return pcpu < PCPU_MAX;
}

/* xen/include/public/trace.h TRC_TRACE_CPU_CHANGE with two words, as a record header */
enum { XENTRACE_CPU_CHANGE = 0x2001f003 };

enum trace_format { FORMAT_CONTAINER, FORMAT_XENTRACE };

struct tracefile {
	struct input input;
	enum trace_format format;
};

enum chunk_kind { CHUNK_WINDOW, CHUNK_DROPPED, CHUNK_OTHER };

struct chunk {
	enum chunk_kind kind;
	uint16_t block_type;     /* of a container; 0 in a xentrace file, and of a window of which nothing is left */
	uint16_t block_flags;
	uint32_t pcpu;           /* of a window or a dropped count */
	uint64_t offset;         /* of the chunk's header in the file */
	const uint8_t *bytes;    /* the payload as stored */
	uint32_t stored_bytes;
	uint32_t raw_bytes;      /* after inflating */
	bool after_damage;       /* what was before it had to be skipped: windows of any pCPU may be missing */
	bool cut_short;          /* of a window: its last records are missing; of a container's all are, for none can be checked */
};

/* A walk through a file, from a position on: 0, or where another walk was. */
struct walk {
	const struct tracefile *file;
	uint64_t position;       /* of the next chunk */
	uint64_t doubted_bytes;  /* of blocks whose CRC was to tell if their length can be believed */
};

/* Room for an inflated payload; starts zeroed, grows, is freed by its owner. */
struct payload {
	uint8_t *room;
	size_t room_bytes;
	bool out_of_memory;      /* a payload was refused for this, though it may have been whole */
};

/* Opens and recognises a file.  On failure says why and returns false. */
bool tracefile_open(struct tracefile *file, const char *path);

/* The same of bytes in memory, which stay the caller's. */
bool tracefile_open_bytes(struct tracefile *file, const char *name, const uint8_t *bytes, size_t size);
void tracefile_close(struct tracefile *file);

void walk_begin(struct walk *walk, const struct tracefile *file, uint64_t position);

/* Reads the chunk at the position and moves on.  Returns false at the end of the file.  trust: NULL, or who counts what
 * was skipped. */
bool walk_next(struct walk *walk, struct chunk *chunk, struct trust *trust);

/* The chunk's payload, checked against its CRC and inflated into the room where need be.  Returns
 * NULL and counts the damage when it is not whole. */
const uint8_t *chunk_payload(const struct chunk *chunk, struct payload *payload, struct trust *trust);

void payload_free(struct payload *payload);

#endif
