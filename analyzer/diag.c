/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/diag.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { MESSAGE_BYTES = 1024 };

static void __attribute__((format(printf, 2, 0))) say(const char *kind, const char *format, va_list args)
{
	int saved_errno = errno;
	size_t length = strlen(format);
	char text[MESSAGE_BYTES], printable[MESSAGE_BYTES];

	vsnprintf(text, sizeof(text), format, args);
	diag_escape(text, printable, sizeof(printable));
	fflush(stdout);
	fprintf(stderr, "xtrace-fair: %s%s", kind, printable);
	if (length > 0 && format[length - 1] == ':')
		fprintf(stderr, " %s", strerror(saved_errno));
	fputc('\n', stderr);
}

void diag_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("", format, args);
	va_end(args);
}

void diag_warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("warning: ", format, args);
	va_end(args);
}

/* Length of the well-formed UTF-8 sequence at s that is safe to print, 0 if there is none.
 * C1 controls (U+0080..U+009F) and bidirectional overrides can steer a terminal: not safe. */
static size_t printable_length(const unsigned char *s)
{
	static const struct { unsigned char lead_min, lead_max; size_t length; } forms[] = {
		{ 0x20, 0x7e, 1 }, { 0xc2, 0xdf, 2 }, { 0xe0, 0xef, 3 }, { 0xf0, 0xf4, 4 },
	};

	for (size_t f = 0; f < sizeof(forms) / sizeof(forms[0]); f++) {
		if (s[0] < forms[f].lead_min || s[0] > forms[f].lead_max)
			continue;
		for (size_t i = 1; i < forms[f].length; i++)
			if ((s[i] & 0xc0) != 0x80)
				return 0;
		bool c1 = s[0] == 0xc2 && s[1] < 0xa0;
		bool overlong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
		bool surrogate = s[0] == 0xed && s[1] > 0x9f;
		bool past_unicode = s[0] == 0xf4 && s[1] > 0x8f;
		bool bidi = s[0] == 0xe2 && ((s[1] == 0x80 && s[2] >= 0x8b && s[2] <= 0xaf) ||
					     (s[1] == 0x81 && s[2] >= 0xa0 && s[2] <= 0xaf));
		return c1 || overlong || surrogate || past_unicode || bidi ? 0 : forms[f].length;
	}
	return 0;
}

void diag_escape(const char *hostile, char *out, size_t out_size)
{
	const unsigned char *s = (const unsigned char *)hostile;
	size_t used = 0;

	while (*s && used + 5 < out_size) {
		size_t length = *s == '\\' ? 0 : printable_length(s);
		if (length == 0) {
			used += (size_t)snprintf(out + used, out_size - used, "\\x%02x", *s++);
			continue;
		}
		memcpy(out + used, s, length);
		used += length;
		s += length;
	}
	if (out_size > 0)
		out[used] = '\0';
}
