/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the fields of the kernel's events are.  That differs between kernels, so the capture brings the formats
 * along (tracefs' events/.../format) and libtraceevent reads them; which events and fields are used is a table.
 */
#ifndef XTRACE_KERNEL_FORMAT_H
#define XTRACE_KERNEL_FORMAT_H

#include "analyzer/dom0_kernel.h"
#include "analyzer/kernel_page.h"

#include <stdbool.h>
#include <stddef.h>

struct kernel_formats;

/* NULL: out of memory. */
struct kernel_formats *kernel_formats_new(void);
void kernel_formats_free(struct kernel_formats *formats);

/* The text of tracefs' events/header_page.  False if it cannot be understood. */
bool kernel_formats_take_page(struct kernel_formats *formats, const char *text);

/* One event's format.  False if it cannot be understood or lacks a field; true, and nothing is done, if no row
 * of the table wants this event. */
bool kernel_formats_take_event(struct kernel_formats *formats, const char *system, const char *name, const char *text);

/* Of a page's commit word: 4 or 8. */
unsigned kernel_formats_long_bytes(const struct kernel_formats *formats);

enum kernel_decoded { KERNEL_DECODED, KERNEL_UNKNOWN_EVENT, KERNEL_DAMAGED_EVENT };

/* Fills all of the event but its tsc and cpu. */
enum kernel_decoded kernel_formats_decode(const struct kernel_formats *formats, const struct kernel_entry *entry, struct dom0_event *event);

#endif
