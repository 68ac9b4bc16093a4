/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/pv_result.h"

#include "analyzer/analysis.h"
#include "analyzer/top.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- hypercalls ---- */

static double call_greatness(const void *row)
{
	const struct result_call *call = row;

	return call->count + call->subcalls > 0 ? (double)(call->count + call->subcalls) : (double)call->xen_count;
}

/* The time and the entries by XEN_TIME's kinds, which begin with hypercall 0. */
static void fill_xen_time(const struct result *result, const struct xen_time_row *row, struct result_call *call)
{
	unsigned first = XEN_TIME_HYPERCALL + call->number, last = call->number == PV_CALLS ? XEN_TIME_KINDS - 1 : first;
	uint64_t sum_tsc = 0;

	call->xen_s = NAN;
	if (!row)
		return;
	for (unsigned kind = first; kind <= last; kind++) {
		sum_tsc += row->tsc[kind];
		call->xen_count += row->count[kind];
	}
	call->xen_s = (double)sum_tsc / (double)result->tsc_hz;
}

static void fill_calls(const struct result *result, const struct pv_domain *domain, const struct xen_time_row *row, struct result_pv *out)
{
	static const struct pv_domain none;
	const struct pv_domain *from = domain ? domain : &none;
	struct top top = { out->call, sizeof(out->call[0]), PV_CALLS + 1, 0, call_greatness };

	for (unsigned number = 0; number <= PV_CALLS; number++) {
		out->calls += from->calls[number];
		out->subcalls += from->subcalls[number];
	}
	for (unsigned number = 0; number <= PV_CALLS; number++) {
		struct result_call call = { .number = number, .count = from->calls[number], .subcalls = from->subcalls[number] };
		fill_xen_time(result, row, &call);
		call.share = out->calls ? (double)call.count / (double)out->calls : NAN;
		if (call_greatness(&call) > 0)
			top_offer(&top, &call);
	}
	out->call_count = top.count;
}

/* ---- places ---- */

/* A place with its name; what is the same kind of entry into one symbol is one place, and lies side by side when sorted. */
struct named {
	const struct pv_place *place;
	const char *name;
	uint64_t offset;
};

static int compare_named(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	if (x->place->entry != y->place->entry)
		return x->place->entry < y->place->entry ? -1 : 1;
	if (x->place->trap != y->place->trap)
		return x->place->trap < y->place->trap ? -1 : 1;
	return (x->place->address > y->place->address) - (x->place->address < y->place->address);
}

static bool same_place(const struct named *a, const struct named *b)
{
	return a->place->entry == b->place->entry && a->place->trap == b->place->trap &&
	       a->place->address - a->offset == b->place->address - b->offset;
}

static double place_count(const void *row)
{
	return (double)((const struct result_place *)row)->count;
}

/* Takes those from the first on that are one, and returns how many. */
static size_t join(const struct named *first, const struct named *end, struct result_place *out)
{
	const struct named *hottest = first, *at = first;

	*out = (struct result_place){ .entry = (enum pv_entry)first->place->entry, .trap = first->place->trap };
	for (; at < end && same_place(first, at); at++) {
		out->count += at->place->count;
		out->addresses++;
		if (at->place->count > hottest->place->count)
			hottest = at;
	}
	out->address = hottest->place->address;
	out->offset = hottest->offset;
	if (first->name)
		strncat(out->name, first->name, sizeof(out->name) - 1);
	return (size_t)(at - first);
}

static bool fill_places(const struct pv_domain *domain, const struct naming *naming, uint32_t domain_id, struct result_pv *out)
{
	struct named *named = calloc(domain->place_count + 1, sizeof(*named));
	struct top top = { out->places, sizeof(out->places[0]), RESULT_PLACES, 0, place_count };
	struct result_place place;
	size_t count = 0;

	if (!named)
		return false;
	for (size_t i = 0; i < domain->place_room; i++) {
		const struct pv_place *from = &domain->places[i];
		if (from->count == 0)
			continue;
		named[count] = (struct named){ .place = from };
		if (pv_entry_has_address((enum pv_entry)from->entry))
			named[count].name = naming_find(naming, domain_id, from->address, &named[count].offset);
		count++;
	}
	qsort(named, count, sizeof(*named), compare_named);
	for (size_t i = 0; i < count; i += join(&named[i], &named[count], &place), top_offer(&top, &place))
		;
	out->place_count = top.count;
	for (size_t i = 0; i < out->place_count; i++)
		out->places[i].share = (double)out->places[i].count / (double)out->entries;
	free(named);
	return true;
}

static bool fill_domain(const struct pv *pv, const struct naming *naming, size_t index, const struct result *result, const struct xen_time_row *row,
			struct result_pv *out)
{
	const struct pv_domain *domain = pv_of(pv, index);

	fill_calls(result, domain, row, out);
	if (!domain)
		return true;
	for (int entry = 0; entry < PV_ENTRIES; entry++) {
		out->by_entry[entry] = domain->entries[entry];
		out->entries += domain->entries[entry];
	}
	out->further = domain->further;
	return fill_places(domain, naming, result->domains[out->domain].id, out);
}

bool pv_fill(const struct pv *pv, const struct xen_time *xen_time, const struct naming *naming, struct result *result)
{
	memcpy(result->symbols, naming->sources, sizeof(result->symbols));
	result->pv_unplaced_records = pv->unplaced_records;
	result->pv = calloc(result->domain_count + 1, sizeof(*result->pv));
	for (size_t d = 0; result->pv && d < result->domain_count; d++) {
		int32_t index = vcpus_domain_index(pv->vcpus, result->domains[d].id, result->domains[d].generation);
		struct result_pv *out = &result->pv[result->pv_count];
		if (index < 0)
			continue;
		out->domain = d;
		if (!fill_domain(pv, naming, (size_t)index, result, xen_time_of(xen_time, (size_t)index), out))
			return false;
		result->pv_count += out->call_count > 0 || out->place_count > 0;
	}
	return result->pv != NULL;
}
