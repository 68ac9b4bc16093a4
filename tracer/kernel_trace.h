/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one seam to tracefs: an instance of our own, so that nobody else's tracing of this kernel is touched.
 * kernel_trace_tracefs.c implements it by libtracefs; tests/unit/fake_kernel_trace.c in memory.
 */
#ifndef XTRACE_KERNEL_TRACE_H
#define XTRACE_KERNEL_TRACE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct kernel_trace;

/* Removes the instance that a killed capture left.  1: there was one; 0: none; -1 with errno: it stays. */
int kernel_trace_remove_stale(void);

/* Makes an instance whose clock is Xen's, with its events ready and switched off.  NULL: why[] says, in words
 * that end a sentence, what this kernel does not have or allow. */
struct kernel_trace *kernel_trace_open(char *why, size_t why_bytes);

/* Removes the instance.  Returns -1 with errno if it stays; the rest is freed in any case. */
int kernel_trace_close(struct kernel_trace *trace);

uint32_t kernel_trace_cpus(const struct kernel_trace *trace);
uint32_t kernel_trace_page_bytes(const struct kernel_trace *trace);
uint32_t kernel_trace_long_bytes(const struct kernel_trace *trace);  /* of a page's commit word: 4 or 8 */

/* Return 0, or -1 with errno. */
int kernel_trace_on(struct kernel_trace *trace);
int kernel_trace_off(struct kernel_trace *trace);

/* Takes the oldest page of a CPU, or what there is of one yet, to room for kernel_trace_page_bytes(); does not
 * wait.  Returns its bytes; 0: nothing there; -1 with errno. */
ssize_t kernel_trace_read(struct kernel_trace *trace, uint32_t cpu, uint8_t *page);

struct kernel_trace_stats {
	uint64_t read_events;      /* that kernel_trace_read() took out */
	uint64_t missed_events;    /* that the kernel had no room for */
};
int kernel_trace_stats(struct kernel_trace *trace, uint32_t cpu, struct kernel_trace_stats *stats);

/* What trc_format.h says of TRC_BLOCK_KERNEL, but for the tracer's threads.  NULL when memory is short. */
json_t *kernel_trace_describe(const struct kernel_trace *trace);

#endif
