/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What xtrace-cap says on stderr: a closed set of verbs; only main() exits. */
#ifndef XTRACE_SAY_H
#define XTRACE_SAY_H

/* Exit codes, as in xtrace-cap(8). */
enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_INCOMPLETE = 3 };

/* "xtrace-cap: message"; with a trailing ':' strerror(errno) follows.  errno stays. */
void say_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
