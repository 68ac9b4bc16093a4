/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/fake_kernel_trace.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct kernel_trace *current;

void fake_kernel_trace_use(struct kernel_trace *trace)
{
	current = trace;
}

void fake_kernel_trace_add(struct kernel_trace *trace, uint32_t cpu, uint32_t event_bytes)
{
	uint8_t *page = trace->pages[cpu][trace->page_count[cpu]++];
	uint64_t commit = event_bytes;

	memcpy(page + 8, &commit, sizeof(commit));
	memset(page + 16, (int)trace->page_count[cpu], event_bytes);
}

int kernel_trace_remove_stale(void)
{
	if (!current || !current->stale)
		return 0;
	errno = current->remove_errno;
	if (errno)
		return -1;
	current->stale = false;
	return 1;
}

struct kernel_trace *kernel_trace_open(char *why, size_t why_bytes)
{
	if (!current || current->why_not) {
		snprintf(why, why_bytes, "%s", current ? current->why_not : "no tracefs here");
		return NULL;
	}
	current->there = true;
	return current;
}

int kernel_trace_close(struct kernel_trace *trace)
{
	trace->there = trace->on = false;
	return 0;
}

uint32_t kernel_trace_cpus(const struct kernel_trace *trace)
{
	(void)trace;
	return FAKE_CPUS;
}

uint32_t kernel_trace_page_bytes(const struct kernel_trace *trace)
{
	(void)trace;
	return FAKE_PAGE_BYTES;
}

uint32_t kernel_trace_long_bytes(const struct kernel_trace *trace)
{
	(void)trace;
	return 8;
}

int kernel_trace_on(struct kernel_trace *trace)
{
	errno = trace->on_errno;
	trace->on = !trace->on_errno;
	return trace->on ? 0 : -1;
}

int kernel_trace_off(struct kernel_trace *trace)
{
	errno = trace->off_errno;
	trace->on = trace->off_errno != 0;
	return trace->on ? -1 : 0;
}

ssize_t kernel_trace_read(struct kernel_trace *trace, uint32_t cpu, uint8_t *page)
{
	if (trace->read_errno) {
		errno = trace->read_errno;
		return -1;
	}
	if (trace->off_errno && trace->page_count[cpu] > 0 && trace->pages_read[cpu] == trace->page_count[cpu])
		trace->pages_read[cpu]--;
	if (trace->pages_read[cpu] == trace->page_count[cpu])
		return 0;
	memcpy(page, trace->pages[cpu][trace->pages_read[cpu]++], FAKE_PAGE_BYTES);
	return FAKE_PAGE_BYTES;
}

int kernel_trace_stats(struct kernel_trace *trace, uint32_t cpu, struct kernel_trace_stats *stats)
{
	*stats = (struct kernel_trace_stats){ .read_events = 23 * trace->pages_read[cpu], .missed_events = cpu };
	return 0;
}

json_t *kernel_trace_describe(const struct kernel_trace *trace)
{
	(void)trace;
	return json_pack("{s:s}", "release", "6.1.0-fake");
}
