/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each unit test begins with: cmocka, and what cmocka wants before it. */
#ifndef XTRACE_UNIT_H
#define XTRACE_UNIT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

#endif
