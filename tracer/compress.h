/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compression after a capture, when it disturbs nothing that is measured. */
#ifndef XTRACE_COMPRESS_H
#define XTRACE_COMPRESS_H

#include "tracer/output.h"

#include <stdbool.h>
#include <stdint.h>

/* Time against size.  Of the lines of /proc/kallsyms (5.4 MB) the first took a quarter of the time and made 1.4 % more. */
enum compress_effort { COMPRESS_QUICKLY, COMPRESS_WELL };

enum compress_result { COMPRESSED, COMPRESS_STOPPED, COMPRESS_FAILED };

/* A payload as it is stored. */
struct packed {
	uint8_t *bytes;
	uint32_t stored_bytes, raw_bytes;
	uint16_t flags;              /* of trc_format.h */
};

/* Compresses where that makes it smaller.  False without memory. */
bool pack(const uint8_t *payload, uint32_t bytes, enum compress_effort effort, struct packed *packed);
void packed_free(struct packed *packed);

/* Rewrites a container with its windows compressed: to a new file beside it, then renamed.  Gives up when stop()
 * returns true, which is asked between blocks.  Says what failed (a file that is not whole blocks is refused) or that it was stopped; the
 * file is then as it was. */
enum compress_result compress_file(const char *path, bool (*stop)(void *), void *stop_arg);

#endif
