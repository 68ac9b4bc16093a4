/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From counted hypercalls and places to what a report says of them: names, shares, the greatest. */
#ifndef XTRACE_PV_RESULT_H
#define XTRACE_PV_RESULT_H

#include "analyzer/naming.h"
#include "analyzer/pv.h"
#include "analyzer/xen_time.h"

struct result;

/* Fills result.pv; the domains are there already.  False when out of memory. */
bool pv_fill(const struct pv *pv, const struct xen_time *xen_time, const struct naming *naming, struct result *result);

#endif
