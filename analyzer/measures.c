/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/measures.h"

#include <math.h>

const double wake_quantiles[WAKE_QUANTILES] = { 0.5, 0.9, 0.99, 0.999 };

static double share(const struct measured *measured, int total)
{
	return measured->totals[total] / (measured->pcpus * measured->length_tsc);
}

static double rate(const struct measured *measured, int total)
{
	return measured->totals[total] / measured->length_tsc;
}

static double attained(const struct measured *measured, int total)
{
	return measured->totals[TOTAL_ENTITLED] > 0 ? measured->totals[total] / measured->totals[TOTAL_ENTITLED] : NAN;
}

static double wake(const struct measured *measured, int quantile)
{
	return measured->wake_us[quantile];
}

static double served(const struct measured *measured, int total)
{
	double shared_tsc = measured->way == BY_KERNEL ? measured->totals[TOTAL_SHARED_IO] : 0;

	if (measured->way == CHARGE_WAYS)
		return NAN;
	return (measured->totals[total + (int)measured->way] + shared_tsc) / measured->length_tsc;
}

static const struct {
	struct measure measure;
	double (*take)(const struct measured *, int argument);
	int argument;
} table[MEASURE_CAUSE] = {
	[MEASURE_SHARE] = { { "share", "share of all pCPUs", UNIT_SHARE, 0, 1, true }, share, TOTAL_STATE + RUNNING },
	[MEASURE_RUNNING] = { { "running", "ran", UNIT_RATE, 0, INFINITY, false }, rate, TOTAL_STATE + RUNNING },
	[MEASURE_RUNNABLE] = { { "runnable", "waited", UNIT_RATE, 0, INFINITY, true }, rate, TOTAL_STATE + RUNNABLE },
	[MEASURE_ATTAINED] = { { "attained_over_entitled", "attained/entitled", UNIT_RATIO, 0, INFINITY, true }, attained, TOTAL_STATE + RUNNING },
	[MEASURE_WAKE] = { { "wake_to_run_p50", "wake to run, p50", UNIT_US, 0, INFINITY, true }, wake, 0 },
	[MEASURE_WAKE + 1] = { { "wake_to_run_p90", "wake to run, p90", UNIT_US, 0, INFINITY, true }, wake, 1 },
	[MEASURE_WAKE + 2] = { { "wake_to_run_p99", "wake to run, p99", UNIT_US, 0, INFINITY, true }, wake, 2 },
	[MEASURE_WAKE + 3] = { { "wake_to_run_p999", "wake to run, p99.9", UNIT_US, 0, INFINITY, false }, wake, 3 },
	[MEASURE_LAG] = { { "lag", "behind at the end", UNIT_RATE, -INFINITY, INFINITY, false }, rate, TOTAL_LAG },
	[MEASURE_FELL] = { { "fell_behind", "fell behind", UNIT_RATE, 0, INFINITY, true }, rate, TOTAL_FELL },
	[MEASURE_DOM0] = { { "dom0", "Dom0 for it", UNIT_RATE, 0, INFINITY, true }, served, TOTAL_CHARGED },
};

struct measure measure_of(size_t id)
{
	const struct cause_name *cause;

	if (id < MEASURE_CAUSE)
		return table[id].measure;
	cause = &cause_names[id - MEASURE_CAUSE];
	return (struct measure){ cause->id, cause->title, UNIT_RATE, 0, INFINITY, true };
}

double measure_take(size_t id, const struct measured *measured)
{
	if (id < MEASURE_CAUSE)
		return table[id].take(measured, table[id].argument);
	return rate(measured, TOTAL_CAUSE + (int)(id - MEASURE_CAUSE));
}
