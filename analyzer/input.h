/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes of a trace, mapped read-only.  What cannot be mapped (a pipe, a file of /proc) is first copied to an
 * unlinked file in $TMPDIR, so that all else sees one kind of input.
 *
 * All is read where it is mapped, for a file is gone through more than once: a copy would be made each time, the page
 * tables are filled once.  (Where page tables are shadowed, as in a virtual machine without hardware for them, the first
 * touch of a page takes microseconds, and copies by pread() were faster.)
 *
 * What cannot be read any more, since somebody made the file shorter or its disk failed, would end the program by SIGBUS
 * wherever it is.  Instead all from there on reads as 0, and input_whole() tells: who is done with an input asks it before
 * anything is said of what was read.
 */
#ifndef XTRACE_INPUT_H
#define XTRACE_INPUT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct input {
	const char *name;       /* as given, borrowed; "standard input" for "-" */
	const uint8_t *bytes;   /* NULL when size is 0 */
	uint64_t size;
	volatile uint64_t readable; /* bytes; less than size when what is behind them could not be read */
	bool borrowed;          /* the bytes are not a mapping, but somebody's who frees them */
	int fd;                 /* of a mapping */
	struct input *next;     /* of those that are mapped */
	pthread_t helper;       /* of input_map_ahead() or input_let_go() */
	bool has_helper;
};

/* Maps the file, "-" being standard input.  On failure says why and returns false.  The input stays where it is until it
 * is closed. */
bool input_open(struct input *input, const char *path);

/* The same of bytes in memory, which stay the caller's. */
void input_borrow(struct input *input, const char *name, const uint8_t *bytes, uint64_t size);

/* The first touch of a page takes longer than what is done with its records.  So, while who reads goes through the first half, a thread fills
 * the page tables for the second one, as far as the kernel has it in memory; what would have to be read from a disk is left alone. */
void input_map_ahead(struct input *input);

/* Next to all was read: a thread empties the page tables meanwhile, which takes as long as a percent of what was done.  What is read
 * all the same fills them again. */
void input_let_go(struct input *input);

/* False, and said from where on and why, if some of it could not be read any more. */
bool input_whole(const struct input *input);
void input_close(struct input *input);

#endif
