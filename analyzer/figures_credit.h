/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Data of the figures about credit's priorities.  The writers return false when the file failed or memory was short. */
#ifndef XTRACE_FIGURES_CREDIT_H
#define XTRACE_FIGURES_CREDIT_H

#include "analyzer/figures.h"

/* How long after a wakeup a vCPU ran, by its priority then. */
bool figures_wake(FILE *out, const struct result *result);

/* Credit and priority over time of the vCPUs that wanted to run most. */
bool figures_credit(FILE *out, const struct result *result);

#endif
