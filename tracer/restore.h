/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How Xen's tracing was before us, and back to it on every way out.  It is also written to a file, so
 * that after kill -9 the next start can bring it back.
 *
 * Xen tells its event mask.  It does not tell the pCPU mask, which is taken to be what it is since the
 * boot: all; nor whether tracing is on, which is concluded from whether records appear.
 */
#ifndef XTRACE_RESTORE_H
#define XTRACE_RESTORE_H

#include "tracer/xen_host.h"

enum restore_enabled { RESTORE_OFF, RESTORE_ON, RESTORE_UNTOUCHED /* not known yet, and not changed */ };

struct restore {
	struct xen_host *host;
	const char *state_path;
	int lock_fd;
	uint32_t event_mask;
	enum restore_enabled enabled;
	bool begun;
};

/* Takes the lock that keeps two captures apart.  state_path is borrowed.  On failure says why and returns -1. */
int restore_lock(struct restore *restore, struct xen_host *host, const char *state_path);

/* To be called when no other tracer can be at work.  Notes how tracing is; what a killed capture left is brought
 * back first.  On failure says why and returns -1. */
int restore_begin(struct restore *restore);

/* Notes whether tracing was found on, before it is switched. */
int restore_note_enabled(struct restore *restore, bool on);

/* Tracing off, the masks as they were: for as long as what is in the buffers is still read.  Returns -1 if
 * something could not be; it has been said. */
int restore_quiet(const struct restore *restore);

/* Brings all back, if it was noted, and lets the lock go.  Returns -1 if something could not be; it has been said,
 * and the next start tries again. */
int restore_end(struct restore *restore);

#endif
