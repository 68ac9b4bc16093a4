/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tracer/say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void __attribute__((format(printf, 2, 0))) say(const char *kind, const char *format, va_list args)
{
	int saved_errno = errno;
	size_t length = strlen(format);

	/* On a terminal a progress line may stand where this is going to. */
	fprintf(stderr, "%sxtrace-cap: %s", isatty(STDERR_FILENO) ? "\r\033[K" : "", kind);
	vfprintf(stderr, format, args);
	if (length > 0 && format[length - 1] == ':')
		fprintf(stderr, " %s", strerror(saved_errno));
	fputc('\n', stderr);
	errno = saved_errno;
}

void say_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("", format, args);
	va_end(args);
}

void say_warning(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("warning: ", format, args);
	va_end(args);
}

void say_note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("", format, args);
	va_end(args);
}
