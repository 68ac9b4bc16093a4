/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For whom something in Dom0's kernel works, told by its name: of a thread, an interrupt or a network device.
 *
 * netback names its threads and interrupts after the guest's interface ("vif2.0-q0-guest-rx", cut off at 15 bytes;
 * "vif2.0-q0-tx"), blkback its threads after the guest's disk ("blkback.2.xvda", since Linux 4.13 "2.xvda-0"), the
 * event-channel driver its interrupts after who opened it ("evtchn:xenstored").  All else is by the table in
 * dom0_role.c; a name that is in no row serves nobody in particular.
 */
#ifndef XTRACE_DOM0_ROLE_H
#define XTRACE_DOM0_ROLE_H

#include <stdint.h>

enum dom0_row {
	DOM0_GUEST,          /* one guest's backend threads, interrupts and packets */
	DOM0_SHARED_IO,      /* network card, bridge and what comes up from them, for several guests */
	DOM0_TOOLSTACK,      /* xenstored, xenconsoled, xl and what they are told by */
	DOM0_TRACER,         /* xtrace-cap itself */
	DOM0_OTHER,          /* anything else that has a name */
	DOM0_UNATTRIBUTED,   /* Dom0 ran, and nothing tells what */
	DOM0_ROWS,
};

extern const char *const dom0_row_name[DOM0_ROWS];

struct dom0_role {
	enum dom0_row row;
	uint32_t domain_id;  /* of DOM0_GUEST; else 0 */
};

/* Names are hostile; what they say of a guest is only ever a number to look up. */
struct dom0_role dom0_role_of_thread(const char *name);
struct dom0_role dom0_role_of_interrupt(const char *name);
struct dom0_role dom0_role_of_device(const char *name);

#endif
