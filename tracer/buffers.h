/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Xen's trace buffers, made ours for one capture. */
#ifndef XTRACE_BUFFERS_H
#define XTRACE_BUFFERS_H

#include "tracer/options.h"
#include "tracer/xen_host.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffers {
	struct xen_host *host;
	const struct ring *rings;    /* the host's */
	size_t count;
	uint32_t pages;              /* per pCPU */
	bool were_there;             /* before us */
};

/* Keeps other tracers away.  On failure, when there is one, says why and returns -1. */
int buffers_claim(struct xen_host *host);

/* Sizes the buffers where they have no size yet and maps them; options->pcpu_map must
 * be of pCPUs that have one.  On failure says why and returns -1. */
int buffers_open(struct buffers *buffers, struct xen_host *host, const struct options *options);

/* Finds out whether tracing was on before us, which Xen does not tell: with all events let through, our own
 * system calls and sleep make records, or it is off.  Without buffers it cannot have been on.  Changes both masks
 * and throws away what is in the buffers.  On failure says why and returns -1. */
int buffers_were_on(const struct buffers *buffers, bool *on);

/* Sets both masks and switches tracing on, with empty buffers.  On failure says why and returns -1. */
int buffers_switch_on(const struct buffers *buffers, const struct options *options);

/* Whether somebody else has set Xen's event mask since, which is said; both masks are set again. */
bool buffers_were_meddled_with(const struct buffers *buffers, const struct options *options);

#endif
