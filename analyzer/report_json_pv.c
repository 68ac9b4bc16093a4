/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/report_json.h"

#include "analyzer/diag.h"
#include "analyzer/xen_time.h"

#include <inttypes.h>

static json_t *per_second(const struct result *result, uint64_t times)
{
	return number((double)times / result->duration_s);
}

static json_t *call_json(const struct result *result, const struct result_call *call)
{
	const char *name = call->number < PV_CALLS ? xen_hypercall_name(call->number) : NULL;
	json_t *object = json_object();

	json_object_set_new(object, "name", name ? json_string(name) : json_null());
	json_object_set_new(object, "number", call->number < PV_CALLS ? count(call->number) : json_null());
	json_object_set_new(object, "count", count(call->count));
	json_object_set_new(object, "per_s", per_second(result, call->count));
	json_object_set_new(object, "share", number(call->share));
	json_object_set_new(object, "subcalls", count(call->subcalls));
	json_object_set_new(object, "xen_count", isnan(call->xen_s) ? json_null() : count(call->xen_count));
	json_object_set_new(object, "xen_s", number(call->xen_s));
	return object;
}

static json_t *place_json(const struct result *result, const struct result_place *place)
{
	char text[5 * SYMBOL_NAME_BYTES];
	json_t *object = json_object();

	json_object_set_new(object, "entry", json_string(pv_entry_name(place->entry)));
	json_object_set_new(object, "trap", place->trap == PV_TRAP_NONE ? json_null() : count(place->trap));
	diag_escape(place->name, text, sizeof(text));
	json_object_set_new(object, "symbol", text_or_null(text));
	json_object_set_new(object, "offset", *text ? count(place->offset) : json_null());
	snprintf(text, sizeof(text), "0x%" PRIx64, place->address);
	json_object_set_new(object, "address", pv_entry_has_address(place->entry) ? json_string(text) : json_null());
	json_object_set_new(object, "addresses", count(pv_entry_has_address(place->entry) ? place->addresses : 0));
	json_object_set_new(object, "count", count(place->count));
	json_object_set_new(object, "per_s", per_second(result, place->count));
	json_object_set_new(object, "share", number(place->share));
	return object;
}

static json_t *entries_json(const struct result_pv *pv)
{
	json_t *array = json_array();

	for (int entry = 0; entry < PV_ENTRIES; entry++) {
		json_t *object = pv->by_entry[entry] ? json_object() : NULL;
		if (!object)
			continue;
		json_object_set_new(object, "entry", json_string(pv_entry_name((enum pv_entry)entry)));
		json_object_set_new(object, "count", count(pv->by_entry[entry]));
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *domain_json(const struct result *result, const struct result_pv *pv)
{
	json_t *object = json_object(), *calls = json_array(), *places = json_array();

	json_object_set_new(object, "domain", count(result->domains[pv->domain].id));
	json_object_set_new(object, "generation", count(result->domains[pv->domain].generation));
	json_object_set_new(object, "hypercalls", count(pv->calls));
	json_object_set_new(object, "subcalls", count(pv->subcalls));
	json_object_set_new(object, "entries", count(pv->entries));
	json_object_set_new(object, "further_entries", count(pv->further));
	json_object_set_new(object, "by_entry", entries_json(pv));
	for (size_t i = 0; i < pv->call_count; i++)
		json_array_append_new(calls, call_json(result, &pv->call[i]));
	json_object_set_new(object, "calls", calls);
	for (size_t i = 0; i < pv->place_count; i++)
		json_array_append_new(places, place_json(result, &pv->places[i]));
	json_object_set_new(object, "places", places);
	return object;
}

json_t *report_json_pv(const struct result *result, const struct report_options *options)
{
	json_t *array = json_array();

	for (size_t i = 0; i < result->pv_count; i++)
		if (report_shows(options, &result->domains[result->pv[i].domain]))
			json_array_append_new(array, domain_json(result, &result->pv[i]));
	return array;
}

json_t *report_json_symbols(const struct result *result)
{
	json_t *array = json_array();

	for (int source = 0; source < SYMBOLS_SOURCES; source++) {
		const struct result_symbols *symbols = &result->symbols[source];
		json_t *object = symbols->fit == SYMBOLS_NONE ? NULL : json_object();
		char escaped[4 * 256];
		if (!object)
			continue;
		diag_escape(symbols->file ? symbols->file : "", escaped, sizeof(escaped));
		json_object_set_new(object, "of", json_string(symbols->of));
		json_object_set_new(object, "file", text_or_null(escaped));
		json_object_set_new(object, "symbols", count(symbols->symbols));
		json_object_set_new(object, "fit", json_string(symbols_fit_name[symbols->fit]));
		json_array_append_new(array, object);
	}
	return array;
}
