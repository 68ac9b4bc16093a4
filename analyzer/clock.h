/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TSC's frequency, from the trace's own records where nobody told it. */
#ifndef XTRACE_CLOCK_H
#define XTRACE_CLOCK_H

#include "analyzer/tracefile.h"

/* What can be the frequency of a TSC, or of Arm's counter. */
#define TSC_HZ_MIN UINT64_C(100000)
#define TSC_HZ_MAX UINT64_C(1000000000000)

/*
 * SWITCH_INFPREV says in ns how long the vCPU that leaves the pCPU had run; that is the time since
 * the SWITCH_INFPREV before it on the same pCPU, which its TSC tells in cycles.  The median of the
 * ratios is the frequency.  Returns 0 if the pCPU's records hold too few of them, or what
 * cannot be.
 */
uint64_t clock_measure_hz(const struct tracefile *file, uint32_t pcpu);

#endif
