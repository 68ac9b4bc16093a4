/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Xen's own headers (4.17, libxen-dev), for those few files that know them.  They shift signed numbers and are GNU C: the Makefile
 * builds these files by that standard. */
#ifndef XTRACE_XEN_HEADERS_H
#define XTRACE_XEN_HEADERS_H

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wundef"
#include <xencall.h>
#include <xenctrl.h>
#include <xenevtchn.h>
#include <xenforeignmemory.h>
#include <xengnttab.h>
#include <xenstore.h>
#include <xen/domctl.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/sched.h>
#include <xen/sysctl.h>
#include <xen/trace.h>
#pragma GCC diagnostic pop

#endif
