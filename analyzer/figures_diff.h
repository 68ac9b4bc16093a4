/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two runs side by side, as a figure. */
#ifndef XTRACE_FIGURES_DIFF_H
#define XTRACE_FIGURES_DIFF_H

#include "analyzer/diff.h"
#include "analyzer/plot.h"

/* Writes it into the directory, which is made if need be.  False when something failed; it has been said. */
bool figures_diff_write(const struct plot *plot, const struct diff *diff);

#endif
