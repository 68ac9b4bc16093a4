/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The JSON of the questions of why.h. */
#include "analyzer/report_json.h"

void report_json_starvation(json_t *domain_object, const struct result_domain *domain)
{
	json_t *object = json_object();

	json_object_set_new(object, "length_s", number(domain->starved_s));
	json_object_set_new(object, "at_s", number(domain->starved_at_s));
	json_object_set_new(domain_object, "longest_starvation", object);
}

static json_t *window_json(const struct fairness_window *window)
{
	json_t *object = json_object();

	json_object_set_new(object, "window_ms", number(window->window_ms));
	json_object_set_new(object, "windows", count(window->windows));
	json_object_set_new(object, "unknown_windows", count(window->unknown_windows));
	json_object_set_new(object, "jain_windows", count(window->jain_windows));
	json_object_set_new(object, "jain_mean", number(window->jain_mean));
	json_object_set_new(object, "jain_p5", number(window->jain_p5));
	json_object_set_new(object, "ran_mean", number(window->ran_mean));
	json_object_set_new(object, "ran_p5", count(window->ran_p5));
	json_object_set_new(object, "ran_p50", count(window->ran_p50));
	json_object_set_new(object, "ran_p95", count(window->ran_p95));
	return object;
}

void report_json_windows(json_t *fairness_object, const struct result *result)
{
	json_t *windows = json_array();

	for (size_t i = 0; i < result->window_count; i++)
		json_array_append_new(windows, window_json(&result->windows[i]));
	json_object_set_new(fairness_object, "horizon_ms", number(result->horizon_ms));
	json_object_set_new(fairness_object, "windows", windows);
}

/* ---- who made whom wait ---- */

static json_t *holder_json(const struct result *result, size_t holder)
{
	static const char *const others[WAITED_OTHERS] = { "idle", "switch", "unknown" };
	json_t *object = json_object();

	if (holder >= result->domain_count) {
		json_object_set_new(object, "holder", json_string(others[holder - result->domain_count]));
		return object;
	}
	json_object_set_new(object, "holder", json_string("domain"));
	json_object_set_new(object, "id", count(result->domains[holder].id));
	json_object_set_new(object, "generation", count(result->domains[holder].generation));
	return object;
}

void report_json_waited(json_t *object, const struct result *result, const uint64_t *waited_tsc, uint64_t elsewhere_tsc)
{
	json_t *array = json_array();

	for (size_t holder = 0; holder < result->domain_count + WAITED_OTHERS; holder++) {
		json_t *part;
		if (waited_tsc[holder] == 0)
			continue;
		part = holder_json(result, holder);
		json_object_set_new(part, "waited_s", number((double)waited_tsc[holder] / (double)result->tsc_hz));
		json_object_set_new(part, "waited_tsc", count(waited_tsc[holder]));
		json_array_append_new(array, part);
	}
	json_object_set_new(object, "waited_for", array);
	json_object_set_new(object, "waited_while_another_idle_s", number((double)elsewhere_tsc / (double)result->tsc_hz));
}

void report_json_lag(json_t *domain_object, const struct result_domain *domain)
{
	json_t *object = json_object();

	json_object_set_new(object, "end_s", number(domain->lag_s));
	json_object_set_new(object, "most_s", number(domain->most_lag_s));
	json_object_set_new(object, "most_at_s", number(domain->most_lag_at_s));
	json_object_set_new(object, "least_s", number(domain->least_lag_s));
	json_object_set_new(object, "fell_behind_s", number(domain->fell_behind_s));
	json_object_set_new(domain_object, "lag", object);
}

/* ---- causes and boosts ---- */

static json_t *cause_json(const struct result *result, const struct result_domain *domain, const struct result_cause *cause)
{
	json_t *object = json_object(), *evidence = json_array();

	json_object_set_new(object, "domain", count(domain->id));
	json_object_set_new(object, "generation", count(domain->generation));
	json_object_set_new(object, "cause", json_string(cause->name->id));
	json_object_set_new(object, "title", json_string(cause->name->title));
	json_object_set_new(object, "lag_s", number(cause->lag_s));
	json_object_set_new(object, "made_up_s", number(cause->made_up_s));
	json_object_set_new(object, "share_of_lag", number(cause->share));
	for (size_t i = 0; i < cause->evidence_count; i++) {
		json_t *interval = json_object();
		json_object_set_new(interval, "start_s", number(cause->evidence[i].begin_s));
		json_object_set_new(interval, "end_s", number(cause->evidence[i].end_s));
		json_array_append_new(evidence, interval);
	}
	json_object_set_new(object, "spread", report_json_spread(result, &domain->spread[MEASURE_CAUSE + (cause->name - cause_names)], UNIT_RATE));
	json_object_set_new(object, "evidence", evidence);
	return object;
}

json_t *report_json_causes(const struct result *result, const struct report_options *options)
{
	json_t *array = json_array();

	for (size_t d = 0; d < result->domain_count; d++)
		for (size_t i = 0; i < result->domains[d].cause_count && report_shows(options, &result->domains[d]); i++)
			json_array_append_new(array, cause_json(result, &result->domains[d], &result->domains[d].causes[i]));
	return array;
}

void report_json_boosts(json_t *domain_object, const struct result *result, const struct result_domain *domain)
{
	const struct { const char *key; uint64_t value; } counts[] = {
		{ "offered", boosts_offered(&domain->boosts) }, { "granted", domain->boosts.granted }, { "kept", domain->boosts.kept },
		{ "refused", domain->boosts.refused }, { "refused_parked", domain->boosts.refused_parked },
		{ "refused_moved", domain->boosts.refused_moved }, { "unknown", domain->boosts.unknown }, { "lost_at_tick", domain->boosts.lost }, { "went_inactive", domain->boosts.halved },
	};
	json_t *object = json_object(), *waits = json_object();

	if (!result->boosts_known) {
		json_object_set_new(domain_object, "boosts", json_null());
		json_decref(object);
		json_decref(waits);
		return;
	}
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		json_object_set_new(object, counts[i].key, count(counts[i].value));
	for (size_t priority = 0; priority < WAKE_PRIORITIES; priority++)
		json_object_set_new(waits, wake_priority_name[priority], report_json_wait(result, domain->wake[priority]));
	json_object_set_new(object, "wake_to_run_us", waits);
	json_object_set_new(domain_object, "boosts", object);
}

json_t *report_json_verdict(const struct result *result)
{
	json_t *array = json_array();

	for (size_t i = 0; i < result->verdict_count; i++)
		json_array_append_new(array, json_string(result->verdict[i]));
	return array;
}
