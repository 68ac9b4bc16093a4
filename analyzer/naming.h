/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which symbols name which addresses: those in Xen's own range are the hypervisor's, whoever runs; of the others only
 * Dom0's have names, for of the guests' kernels nothing is known.  Symbols of another build than the one that ran name
 * nothing.  A file that was given goes before what the capture took from Dom0's kernel.
 */
#ifndef XTRACE_NAMING_H
#define XTRACE_NAMING_H

#include "analyzer/hostinfo.h"
#include "analyzer/result_pv.h"
#include "analyzer/symbols.h"
#include "analyzer/tracefile.h"

struct naming {
	struct symbols symbols[SYMBOLS_SOURCES];
	struct result_symbols sources[SYMBOLS_SOURCES];
	bool taken;               /* the capture told */
};

/* Reads the files; NULL: not given.  On failure says why and returns false; naming_free() in any case. */
bool naming_init(struct naming *naming, const char *xen_file, const char *dom0_file);

/* Takes a block of the trace: the first of type TRC_BLOCK_SYMBOLS that is whole tells Dom0's symbols.  False only when out of
 * memory; payload->out_of_memory may tell so, too. */
bool naming_take(struct naming *naming, const struct chunk *chunk, struct payload *payload, struct trust *trust);

/* Judges by build ids what fits. */
void naming_check(struct naming *naming, const struct hostinfo *host);

void naming_free(struct naming *naming);

/* As symbols_find(). */
const char *naming_find(const struct naming *naming, uint32_t domain_id, uint64_t address, uint64_t *offset);

#endif
