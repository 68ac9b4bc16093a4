/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A comparison for programs: JSON and CSV, described in xtrace-fair(1). */
#include "analyzer/report_diff.h"

#include "analyzer/csv.h"
#include "analyzer/report_json.h"
#include "analyzer/report_text.h"

#include <errno.h>

enum { SCHEMA = 1 };

static const char *const unit_names[] = { [UNIT_SHARE] = "share", [UNIT_RATIO] = "ratio", [UNIT_RATE] = "s_per_s", [UNIT_US] = "us" };

/* ---- JSON ---- */

static json_t *run_json(const struct result *run)
{
	json_t *object = json_object();

	json_object_set_new(object, "trace", text_or_null(run->input_name));
	json_object_set_new(object, "from_s", number(run->from_s));
	json_object_set_new(object, "duration_s", number(run->duration_s));
	json_object_set_new(object, "blocks", report_json_blocks(run));
	json_object_set_new(object, "known_share", number(run->known_share));
	json_object_set_new(object, "sound", json_boolean(trust_is_sound(&run->trust)));
	return object;
}

static json_t *side_json(const struct diff_side *side)
{
	json_t *array = json_array();

	for (size_t r = 0; r < side->count; r++)
		json_array_append_new(array, run_json(&side->runs[r]));
	return array;
}

static json_t *domain_json(const struct result_domain *domain)
{
	json_t *object = json_object();

	json_object_set_new(object, "id", count(domain->id));
	json_object_set_new(object, "generation", count(domain->generation));
	json_object_set_new(object, "name", text_or_null(domain->name));
	return object;
}

static json_t *only_json(const struct diff *diff, size_t side)
{
	json_t *array = json_array();

	for (size_t i = 0; i < diff->only_count[side]; i++)
		json_array_append_new(array, domain_json(diff->only[side][i]));
	return array;
}

static json_t *settings_json(const struct diff *diff)
{
	json_t *array = json_array();

	for (size_t i = 0; i < diff->setting_count; i++) {
		const struct diff_setting *setting = &diff->settings[i];
		json_t *object = json_object();
		json_object_set_new(object, "domain", setting->domain ? domain_json(setting->domain) : json_null());
		json_object_set_new(object, "setting", json_string(setting->name));
		json_object_set_new(object, "a", text_or_null(setting->value[0]));
		json_object_set_new(object, "b", text_or_null(setting->value[1]));
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *figure_json(const struct diff_figure *figure)
{
	const struct result_domain **domains = figure->subject->domains[0];
	json_t *object = json_object();

	json_object_set_new(object, "domain", domains ? domain_json(domains[0]) : json_null());
	json_object_set_new(object, "figure", json_string(figure->measure.key));
	json_object_set_new(object, "unit", json_string(unit_names[figure->measure.unit]));
	json_object_set_new(object, "a", number(figure->value[0]));
	json_object_set_new(object, "b", number(figure->value[1]));
	json_object_set_new(object, figure->measure.unit == UNIT_US ? "ratio" : "change", number(figure->change));
	json_object_set_new(object, "low", number(figure->low));
	json_object_set_new(object, "high", number(figure->high));
	json_object_set_new(object, "p", number(figure->p));
	json_object_set_new(object, "p_all", number(figure->p_all));
	json_object_set_new(object, "differs", json_boolean(figure->differs));
	return object;
}

static json_t *figures_json(const struct diff *diff)
{
	json_t *array = json_array();

	for (size_t i = 0; i < diff->figure_count; i++)
		json_array_append_new(array, figure_json(&diff->figures[i]));
	return array;
}

bool report_diff_json(FILE *out, const struct diff *diff)
{
	json_t *root;
	bool done;

	errno = 0; /* a member for which memory was short is missing; errno alone tells */
	root = json_object();
	json_object_set_new(root, "schema", json_integer(SCHEMA));
	json_object_set_new(root, "a", side_json(&diff->sides[0]));
	json_object_set_new(root, "b", side_json(&diff->sides[1]));
	json_object_set_new(root, "noise", json_string(diff->by_runs ? "runs" : "blocks"));
	json_object_set_new(root, "compared", count(diff->compared));
	json_object_set_new(root, "differing", count(diff->differing));
	json_object_set_new(root, "settings", settings_json(diff));
	json_object_set_new(root, "only_in_a", only_json(diff, 0));
	json_object_set_new(root, "only_in_b", only_json(diff, 1));
	json_object_set_new(root, "figures", figures_json(diff));
	done = errno != ENOMEM && json_dumpf(root, out, JSON_INDENT(2) | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(12)) == 0 && fputc('\n', out) != EOF;
	json_decref(root);
	return done;
}

/* ---- CSV ---- */

static void put_number(FILE *out, double value)
{
	fputc(',', out);
	if (isfinite(value))
		fprintf(out, "%.9g", value);
}

static void put_figure(FILE *out, const struct diff_figure *figure)
{
	char label[LABEL_BYTES];

	report_diff_subject(figure->subject, label, sizeof(label));
	csv_text(out, label);
	fprintf(out, ",%s,%s", figure->measure.key, unit_names[figure->measure.unit]);
	put_number(out, figure->value[0]);
	put_number(out, figure->value[1]);
	put_number(out, figure->change);
	put_number(out, figure->low);
	put_number(out, figure->high);
	put_number(out, figure->p);
	put_number(out, figure->p_all);
	fprintf(out, ",%d\r\n", figure->differs);
}

bool report_diff_csv(FILE *out, const struct diff *diff)
{
	fprintf(out, "domain,figure,unit,a,b,change,low,high,p,p_all,differs\r\n");
	for (size_t i = 0; i < diff->figure_count; i++)
		put_figure(out, &diff->figures[i]);
	return !ferror(out);
}
