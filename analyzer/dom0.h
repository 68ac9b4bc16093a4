/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For whom Dom0 works, and what the hypervisor does: the questions about Dom0, together.  Three independent ways to charge
 * guests for Dom0's time: its own kernel's events (dom0_ledger.h), what Xen's extra records name, and the order of Xen's
 * stock records (both dom0_evidence.h).
 */
#ifndef XTRACE_DOM0_H
#define XTRACE_DOM0_H

#include "analyzer/dom0_evidence.h"
#include "analyzer/dom0_ledger.h"
#include "analyzer/xen_time.h"

struct result;
struct result_dom0;

struct dom0 {
	const struct vcpus *vcpus;            /* borrowed */
	struct dom0_ledger ledger;
	struct dom0_evidence evidence;
	struct xen_time xen_time;
	size_t bins;                          /* of all series; 0 until dom0_finish() */
};

/* False when out of memory. */
bool dom0_init(struct dom0 *dom0, const struct runners *runners, const struct dom0_kernel_info *info, uint64_t from_tsc, uint64_t to_tsc,
	       uint64_t tsc_hz);
void dom0_free(struct dom0 *dom0);

/* A vCPU is in this state from now on. */
void dom0_change(struct dom0 *dom0, size_t vcpu, uint64_t tsc, enum runstate state);

/* Xen says that a domain comes: from now on its id is that domain's. */
void dom0_domain(struct dom0 *dom0, uint32_t domain_id);

/* An interval closes. */
void dom0_interval(struct dom0 *dom0, const struct interval *interval);

/* A record of a kind from REC_NOTES on. */
void dom0_note(struct dom0 *dom0, const struct rec *rec);

/* An event of Dom0's kernel, in the order of time with the calls above. */
void dom0_event(struct dom0 *dom0, const struct dom0_event *event);

void dom0_finish(struct dom0 *dom0, uint64_t end_tsc);

/* What a domain was charged so far, by each way (enum charge_way); returns its part of the shared I/O. */
double dom0_charged_tsc(const struct dom0 *dom0, size_t domain, double *by_way_tsc);

/* Fills result.dom0; the domains are there already.  False when out of memory. */
bool dom0_fill(const struct dom0 *dom0, struct result *result);
void dom0_result_free(struct result_dom0 *out);

/* It was, at some time. */
bool dom0_out_of_memory(const struct dom0 *dom0);

#endif
