/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of code by its address: from an ELF file's symbol table, or from text in the form of /proc/kallsyms and
 * System.map, a line per symbol: address in hexadecimals, type, name, and for a module's "[module]" behind a tab.
 * Only code counts: executable sections, types t, T, w and W.
 *
 * All of it is hostile: names are bounded and terminated, escape them before printing; an address that no symbol
 * covers has no name.
 */
#ifndef XTRACE_SYMBOLS_H
#define XTRACE_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SYMBOLS_MAX = 1 << 21,          /* what comes after that many is left out */
	SYMBOL_NAME_BYTES = 160,        /* longer ones are cut off */
	SYMBOL_SPAN_MAX = 1 << 18,      /* a symbol without a size reaches no further than this, nor than the next one */
	BUILD_ID_BYTES = 2 * 32 + 1,    /* as text, terminated; a longer one is cut off */
};

struct symbol {
	uint64_t address;
	uint64_t size;                  /* 0: not told */
	uint32_t name;                  /* where it begins in names */
	uint8_t rank;                   /* of several at one address the least counts: global, weak, local */
};

struct symbols {
	struct symbol *all;             /* by address, one for each */
	size_t count, room;
	char *names;
	size_t names_bytes, names_room;
	char build_id[BUILD_ID_BYTES];  /* in hexadecimals; "" if not told */
	uint64_t left_out;              /* beyond SYMBOLS_MAX */
};

/* Reads a file.  Where there is nothing in it, or it is none of the above, says why and returns false; symbols_free()
 * in any case. */
bool symbols_load(struct symbols *symbols, const char *path);

/* Adds what text has; what is no symbol in it is passed by.  False only when out of memory. */
bool symbols_take_text(struct symbols *symbols, const char *text, size_t bytes);

void symbols_free(struct symbols *symbols);

/* The name of the code at an address, and how far behind its begin the address is; NULL if none covers it. */
const char *symbols_find(const struct symbols *symbols, uint64_t address, uint64_t *offset);

#endif
