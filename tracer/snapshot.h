/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host and its domains at one moment, as the JSON of trc_format.h. */
#ifndef XTRACE_SNAPSHOT_H
#define XTRACE_SNAPSHOT_H

#include "tracer/xen_host.h"

#include <stdint.h>

struct snapshots;

struct snapshots *snapshots_new(struct xen_host *host);
void snapshots_free(struct snapshots *snapshots);

/* The domains now; when is "start", "tick" or "end".  Returns a string to be freed, NULL if Xen did not
 * answer or memory is short. */
char *snapshots_domains(struct snapshots *snapshots, const char *when);

/* How the capture was set up, for the host block. */
struct snapshot_setup {
	uint64_t start_tsc;
	uint32_t event_mask, buffer_pages;
	const uint8_t *pcpu_map;     /* NULL: all */
	const struct ring *rings;
	size_t ring_count;
};
char *snapshots_host(struct snapshots *snapshots, const struct snapshot_setup *setup);

/* Copies text, with U+FFFD for what is no valid UTF-8; always terminates. */
void snapshot_utf8(const char *hostile, char *out, size_t out_size);

#endif
