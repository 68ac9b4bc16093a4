/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes of a trace, mapped read-only.  What cannot be mapped (a pipe, a file of /proc) is first copied to an
 * unlinked file in $TMPDIR, so that all else sees one kind of input. */
#ifndef XTRACE_INPUT_H
#define XTRACE_INPUT_H

#include <stdbool.h>
#include <stdint.h>

enum { INPUT_NO_FILE = -1 };

struct input {
	const char *name;       /* as given, borrowed; "standard input" for "-" */
	const uint8_t *bytes;   /* NULL when size is 0 */
	uint64_t size;
	int fd;                 /* of the same bytes, or INPUT_NO_FILE where they are in memory alone */
	bool borrowed;          /* the bytes are not a mapping, but somebody's who frees them */
};

/* Maps the file, "-" being standard input.  On failure says why and returns false. */
bool input_open(struct input *input, const char *path);
void input_close(struct input *input);

/*
 * A place of the input in memory that is at hand: whoever goes through all of it copies it piece by piece into the same
 * 64 KiB, for the first touch of a mapped page costs more than to copy it (a page fault or a TLB miss for every 4 KiB;
 * where page tables are shadowed, microseconds).  Starts with its input alone; its owner frees it.
 */
enum { PIECE_BYTES = 1 << 16 };

struct piece {
	const struct input *input;
	uint8_t *room;
	uint64_t offset;        /* of what is in the room, */
	uint32_t bytes;         /* so many */
};

/* So many bytes at that place, at most PIECE_BYTES and within the input.  Valid until the next call. */
const uint8_t *piece_at(struct piece *piece, uint64_t offset, uint32_t bytes);
void piece_free(struct piece *piece);

/* Takes the bytes from another piece, if that has them all at hand: what the next piece_at() then finds. */
void piece_take(struct piece *piece, const struct piece *other, uint64_t offset, uint32_t bytes);

#endif
