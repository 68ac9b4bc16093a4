/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tracefs in memory: the other implementation of tracer/kernel_trace.h.  Unless a test brings its own, there is none.
 */
#ifndef XTRACE_FAKE_KERNEL_TRACE_H
#define XTRACE_FAKE_KERNEL_TRACE_H

#include "tracer/kernel_trace.h"

enum { FAKE_CPUS = 2, FAKE_PAGE_BYTES = 4096, FAKE_PAGES_MAX = 64 };

struct kernel_trace {
	bool stale;                 /* an instance of an earlier capture is there */
	int remove_errno;           /* 0, or why it cannot be removed */
	const char *why_not;        /* NULL, or why there can be no instance */
	int read_errno;             /* 0, or why pages cannot be read */
	int on_errno, off_errno;    /* 0, or why it cannot be switched on, or off: then its last page comes again and again */
	bool there, on;             /* our instance */
	size_t page_count[FAKE_CPUS], pages_read[FAKE_CPUS];
	uint8_t pages[FAKE_CPUS][FAKE_PAGES_MAX][FAKE_PAGE_BYTES];
};

/* From now on this is tracefs; NULL: there is none. */
void fake_kernel_trace_use(struct kernel_trace *trace);

/* A whole page of a CPU, with events of so many bytes, each the page's number. */
void fake_kernel_trace_add(struct kernel_trace *trace, uint32_t cpu, uint32_t event_bytes);

#endif
