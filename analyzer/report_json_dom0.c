/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/report_json.h"

#include "analyzer/diag.h"
#include "analyzer/xen_time.h"

static json_t *guest_json(const struct result *result, const struct result_dom0_guest *guest)
{
	json_t *object = json_object();

	json_object_set_new(object, "id", count(result->domains[guest->domain].id));
	json_object_set_new(object, "generation", count(result->domains[guest->domain].generation));
	json_object_set_new(object, "seconds", number(guest->by_s[result->dom0.best]));
	json_object_set_new(object, "by_kernel_s", number(guest->by_s[BY_KERNEL]));
	json_object_set_new(object, "by_records_s", number(guest->by_s[BY_RECORDS]));
	json_object_set_new(object, "by_order_s", number(guest->by_s[BY_ORDER]));
	json_object_set_new(object, "threads_s", number(guest->part_s[DOM0_THREAD]));
	json_object_set_new(object, "interrupts_s", number(guest->part_s[DOM0_INTERRUPT]));
	json_object_set_new(object, "softirqs_s", number(guest->part_s[DOM0_SOFTIRQ]));
	json_object_set_new(object, "shared_io_s", number(guest->shared_io_s));
	json_object_set_new(object, "aggregate_s", number(guest->aggregate_s));
	json_object_set_new(object, "to_bytes", count(guest->to_bytes));
	json_object_set_new(object, "from_bytes", count(guest->from_bytes));
	json_object_set_new(object, "to_packets", count(guest->to_packets));
	json_object_set_new(object, "from_packets", count(guest->from_packets));
	json_object_set_new(object, "cpu_ms_per_mb", number(guest->cpu_ms_per_mb));
	return object;
}

static json_t *name_json(const struct result_dom0_name *name)
{
	char escaped[5 * DOM0_NAME_BYTES];
	json_t *object = json_object();

	diag_escape(name->name, escaped, sizeof(escaped));
	json_object_set_new(object, "name", json_string(escaped));
	json_object_set_new(object, "part", json_string(dom0_part_name[name->part]));
	json_object_set_new(object, "row", json_string(dom0_row_name[name->row]));
	json_object_set_new(object, "seconds", number(name->seconds));
	return object;
}

/* Rows of Dom0's time and their keys. */
static const struct {
	const char *key;         /* with _s and _tsc behind it */
	enum dom0_row row;
} row_keys[] = {
	{ "guests", DOM0_GUEST }, { "shared_io", DOM0_SHARED_IO }, { "toolstack", DOM0_TOOLSTACK },
	{ "tracer", DOM0_TRACER }, { "other", DOM0_OTHER }, { "unattributed", DOM0_UNATTRIBUTED },
};

static void set_row(json_t *object, const struct result_dom0 *dom0, const char *row, enum dom0_row index)
{
	char key[32];

	snprintf(key, sizeof(key), "%s_s", row);
	json_object_set_new(object, key, number(dom0->row_s[index]));
	snprintf(key, sizeof(key), "%s_tsc", row);
	json_object_set_new(object, key, isnan(dom0->row_s[index]) ? json_null() : count(dom0->row_tsc[index]));
}

json_t *report_json_dom0(const struct result *result)
{
	const struct result_dom0 *dom0 = &result->dom0;
	json_t *object, *guests = json_array(), *names = json_array(), *words = json_array();

	if (!dom0->known) {
		json_decref(guests);
		json_decref(names);
		json_decref(words);
		return json_null();
	}
	object = json_object();
	for (size_t i = 0; i < DOM0_WORDS && dom0->words[i]; i++)
		json_array_append_new(words, json_string(dom0->words[i]));
	json_object_set_new(object, "words", words);
	json_object_set_new(object, "busy_s", number(dom0->busy_s));
	json_object_set_new(object, "xen_in_guests_s", number(dom0->xen_in_guests_s));
	json_object_set_new(object, "by", json_string(charge_way_name[dom0->best]));
	json_object_set_new(object, "xentop_percent", number(dom0->xentop_percent));
	json_object_set_new(object, "xentop_difference_s", number(dom0->xentop_difference_s));
	json_object_set_new(object, "xentop_difference_percent", number(dom0->xentop_difference_percent));
	json_object_set_new(object, "running_s", number(dom0->running_s));
	json_object_set_new(object, "running_tsc", count(dom0->running_tsc));
	for (size_t i = 0; i < sizeof(row_keys) / sizeof(row_keys[0]); i++)
		set_row(object, dom0, row_keys[i].key, row_keys[i].row);
	json_object_set_new(object, "spread", report_json_whole_spread(result, WHOLE_ROW, WHOLES));
	json_object_set_new(object, "strangers_s", number(dom0->strangers_s));
	json_object_set_new(object, "unshared_io_s", number(dom0->unshared_s));
	json_object_set_new(object, "uncharged_by_records_s", number(dom0->uncharged_s[BY_RECORDS]));
	json_object_set_new(object, "uncharged_by_order_s", number(dom0->uncharged_s[BY_ORDER]));
	json_object_set_new(object, "records_over_kernel", number(dom0->over_kernel[BY_RECORDS]));
	json_object_set_new(object, "order_over_kernel", number(dom0->over_kernel[BY_ORDER]));
	for (size_t i = 0; i < dom0->guest_count; i++)
		json_array_append_new(guests, guest_json(result, &dom0->guests[i]));
	json_object_set_new(object, "per_guest", guests);
	for (size_t i = 0; i < dom0->name_count; i++)
		json_array_append_new(names, name_json(&dom0->names[i]));
	json_object_set_new(object, "names", names);
	json_object_set_new(object, "jain_own", number(dom0->jain_own));
	json_object_set_new(object, "jain_aggregate", number(dom0->jain_aggregate));
	return object;
}

static json_t *xen_kind_json(const struct result_xen_kind *kind)
{
	json_t *object = json_object();
	char name[64];

	json_object_set_new(object, "kind", json_string(xen_time_kind_name(kind->kind, name, sizeof(name))));
	json_object_set_new(object, "seconds", number(kind->seconds));
	json_object_set_new(object, "count", count(kind->count));
	return object;
}

json_t *report_json_xen_time(const struct result *result, const struct report_options *options)
{
	json_t *array = json_array();

	for (size_t i = 0; i < result->xen_time_count; i++) {
		const struct result_xen_time *time = &result->xen_times[i];
		json_t *object, *kinds;
		if (!report_shows(options, &result->domains[time->domain]))
			continue;
		object = json_object();
		kinds = json_array();
		json_object_set_new(object, "domain", count(result->domains[time->domain].id));
		json_object_set_new(object, "generation", count(result->domains[time->domain].generation));
		json_object_set_new(object, "guest_s", number(time->guest_s));
		json_object_set_new(object, "xen_s", number(time->xen_s));
		json_object_set_new(object, "covered_share", number(time->covered_share));
		for (size_t k = 0; k < time->kind_count; k++)
			json_array_append_new(kinds, xen_kind_json(&time->kinds[k]));
		json_object_set_new(object, "kinds", kinds);
		json_array_append_new(array, object);
	}
	return array;
}
