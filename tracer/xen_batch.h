/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What xen_host.h tells of domains' vCPUs and weights, asked for all at once: on a PV Dom0 it is the way into the kernel
 * and on to Xen that costs, not the answer.
 */
#ifndef XTRACE_XEN_BATCH_H
#define XTRACE_XEN_BATCH_H

#include "tracer/xen_host.h"

struct xen_batch;
struct xencall_handle;

/* NULL without memory.  The handle is borrowed. */
struct xen_batch *xen_batch_new(struct xencall_handle *call);
void xen_batch_free(struct xen_batch *batch);

/* Asks about all of these.  What was known before is forgotten; what Xen does not answer stays unknown. */
void xen_batch_ask(struct xen_batch *batch, const struct xen_domain *domains, int count);

/* False: not known. */
bool xen_batch_vcpu(const struct xen_batch *batch, uint32_t domain, uint32_t vcpu, struct xen_vcpu *out);
bool xen_batch_weight(const struct xen_batch *batch, uint32_t domain, uint32_t *weight, uint32_t *cap_percent);

#endif
