/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/whatif_rows.h"

#include "analyzer/report.h"

#include <math.h>
#include <stdlib.h>

static const struct result_domain *domain_of(const struct result *result, uint32_t id, uint32_t generation)
{
	for (size_t i = 0; i < result->domain_count; i++)
		if (result->domains[i].id == id && result->domains[i].generation == generation)
			return &result->domains[i];
	return NULL;
}

/* ---- a run as it is ---- */

static void measure_wait(double *measures, const struct result *result, const struct result_domain *domain, enum wait_kind kind,
			 enum whatif_measure p50, enum whatif_measure p99)
{
	struct histogram wait;

	report_domain_wait(domain, kind, &wait);
	if (wait.count == 0)
		return;
	measures[p50] = report_us(result, histogram_quantile_tsc(&wait, 0.5));
	measures[p99] = report_us(result, histogram_quantile_tsc(&wait, 0.99));
}

static void measure(double *measures, const struct result *result, const struct whatif_domain *of)
{
	const struct result_domain *domain = domain_of(result, of->id, of->generation);

	for (int m = 0; m < ANSWERS; m++)
		measures[m] = NAN;
	if (!domain)
		return;
	measures[ANSWER_SHARE] = domain->share;
	measures[ANSWER_ATTAINED] = domain->attained_over_entitled;
	measures[ANSWER_BEHIND] = domain->fell_behind_s / result->duration_s;
	measure_wait(measures, result, domain, WAIT_WAKE, ANSWER_WAKE_P50, ANSWER_WAKE_P99);
	measure_wait(measures, result, domain, WAIT_PREEMPTED, ANSWER_PREEMPTED_P50, ANSWER_PREEMPTED_P99);
}

/* How much of its work a domain got done: of its vCPUs whose work has an end. */
static double done_of(const struct demand *demand, const struct replay_progress *progress, uint32_t domain_id)
{
	uint64_t done_tsc = 0, asked_tsc = 0;

	for (size_t i = 0; i < demand->row_count; i++) {
		const struct demand_row *row = &demand->rows[i];
		if (row->domain_id != domain_id || row->step_count == 0 || row->steps[row->step_count - 1].end == DEMAND_ENDLESS)
			continue;
		done_tsc += progress[i].done_tsc;
		asked_tsc += progress[i].asked_tsc;
	}
	return asked_tsc > 0 ? (double)done_tsc / (double)asked_tsc : NAN;
}

/* ---- medians ---- */

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Of the numbers there are; NAN: there is none. */
static double median_of(const double *values, double *least, double *most)
{
	double known[REPLICATES];
	size_t count = 0;

	for (int i = 0; i < REPLICATES; i++)
		if (!isnan(values[i]))
			known[count++] = values[i];
	qsort(known, count, sizeof(known[0]), compare);
	*least = count ? known[0] : NAN;
	*most = count ? known[count - 1] : NAN;
	return count ? (known[(count - 1) / 2] + known[count / 2]) / 2 : NAN;
}

static void finish_row(struct whatif_row *row)
{
	for (int m = 0; m < ANSWERS; m++) {
		double values[REPLICATES];
		for (int i = 0; i < REPLICATES; i++)
			values[i] = row->replicates[i][m];
		row->median[m] = median_of(values, &row->least[m], &row->most[m]);
	}
}

static void finish_whole(struct whatif_whole *whole)
{
	double unused;

	whole->median_s = median_of(whole->duration_s, &unused, &unused);
	whole->median_jain = median_of(whole->jain, &unused, &unused);
	whole->median_horizon_ms = median_of(whole->horizon_ms, &unused, &unused);
}

/* ---- all ---- */

static void take_whole(struct whatif_whole *whole, int replicate, const struct result *result)
{
	whole->duration_s[replicate] = result->duration_s;
	whole->jain[replicate] = result->jain_weighted;
	whole->horizon_ms[replicate] = result->horizon_ms;
}

/* The trace is what it is, as often as it is looked at. */
bool whatif_rows_make(struct whatif *whatif)
{
	const struct result *trace = &whatif->trace;

	whatif->domains = calloc(trace->domain_count + 1, sizeof(*whatif->domains));
	if (!whatif->domains)
		return false;
	whatif->domain_count = trace->domain_count;
	for (int run = 0; run < RUNS; run++)
		whatif->wholes[run].done = REPLAY_TASK_NONE;
	for (int replicate = 0; replicate < REPLICATES; replicate++)
		take_whole(&whatif->wholes[RUN_TRACE], replicate, trace);
	for (size_t i = 0; i < trace->domain_count; i++) {
		struct whatif_domain *domain = &whatif->domains[i];
		domain->id = trace->domains[i].id;
		domain->generation = trace->domains[i].generation;
		report_domain_label(&trace->domains[i], domain->label, sizeof(domain->label));
		for (int replicate = 0; replicate < REPLICATES; replicate++)
			measure(domain->rows[RUN_TRACE].replicates[replicate], trace, domain);
	}
	return true;
}

void whatif_rows_take(struct whatif *whatif, int run, int replicate, const struct result *result, const struct replay_progress *progress,
		      const struct replay_end *end)
{
	take_whole(&whatif->wholes[run], replicate, result);
	if (end->done != REPLAY_TASK_NONE)
		whatif->wholes[run].done = end->done;
	for (size_t i = 0; i < whatif->domain_count; i++) {
		struct whatif_domain *domain = &whatif->domains[i];
		double *measures = domain->rows[run].replicates[replicate];
		measure(measures, result, domain);
		if (domain->generation == 0)
			measures[ANSWER_DONE] = done_of(&whatif->demand, progress, domain->id);
	}
}

void whatif_rows_finish(struct whatif *whatif)
{
	for (int run = 0; run < whatif->runs; run++) {
		finish_whole(&whatif->wholes[run]);
		for (size_t i = 0; i < whatif->domain_count; i++)
			finish_row(&whatif->domains[i].rows[run]);
	}
}
