/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the analyzer says on stderr.  A closed set of verbs; only main() exits.
 * All of it is escaped as by diag_escape(): file names and what comes from a trace are hostile.
 */
#ifndef XTRACE_DIAG_H
#define XTRACE_DIAG_H

#include <stddef.h>
#include <stdint.h>

/* Exit codes of xtrace-fair, as in its man page. */
enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_UNTRUSTED = 3 };

/* The work cannot go on.  "xtrace-fair: message"; with a trailing ':' strerror(errno) follows. */
void diag_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The work goes on, but the user should know. */
void diag_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Copies a hostile string as printable text: control characters and bytes that are no UTF-8
 * become \xNN.  Always terminates out; cuts at out_size. */
void diag_escape(const char *hostile, char *out, size_t out_size);

#endif
