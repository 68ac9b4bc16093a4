/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A capture from begin to end.  One thread drains Xen's buffers and never waits for the disk; another
 * writes.  Between them is a bounded, locked queue; what finds no room in it is dropped and counted.
 */
#ifndef XTRACE_CAPTURE_H
#define XTRACE_CAPTURE_H

#include "tracer/options.h"
#include "tracer/xen_host.h"

/* Captures as the options say, and leaves Xen as it was.  Returns an exit code of say.h. */
int capture_run(struct xen_host *host, const struct options *options);

#endif
