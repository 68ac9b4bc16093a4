/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tracer/xen_batch.h"

#include "tracer/xen_headers.h"

#include <stdlib.h>
#include <string.h>

enum { QUESTIONS = 256, MAP_BITS = 64, XEN_PAGE_BYTES = 4096 };

/* In memory that Xen writes to. */
struct slot {
	struct xen_domctl domctl;
	uint64_t map;                /* for an affinity */
};

struct known_vcpu {
	bool known;
	struct xen_vcpu told;
};

struct known_domain {
	uint32_t id;
	bool weight_known;
	uint32_t weight, cap_percent;
	uint32_t vcpus;
	size_t first_vcpu;           /* in the batch's */
};

struct kind;

struct question {
	const struct kind *kind;
	size_t domain, vcpu;         /* who is told the answer: indices; vcpu is the batch's */
};

struct xen_batch {
	xencall_handle *call;
	multicall_entry_t *entries;
	struct slot *slots;
	struct question questions[QUESTIONS];
	unsigned asked;
	struct known_domain *domains;
	struct known_vcpu *vcpus;
	size_t domain_count, domain_room, vcpu_count, vcpu_room;
};

/* ---- the kinds of questions: how one is asked, and what becomes of its answer ---- */

static void ask_vcpu(struct slot *slot, uint32_t vcpu)
{
	slot->domctl.cmd = XEN_DOMCTL_getvcpuinfo;
	slot->domctl.u.getvcpuinfo.vcpu = vcpu;
}

static void tell_vcpu(const struct slot *slot, struct known_domain *domain, struct known_vcpu *vcpu)
{
	const struct xen_domctl_getvcpuinfo *info = &slot->domctl.u.getvcpuinfo;

	(void)domain;
	vcpu->known = true;
	vcpu->told.online = info->online;
	vcpu->told.pcpu = info->cpu;
	vcpu->told.running_ns = info->cpu_time;
}

static void ask_affinity(struct slot *slot, uint32_t vcpu)
{
	struct xen_domctl_vcpuaffinity *affinity = &slot->domctl.u.vcpuaffinity;

	slot->domctl.cmd = XEN_DOMCTL_getvcpuaffinity;
	affinity->vcpu = vcpu;
	affinity->flags = XEN_VCPUAFFINITY_HARD;
	set_xen_guest_handle_raw(affinity->cpumap_hard.bitmap, (uint8_t *)&slot->map);
	affinity->cpumap_hard.nr_bits = MAP_BITS;
}

static void tell_affinity(const struct slot *slot, struct known_domain *domain, struct known_vcpu *vcpu)
{
	(void)domain;
	vcpu->told.affinity = slot->map;
}

static void ask_weight(struct slot *slot, uint32_t scheduler)
{
	slot->domctl.cmd = XEN_DOMCTL_scheduler_op;
	slot->domctl.u.scheduler_op.sched_id = scheduler;
	slot->domctl.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_getinfo;
}

static void ask_credit(struct slot *slot, uint32_t vcpu)
{
	(void)vcpu;
	ask_weight(slot, XEN_SCHEDULER_CREDIT);
}

static void ask_credit2(struct slot *slot, uint32_t vcpu)
{
	(void)vcpu;
	ask_weight(slot, XEN_SCHEDULER_CREDIT2);
}

/* Both schedulers answer alike. */
_Static_assert(offsetof(struct xen_domctl_sched_credit, weight) == offsetof(struct xen_domctl_sched_credit2, weight) &&
	       offsetof(struct xen_domctl_sched_credit, cap) == offsetof(struct xen_domctl_sched_credit2, cap) &&
	       sizeof(struct xen_domctl_sched_credit) == sizeof(struct xen_domctl_sched_credit2), "credit and credit2 answer alike");

static void tell_weight(const struct slot *slot, struct known_domain *domain, struct known_vcpu *vcpu)
{
	const struct xen_domctl_sched_credit *parameters = &slot->domctl.u.scheduler_op.u.credit;

	(void)vcpu;
	domain->weight_known = true;
	domain->weight = parameters->weight;
	domain->cap_percent = parameters->cap;
}

/* A pool's scheduler refuses the other's question. */
static const struct kind {
	void (*ask)(struct slot *, uint32_t vcpu);
	void (*tell)(const struct slot *, struct known_domain *, struct known_vcpu *);
} of_domain[] = { { ask_credit, tell_weight }, { ask_credit2, tell_weight } },
  of_vcpu[] = { { ask_vcpu, tell_vcpu }, { ask_affinity, tell_affinity } };

/* ---- all of them ---- */

static size_t pages(size_t bytes)
{
	return (bytes + XEN_PAGE_BYTES - 1) / XEN_PAGE_BYTES;
}

struct xen_batch *xen_batch_new(struct xencall_handle *call)
{
	struct xen_batch *batch = calloc(1, sizeof(*batch));

	if (!batch)
		return NULL;
	batch->call = call;
	batch->entries = xencall_alloc_buffer_pages(call, pages(QUESTIONS * sizeof(*batch->entries)));
	batch->slots = xencall_alloc_buffer_pages(call, pages(QUESTIONS * sizeof(*batch->slots)));
	if (batch->entries && batch->slots)
		return batch;
	xen_batch_free(batch);
	return NULL;
}

void xen_batch_free(struct xen_batch *batch)
{
	if (batch->entries)
		xencall_free_buffer_pages(batch->call, batch->entries, pages(QUESTIONS * sizeof(*batch->entries)));
	if (batch->slots)
		xencall_free_buffer_pages(batch->call, batch->slots, pages(QUESTIONS * sizeof(*batch->slots)));
	free(batch->domains);
	free(batch->vcpus);
	free(batch);
}

/* One call for what was asked so far. */
static void ask_xen(struct xen_batch *batch)
{
	int status = batch->asked > 0 ? xencall2(batch->call, __HYPERVISOR_multicall, (uint64_t)(uintptr_t)batch->entries, batch->asked) : 0;

	for (unsigned i = 0; status == 0 && i < batch->asked; i++) {
		const struct question *question = &batch->questions[i];
		if (batch->entries[i].result == 0)
			question->kind->tell(&batch->slots[i], &batch->domains[question->domain], &batch->vcpus[question->vcpu]);
	}
	batch->asked = 0;
}

static void ask(struct xen_batch *batch, const struct kind *kind, size_t domain, size_t vcpu)
{
	struct slot *slot = &batch->slots[batch->asked];

	*slot = (struct slot){ .domctl = { .interface_version = XEN_DOMCTL_INTERFACE_VERSION, .domain = (domid_t)batch->domains[domain].id } };
	kind->ask(slot, (uint32_t)(vcpu - batch->domains[domain].first_vcpu));
	batch->entries[batch->asked] = (multicall_entry_t){ .op = __HYPERVISOR_domctl, .args = { (xen_ulong_t)(uintptr_t)&slot->domctl } };
	batch->questions[batch->asked] = (struct question){ kind, domain, vcpu };
	if (++batch->asked == QUESTIONS)
		ask_xen(batch);
}

/* The same with room for so many items, *room less without memory; what is there is forgotten. */
static void *make_room(void *at, size_t *room, size_t count, size_t bytes)
{
	if (count > *room) {
		free(at);
		at = calloc(count, bytes);
		*room = at ? count : 0;
	} else if (count > 0) {
		memset(at, 0, count * bytes);
	}
	return at;
}

static size_t sum_vcpus(const struct xen_domain *domains, int count)
{
	size_t vcpus = 0;

	for (int i = 0; i < count; i++)
		vcpus += domains[i].max_vcpu_id + 1;
	return vcpus;
}

void xen_batch_ask(struct xen_batch *batch, const struct xen_domain *domains, int count)
{
	size_t vcpus = sum_vcpus(domains, count);

	batch->domain_count = batch->vcpu_count = 0;
	batch->domains = make_room(batch->domains, &batch->domain_room, (size_t)count, sizeof(*batch->domains));
	batch->vcpus = make_room(batch->vcpus, &batch->vcpu_room, vcpus, sizeof(*batch->vcpus));
	if (batch->domain_room < (size_t)count || batch->vcpu_room < vcpus)
		return;
	for (; batch->domain_count < (size_t)count; batch->domain_count++) {
		struct known_domain *domain = &batch->domains[batch->domain_count];
		*domain = (struct known_domain){ .id = domains[batch->domain_count].id, .first_vcpu = batch->vcpu_count,
						 .vcpus = domains[batch->domain_count].max_vcpu_id + 1 };
		for (size_t k = 0; k < sizeof(of_domain) / sizeof(of_domain[0]); k++)
			ask(batch, &of_domain[k], batch->domain_count, domain->first_vcpu);
		for (; batch->vcpu_count < domain->first_vcpu + domain->vcpus; batch->vcpu_count++)
			for (size_t k = 0; k < sizeof(of_vcpu) / sizeof(of_vcpu[0]); k++)
				ask(batch, &of_vcpu[k], batch->domain_count, batch->vcpu_count);
	}
	ask_xen(batch);
}

static const struct known_domain *find(const struct xen_batch *batch, uint32_t id)
{
	for (size_t i = 0; i < batch->domain_count; i++)
		if (batch->domains[i].id == id)
			return &batch->domains[i];
	return NULL;
}

bool xen_batch_vcpu(const struct xen_batch *batch, uint32_t domain, uint32_t vcpu, struct xen_vcpu *out)
{
	const struct known_domain *known = find(batch, domain);

	if (!known || vcpu >= known->vcpus || !batch->vcpus[known->first_vcpu + vcpu].known)
		return false;
	*out = batch->vcpus[known->first_vcpu + vcpu].told;
	return true;
}

bool xen_batch_weight(const struct xen_batch *batch, uint32_t domain, uint32_t *weight, uint32_t *cap_percent)
{
	const struct known_domain *known = find(batch, domain);

	if (!known || !known->weight_known)
		return false;
	*weight = known->weight;
	*cap_percent = known->cap_percent;
	return true;
}
