/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The numbers of the runs, side by side: of each domain, and of the whole. */
#ifndef XTRACE_WHATIF_ROWS_H
#define XTRACE_WHATIF_ROWS_H

#include "analyzer/whatif.h"

/* A row for each domain of the trace, with what the trace says.  False when out of memory. */
bool whatif_rows_make(struct whatif *whatif);

/* What one replay came to. */
void whatif_rows_take(struct whatif *whatif, int run, int replicate, const struct result *result, const struct replay_progress *progress,
		      const struct replay_end *end);

/* All replays are there: medians and spreads. */
void whatif_rows_finish(struct whatif *whatif);

#endif
