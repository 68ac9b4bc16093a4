/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/trust.h"

#include "analyzer/diag.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum { MESSAGES_MAX = 10 };

void trust_damage(struct trust *trust, uint64_t offset, uint64_t bytes, const char *format, ...)
{
	char reason[256];
	va_list args;

	trust->damaged_places++;
	trust->damaged_bytes += bytes;
	if (trust->messages++ >= MESSAGES_MAX)
		return;
	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	diag_warn("%s: offset %" PRIu64 ": %s", trust->input_name, offset, reason);
}

void trust_unknown(struct trust *trust, uint64_t offset, uint32_t event)
{
	if (trust->unknown_records++ == 0 && trust->messages < MESSAGES_MAX)
		diag_warn("%s: offset %" PRIu64 ": event 0x%07" PRIx32 " is not known; it and all others like it are skipped and counted",
			  trust->input_name, offset, event);
}

void trust_summary(const struct trust *trust)
{
	if (trust->messages > MESSAGES_MAX)
		diag_warn("%s: and %" PRIu64 " more damaged places", trust->input_name,
			  trust->messages - MESSAGES_MAX);
}

bool trust_is_sound(const struct trust *trust)
{
	return trust->damaged_places == 0 && trust->inconsistent_records == 0 && trust->unknown_records == 0;
}
