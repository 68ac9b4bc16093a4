/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answer as JSON.  The stable interface: fields may be added, never renamed.  Described in xtrace-fair-whatif(1). */
#include "analyzer/report_json.h"
#include "analyzer/whatif.h"

#include <errno.h>
#include <string.h>

enum { SCHEMA = 1 };

static json_t *changes_json(const struct whatif *whatif)
{
	struct whatif_change changes[WHATIF_CHANGES_MAX];
	size_t changed = whatif_changes(whatif, changes);
	json_t *array = json_array();

	for (size_t i = 0; i < changed; i++) {
		json_t *object = json_object();
		json_object_set_new(object, "what", json_string(changes[i].what));
		json_object_set_new(object, "domain", text_or_null(changes[i].domain));
		json_object_set_new(object, "value", text_or_null(changes[i].value));
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *self_check_json(const struct whatif *whatif)
{
	json_t *object = json_object();

	json_object_set_new(object, "share_error", number(whatif->share_error));
	json_object_set_new(object, "domain", whatif->domain_count ? count(whatif->domains[whatif->share_error_at].id) : json_null());
	return object;
}

static json_t *runs_json(const struct whatif *whatif)
{
	json_t *array = json_array();

	for (int run = 0; run < whatif->runs; run++) {
		const struct whatif_whole *whole = &whatif->wholes[run], *settings = &whatif->wholes[run == RUN_TRACE ? RUN_REPLAY : run];
		json_t *object = json_object();
		json_object_set_new(object, "run", json_string(whatif_run_name[run]));
		json_object_set_new(object, "duration_s", number(whole->median_s));
		json_object_set_new(object, "scheduler", json_string(settings->model->name));
		json_object_set_new(object, "tslice_ms", count(settings->settings.tslice_ms));
		json_object_set_new(object, "ratelimit_us", count(settings->settings.ratelimit_us));
		json_object_set_new(object, "jain_weighted", number(whole->median_jain));
		json_object_set_new(object, "horizon_ms", number(whole->median_horizon_ms));
		json_array_append_new(array, object);
	}
	return array;
}

static void set_measures(json_t *object, const double *measures)
{
	for (int m = 0; m < ANSWERS; m++)
		json_object_set_new(object, whatif_measure_key[m], number(measures[m]));
}

static json_t *row_json(const struct whatif_row *row, int run)
{
	json_t *object = json_object(), *least = json_object(), *most = json_object();

	json_object_set_new(object, "run", json_string(whatif_run_name[run]));
	set_measures(object, row->median);
	set_measures(least, row->least);
	set_measures(most, row->most);
	json_object_set_new(object, "least", least);
	json_object_set_new(object, "most", most);
	return object;
}

static json_t *domains_json(const struct whatif *whatif)
{
	json_t *array = json_array();

	for (size_t i = 0; i < whatif->domain_count; i++) {
		json_t *object = json_object(), *rows = json_array();
		for (int run = 0; run < whatif->runs; run++)
			json_array_append_new(rows, row_json(&whatif->domains[i].rows[run], run));
		json_object_set_new(object, "id", count(whatif->domains[i].id));
		json_object_set_new(object, "generation", count(whatif->domains[i].generation));
		json_object_set_new(object, "name", text_or_null(whatif->trace.domains[i].name));
		json_object_set_new(object, "runs", rows);
		json_array_append_new(array, object);
	}
	return array;
}

bool whatif_json(FILE *out, const struct whatif *whatif)
{
	json_t *root, *wakeups;
	bool done;

	errno = 0; /* a member for which memory was short is missing; errno alone tells */
	root = json_object();
	wakeups = json_object();
	json_object_set_new(wakeups, "all", count(whatif->demand.wakes));
	json_object_set_new(wakeups, "with_cause", count(whatif->demand.coupled_wakes));
	json_object_set_new(root, "schema", json_integer(SCHEMA));
	json_object_set_new(root, "changes", changes_json(whatif));
	json_object_set_new(root, "self_check", self_check_json(whatif));
	json_object_set_new(root, "sound", json_boolean(whatif_is_sound(whatif)));
	json_object_set_new(root, "runs", runs_json(whatif));
	json_object_set_new(root, "domains", domains_json(whatif));
	json_object_set_new(root, "wakeups", wakeups);
	done = errno != ENOMEM && json_dumpf(root, out, JSON_INDENT(2) | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(12)) == 0 && fputc('\n', out) != EOF;
	json_decref(root);
	return done;
}
