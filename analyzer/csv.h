/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fields of CSV, RFC 4180. */
#ifndef XTRACE_CSV_H
#define XTRACE_CSV_H

#include <stdio.h>

/* Nothing where the number is none. */
void csv_number(FILE *out, double value);
void csv_text(FILE *out, const char *text);

#endif
