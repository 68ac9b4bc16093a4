/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of how sure the figures are (spread.h). */
#include "analyzer/report_text.h"

#include <inttypes.h>
#include <math.h>

enum { CELL_WIDTH = 16, CELL_BYTES = 64 };

static const struct {
	const char *title;
	size_t measure;
	double factor;        /* from the measure's unit; of seconds per second, after the trace's length */
	int digits;
} columns[] = {
	{ "share, %", MEASURE_SHARE, 100, 2 },
	{ "waited, s", MEASURE_RUNNABLE, 1, 3 },
	{ "att/ent", MEASURE_ATTAINED, 1, 3 },
	{ "wake p50, us", MEASURE_WAKE, 1, 0 },
	{ "wake p99, us", MEASURE_WAKE + 2, 1, 0 },
	{ "fell behind, s", MEASURE_FELL, 1, 3 },
	{ "Dom0 for it, s", MEASURE_DOM0, 1, 3 },
};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static double factor_of(const struct result *result, size_t column)
{
	return columns[column].factor * (measure_of(columns[column].measure).unit == UNIT_RATE ? result->duration_s : 1);
}

/* Right-aligned, with a blank before it however long it is. */
static void print_cell(FILE *out, const char *cell)
{
	int bytes_more = 0; /* than letters */

	for (const char *c = cell; *c; c++)
		bytes_more += ((unsigned char)*c & 0xc0) == 0x80;
	fprintf(out, " %*s", CELL_WIDTH - 1 + bytes_more, cell);
}

static void print_spread(FILE *out, const struct spread *spread, enum measure_unit unit, double factor, int digits)
{
	double reach = spread_reach(unit, spread);
	char cell[CELL_BYTES] = "-";

	if (!isnan(reach) && unit == UNIT_US)
		snprintf(cell, sizeof(cell), "%.*f ×/÷%.3g", digits, spread->value, reach);
	else if (!isnan(reach))
		snprintf(cell, sizeof(cell), "%.*f ±%.*f", digits, factor * spread->value, digits, factor * reach);
	else if (!isnan(spread->value))
		snprintf(cell, sizeof(cell), "%.*f", digits, factor * spread->value);
	print_cell(out, cell);
}

static void print_limits(FILE *out, const struct spread *spread, double factor, int digits)
{
	char cell[CELL_BYTES] = "-";

	if (!isnan(spread->least) && !isnan(spread->most))
		snprintf(cell, sizeof(cell), "%.*f-%.*f", digits, factor * spread->least, digits, factor * spread->most);
	print_cell(out, cell);
}

static void print_domain(FILE *out, int width, const struct result *result, const struct result_domain *domain, bool with_limits)
{
	char label[LABEL_BYTES];

	report_domain_label(domain, label, sizeof(label));
	fprintf(out, "%-*s", width, label);
	for (size_t c = 0; c < COLUMNS; c++)
		print_spread(out, &domain->spread[columns[c].measure], measure_of(columns[c].measure).unit, factor_of(result, c), columns[c].digits);
	fputc('\n', out);
	if (!with_limits)
		return;
	fprintf(out, "%-*s", width, "  with the lost");
	for (size_t c = 0; c < COLUMNS; c++)
		print_limits(out, &domain->spread[columns[c].measure], factor_of(result, c), columns[c].digits);
	fputc('\n', out);
}

static void print_wholes(FILE *out, const struct result *result)
{
	const char *separator = "Guests together:";

	for (size_t whole = 0; whole < WHOLE_ROW; whole++) {
		const struct spread *spread = &result->whole_spread[whole];
		if (isnan(spread->low))
			continue;
		fprintf(out, "%s %s %.4f ±%.4f", separator, whole_measures[whole].title, spread->value, spread_reach(whole_measures[whole].unit, spread));
		separator = ",";
	}
	if (*separator == ',')
		fprintf(out, ".\n");
}

void report_text_spread(FILE *out, const struct result *result, const struct report_options *options)
{
	double block_ms = 1e3 * (double)result->blocks.block_tsc / (double)result->tsc_hz;
	int width = report_text_width(result, 0);
	bool lost = result->known_share < 1 || result->trust.lost_records + result->trust.dropped_records > 0;

	if (result->blocks.count < BOOT_BLOCKS_MIN && !lost)
		return;
	fprintf(out, "\n%-*s", width, "how sure");
	for (size_t c = 0; c < COLUMNS; c++)
		print_cell(out, columns[c].title);
	fputc('\n', out);
	for (size_t d = 0; d < result->domain_count; d++)
		if (report_shows(options, &result->domains[d]) && result->domains[d].blocks)
			print_domain(out, width, result, &result->domains[d], lost);
	print_wholes(out, result);
	if (result->blocks.count >= BOOT_BLOCKS_MIN)
		fprintf(out, "±: how far the 95 %% interval reaches, of a latency the factor (×/÷), by bootstrap over %zu blocks of %.0f ms: what another stretch of this load would make of it.\n",
			result->blocks.count, block_ms);
	if (result->blocks.count >= BOOT_BLOCKS_MIN && !(result->horizon_ms <= block_ms))
		fprintf(out, "Blocks are shorter than the fairness horizon: part of this is whose turn it was.\n");
	if (lost)
		fprintf(out, "With the lost: the least and the most that it can be, whatever happened while records were lost; -: no limit is known.\n");
}
