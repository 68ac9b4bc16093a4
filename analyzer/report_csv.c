/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line per vCPU, RFC 4180; the domain's own columns are repeated in each.  A column is a row of
 * the table below. */
#include "analyzer/csv.h"
#include "analyzer/report.h"

#include "analyzer/diag.h"
#include "analyzer/xen_time.h"

#include <inttypes.h>

struct line {
	const struct result *result;
	const struct result_domain *domain;
	const struct result_vcpu *vcpu;
};

static void put_name(FILE *out, const struct line *line)
{
	char label[5 * NAME_MAX_BYTES];

	report_domain_label(line->domain, label, sizeof(label));
	csv_text(out, label);
}

static void put_domain_id(FILE *out, const struct line *line) { fprintf(out, "%" PRIu32, line->domain->id); }
static void put_vcpu_id(FILE *out, const struct line *line) { fprintf(out, "%" PRIu32, line->vcpu->id); }
static void put_running(FILE *out, const struct line *line) { csv_number(out, line->vcpu->state_s[RUNNING]); }
static void put_runnable(FILE *out, const struct line *line) { csv_number(out, line->vcpu->state_s[RUNNABLE]); }
static void put_blocked(FILE *out, const struct line *line) { csv_number(out, line->vcpu->state_s[BLOCKED]); }
static void put_offline(FILE *out, const struct line *line) { csv_number(out, line->vcpu->state_s[OFFLINE]); }
static void put_unknown(FILE *out, const struct line *line) { csv_number(out, line->vcpu->state_s[UNKNOWN]); }
static void put_wakeups(FILE *out, const struct line *line) { fprintf(out, "%" PRIu64, line->vcpu->wakeups); }
static void put_preemptions(FILE *out, const struct line *line) { fprintf(out, "%" PRIu64, line->vcpu->preemptions); }
static void put_migrations(FILE *out, const struct line *line) { fprintf(out, "%" PRIu64, line->vcpu->migrations); }
static void put_share(FILE *out, const struct line *line) { csv_number(out, line->domain->share); }
static void put_entitled(FILE *out, const struct line *line) { csv_number(out, line->domain->entitled_share); }
static void put_attained(FILE *out, const struct line *line) { csv_number(out, line->domain->attained_over_entitled); }
static void put_lag(FILE *out, const struct line *line) { csv_number(out, line->domain->lag_s); }
static void put_most_lag(FILE *out, const struct line *line) { csv_number(out, line->domain->most_lag_s); }
static void put_fell_behind(FILE *out, const struct line *line) { csv_number(out, line->domain->fell_behind_s); }

static void put_waited(FILE *out, const struct line *line, size_t holder)
{
	csv_number(out, (double)line->vcpu->waited_tsc[holder] / (double)line->result->tsc_hz);
}

static void put_waited_idle(FILE *out, const struct line *line) { put_waited(out, line, line->result->domain_count + WAITED_IDLE); }
static void put_waited_switch(FILE *out, const struct line *line) { put_waited(out, line, line->result->domain_count + WAITED_SWITCH); }
static void put_waited_unknown(FILE *out, const struct line *line) { put_waited(out, line, line->result->domain_count + WAITED_UNKNOWN); }

static void put_waited_dom0(FILE *out, const struct line *line)
{
	if (line->result->domains[0].id == 0)
		put_waited(out, line, 0);
}

static void put_waited_elsewhere(FILE *out, const struct line *line)
{
	csv_number(out, (double)line->vcpu->elsewhere_tsc / (double)line->result->tsc_hz);
}

static void put_starved(FILE *out, const struct line *line) { csv_number(out, line->domain->starved_s); }
static void put_starved_at(FILE *out, const struct line *line) { csv_number(out, line->domain->starved_at_s); }

static void put_weight(FILE *out, const struct line *line)
{
	if (line->domain->weight_known)
		fprintf(out, "%" PRIu32, line->domain->weight);
}

static void put_cap(FILE *out, const struct line *line)
{
	if (line->domain->weight_known)
		fprintf(out, "%" PRIu32, line->domain->cap_percent);
}

static void put_wait(FILE *out, const struct line *line, enum wait_kind kind, double fraction)
{
	const struct histogram *wait = line->vcpu->wait[kind];

	if (wait)
		csv_number(out, report_us(line->result, histogram_quantile_tsc(wait, fraction)));
}

static void put_wake_p50(FILE *out, const struct line *line) { put_wait(out, line, WAIT_WAKE, 0.5); }
static void put_wake_p99(FILE *out, const struct line *line) { put_wait(out, line, WAIT_WAKE, 0.99); }
static void put_wake_max(FILE *out, const struct line *line) { put_wait(out, line, WAIT_WAKE, 1); }
static void put_preempted_p50(FILE *out, const struct line *line) { put_wait(out, line, WAIT_PREEMPTED, 0.5); }
static void put_preempted_p99(FILE *out, const struct line *line) { put_wait(out, line, WAIT_PREEMPTED, 0.99); }
static void put_preempted_max(FILE *out, const struct line *line) { put_wait(out, line, WAIT_PREEMPTED, 1); }

/* NULL without records of class pv of this domain. */
static const struct result_pv *pv_row(const struct line *line)
{
	for (size_t i = 0; i < line->result->pv_count; i++)
		if (&line->result->domains[line->result->pv[i].domain] == line->domain)
			return &line->result->pv[i];
	return NULL;
}

static void put_hypercalls(FILE *out, const struct line *line)
{
	if (pv_row(line))
		fprintf(out, "%" PRIu64, pv_row(line)->calls);
}

static void put_hypercall(FILE *out, const struct line *line)
{
	const struct result_pv *pv = pv_row(line);
	const char *name = pv && pv->call_count > 0 ? xen_hypercall_name(pv->call[0].number) : NULL;

	if (name)
		csv_text(out, name);
	else if (pv && pv->call_count > 0)
		fprintf(out, "%u", pv->call[0].number);
}

static void put_hypercall_count(FILE *out, const struct line *line)
{
	if (pv_row(line) && pv_row(line)->call_count > 0)
		fprintf(out, "%" PRIu64, pv_row(line)->call[0].count);
}

static void put_entries(FILE *out, const struct line *line)
{
	if (pv_row(line))
		fprintf(out, "%" PRIu64, pv_row(line)->entries);
}

/* "page fault at copy_user+0x12" or, without a name, "page fault at 0xffffffff81c00e10". */
static void put_place(FILE *out, const struct line *line)
{
	const struct result_pv *pv = pv_row(line);
	const struct result_place *place = pv && pv->place_count > 0 ? &pv->places[0] : NULL;
	char title[64], name[4 * SYMBOL_NAME_BYTES], text[sizeof(title) + sizeof(name) + 64];

	if (!place)
		return;
	pv_entry_title(place->entry, place->trap, title, sizeof(title));
	diag_escape(place->name, name, sizeof(name));
	if (!pv_entry_has_address(place->entry))
		snprintf(text, sizeof(text), "%s", title);
	else if (*name)
		snprintf(text, sizeof(text), "%s at %s+0x%" PRIx64, title, name, place->offset);
	else
		snprintf(text, sizeof(text), "%s at 0x%" PRIx64, title, place->address);
	csv_text(out, text);
}

static void put_place_count(FILE *out, const struct line *line)
{
	if (pv_row(line) && pv_row(line)->place_count > 0)
		fprintf(out, "%" PRIu64, pv_row(line)->places[0].count);
}

static const struct {
	const char *name;
	void (*put)(FILE *, const struct line *);
	bool of_why; /* empty in a brief report */
} columns[] = {
	{ "domain_id", put_domain_id, false }, { "domain", put_name, false }, { "weight", put_weight, false }, { "cap", put_cap, false },
	{ "domain_share", put_share, false }, { "domain_entitled_share", put_entitled, false }, { "domain_attained_over_entitled", put_attained, false },
	{ "vcpu", put_vcpu_id, false }, { "running_s", put_running, false }, { "runnable_s", put_runnable, false }, { "blocked_s", put_blocked, false },
	{ "offline_s", put_offline, false }, { "unknown_s", put_unknown, false }, { "wakeups", put_wakeups, false }, { "preemptions", put_preemptions, false },
	{ "migrations", put_migrations, false }, { "wake_to_run_p50_us", put_wake_p50, false }, { "wake_to_run_p99_us", put_wake_p99, false },
	{ "wake_to_run_max_us", put_wake_max, false }, { "preempted_to_run_p50_us", put_preempted_p50, false },
	{ "preempted_to_run_p99_us", put_preempted_p99, false }, { "preempted_to_run_max_us", put_preempted_max, false },
	{ "domain_longest_starvation_s", put_starved, true }, { "domain_longest_starvation_at_s", put_starved_at, true },
	{ "waited_for_dom0_s", put_waited_dom0, true }, { "waited_for_idle_s", put_waited_idle, true }, { "waited_for_switch_s", put_waited_switch, true },
	{ "waited_for_unknown_s", put_waited_unknown, true }, { "waited_while_another_idle_s", put_waited_elsewhere, true },
	{ "domain_lag_s", put_lag, true }, { "domain_most_lag_s", put_most_lag, true }, { "domain_fell_behind_s", put_fell_behind, true },
	{ "domain_hypercalls", put_hypercalls, true }, { "domain_first_hypercall", put_hypercall, true },
	{ "domain_first_hypercall_count", put_hypercall_count, true }, { "domain_pv_entries", put_entries, true },
	{ "domain_hottest_place", put_place, true }, { "domain_hottest_place_count", put_place_count, true },
};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static void put_line(FILE *out, const struct line *line)
{
	for (size_t c = 0; c < COLUMNS; c++) {
		if (c > 0)
			fputc(',', out);
		if (!columns[c].of_why || !line->result->brief)
			columns[c].put(out, line);
	}
	fputs("\r\n", out);
}

bool report_csv(FILE *out, const struct result *result, const struct report_options *options)
{
	for (size_t c = 0; c < COLUMNS; c++)
		fprintf(out, "%s%s", c ? "," : "", columns[c].name);
	fputs("\r\n", out);
	for (size_t d = 0; d < result->domain_count; d++) {
		const struct result_domain *domain = &result->domains[d];
		for (size_t v = 0; v < domain->vcpu_count && report_shows(options, domain); v++)
			put_line(out, &(struct line){ result, domain, &domain->vcpus[v] });
	}
	return !ferror(out);
}
