/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/summary.h"

#include "analyzer/share.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- domains and vCPUs ---- */

static struct vcpu_account account_of(const struct account *account, size_t vcpu)
{
	return vcpu < account->vcpu_room ? account->vcpus[vcpu] : (struct vcpu_account){ 0 };
}

static void fill_vcpu(struct result *result, struct result_vcpu *out, const struct vcpu *vcpu, size_t index, const struct account *account, const struct fluid *fluid)
{
	struct vcpu_account row = account_of(account, index);

	*out = (struct result_vcpu){ .id = vcpu->id, .wakeups = row.wakeups, .preemptions = row.preemptions,
				     .migrations = row.migrations, .dispatches = row.dispatches,
				     .after_last = row.after_last };
	for (int state = 0; state < RUNSTATES; state++) {
		out->state_tsc[state] = row.state_tsc[state];
		out->before_dispatch_tsc[state] = row.before_dispatch_tsc[state];
		out->state_s[state] = (double)row.state_tsc[state] / (double)result->tsc_hz;
	}
	out->entitled_s = fluid_entitled_tsc(fluid, index) / (double)result->tsc_hz;
	for (int kind = 0; kind < WAIT_KINDS; kind++)
		out->wait[kind] = latency_of(&result->latency, index, (enum wait_kind)kind);
}

/* counted_s: what its vCPUs ran between the first and the last snapshot. */
static void fill_info(const struct result *result, struct result_domain *out, const struct domain_info *info, double counted_s)
{
	out->weight = WEIGHT_DEFAULT;
	out->xen_running_s = out->xen_window_s = out->running_in_xen_window_s = NAN;
	if (!info)
		return;
	memcpy(out->name, info->name, sizeof(out->name));
	out->weight_known = info->weight != WEIGHT_UNKNOWN;
	out->weight = out->weight_known ? info->weight : WEIGHT_DEFAULT;
	out->cap_percent = info->cap_percent;
	out->weight_changed = info->weight_changed;
	if (info->last_tsc > info->first_tsc && info->last_running_ns >= info->first_running_ns) {
		out->xen_running_s = (double)(info->last_running_ns - info->first_running_ns) / 1e9;
		out->xen_window_s = (double)(info->last_tsc - info->first_tsc) / (double)result->tsc_hz;
		if (result->whole && info->first_tsc == result->host.first_snapshot_tsc && info->last_tsc == result->host.last_snapshot_tsc)
			out->running_in_xen_window_s = counted_s;
	}
}

/* A vCPU that the snapshots know but no record names: it did not run; more is known only of one that could not. */
static void fill_silent_vcpu(struct result *result, struct result_vcpu *out, const struct domain_info *info, uint32_t id)
{
	enum runstate state = info->could_run >> id & 1 ? UNKNOWN : OFFLINE;

	*out = (struct result_vcpu){ .id = id };
	out->state_tsc[state] = result->length_tsc;
	out->state_s[state] = result->duration_s;
}

static int compare_domains(const void *a, const void *b)
{
	const struct result_domain *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return (x->generation > y->generation) - (x->generation < y->generation);
}

static bool fill_domain(struct result *result, const struct vcpus *vcpus, const struct domain *domain, const struct account *account, const struct fluid *fluid)
{
	size_t others;
	const struct domain_info *info = hostinfo_domain(&result->host, domain->id, domain->since_tsc, domain->until_tsc, &others);
	uint32_t ids = info && info->vcpus > domain->vcpu_ids ? info->vcpus : domain->vcpu_ids;
	struct result_domain *out = &result->domains[result->domain_count];
	uint64_t counted_tsc = 0;

	*out = (struct result_domain){ .id = domain->id, .generation = domain->generation, .merged_domains = others };
	out->vcpus = calloc(ids + 1, sizeof(*out->vcpus));
	if (!out->vcpus)
		return false;
	result->domain_count++;
	for (uint32_t id = 0; id < ids; id++) {
		int32_t index = id < domain->vcpu_ids ? domain->vcpu_by_id[id] : VCPU_NONE;
		struct result_vcpu *vcpu = &out->vcpus[out->vcpu_count];
		if (index != VCPU_NONE) {
			fill_vcpu(result, vcpu, &vcpus->vcpus[index], (size_t)index, account, fluid);
			counted_tsc += vcpu->state_tsc[RUNNING] - account_of(account, (size_t)index).uncounted_tsc;
		} else if (info && id < info->vcpus) {
			fill_silent_vcpu(result, vcpu, info, id);
		} else {
			continue;
		}
		for (int state = 0; state < RUNSTATES; state++)
			out->state_s[state] += vcpu->state_s[state];
		out->vcpu_count++;
	}
	fill_info(result, out, info, (double)counted_tsc / (double)result->tsc_hz);
	return true;
}

/* A domain's life by records is one that this snapshot's domain may have had. */
static bool may_be(const struct domain *domain, const struct domain_info *info)
{
	return domain->id == info->id && info->last_tsc >= domain->since_tsc && info->first_tsc <= domain->until_tsc;
}

static void mark_shown(const struct hostinfo *host, const struct domain *domain, bool *shown)
{
	for (size_t i = 0; i < host->domain_count; i++)
		shown[i] |= may_be(domain, &host->domains[i]);
}

/* A domain of the snapshots of whose vCPUs no record is: its life by records of its coming and going, or one that they
 * do not tell of, behind all others of its id. */
static struct domain silent_domain(const struct result *result, const struct vcpus *vcpus, const struct domain_info *info)
{
	struct domain silent = { .id = info->id, .since_tsc = info->first_tsc, .until_tsc = info->last_tsc };

	for (size_t i = 0; i < vcpus->domain_count; i++) {
		if (vcpus->domains[i].vcpu_ids == 0 && may_be(&vcpus->domains[i], info))
			return vcpus->domains[i];
		silent.generation += vcpus->domains[i].id == info->id;
	}
	for (size_t d = 0; d < result->domain_count; d++)
		if (result->domains[d].id == silent.id && result->domains[d].generation >= silent.generation)
			silent.generation = result->domains[d].generation + 1;
	return silent;
}

static bool fill_known_domains(struct result *result, const struct vcpus *vcpus, const struct account *account, const struct fluid *fluid, bool *shown)
{
	for (size_t i = 0; i < vcpus->domain_count; i++) {
		const struct domain *domain = &vcpus->domains[i];
		if (domain->id == DOMID_IDLE || domain->vcpu_ids == 0)
			continue;
		mark_shown(&result->host, domain, shown);
		if (!fill_domain(result, vcpus, domain, account, fluid))
			return false;
	}
	for (size_t i = 0; i < result->host.domain_count; i++) {
		const struct domain_info *info = &result->host.domains[i];
		struct domain silent;
		if (shown[i] || info->id >= DOMID_MAX)
			continue;
		silent = silent_domain(result, vcpus, info);
		mark_shown(&result->host, &silent, shown);
		if (!fill_domain(result, vcpus, &silent, account, fluid))
			return false;
	}
	return true;
}

static bool fill_domains(struct result *result, const struct vcpus *vcpus, const struct account *account, const struct fluid *fluid)
{
	bool *shown = calloc(result->host.domain_count + 1, sizeof(*shown)), done;

	result->domains = calloc(vcpus->domain_count + result->host.domain_count + 1, sizeof(*result->domains));
	done = shown && result->domains && fill_known_domains(result, vcpus, account, fluid, shown);
	free(shown);
	if (done)
		qsort(result->domains, result->domain_count, sizeof(*result->domains), compare_domains);
	return done;
}

/* ---- pCPUs and event classes ---- */

static bool fill_pcpus(struct result *result, const struct account *account, const struct stream *streams, size_t stream_count)
{
	result->pcpus = calloc(PCPU_MAX, sizeof(*result->pcpus));
	if (!result->pcpus)
		return false;
	for (uint32_t id = 0, stream = 0; id < PCPU_MAX; id++) {
		const struct pcpu_account *row = &account->pcpus[id];
		bool has_stream = stream < stream_count && streams[stream].pcpu == id;
		uint64_t known_tsc = row->busy_tsc + row->idle_tsc;
		struct result_pcpu *out = &result->pcpus[result->pcpu_count];
		if (has_stream)
			stream++;
		if (!has_stream && !row->seen && !hostinfo_traced(&result->host, id))
			continue;
		out->id = id;
		out->busy_s = (double)row->busy_tsc / (double)result->tsc_hz;
		out->idle_s = (double)row->idle_tsc / (double)result->tsc_hz;
		if (known_tsc < result->length_tsc) /* contradictory records can say that two ran at once */
			out->unknown_s = (double)(result->length_tsc - known_tsc) / (double)result->tsc_hz;
		result->pcpu_count++;
	}
	return true;
}

static struct result_class *class_named(struct result *result, const char *name)
{
	for (size_t i = 0; i < result->class_count; i++)
		if (strcmp(result->classes[i].name, name) == 0)
			return &result->classes[i];
	result->classes[result->class_count].name = name;
	return &result->classes[result->class_count++];
}

static void fill_classes(struct result *result, const struct stream *streams, size_t stream_count)
{
	for (size_t row = 0; row < event_count; row++) {
		uint64_t records = 0;
		for (size_t i = 0; i < stream_count; i++)
			records += streams[i].counts[row];
		if (records == 0 || events[row].kind == REC_WRAP)
			continue;
		class_named(result, events[row].event_class)->records += records;
		result->trust.records += records;
	}
}

/* ---- entitlement and fairness ---- */

static void fill_entitlements(struct result *result)
{
	double capacity_s = result->duration_s * (double)result->pcpu_count;

	for (size_t d = 0; d < result->domain_count; d++) {
		struct result_domain *domain = &result->domains[d];
		for (size_t v = 0; v < domain->vcpu_count; v++)
			domain->entitled_share += domain->vcpus[v].entitled_s / capacity_s;
		domain->share = domain->state_s[RUNNING] / capacity_s;
		domain->attained_over_entitled = domain->entitled_share > 0 ? domain->share / domain->entitled_share : NAN;
	}
}

/* Among the guests: Dom0 serves them and has no share of its own to be fair about. */
static bool fill_fairness(struct result *result)
{
	double *running_s = calloc(result->domain_count + 1, sizeof(*running_s));
	double *attained = calloc(result->domain_count + 1, sizeof(*attained));
	size_t count = 0;

	for (size_t d = 0; running_s && attained && d < result->domain_count; d++) {
		const struct result_domain *domain = &result->domains[d];
		if (domain->id == 0 || isnan(domain->attained_over_entitled))
			continue;
		running_s[count] = domain->state_s[RUNNING];
		attained[count++] = domain->attained_over_entitled;
	}
	if (running_s && attained) {
		result->jain = share_jain(running_s, count);
		result->jain_weighted = share_jain(attained, count);
		result->max_over_min = share_max_over_min(attained, count);
	}
	free(running_s);
	free(attained);
	return running_s && attained;
}

static void fill_known_share(struct result *result)
{
	double unknown_s = 0, all_s = 0;

	for (size_t d = 0; d < result->domain_count; d++)
		for (int state = 0; state < RUNSTATES; state++) {
			all_s += result->domains[d].state_s[state];
			unknown_s += state == UNKNOWN ? result->domains[d].state_s[state] : 0;
		}
	result->known_share = all_s > 0 ? 1 - unknown_s / all_s : 0;
}

bool summary_fill(struct result *result, const struct vcpus *vcpus, const struct account *account, const struct fluid *fluid,
		  const struct stream *streams, size_t stream_count)
{
	result->duration_s = (double)result->length_tsc / (double)result->tsc_hz;
	result->cut_off = result->format == FORMAT_CONTAINER && result->host.end_reason[0] == '\0';
	result->trust.full_buffers_at_end = result->host.buffers_full_at_end;
	fill_classes(result, streams, stream_count);
	if (!fill_domains(result, vcpus, account, fluid) || !fill_pcpus(result, account, streams, stream_count))
		return false;
	fill_entitlements(result);
	if (!fill_fairness(result))
		return false;
	fill_known_share(result);
	return true;
}
