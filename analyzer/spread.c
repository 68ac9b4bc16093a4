/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/spread.h"

#include "analyzer/analysis.h"
#include "analyzer/bounds.h"
#include "analyzer/statistics.h"
#include "analyzer/wake_table.h"

#include <math.h>
#include <stdlib.h>

static const double level_p = 0.05;
static const double least_us = 1e-3; /* of a latency, for its logarithm */

static const size_t short_levels[] = { 3, 6, 9 };

const struct measure whole_measures[WHOLES] = {
	[WHOLE_JAIN] = { "jain", "Jain, running time", UNIT_RATIO, 0, 1, true },
	[WHOLE_JAIN_WEIGHTED] = { "jain_weighted", "Jain, attained/entitled", UNIT_RATIO, 0, 1, true },
	[WHOLE_MAX_OVER_MIN] = { "max_over_min", "max/min of the same", UNIT_RATIO, 1, INFINITY, false },
	[WHOLE_SHORT] = { "jain_8_ms", "Jain in 8 ms", UNIT_RATIO, 0, 1, true },
	[WHOLE_SHORT + 1] = { "jain_64_ms", "Jain in 64 ms", UNIT_RATIO, 0, 1, true },
	[WHOLE_SHORT + 2] = { "jain_512_ms", "Jain in 512 ms", UNIT_RATIO, 0, 1, true },
	[WHOLE_ROW + DOM0_GUEST] = { "dom0_guests", "Dom0 for guests", UNIT_RATE, 0, INFINITY, true },
	[WHOLE_ROW + DOM0_SHARED_IO] = { "dom0_shared_io", "Dom0, shared I/O", UNIT_RATE, 0, INFINITY, true },
	[WHOLE_ROW + DOM0_TOOLSTACK] = { "dom0_toolstack", "Dom0, toolstack", UNIT_RATE, 0, INFINITY, true },
	[WHOLE_ROW + DOM0_TRACER] = { "dom0_tracer", "Dom0, tracer", UNIT_RATE, 0, INFINITY, true },
	[WHOLE_ROW + DOM0_OTHER] = { "dom0_other", "Dom0, other", UNIT_RATE, 0, INFINITY, true },
};

/* What Jain's index and max/min are made of. */
struct jain_sums {
	double count, sum, squares, least, most;
};

/* All that is drawn. */
struct drawing {
	const struct result *result;
	struct bootstrap boot;
	double host[BOOT_ALL][BLOCK_HOST_TOTALS];
	double (*values)[BOOT_ALL];                        /* by measure or whole */
	struct jain_sums running[BOOT_ALL], attained[BOOT_ALL]; /* over the guests */
};

/* ---- what the draws say of one figure ---- */

double spread_resolution(enum measure_unit unit)
{
	return unit == UNIT_US ? log1p(1.0 / (1 << HISTOGRAM_BITS)) / sqrt(12) : 0;
}

double spread_scale(enum measure_unit unit, double value)
{
	return unit == UNIT_US ? log(value < least_us ? least_us : value) : value;
}

double spread_unscale(enum measure_unit unit, double value)
{
	return unit == UNIT_US ? exp(value) : value;
}

double spread_reach(enum measure_unit unit, const struct spread *spread)
{
	double value = spread_scale(unit, spread->value);

	if (isnan(spread->low))
		return NAN;
	return spread_unscale(unit, fmax(value - spread_scale(unit, spread->low), spread_scale(unit, spread->high) - value));
}

static void judge(const struct drawing *drawing, const struct measure *measure, double *values, struct spread *out)
{
	double value, reach;

	*out = (struct spread){ .value = values[0], .low = NAN, .high = NAN, .least = values[0], .most = values[0] };
	for (size_t r = 0; r < BOOT_ALL; r++)
		values[r] = spread_scale(measure->unit, values[r]);
	value = values[0];
	out->noise = bootstrap_noise(&drawing->boot, values);
	out->noise.se = hypot(out->noise.se, spread_resolution(measure->unit));
	if (isnan(out->noise.se))
		return;
	reach = student_t(level_p, out->noise.dof) * out->noise.se;
	out->low = fmax(measure->least, spread_unscale(measure->unit, value - reach));
	out->high = fmin(measure->most, spread_unscale(measure->unit, value + reach));
}

/* ---- a domain ---- */

static uint64_t longest_wake_tsc(const struct result_domain *domain)
{
	uint64_t longest_tsc = 0;

	for (size_t v = 0; v < domain->vcpu_count; v++)
		if (domain->vcpus[v].wait[WAIT_WAKE] && domain->vcpus[v].wait[WAIT_WAKE]->max_tsc > longest_tsc)
			longest_tsc = domain->vcpus[v].wait[WAIT_WAKE]->max_tsc;
	return longest_tsc;
}

static void add_guest(struct jain_sums *sums, double value)
{
	if (isnan(value))
		return;
	sums->least = sums->count == 0 ? value : fmin(sums->least, value);
	sums->most = fmax(sums->most, value);
	sums->count++;
	sums->sum += value;
	sums->squares += value * value;
}

static void take_draw(struct drawing *drawing, const struct result_domain *domain, const struct wake_table *wakes, size_t r)
{
	double totals[BLOCK_TOTALS];
	struct measured measured = {
		.totals = totals, .length_tsc = drawing->host[r][HOST_LENGTH], .pcpus = (double)drawing->result->pcpu_count,
		.way = domain->id != 0 && drawing->result->dom0.known ? drawing->result->dom0.best : CHARGE_WAYS,
	};

	bootstrap_sum(&drawing->boot, r, domain->blocks->totals[0], BLOCK_TOTALS, totals);
	for (size_t q = 0; q < WAKE_QUANTILES; q++)
		measured.wake_us[q] = wake_table_quantile_us(wakes, &drawing->boot, r, wake_quantiles[q]);
	for (size_t m = 0; m < MEASURES; m++)
		drawing->values[m][r] = measure_take(m, &measured);
	if (domain->id == 0 || isnan(domain->attained_over_entitled))
		return;
	add_guest(&drawing->running[r], totals[TOTAL_STATE + RUNNING]);
	add_guest(&drawing->attained[r], drawing->values[MEASURE_ATTAINED][r]);
}

static size_t draws_of(const struct drawing *drawing)
{
	return drawing->boot.blocks >= BOOT_BLOCKS_MIN ? BOOT_ALL : 1;
}

/* Of one that only snapshots name, no block tells anything. */
static void fill_silent_domain(struct result_domain *domain)
{
	for (size_t m = 0; m < MEASURES; m++)
		domain->spread[m] = (struct spread){ NAN, NAN, NAN, { NAN, NAN }, NAN, NAN };
}

static bool fill_domain(struct drawing *drawing, struct result_domain *domain)
{
	const struct result *result = drawing->result;
	struct wake_table wakes;

	if (!domain->blocks) {
		fill_silent_domain(domain);
		return true;
	}
	if (!wake_table_fill(&wakes, domain->blocks, drawing->boot.blocks, longest_wake_tsc(domain), (double)result->tsc_hz))
		return false;
	for (size_t r = 0; r < draws_of(drawing); r++)
		take_draw(drawing, domain, &wakes, r);
	for (size_t m = 0; m < MEASURES; m++) {
		struct measure measure = measure_of(m);
		judge(drawing, &measure, drawing->values[m], &domain->spread[m]);
	}
	wake_table_free(&wakes);
	return true;
}

/* ---- all together ---- */

static double jain(const struct jain_sums *sums)
{
	return sums->squares > 0 ? sums->sum * sums->sum / (sums->count * sums->squares) : NAN;
}

/* A window that is longer than half a block lies in two of them too often to tell their spread. */
static bool is_short(const struct result *result, size_t level)
{
	return ldexp(1e-3, (int)level) * (double)result->tsc_hz <= (double)result->blocks.block_tsc / 2;
}

static double short_jain(const struct drawing *drawing, size_t r, size_t level, const double *host)
{
	if (host[HOST_JAIN_WINDOWS + level] == 0 || (r > 0 && !is_short(drawing->result, level)))
		return NAN;
	return host[HOST_JAIN_SUM + level] / host[HOST_JAIN_WINDOWS + level];
}

static double whole_value(const struct drawing *drawing, size_t r, size_t whole, const double *host)
{
	if (whole == WHOLE_JAIN)
		return jain(&drawing->running[r]);
	if (whole == WHOLE_JAIN_WEIGHTED)
		return jain(&drawing->attained[r]);
	if (whole == WHOLE_MAX_OVER_MIN)
		return drawing->attained[r].least > 0 ? drawing->attained[r].most / drawing->attained[r].least : NAN;
	if (whole < WHOLE_ROW)
		return short_jain(drawing, r, short_levels[whole - WHOLE_SHORT], host);
	return drawing->result->dom0.best == BY_KERNEL && drawing->result->dom0.known ? host[HOST_DOM0_ROW + whole - WHOLE_ROW] / host[HOST_LENGTH] : NAN;
}

static void draw_host(struct drawing *drawing)
{
	for (size_t r = 0; r < draws_of(drawing); r++)
		bootstrap_sum(&drawing->boot, r, drawing->result->blocks.host[0], BLOCK_HOST_TOTALS, drawing->host[r]);
}

static void fill_wholes(struct drawing *drawing, struct result *result)
{
	for (size_t r = 0; r < draws_of(drawing); r++)
		for (size_t whole = 0; whole < WHOLES; whole++)
			drawing->values[whole][r] = whole_value(drawing, r, whole, drawing->host[r]);
	for (size_t whole = 0; whole < WHOLES; whole++)
		judge(drawing, &whole_measures[whole], drawing->values[whole], &result->whole_spread[whole]);
}

static void find_blocks(struct result *result, const struct vcpus *vcpus)
{
	for (size_t d = 0; d < result->domain_count; d++) {
		int32_t index = vcpus_domain_index(vcpus, result->domains[d].id, result->domains[d].generation);
		if (index >= 0 && (size_t)index < result->blocks.domain_room && result->blocks.domains[index].totals)
			result->domains[d].blocks = &result->blocks.domains[index];
	}
}

bool spread_fill(struct result *result, const struct vcpus *vcpus)
{
	size_t rows = (size_t)MEASURES > (size_t)WHOLES ? MEASURES : WHOLES;
	struct drawing *drawing = calloc(1, sizeof(*drawing));
	double (*values)[BOOT_ALL] = calloc(rows, sizeof(*values));
	bool done = drawing && values;

	if (done) {
		drawing->result = result;
		drawing->values = values;
		bootstrap_fill(&drawing->boot, result->blocks.count);
		draw_host(drawing);
		find_blocks(result, vcpus);
	}
	for (size_t d = 0; done && d < result->domain_count; d++)
		done = fill_domain(drawing, &result->domains[d]);
	if (done)
		fill_wholes(drawing, result);
	free(drawing);
	free(values);
	bounds_fill(result);
	return done;
}
