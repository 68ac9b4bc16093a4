/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two sentences that say who kept the pCPUs busy, and what Dom0's part went to; of a result that is filled. */
#ifndef XTRACE_DOM0_WORDS_H
#define XTRACE_DOM0_WORDS_H

#include "analyzer/analysis.h"

/* Fills result.dom0.words, where there is a Dom0 that ran.  False when out of memory. */
bool dom0_words_fill(struct result *result);

#endif
