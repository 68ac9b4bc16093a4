/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stable interface: fields may be added, never renamed.  Described in xtrace-fair(1). */
#include "analyzer/report_json.h"

#include <errno.h>

enum { SCHEMA = 1 };

/* "dom0_kernel" is its release, null where it was not recorded. */
static void set_kernel(json_t *trace, const struct result_kernel *kernel)
{
	const struct dom0_kernel_tally *tally = &kernel->tally;

	json_object_set_new(trace, "dom0_kernel", text_or_null(kernel->info.release));
	json_object_set_new(trace, "dom0_kernel_events", count(tally->events));
	json_object_set_new(trace, "dom0_kernel_outside", count(kernel->outside_events));
	json_object_set_new(trace, "dom0_kernel_unplaced", count(kernel->unplaced_events));
	json_object_set_new(trace, "dom0_kernel_missed", count(tally->missed_events));
	json_object_set_new(trace, "dom0_kernel_missed_places", count(tally->missed_places));
	json_object_set_new(trace, "dom0_kernel_dropped_pages", count(tally->dropped_pages));
	json_object_set_new(trace, "dom0_kernel_dropped_bytes", count(tally->dropped_bytes));
	json_object_set_new(trace, "dom0_kernel_unknown", count(tally->unknown_events));
	json_object_set_new(trace, "dom0_kernel_backward", count(tally->backward_events));
	json_object_set_new(trace, "dom0_kernel_damaged", count(tally->damaged_events));
	json_object_set_new(trace, "dom0_kernel_damaged_pages", count(tally->damaged_pages));
}

static json_t *trace_json(const struct result *result)
{
	const struct trust *trust = &result->trust;
	json_t *classes = json_object();
	json_t *trace = json_object();

	for (size_t i = 0; i < result->class_count; i++)
		json_object_set_new(classes, result->classes[i].name, count(result->classes[i].records));
	json_object_set_new(trace, "format", json_string(result->format == FORMAT_CONTAINER ? "xtrace" : "xentrace"));
	json_object_set_new(trace, "from_s", number(result->from_s));
	json_object_set_new(trace, "duration_s", number(result->duration_s));
	json_object_set_new(trace, "duration_tsc", count(result->length_tsc));
	json_object_set_new(trace, "pcpus", count(result->pcpu_count));
	json_object_set_new(trace, "records", count(trust->records));
	json_object_set_new(trace, "records_by_class", classes);
	json_object_set_new(trace, "lost_records", count(trust->lost_records));
	json_object_set_new(trace, "dropped_records", count(trust->dropped_records));
	json_object_set_new(trace, "dropped_snapshots", count(result->host.dropped_snapshots));
	json_object_set_new(trace, "unknown_records", count(trust->unknown_records));
	json_object_set_new(trace, "short_records", count(trust->short_records));
	json_object_set_new(trace, "invalid_records", count(trust->invalid_records));
	json_object_set_new(trace, "backward_records", count(trust->backward_records));
	json_object_set_new(trace, "reordered_records", count(trust->reordered_records));
	json_object_set_new(trace, "inconsistent_records", count(trust->inconsistent_records));
	json_object_set_new(trace, "damaged_bytes", count(trust->damaged_bytes));
	json_object_set_new(trace, "damaged_places", count(trust->damaged_places));
	json_object_set_new(trace, "full_buffers_at_end", count(trust->full_buffers_at_end));
	json_object_set_new(trace, "cut_off", json_boolean(result->cut_off));
	json_object_set_new(trace, "known_share", number(result->known_share));
	json_object_set_new(trace, "tsc_hz", count(result->tsc_hz));
	json_object_set_new(trace, "tsc_hz_source", json_string(result->tsc_hz_source));
	json_object_set_new(trace, "xen_version", text_or_null(result->host.xen_version));
	json_object_set_new(trace, "xen_command_line", text_or_null(result->host.xen_command_line));
	json_object_set_new(trace, "scheduler", text_or_null(result->host.scheduler));
	json_object_set_new(trace, "tracer_cpu_s", number((double)result->host.tracer_cpu_ns / 1e9));
	json_object_set_new(trace, "pv_unplaced_records", count(result->pv_unplaced_records));
	set_kernel(trace, &result->kernel);
	return trace;
}

json_t *report_json_wait(const struct result *result, const struct histogram *wait)
{
	static const struct { const char *key; double fraction; } quantiles[] = {
		{ "p50", 0.5 }, { "p90", 0.9 }, { "p99", 0.99 }, { "p999", 0.999 },
	};
	json_t *object = json_object();

	json_object_set_new(object, "count", count(wait ? wait->count : 0));
	for (size_t q = 0; q < sizeof(quantiles) / sizeof(quantiles[0]); q++)
		json_object_set_new(object, quantiles[q].key,
				    wait ? number(report_us(result, histogram_quantile_tsc(wait, quantiles[q].fraction))) : json_null());
	json_object_set_new(object, "max", wait ? number(report_us(result, wait->max_tsc)) : json_null());
	return object;
}

static void set_states(json_t *object, const double *state_s)
{
	for (int state = 0; state < RUNSTATES; state++) {
		char key[32];
		snprintf(key, sizeof(key), "%s_s", runstate_name[state]);
		json_object_set_new(object, key, number(state_s[state]));
	}
}

static json_t *stretch_json(const struct stretch *stretch)
{
	json_t *object = json_object();

	json_object_set_new(object, "state", json_string(runstate_name[stretch->state]));
	json_object_set_new(object, "length_tsc", count(stretch->length_tsc));
	return object;
}

static void set_cycles(json_t *object, const uint64_t state_tsc[RUNSTATES])
{
	for (int state = 0; state < RUNSTATES; state++) {
		char key[32];
		snprintf(key, sizeof(key), "%s_tsc", runstate_name[state]);
		json_object_set_new(object, key, count(state_tsc[state]));
	}
}

static json_t *vcpu_json(const struct result *result, const struct result_vcpu *vcpu)
{
	json_t *object = json_object(), *before_dispatch = json_object();

	json_object_set_new(object, "id", count(vcpu->id));
	set_states(object, vcpu->state_s);
	set_cycles(object, vcpu->state_tsc);
	set_cycles(before_dispatch, vcpu->before_dispatch_tsc);
	json_object_set_new(object, "before_dispatch", before_dispatch);
	json_object_set_new(object, "after_last", stretch_json(&vcpu->after_last));
	json_object_set_new(object, "entitled_s", number(vcpu->entitled_s));
	json_object_set_new(object, "wakeups", count(vcpu->wakeups));
	json_object_set_new(object, "preemptions", count(vcpu->preemptions));
	json_object_set_new(object, "migrations", count(vcpu->migrations));
	json_object_set_new(object, "dispatches", count(vcpu->dispatches));
	json_object_set_new(object, "wake_to_run_us", report_json_wait(result, vcpu->wait[WAIT_WAKE]));
	json_object_set_new(object, "preempted_to_run_us", report_json_wait(result, vcpu->wait[WAIT_PREEMPTED]));
	if (!result->brief) {
		report_json_waited(object, result, vcpu->waited_tsc, vcpu->elsewhere_tsc);
		report_json_vcpu_credit(object, vcpu);
	}
	return object;
}

static json_t *domain_json(const struct result *result, const struct result_domain *domain)
{
	json_t *object = json_object(), *vcpus = json_array();

	json_object_set_new(object, "id", count(domain->id));
	json_object_set_new(object, "generation", count(domain->generation));
	json_object_set_new(object, "name", text_or_null(domain->name));
	json_object_set_new(object, "weight", domain->weight_known ? count(domain->weight) : json_null());
	json_object_set_new(object, "merged_domains", count(domain->merged_domains));
	json_object_set_new(object, "weight_changed", json_boolean(domain->weight_changed));
	json_object_set_new(object, "cap", domain->weight_known ? count(domain->cap_percent) : json_null());
	set_states(object, domain->state_s);
	json_object_set_new(object, "share", number(domain->share));
	json_object_set_new(object, "entitled_share", number(domain->entitled_share));
	json_object_set_new(object, "attained_over_entitled", number(domain->attained_over_entitled));
	json_object_set_new(object, "xen_running_s", number(domain->xen_running_s));
	json_object_set_new(object, "running_in_xen_window_s", number(domain->running_in_xen_window_s));
	json_object_set_new(object, "xen_window_s", number(domain->xen_window_s));
	if (!result->brief) {
		json_object_set_new(object, "spread", report_json_domain_spread(result, domain));
		report_json_starvation(object, domain);
		report_json_lag(object, domain);
		report_json_boosts(object, result, domain);
		report_json_waited(object, result, domain->waited_tsc, domain->elsewhere_tsc);
	}
	for (size_t v = 0; v < domain->vcpu_count; v++)
		json_array_append_new(vcpus, vcpu_json(result, &domain->vcpus[v]));
	json_object_set_new(object, "vcpus", vcpus);
	return object;
}

static json_t *pcpus_json(const struct result *result)
{
	json_t *array = json_array();

	for (size_t i = 0; i < result->pcpu_count; i++) {
		json_t *object = json_object();
		json_object_set_new(object, "id", count(result->pcpus[i].id));
		json_object_set_new(object, "busy_s", number(result->pcpus[i].busy_s));
		json_object_set_new(object, "idle_s", number(result->pcpus[i].idle_s));
		json_object_set_new(object, "unknown_s", number(result->pcpus[i].unknown_s));
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *fairness_json(const struct result *result)
{
	json_t *object = json_object();

	json_object_set_new(object, "jain", number(result->jain));
	json_object_set_new(object, "jain_weighted", number(result->jain_weighted));
	json_object_set_new(object, "max_over_min", number(result->max_over_min));
	if (!result->brief) {
		report_json_windows(object, result);
		json_object_set_new(object, "spread", report_json_whole_spread(result, 0, WHOLE_ROW));
	}
	return object;
}

bool report_json(FILE *out, const struct result *result, const struct report_options *options)
{
	json_t *root, *domains;
	bool done;

	errno = 0; /* a member for which memory was short is missing; errno alone tells */
	root = json_object();
	domains = json_array();
	for (size_t d = 0; d < result->domain_count; d++)
		if (report_shows(options, &result->domains[d]))
			json_array_append_new(domains, domain_json(result, &result->domains[d]));
	json_object_set_new(root, "schema", json_integer(SCHEMA));
	if (!result->brief) {
		json_object_set_new(root, "verdict", report_json_verdict(result));
		json_object_set_new(root, "blocks", report_json_blocks(result));
	}
	json_object_set_new(root, "trace", trace_json(result));
	json_object_set_new(root, "domains", domains);
	json_object_set_new(root, "pcpus", pcpus_json(result));
	json_object_set_new(root, "fairness", fairness_json(result));
	if (!result->brief) {
		json_object_set_new(root, "dom0", report_json_dom0(result));
		json_object_set_new(root, "credit", report_json_credit(result));
		json_object_set_new(root, "hypervisor", report_json_xen_time(result, options));
		json_object_set_new(root, "pv", report_json_pv(result, options));
		json_object_set_new(root, "symbols", report_json_symbols(result));
		json_object_set_new(root, "causes", report_json_causes(result, options));
	}
	done = errno != ENOMEM && json_dumpf(root, out, JSON_INDENT(2) | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(12)) == 0 && fputc('\n', out) != EOF;
	json_decref(root);
	return done;
}
