/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names for the addresses in Xen's records of PV traps: what Dom0's kernel says of its own code. */
#ifndef XTRACE_CAP_DOM0_SYMBOLS_H
#define XTRACE_CAP_DOM0_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

#define DOM0_SYMBOLS_PATH "/proc/kallsyms"
#define DOM0_NOTES_PATH   "/sys/kernel/notes"

enum { BUILD_ID_MAX_BYTES = 32, BUILD_ID_TEXT_BYTES = 2 * BUILD_ID_MAX_BYTES + 1 };

/* The lines of a file like /proc/kallsyms that are of code (types t, T, w, W), as they are.  Returns text to be freed
 * and its length, or NULL: why[] says, in words that end a sentence, what there is instead. */
char *dom0_symbols_read(const char *path, uint32_t *bytes, char *why, size_t why_bytes);

/* The GNU build id among ELF notes as in /sys/kernel/notes, in hexadecimals; "" if there is none. */
void dom0_symbols_build_id(const char *path, char *out);

/* Bytes as hexadecimals, cut at BUILD_ID_MAX_BYTES; out has BUILD_ID_TEXT_BYTES. */
void build_id_text(const uint8_t *id, size_t bytes, char *out);

#endif
