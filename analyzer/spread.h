/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How sure the figures of a result are.
 *
 *   low, high: the 95 % interval, Student's t times the standard error that the trace's blocks tell (bootstrap.h), within
 *     what the figure can be; of a latency on the scale of its logarithm, on which a histogram's bucket adds its width to the noise.
 *   least, most: what the figure would be at the least and at the most, whatever happened while records were lost (bounds.h).
 *
 * The interval is about another stretch of the same load.  It cannot tell how much a second run differs for reasons that last
 * longer than a trace; only several runs do (diff.h).
 */
#ifndef XTRACE_SPREAD_H
#define XTRACE_SPREAD_H

#include "analyzer/bootstrap.h"
#include "analyzer/measures.h"

/* In the measure's unit (measures.h); NAN: not known. */
struct spread {
	double value;
	double low, high;
	struct noise noise;                   /* of a latency, of its logarithm */
	double least, most;
};

/* Figures of all domains together. */
enum whole_id {
	WHOLE_JAIN, WHOLE_JAIN_WEIGHTED, WHOLE_MAX_OVER_MIN,
	WHOLE_SHORT,                          /* a row for windows of 8, 64 and 512 ms */
	WHOLE_ROW = WHOLE_SHORT + 3,          /* a row for each of Dom0's ledger before DOM0_UNATTRIBUTED */
	WHOLES = WHOLE_ROW + DOM0_UNATTRIBUTED
};

extern const struct measure whole_measures[WHOLES];

struct result;

/* Fills the spreads of a result that is complete otherwise, but for its verdict.  False when out of memory. */
bool spread_fill(struct result *result, const struct vcpus *vcpus);

/* The scale on which a figure is compared: of a latency, that of its logarithm; and back.  NAN stays NAN. */
double spread_scale(enum measure_unit unit, double value);
double spread_unscale(enum measure_unit unit, double value);

/* How far the interval reaches from the value, on the side on which it reaches further (the other may end at what the figure can
 * be); of a latency a factor.  NAN: not known. */
double spread_reach(enum measure_unit unit, const struct spread *spread);

/* The standard deviation that a histogram's buckets, a 32nd wide, add on that scale. */
double spread_resolution(enum measure_unit unit);

#endif
