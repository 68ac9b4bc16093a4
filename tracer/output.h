/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file that a capture writes: whole blocks, appended, in one of two formats. */
#ifndef XTRACE_OUTPUT_H
#define XTRACE_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

struct output;

struct output_format {
	const char *name;    /* as --format takes it */
	/* How a block of this type begins: fills header (room for 32 bytes) and returns its length; 0: this format
	 * has no such block. */
	uint32_t (*header)(uint8_t *header, uint16_t type, uint16_t flags, uint32_t arg, const uint8_t *payload,
			   uint32_t stored_bytes, uint32_t raw_bytes);
	uint32_t align;      /* of a block's length */
	bool indexed;        /* has an index at its end */
};

/* NULL if there is none of this name. */
const struct output_format *output_format_named(const char *name);

/* Creates the file; with force an existing one is taken, and is as it was until output_begin().  The path is
 * borrowed.  On failure says why and returns NULL. */
struct output *output_open(const char *path, const struct output_format *format, bool force);

/* Whether it is a file on a disk: else it cannot be read again. */
bool output_is_regular(const struct output *output);

/* Before the first block: what an existing file held goes away.  Returns -1 with errno. */
int output_begin(struct output *output);

/* Appends a block.  After a failure the file ends with its last whole block, errno tells, and -1 is
 * returned. */
int output_block(struct output *output, uint16_t type, uint16_t flags, uint32_t arg, const uint8_t *payload,
		 uint32_t stored_bytes, uint32_t raw_bytes);

/* Of whole blocks so far; from any thread. */
uint64_t output_bytes(const struct output *output);

/* If it was begun: appends the index where the format has one, and brings all to the disk.  Returns -1 with errno. */
int output_end(struct output *output);

/* A file that was created and not begun is removed.  Returns -1 with errno if closing failed. */
int output_close(struct output *output);

#endif
