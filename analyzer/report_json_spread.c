/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The JSON of how sure the figures are (spread.h). */
#include "analyzer/report_json.h"

/* Each unit of the table in JSON: what follows the key, and whether seconds per second become seconds of the whole. */
static const struct {
	const char *suffix;
	bool of_whole;
} units[] = {
	[UNIT_SHARE] = { "", false }, [UNIT_RATIO] = { "", false }, [UNIT_RATE] = { "_s", true }, [UNIT_US] = { "_us", false },
};

json_t *report_json_spread(const struct result *result, const struct spread *spread, enum measure_unit unit)
{
	double factor = units[unit].of_whole ? result->duration_s : 1;
	json_t *object = json_object();

	json_object_set_new(object, "value", number(factor * spread->value));
	json_object_set_new(object, "low", number(factor * spread->low));
	json_object_set_new(object, "high", number(factor * spread->high));
	json_object_set_new(object, "least", number(factor * spread->least));
	json_object_set_new(object, "most", number(factor * spread->most));
	return object;
}

static void set_measure(json_t *object, const struct result *result, const struct measure *measure, const struct spread *spread)
{
	char key[64];

	snprintf(key, sizeof(key), "%s%s", measure->key, units[measure->unit].suffix);
	json_object_set_new(object, key, report_json_spread(result, spread, measure->unit));
}

json_t *report_json_domain_spread(const struct result *result, const struct result_domain *domain)
{
	json_t *object;

	if (!domain->blocks)
		return json_null();
	object = json_object();
	for (size_t m = 0; m < MEASURE_CAUSE; m++) {
		struct measure measure = measure_of(m);
		set_measure(object, result, &measure, &domain->spread[m]);
	}
	return object;
}

json_t *report_json_whole_spread(const struct result *result, size_t first, size_t end)
{
	json_t *object = json_object();

	for (size_t whole = first; whole < end; whole++)
		set_measure(object, result, &whole_measures[whole], &result->whole_spread[whole]);
	return object;
}

json_t *report_json_blocks(const struct result *result)
{
	json_t *object = json_object();

	json_object_set_new(object, "count", count(result->blocks.count));
	json_object_set_new(object, "length_s", number((double)result->blocks.block_tsc / (double)result->tsc_hz));
	json_object_set_new(object, "draws", count(BOOT_DRAWS));
	return object;
}
