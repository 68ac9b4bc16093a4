/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tracer's own clocks.  The clock of Xen's records is xen_host_tsc(). */
#ifndef XTRACE_CAP_CLOCK_H
#define XTRACE_CAP_CLOCK_H

#include <stdint.h>

uint64_t clock_monotonic_ns(void);
uint64_t clock_realtime_ns(void);

/* User and system time of all threads of this process so far. */
uint64_t clock_own_cpu_ns(void);

#endif
