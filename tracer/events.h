/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event classes by name, as Xen's event mask: class bits above, subclass bits in bits 12 to 15
 * (xen/include/public/trace.h).  Xen lets a record through if both its class and its subclass are in
 * the mask, so a mask of several is a cross product. */
#ifndef XTRACE_EVENTS_H
#define XTRACE_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

/* What xtrace-fair's report needs: chosen by measured volume, see xtrace-cap(8). */
#define EVENTS_DEFAULT "sched,dom0op,grant"

#define EVENTS_ALL UINT32_C(0x0ffff000)

/* Parses "sched,pv,0x0002f000": names and numbers, all or'ed.  On failure *bad is the word that is
 * neither, or the list if it lets nothing through, and false is returned. */
bool events_parse(const char *list, uint32_t *mask, const char **bad);

/* The mask lets records through that bear addresses of PV kernels' code. */
bool events_have_addresses(uint32_t mask);

/* Row i's name and what it is, for --help; NULL past the last. */
const char *events_row(unsigned i, const char **what);

#endif
