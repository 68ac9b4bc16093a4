/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The figures of a domain that can be taken over any set of time blocks (blocks.h): of all of them, of a random draw of
 * them, or of another trace's.  Seconds are per second here, so that traces of different lengths can be compared.
 */
#ifndef XTRACE_MEASURES_H
#define XTRACE_MEASURES_H

#include "analyzer/blocks.h"

enum measure_id {
	MEASURE_SHARE, MEASURE_RUNNING, MEASURE_RUNNABLE, MEASURE_ATTAINED, MEASURE_WAKE,
	MEASURE_LAG = MEASURE_WAKE + 4, MEASURE_FELL, MEASURE_DOM0,
	MEASURE_CAUSE,                        /* a row for each cause */
	MEASURES = MEASURE_CAUSE + CAUSES
};

enum { WAKE_QUANTILES = 4 };

extern const double wake_quantiles[WAKE_QUANTILES];

/* What measures are taken of: a domain's totals over some blocks. */
struct measured {
	const double *totals;                 /* BLOCK_TOTALS */
	double length_tsc;                    /* of these blocks */
	double wake_us[WAKE_QUANTILES];       /* NAN without a wakeup */
	double pcpus;
	enum charge_way way;                  /* by which Dom0's time is charged; CHARGE_WAYS: not known */
};

enum measure_unit {
	UNIT_SHARE,                           /* 0 to 1 */
	UNIT_RATIO,
	UNIT_RATE,                            /* seconds per second */
	UNIT_US,                              /* microseconds; compared by their logarithms, so as ratios */
};

struct measure {
	const char *key;                      /* in JSON and CSV */
	const char *title;                    /* in text */
	enum measure_unit unit;
	double least, most;                   /* that it can be */
	bool compared;                        /* by diff; others say the same in another way */
};

/* A row of the table. */
struct measure measure_of(size_t id);

/* NAN where there is no such figure. */
double measure_take(size_t id, const struct measured *measured);

#endif
