/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Data of the figures about Dom0.  The writers return false when the file failed. */
#ifndef XTRACE_FIGURES_DOM0_H
#define XTRACE_FIGURES_DOM0_H

#include "analyzer/analysis.h"

#include <stdio.h>

/* For whom Dom0 worked: a bar per guest, of what is known of it, and one per row of Dom0's time that is no guest's. */
bool figures_dom0(FILE *out, const struct result *result);

/* The same over time.  A column for each guest, with its part of the shared I/O, and then one for each row that is no guest's; in
 * percent of one pCPU; a line for where each stretch of time begins and one for where it ends. */
bool figures_dom0_time(FILE *out, const struct result *result);

/* CPU time per megabyte: a bar for each guest of which it is known how much it moved. */
bool figures_cost(FILE *out, const struct result *result);

#endif
