/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One page of a Linux trace buffer as its events.  (libtraceevent's kbuffer trusts a page's lengths: a padding
 * of 0xfffffffc bytes keeps it at one place for ever.  Here every length is checked.)
 *
 * kernel/trace/ring_buffer.c, include/linux/ring_buffer.h (Linux 6.1), host-endian:
 *      0  u64  time stamp of the first event
 *      8  long commit: bits 0-26 bytes of events, bit 31 events before this page were lost, bit 30 their count
 *              is a long behind the events
 *         events, each u32 type:5 | delta:27 (time since the one before), then by type:
 *              0      u32 n, then n - 4 bytes of payload
 *              1-28   4 * type bytes of payload
 *              29     delta 0: the rest of the page is empty; else u32 n: a discarded event, n - 4 bytes
 *              30     u32: delta's bits from 27 on
 *              31     u32: an absolute time's bits 27 to 58
 */
#ifndef XTRACE_KERNEL_PAGE_H
#define XTRACE_KERNEL_PAGE_H

#include <stdbool.h>
#include <stdint.h>

struct kernel_page {
	const uint8_t *at, *end;
	uint64_t tsc;              /* of the event taken last; at first of the page */
	bool missed;               /* events before this page were lost … */
	uint64_t missed_events;    /* … so many; 0: not told */
};

struct kernel_entry {
	uint64_t tsc;
	const uint8_t *payload;
	uint32_t payload_bytes;
};

/* long_bytes: of the commit word, 4 or 8.  False if this is no page. */
bool kernel_page_begin(struct kernel_page *page, const uint8_t *bytes, uint64_t size, unsigned long_bytes);

enum kernel_page_result { KERNEL_PAGE_ENTRY, KERNEL_PAGE_END, KERNEL_PAGE_DAMAGED };

/* The next event.  After anything but KERNEL_PAGE_ENTRY the page is over. */
enum kernel_page_result kernel_page_next(struct kernel_page *page, struct kernel_entry *entry);

#endif
