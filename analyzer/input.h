/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes of a trace, mapped read-only.  What cannot be mapped (a pipe, a file of /proc) is first copied to an
 * unlinked file in $TMPDIR, so that all else sees one kind of input.
 *
 * All is read where it is mapped, for a file is gone through more than once: a copy would be made each time, the page
 * tables are filled once.  (Where page tables are shadowed, as in a virtual machine without hardware for them, the first
 * touch of a page takes microseconds, and copies by pread() were faster.)
 *
 * What cannot be read any more, since somebody made the file shorter or its disk failed, ends the program by SIGBUS, with
 * a message; no report was begun then.
 */
#ifndef XTRACE_INPUT_H
#define XTRACE_INPUT_H

#include <stdbool.h>
#include <stdint.h>

struct input {
	const char *name;       /* as given, borrowed; "standard input" for "-" */
	const uint8_t *bytes;   /* NULL when size is 0 */
	uint64_t size;
	bool borrowed;          /* the bytes are not a mapping, but somebody's who frees them */
};

/* Maps the file, "-" being standard input.  On failure says why and returns false. */
bool input_open(struct input *input, const char *path);
void input_close(struct input *input);

#endif
