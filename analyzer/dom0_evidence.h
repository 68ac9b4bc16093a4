/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For which guest a vCPU of Dom0 runs, by what Xen's records name in its executions (charge.h).  Two ways, each on its
 * own:
 *  - by order, from stock records: a guest's vCPU that runs where Dom0's is woken has woken it; Dom0 wakes a guest's vCPU,
 *    maps or unmaps what a guest granted: that it did for the guest.  An interrupt or a timer that wakes looks the same.
 *  - by Xen's extra records (patches/): the guest sent an event to Dom0; Dom0 sent one to the guest, or copied to or from it.
 */
#ifndef XTRACE_DOM0_EVIDENCE_H
#define XTRACE_DOM0_EVIDENCE_H

#include "analyzer/charge.h"
#include "analyzer/runners.h"

struct dom0_evidence {
	const struct runners *runners; /* borrowed */
	uint64_t from_tsc, to_tsc;   /* the window that counts */
	struct charge by_order;
	struct charge by_records;    /* from the first extra record on; up to then all is nobody's, as by_order knows */
	bool has_records;
	uint64_t copied_bytes, sends; /* what the extra records said in all */
	bool out_of_memory;
};

/* bin_tsc: as in series_init(). */
void dom0_evidence_init(struct dom0_evidence *evidence, const struct runners *runners, uint64_t from_tsc, uint64_t to_tsc, uint64_t bin_tsc);
void dom0_evidence_free(struct dom0_evidence *evidence);

/* Any record of a kind from REC_NOTES on; takes those that say something here. */
void dom0_evidence_note(struct dom0_evidence *evidence, const struct rec *rec);

/* An interval closes. */
void dom0_evidence_interval(struct dom0_evidence *evidence, const struct interval *interval);

#endif
