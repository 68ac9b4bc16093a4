/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/dom0.h"

#include "analyzer/analysis.h"
#include "analyzer/share.h"
#include "analyzer/top.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double moved_least_mb = 0.1; /* fewer bytes are not what a guest is there for */

const char *const charge_way_name[CHARGE_WAYS] = {
	[BY_KERNEL] = "Dom0's kernel's events", [BY_RECORDS] = "grant copies and event sends", [BY_ORDER] = "the order of Xen's stock records",
};

bool dom0_init(struct dom0 *dom0, const struct runners *runners, const struct dom0_kernel_info *info, uint64_t from_tsc, uint64_t to_tsc,
	       uint64_t tsc_hz)
{
	*dom0 = (struct dom0){ .vcpus = runners->vcpus };
	xen_time_init(&dom0->xen_time, runners->vcpus, from_tsc, to_tsc);
	if (!dom0_ledger_init(&dom0->ledger, info, from_tsc, to_tsc, tsc_hz))
		return false;
	dom0_evidence_init(&dom0->evidence, runners, from_tsc, to_tsc, dom0->ledger.share_tsc);
	return true;
}

void dom0_free(struct dom0 *dom0)
{
	dom0_ledger_free(&dom0->ledger);
	dom0_evidence_free(&dom0->evidence);
	xen_time_free(&dom0->xen_time);
}

void dom0_change(struct dom0 *dom0, size_t vcpu, uint64_t tsc, enum runstate state)
{
	const struct vcpus *vcpus = dom0->vcpus;
	const struct vcpu *row = &vcpus->vcpus[vcpu];

	if (dom0->ledger.info->cpus > 0 && vcpus->domains[row->domain].id == 0) /* else there is no event to charge its time to */
		dom0_ledger_run(&dom0->ledger, row->id, tsc, state == RUNNING);
}

void dom0_domain(struct dom0 *dom0, uint32_t domain_id)
{
	if (domain_id < DOMID_IDLE && dom0->vcpus->domain_by_id[domain_id] >= 0)
		dom0_ledger_domain(&dom0->ledger, domain_id, dom0->vcpus->domains[dom0->vcpus->domain_by_id[domain_id]].generation);
}

void dom0_interval(struct dom0 *dom0, const struct interval *interval)
{
	dom0_evidence_interval(&dom0->evidence, interval);
}

bool dom0_out_of_memory(const struct dom0 *dom0)
{
	return dom0->evidence.out_of_memory || dom0->xen_time.out_of_memory || dom0->ledger.out_of_memory;
}

void dom0_note(struct dom0 *dom0, const struct rec *rec)
{
	if (rec->kind == REC_XEN_TIME)
		xen_time_note(&dom0->xen_time, rec);
	else
		dom0_evidence_note(&dom0->evidence, rec);
}

void dom0_event(struct dom0 *dom0, const struct dom0_event *event)
{
	dom0_ledger_event(&dom0->ledger, event);
}

void dom0_finish(struct dom0 *dom0, uint64_t end_tsc)
{
	dom0_ledger_finish(&dom0->ledger, end_tsc);
	dom0->bins = series_reach(&dom0->ledger.by_entry, end_tsc);
	series_reach(&dom0->ledger.shared, end_tsc);
	series_reach(&dom0->evidence.by_order.series, end_tsc);
	series_reach(&dom0->evidence.by_records.series, end_tsc);
}

/* ---- the result ---- */

static double seconds(const struct result *result, uint64_t tsc)
{
	return (double)tsc / (double)result->tsc_hz;
}

static int32_t index_of(const struct dom0 *dom0, const struct result_domain *domain)
{
	return vcpus_domain_index(dom0->vcpus, domain->id, domain->generation);
}

static const struct dom0_guest *ledger_guest(const struct dom0_ledger *ledger, uint32_t id, uint32_t generation)
{
	for (size_t i = 0; i < ledger->guest_count; i++)
		if (ledger->guests[i].domain_id == id && ledger->guests[i].generation == generation)
			return &ledger->guests[i];
	return NULL;
}

static void fill_by_kernel(const struct dom0 *dom0, const struct result *result, struct result_dom0_guest *out)
{
	const struct result_domain *domain = &result->domains[out->domain];
	const struct dom0_guest *guest = ledger_guest(&dom0->ledger, domain->id, domain->generation);

	out->by_s[BY_KERNEL] = 0;
	for (int part = 0; part < DOM0_PARTS; part++) {
		out->part_s[part] = seconds(result, dom0_ledger_guest_tsc(&dom0->ledger, domain->id, domain->generation, (enum dom0_part)part));
		out->by_s[BY_KERNEL] += out->part_s[part];
	}
	out->shared_io_s = guest ? seconds(result, guest->shared_tsc) : 0;
	out->to_bytes = guest ? guest->to_bytes : 0;
	out->from_bytes = guest ? guest->from_bytes : 0;
	out->to_packets = guest ? guest->to_packets : 0;
	out->from_packets = guest ? guest->from_packets : 0;
}

static double charged_s(const struct result *result, const struct charge *charge, int32_t index)
{
	return index < 0 ? 0 : seconds(result, charge_of_tsc(charge, (size_t)index));
}

static void fill_guest(const struct dom0 *dom0, const struct result *result, size_t d, struct result_dom0_guest *out)
{
	const struct result_dom0 *all = &result->dom0;
	int32_t index = index_of(dom0, &result->domains[d]);
	double moved_mb;

	*out = (struct result_dom0_guest){ .domain = d, .by_s = { NAN, NAN, NAN }, .shared_io_s = NAN };
	if (all->way_known[BY_KERNEL])
		fill_by_kernel(dom0, result, out);
	if (all->way_known[BY_RECORDS])
		out->by_s[BY_RECORDS] = charged_s(result, &dom0->evidence.by_records, index);
	if (all->way_known[BY_ORDER])
		out->by_s[BY_ORDER] = charged_s(result, &dom0->evidence.by_order, index);
	out->served_s = out->by_s[all->best] + (all->best == BY_KERNEL ? out->shared_io_s : 0);
	out->aggregate_s = result->domains[d].state_s[RUNNING] + out->served_s;
	moved_mb = (double)(out->to_bytes + out->from_bytes) / 1e6;
	out->cpu_ms_per_mb = moved_mb >= moved_least_mb ? 1e3 * out->aggregate_s / moved_mb : NAN;
}

double dom0_charged_tsc(const struct dom0 *dom0, size_t domain, double *by_way_tsc)
{
	uint32_t id = dom0->vcpus->domains[domain].id, generation = dom0->vcpus->domains[domain].generation;
	const struct dom0_guest *guest = ledger_guest(&dom0->ledger, id, generation);

	by_way_tsc[BY_KERNEL] = 0;
	for (int part = 0; part < DOM0_PARTS; part++)
		by_way_tsc[BY_KERNEL] += (double)dom0_ledger_guest_tsc(&dom0->ledger, id, generation, (enum dom0_part)part);
	by_way_tsc[BY_RECORDS] = (double)charge_of_tsc(&dom0->evidence.by_records, domain);
	by_way_tsc[BY_ORDER] = (double)charge_of_tsc(&dom0->evidence.by_order, domain);
	return guest ? (double)guest->shared_tsc : 0;
}

/* ---- rows ---- */

static uint64_t dom0_running_tsc(const struct result *result)
{
	uint64_t sum_tsc = 0;

	for (size_t d = 0; d < result->domain_count; d++)
		for (size_t v = 0; result->domains[d].id == 0 && v < result->domains[d].vcpu_count; v++)
			sum_tsc += result->domains[d].vcpus[v].state_tsc[RUNNING];
	return sum_tsc;
}

/* Where records contradict each other, Dom0 is found not to have run where its kernel's events were charged already.  Rows of more than it ran say nothing. */
static bool kernel_fits(const struct dom0 *dom0, const struct result_dom0 *out)
{
	uint64_t charged_tsc = 0;

	for (int row = 0; row < DOM0_UNATTRIBUTED; row++)
		charged_tsc += dom0_ledger_row_tsc(&dom0->ledger, (enum dom0_row)row);
	return charged_tsc <= out->running_tsc;
}

/* Nothing vanishes: what no row has, for Dom0 was found to have run there only later, is unattributed. */
static void close_rows(struct result_dom0 *out)
{
	uint64_t others_tsc = 0;

	for (int row = 0; row < DOM0_ROWS; row++)
		others_tsc += row == DOM0_UNATTRIBUTED ? 0 : out->row_tsc[row];
	out->row_tsc[DOM0_UNATTRIBUTED] = out->running_tsc > others_tsc ? out->running_tsc - others_tsc : 0;
}

static const struct charge *charge_by(const struct dom0 *dom0, enum charge_way way)
{
	return way == BY_RECORDS ? &dom0->evidence.by_records : &dom0->evidence.by_order;
}

static uint64_t all_charged_tsc(const struct charge *charge)
{
	uint64_t sum_tsc = 0;

	for (size_t d = 0; d < charge->domain_room; d++)
		sum_tsc += charge_of_tsc(charge, d);
	return sum_tsc;
}

static void fill_rows(const struct dom0 *dom0, struct result *result)
{
	struct result_dom0 *out = &result->dom0;

	for (int row = 0; row < DOM0_ROWS && out->best == BY_KERNEL; row++)
		out->row_tsc[row] = dom0_ledger_row_tsc(&dom0->ledger, (enum dom0_row)row);
	if (out->best != BY_KERNEL)
		out->row_tsc[DOM0_GUEST] = all_charged_tsc(charge_by(dom0, out->best));
	close_rows(out);
	for (int row = 0; row < DOM0_ROWS; row++)
		out->row_s[row] = out->best == BY_KERNEL || row == DOM0_GUEST || row == DOM0_UNATTRIBUTED ? seconds(result, out->row_tsc[row]) : NAN;
	out->unshared_s = out->best == BY_KERNEL ? seconds(result, dom0->ledger.unshared_tsc) : NAN;
	for (int way = 0; way < CHARGE_WAYS; way++)
		out->uncharged_s[way] = !out->way_known[way] ? NAN : way == BY_KERNEL
			? seconds(result, out->running_tsc - out->row_tsc[DOM0_GUEST])
			: seconds(result, out->running_tsc) - seconds(result, all_charged_tsc(charge_by(dom0, (enum charge_way)way)));
}

static double name_s(const void *row)
{
	return ((const struct result_dom0_name *)row)->seconds;
}

/* The greatest entries of no guest. */
static void fill_names(const struct dom0 *dom0, struct result *result)
{
	struct result_dom0 *out = &result->dom0;
	struct top top = { out->names, sizeof(out->names[0]), RESULT_NAMES, 0, name_s };

	for (size_t i = 0; out->way_known[BY_KERNEL] && i < dom0->ledger.entry_count; i++) {
		const struct dom0_entry *entry = &dom0->ledger.entries[i];
		struct result_dom0_name name = { .part = entry->part, .row = entry->role.row, .seconds = seconds(result, entry->tsc) };
		if (entry->role.row == DOM0_GUEST || entry->role.row == DOM0_UNATTRIBUTED || entry->tsc == 0)
			continue;
		memcpy(name.name, entry->name, sizeof(name.name));
		top_offer(&top, &name);
	}
	out->name_count = top.count;
}

/* ---- over time ---- */

static struct result_dom0_guest *guest_of_id(struct result *result, uint32_t domain_id, uint32_t generation)
{
	struct result_dom0 *dom0 = &result->dom0;

	for (size_t i = 0; i < dom0->guest_count; i++)
		if (result->domains[dom0->guests[i].domain].id == domain_id && result->domains[dom0->guests[i].domain].generation == generation)
			return &dom0->guests[i];
	return NULL;
}

/* What lies beyond the last whole bin goes to that. */
static void add_row(const struct result *result, double *at_s, const struct series *series, size_t row)
{
	size_t last = result->dom0.bins - 1;

	for (size_t bin = 0; at_s && bin < SERIES_BINS; bin++)
		at_s[bin < last ? bin : last] += seconds(result, series_at(series, row, bin));
}

static void fill_at_by_kernel(const struct dom0_ledger *ledger, struct result *result)
{
	struct result_dom0 *out = &result->dom0;

	for (size_t i = 0; i < ledger->entry_count; i++) {
		const struct dom0_role *role = &ledger->entries[i].role;
		struct result_dom0_guest *guest = role->row == DOM0_GUEST ? guest_of_id(result, role->domain_id, ledger->entries[i].generation) : NULL;
		if (role->row != DOM0_SHARED_IO) /* which is shared out */
			add_row(result, guest ? guest->at_s : out->row_at_s[role->row], &ledger->by_entry, i);
	}
	for (size_t i = 0; i < ledger->guest_count; i++) {
		struct result_dom0_guest *guest = guest_of_id(result, ledger->guests[i].domain_id, ledger->guests[i].generation);
		add_row(result, guest ? guest->at_s : out->row_at_s[DOM0_SHARED_IO], &ledger->shared, DOM0_SHARED_GUESTS + i);
	}
	add_row(result, out->row_at_s[DOM0_SHARED_IO], &ledger->shared, DOM0_UNSHARED);
}

static void fill_at_by_charge(const struct dom0 *dom0, const struct charge *charge, struct result *result)
{
	struct result_dom0 *out = &result->dom0;

	for (size_t i = 0; i < out->guest_count; i++) {
		int32_t index = index_of(dom0, &result->domains[out->guests[i].domain]);
		if (index >= 0)
			add_row(result, out->guests[i].at_s, &charge->series, CHARGE_DOMAINS + (size_t)index);
	}
	add_row(result, out->row_at_s[DOM0_UNATTRIBUTED], &charge->series, CHARGE_NOBODY);
}

static bool fill_at(const struct dom0 *dom0, struct result *result)
{
	struct result_dom0 *out = &result->dom0;
	bool done = true;

	out->bins = dom0->bins > 1 ? dom0->bins - 1 : 1;
	out->bin_s = seconds(result, dom0->ledger.by_entry.bin_tsc);
	for (int row = 0; row < DOM0_ROWS; row++)
		if (!isnan(out->row_s[row]) && !(out->row_at_s[row] = calloc(out->bins, sizeof(double))))
			done = false;
	for (size_t i = 0; i < out->guest_count; i++)
		if (!(out->guests[i].at_s = calloc(out->bins, sizeof(double))))
			done = false;
	if (done && out->best == BY_KERNEL)
		fill_at_by_kernel(&dom0->ledger, result);
	else if (done)
		fill_at_by_charge(dom0, charge_by(dom0, out->best), result);
	return done;
}

/* What a guest was charged by the best way. */
static uint64_t charged_tsc(const struct dom0 *dom0, const struct result *result, const struct result_domain *domain)
{
	int32_t index = index_of(dom0, domain);
	uint64_t sum_tsc = 0;

	if (result->dom0.best != BY_KERNEL)
		return index < 0 ? 0 : charge_of_tsc(charge_by(dom0, result->dom0.best), (size_t)index);
	for (int part = 0; part < DOM0_PARTS; part++)
		sum_tsc += dom0_ledger_guest_tsc(&dom0->ledger, domain->id, domain->generation, (enum dom0_part)part);
	return sum_tsc;
}

/* What was charged to guests that the trace otherwise does not know of. */
static void fill_strangers(const struct dom0 *dom0, struct result *result)
{
	struct result_dom0 *out = &result->dom0;
	uint64_t strangers_tsc = out->row_tsc[DOM0_GUEST];

	for (size_t i = 0; out->guests && i < out->guest_count; i++)
		strangers_tsc -= charged_tsc(dom0, result, &result->domains[out->guests[i].domain]);
	out->strangers_s = seconds(result, strangers_tsc);
}

static bool fill_fairness(struct result *result)
{
	struct result_dom0 *out = &result->dom0;
	double *own_s = calloc(out->guest_count + 1, sizeof(*own_s)), *aggregate_s = calloc(out->guest_count + 1, sizeof(*aggregate_s));

	for (size_t i = 0; own_s && aggregate_s && i < out->guest_count; i++) {
		own_s[i] = result->domains[out->guests[i].domain].state_s[RUNNING];
		aggregate_s[i] = out->guests[i].aggregate_s;
	}
	if (own_s && aggregate_s) {
		out->jain_own = share_jain(own_s, out->guest_count);
		out->jain_aggregate = share_jain(aggregate_s, out->guest_count);
	}
	free(own_s);
	free(aggregate_s);
	return own_s && aggregate_s;
}

/* ---- the hypervisor ---- */

static double kind_s(const void *row)
{
	return ((const struct result_xen_kind *)row)->seconds;
}

/* What Xen used of a domain's time, and for what most. */
static void fill_kinds(const struct result *result, struct result_xen_time *out, const struct xen_time_row *row)
{
	struct top top = { out->kinds, sizeof(out->kinds[0]), RESULT_XEN_KINDS, 0, kind_s };

	for (unsigned kind = XEN_TIME_GUEST + 1; kind < XEN_TIME_KINDS; kind++) {
		struct result_xen_kind one = { .kind = kind, .seconds = seconds(result, row->tsc[kind]), .count = row->count[kind] };
		out->xen_s += one.seconds;
		if (row->tsc[kind] > 0)
			top_offer(&top, &one);
	}
	out->kind_count = top.count;
}

static bool fill_xen_time(const struct dom0 *dom0, struct result *result)
{
	if (dom0->xen_time.records == 0)
		return true;
	result->xen_times = calloc(result->domain_count + 1, sizeof(*result->xen_times));
	for (size_t d = 0; result->xen_times && d < result->domain_count; d++) {
		int32_t index = index_of(dom0, &result->domains[d]);
		const struct xen_time_row *row = index < 0 ? NULL : xen_time_of(&dom0->xen_time, (size_t)index);
		struct result_xen_time *out = &result->xen_times[result->xen_time_count];
		if (!row)
			continue;
		out->domain = d;
		out->guest_s = seconds(result, row->tsc[XEN_TIME_GUEST]);
		fill_kinds(result, out, row);
		out->covered_share = (out->guest_s + out->xen_s) / result->domains[d].state_s[RUNNING];
		result->xen_time_count += out->guest_s > 0 || out->kind_count > 0; /* it was heard of */
	}
	return result->xen_times != NULL;
}

/* How far the ways are apart. */
static void fill_spread(struct result *result)
{
	struct result_dom0 *out = &result->dom0;
	double by_kernel_s = 0, by_way_s;

	for (size_t i = 0; i < out->guest_count; i++)
		by_kernel_s += out->guests[i].by_s[BY_KERNEL] + out->guests[i].shared_io_s;
	for (int way = BY_RECORDS; way < CHARGE_WAYS; way++) {
		by_way_s = 0;
		for (size_t i = 0; i < out->guest_count; i++)
			by_way_s += out->guests[i].by_s[way];
		out->over_kernel[way] = by_kernel_s > 0 ? by_way_s / by_kernel_s : NAN; /* NAN, too, if one of the sums is */
	}
}

/* Who kept the pCPUs busy. */
static void fill_busy(struct result *result)
{
	struct result_dom0 *out = &result->dom0;

	for (size_t i = 0; i < result->pcpu_count; i++)
		out->busy_s += result->pcpus[i].busy_s;
	out->xen_in_guests_s = result->xen_time_count > 0 ? 0 : NAN;
	for (size_t i = 0; i < result->xen_time_count; i++)
		if (result->domains[result->xen_times[i].domain].id != 0)
			out->xen_in_guests_s += result->xen_times[i].xen_s;
}

void dom0_result_free(struct result_dom0 *out)
{
	for (size_t i = 0; i < out->guest_count; i++)
		free(out->guests[i].at_s);
	free(out->guests);
	for (int row = 0; row < DOM0_ROWS; row++)
		free(out->row_at_s[row]);
	for (size_t i = 0; i < DOM0_WORDS; i++)
		free(out->words[i]);
}

bool dom0_fill(const struct dom0 *dom0, struct result *result)
{
	struct result_dom0 *out = &result->dom0;

	out->running_tsc = dom0_running_tsc(result);
	out->running_s = seconds(result, out->running_tsc);
	out->known = result->domain_count > 0 && result->domains[0].id == 0;
	if (!out->known)
		return true;
	out->xentop_percent = 100 * result->domains[0].xen_running_s / result->domains[0].xen_window_s;
	out->xentop_difference_s = result->domains[0].running_in_xen_window_s - result->domains[0].xen_running_s;
	out->xentop_difference_percent = result->domains[0].xen_running_s > 0 ? 100 * out->xentop_difference_s / result->domains[0].xen_running_s : NAN;
	out->kernel_misfits = !kernel_fits(dom0, out);
	out->way_known[BY_KERNEL] = result->kernel.tally.events > 0 && !out->kernel_misfits;
	out->way_known[BY_RECORDS] = dom0->evidence.sends > 0 || dom0->evidence.copied_bytes > 0;
	out->way_known[BY_ORDER] = dom0->evidence.by_order.kicks + dom0->evidence.by_order.pieces > 0;
	while (out->best < BY_ORDER && !out->way_known[out->best])
		out->best++;
	fill_rows(dom0, result);
	fill_names(dom0, result);
	out->guests = calloc(result->domain_count + 1, sizeof(*out->guests));
	for (size_t d = 0; out->guests && d < result->domain_count; d++)
		if (result->domains[d].id != 0)
			fill_guest(dom0, result, d, &out->guests[out->guest_count++]);
	if (!out->guests || !fill_at(dom0, result) || !fill_fairness(result) || !fill_xen_time(dom0, result))
		return false;
	fill_strangers(dom0, result);
	fill_spread(result);
	fill_busy(result);
	return true;
}
