/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The last stage before a report: metrics, names and entitlements become a struct result. */
#ifndef XTRACE_SUMMARY_H
#define XTRACE_SUMMARY_H

#include "analyzer/analysis.h"
#include "analyzer/fluid.h"
#include "analyzer/stream.h"

/* Fills the domains, pCPUs, classes and indices of a result whose window, clock, host and latencies
 * are set.  False when out of memory. */
bool summary_fill(struct result *result, const struct vcpus *vcpus, const struct account *account, const struct fluid *fluid,
		  const struct stream *streams, size_t stream_count);

#endif
