/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tracer/events.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	uint32_t mask;
	const char *what;
} rows[] = {
	{ "sched", 0x0002f000, "scheduling: runstates, wakeups, switches, the scheduler's own events" },
	{ "runstate", 0x00021000, "runstate changes only: the least that xtrace-fair can work with" },
	{ "dom0op", 0x0004f000, "domains come and go" },
	{ "hvm", 0x0008f000, "HVM exits, handlers and emulation" },
	{ "grant", 0x0010f000, "grants mapped and unmapped, and other memory operations" },
	{ "mem", 0x0010f000, "the same" },
	{ "pv", 0x0020f000, "PV hypercalls and traps: the bulk of a PV host's records" },
	{ "shadow", 0x0040f000, "shadow page tables" },
	{ "hw", 0x0080f000, "power management and interrupts" },
	{ "evtchn", 0x00804000, "events sent to domains (written by the patched hypervisor only)" },
	{ "xen-time", 0x00808000, "what Xen itself needs of each pCPU (likewise)" },
	{ "guest", 0x0800f000, "what guests write themselves" },
	{ "all", EVENTS_ALL, "everything" },
};

const char *events_row(unsigned i, const char **what)
{
	if (i >= sizeof(rows) / sizeof(rows[0]))
		return NULL;
	*what = rows[i].what;
	return rows[i].name;
}

static bool parse_word(const char *word, size_t length, uint32_t *mask)
{
	char *end;
	unsigned long number;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strlen(rows[i].name) == length && strncmp(rows[i].name, word, length) == 0) {
			*mask |= rows[i].mask;
			return true;
		}
	number = strtoul(word, &end, 0);
	if (length == 0 || end != word + length || number == 0 || number > 0x0fffffff)
		return false;
	*mask |= (uint32_t)number;
	return true;
}

bool events_have_addresses(uint32_t mask)
{
	enum { PV_CLASS = 0x00200000, PV_ENTRY_SUBCLASS = 0x00001000 }; /* xen/include/public/trace.h TRC_PV_ENTRY */

	return mask & PV_CLASS && mask & PV_ENTRY_SUBCLASS;
}

/* A class and a subclass at least. */
static bool lets_through(uint32_t mask)
{
	return (mask & 0x0fff0000) != 0 && (mask & 0x0000f000) != 0;
}

bool events_parse(const char *list, uint32_t *mask, const char **bad)
{
	*mask = 0;
	*bad = list;
	for (;;) {
		size_t length = strcspn(list, ",");
		if (!parse_word(list, length, mask)) {
			*bad = list;
			return false;
		}
		if (list[length] == '\0')
			return lets_through(*mask);
		list += length + 1;
	}
}
