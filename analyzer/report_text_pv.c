/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/report_text.h"

#include "analyzer/diag.h"
#include "analyzer/xen_time.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { CALLS_SHOWN = 10, WHAT_WIDTH = 29 };

static double per_second(const struct result *result, uint64_t times)
{
	return (double)times / result->duration_s;
}

/* "-" for what is not known, or was not. */
static void count_column(FILE *out, uint64_t value, bool known)
{
	if (known)
		fprintf(out, " %10" PRIu64, value);
	else
		fprintf(out, " %10s", "-");
}

static void number_column(FILE *out, double value, int digits)
{
	if (isnan(value))
		fprintf(out, " %10s", "-");
	else
		fprintf(out, " %10.*f", digits, value);
}

/* A domain's name once, above its rows. */
static const char *label_of(const struct result *result, const struct result_pv *pv, size_t row, char *out, size_t out_size)
{
	out[0] = '\0';
	if (row == 0)
		report_domain_label(&result->domains[pv->domain], out, out_size);
	return out;
}

/* ---- hypercalls ---- */

static void show_call(FILE *out, const struct result *result, const struct result_pv *pv, const struct result_call *call)
{
	const char *name = call->number < PV_CALLS ? xen_hypercall_name(call->number) : "(all others)";
	char number[32];

	snprintf(number, sizeof(number), "hypercall %u", call->number);
	fprintf(out, " %-*s", WHAT_WIDTH, name ? name : number);
	count_column(out, call->count, pv->calls > 0);
	number_column(out, pv->calls ? per_second(result, call->count) : NAN, 1);
	number_column(out, 100 * call->share, 2);
	count_column(out, call->subcalls, call->subcalls > 0);
	number_column(out, call->xen_s, 3);
	number_column(out, call->xen_count ? 1e6 * call->xen_s / (double)call->xen_count : NAN, 1);
	fputc('\n', out);
}

static void show_calls(FILE *out, const struct result *result, const struct report_options *options)
{
	int width = report_text_width(result, 0);
	char label[LABEL_BYTES];

	fprintf(out, "\n%-*s %-*s %10s %10s %10s %10s %10s %10s\n", width, "hypercalls", WHAT_WIDTH, "", "count", "per s", "%", "in multi", "Xen's s",
		"us each");
	for (size_t i = 0; i < result->pv_count; i++) {
		const struct result_pv *pv = &result->pv[i];
		for (size_t c = 0; c < pv->call_count && c < CALLS_SHOWN && report_shows(options, &result->domains[pv->domain]); c++) {
			fprintf(out, "%-*s", width, label_of(result, pv, c, label, sizeof(label)));
			show_call(out, result, pv, &pv->call[c]);
		}
	}
}

/* ---- places ---- */

static void show_where(FILE *out, const struct result_place *place)
{
	char name[4 * SYMBOL_NAME_BYTES];

	diag_escape(place->name, name, sizeof(name));
	if (!pv_entry_has_address(place->entry))
		fprintf(out, "-\n");
	else if (!*name)
		fprintf(out, "0x%" PRIx64 "\n", place->address);
	else if (place->addresses == 1)
		fprintf(out, "%s+0x%" PRIx64 "\n", name, place->offset);
	else
		fprintf(out, "%s, most at +0x%" PRIx64 " of %" PRIu64 " addresses\n", name, place->offset, place->addresses);
}

static void show_place(FILE *out, const struct result *result, const struct result_place *place)
{
	char title[64];

	fprintf(out, " %-*s %10" PRIu64 " %10.1f %10.2f  ", WHAT_WIDTH, pv_entry_title(place->entry, place->trap, title, sizeof(title)), place->count,
		per_second(result, place->count), 100 * place->share);
	show_where(out, place);
}

static void show_places(FILE *out, const struct result *result, const struct report_options *options)
{
	int width = report_text_width(result, 0);
	char label[LABEL_BYTES];

	fprintf(out, "\n%-*s %-*s %10s %10s %10s  %s\n", width, "hottest places", WHAT_WIDTH, "", "count", "per s", "%", "where");
	for (size_t i = 0; i < result->pv_count; i++) {
		const struct result_pv *pv = &result->pv[i];
		if (!report_shows(options, &result->domains[pv->domain]))
			continue;
		for (size_t p = 0; p < pv->place_count; p++) {
			fprintf(out, "%-*s", width, label_of(result, pv, p, label, sizeof(label)));
			show_place(out, result, &pv->places[p]);
		}
		if (pv->further)
			fprintf(out, "%-*s  %" PRIu64 " more entries were at places beyond its first %d and have no row\n", width, "", pv->further, PV_PLACES_MAX);
	}
}

/* ---- where names come from ---- */

static void show_symbols(FILE *out, const struct result *result)
{
	size_t listed = 0;

	fputs("Names of code:", out);
	for (int source = 0; source < SYMBOLS_SOURCES; source++) {
		const struct result_symbols *symbols = &result->symbols[source];
		char file[512];
		if (symbols->fit == SYMBOLS_NONE)
			continue;
		diag_escape(symbols->file ? symbols->file : "the capture", file, sizeof(file));
		fprintf(out, "%s %" PRIu64 " of %s from %s (%s%s)", listed++ ? "," : "", symbols->symbols, symbols->of, file, symbols_fit_name[symbols->fit],
			symbols->fit == SYMBOLS_OTHER ? ": not used" : "");
	}
	fprintf(out, "%s.  Guests' code has no names.\n", listed ? "" : " none; --dom0-syms and --xen-syms take files");
}

static bool has_class(const struct result *result, const char *name)
{
	for (size_t i = 0; i < result->class_count; i++)
		if (strcmp(result->classes[i].name, name) == 0)
			return true;
	return false;
}

static bool has_places(const struct result *result)
{
	for (size_t i = 0; i < result->pv_count; i++)
		if (result->pv[i].place_count > 0)
			return true;
	return false;
}

void report_text_pv(FILE *out, const struct result *result, const struct report_options *options)
{
	if (result->pv_count > 0)
		show_calls(out, result, options);
	if (has_places(result)) {
		show_places(out, result, options);
		show_symbols(out, result);
	}
	if (result->pv_unplaced_records > 0)
		fprintf(out, "%" PRIu64 " records of class pv were written where it is not known who ran.\n", result->pv_unplaced_records);
	if (!has_class(result, "pv"))
		fprintf(out, "%sPV guests' hypercalls and traps are not in this trace: xtrace-cap -e sched,dom0op,grant,pv records them.\n",
			result->xen_time_count || result->pv_count ? "" : "\n");
}
