/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of Dom0's kernel's code as a capture's file gets them, kept for the next capture: to read and to compress them
 * takes more CPU time than most captures.  What is kept holds for one boot of the kernel and the modules that it has.
 */
#ifndef XTRACE_CAP_SYMBOLS_CACHE_H
#define XTRACE_CAP_SYMBOLS_CACHE_H

#include "tracer/compress.h"

#include <stddef.h>

/* Where all of it is, as paths. */
struct symbols_source {
	const char *symbols;         /* like /proc/kallsyms */
	const char *boot_id;         /* like /proc/sys/kernel/random/boot_id; without it nothing is kept */
	const char *modules;         /* like /proc/modules */
	const char *kept;            /* a file of ours */
};

/* The names, to be freed with packed_free(): what was kept, or read anew and kept.  On failure why[] says, in words that
 * end a sentence, what there is instead.  That they cannot be kept is no failure. */
bool symbols_cache_take(const struct symbols_source *source, struct packed *packed, char *why, size_t why_bytes);

#endif
