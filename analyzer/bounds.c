/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/bounds.h"

#include "analyzer/analysis.h"

#include <math.h>

/* What a result lacks. */
struct loss {
	double lost_s;                 /* some vCPU's state was unknown */
	double dom0_s;                 /* a vCPU of Dom0's was, over all of them */
	uint64_t records;
};

/* Windows of the shortest length slide by half of it, so each half of it that holds unknown time makes one unknown window or
 * more.  A vCPU of which nothing was known before is unknown in none of them. */
static double lost_s(const struct result *result)
{
	double longest_s = result->windows[0].window_ms / 2e3 * (double)result->windows[0].unknown_windows;

	for (size_t d = 0; d < result->domain_count; d++)
		for (size_t v = 0; v < result->domains[d].vcpu_count; v++)
			longest_s = fmax(longest_s, result->domains[d].vcpus[v].state_s[UNKNOWN]);
	return fmin(longest_s, result->duration_s);
}

static void set(struct spread *spread, double least, double most)
{
	spread->least = least;
	spread->most = most;
}

/* In seconds off either way, of the whole; no less than so much comes out. */
static void set_off(const struct result *result, struct spread *spread, double off_s, double least)
{
	set(spread, fmax(least, spread->value - off_s / result->duration_s), spread->value + off_s / result->duration_s);
}

static void set_attained(const struct result *result, struct result_domain *domain, double off_s)
{
	double entitled_s = domain->entitled_share * result->duration_s * (double)result->pcpu_count;
	double running_s = domain->state_s[RUNNING], unknown_s = domain->state_s[UNKNOWN];

	set(&domain->spread[MEASURE_ATTAINED], running_s / (entitled_s + off_s), entitled_s > off_s ? (running_s + unknown_s) / (entitled_s - off_s) : NAN);
}

static double us(const struct result *result, uint64_t duration_tsc)
{
	return (double)duration_tsc * 1e6 / (double)result->tsc_hz;
}

/* The missing waits may all have been shorter, or all longer, than the quantile. */
static void set_wakes(const struct result *result, struct result_domain *domain, uint64_t missing)
{
	struct histogram wait = { 0 };

	for (size_t v = 0; v < domain->vcpu_count; v++)
		if (domain->vcpus[v].wait[WAIT_WAKE])
			histogram_merge(&wait, domain->vcpus[v].wait[WAIT_WAKE]);
	for (size_t q = 0; q < WAKE_QUANTILES && wait.count > 0; q++) {
		double rank = ceil(wake_quantiles[q] * ((double)wait.count + (double)missing)), count = (double)wait.count;
		double least = (rank - (double)missing) / count, most = rank / count;
		set(&domain->spread[MEASURE_WAKE + q], least > 0 ? us(result, histogram_quantile_tsc(&wait, least)) : 0,
		    most <= 1 ? us(result, histogram_quantile_tsc(&wait, most)) : NAN);
	}
}

static void set_domain(const struct result *result, struct result_domain *domain, const struct loss *loss)
{
	double pcpus = (double)result->pcpu_count, unknown = domain->state_s[UNKNOWN] / result->duration_s;
	double off_s = loss->lost_s * fmin((double)domain->vcpu_count, pcpus);
	struct spread *spread = domain->spread;

	/* More than all only where records contradict each other. */
	set(&spread[MEASURE_SHARE], spread[MEASURE_SHARE].value, fmax(spread[MEASURE_SHARE].value, fmin(1, spread[MEASURE_SHARE].value + unknown / pcpus)));
	set(&spread[MEASURE_RUNNING], spread[MEASURE_RUNNING].value, spread[MEASURE_RUNNING].value + unknown);
	set(&spread[MEASURE_RUNNABLE], spread[MEASURE_RUNNABLE].value, spread[MEASURE_RUNNABLE].value + unknown);
	set_attained(result, domain, off_s);
	set_wakes(result, domain, loss->records);
	set_off(result, &spread[MEASURE_LAG], off_s, -INFINITY);
	set_off(result, &spread[MEASURE_FELL], off_s, 0);
	for (size_t cause = 0; cause < CAUSES; cause++)
		set_off(result, &spread[MEASURE_CAUSE + cause], off_s, 0);
	if (result->dom0.best == BY_KERNEL)
		set(&spread[MEASURE_DOM0], spread[MEASURE_DOM0].value, spread[MEASURE_DOM0].value + loss->dom0_s / result->duration_s);
	else
		set(&spread[MEASURE_DOM0], NAN, NAN);
}

/* ---- all together ---- */

/* Sums of the guests' least and most, and of their squares. */
struct limits {
	double count, least, most, least_squares, most_squares;
};

static void add_limits(struct limits *limits, const struct spread *spread)
{
	limits->count++;
	limits->least += spread->least;
	limits->most += spread->most;
	limits->least_squares += spread->least * spread->least;
	limits->most_squares += spread->most * spread->most;
}

static void set_jain(struct spread *spread, const struct limits *limits)
{
	double least = limits->least * limits->least / (limits->count * limits->most_squares);
	double most = limits->most * limits->most / (limits->count * limits->least_squares);

	set(spread, fmax(least, 1 / limits->count), fmin(most, 1));
}

static void set_wholes(struct result *result, const struct loss *loss)
{
	struct limits running = { 0 }, attained = { 0 };

	for (size_t whole = 0; whole < WHOLES; whole++)
		set(&result->whole_spread[whole], NAN, NAN);
	for (size_t d = 0; d < result->domain_count; d++) {
		const struct result_domain *domain = &result->domains[d];
		if (domain->id == 0 || isnan(domain->attained_over_entitled))
			continue;
		add_limits(&running, &domain->spread[MEASURE_RUNNING]);
		add_limits(&attained, &domain->spread[MEASURE_ATTAINED]);
	}
	if (running.count > 0) {
		set_jain(&result->whole_spread[WHOLE_JAIN], &running);
		set_jain(&result->whole_spread[WHOLE_JAIN_WEIGHTED], &attained);
	}
	for (size_t whole = WHOLE_ROW; whole < WHOLES; whole++)
		set(&result->whole_spread[whole], result->whole_spread[whole].value,
		    result->whole_spread[whole].value + loss->dom0_s / result->duration_s);
}

void bounds_fill(struct result *result)
{
	struct loss loss = { .lost_s = lost_s(result), .records = result->trust.lost_records + result->trust.dropped_records };

	if (loss.lost_s == 0 && loss.records == 0)
		return;
	if (result->domain_count > 0 && result->domains[0].id == 0)
		loss.dom0_s = result->domains[0].state_s[UNKNOWN];
	for (size_t d = 0; d < result->domain_count; d++)
		if (result->domains[d].blocks)
			set_domain(result, &result->domains[d], &loss);
	set_wholes(result, &loss);
}
