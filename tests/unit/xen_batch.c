/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions to a Xen that is a function here: the hypercall that batches them, and what becomes of the answers. */
#include "tests/unit/unit.h"

#include "tracer/xen_batch.h"
#include "tracer/xen_headers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { DEAD_DOMAIN = 7, CREDIT2_DOMAIN = 8, OTHER_DOMAIN = 9, EXISTS_NOT = -3 /* as Xen says it: ESRCH */ };

struct xencall_handle {
	unsigned calls, refused;     /* refused: the so many-th call fails; 0: none */
};

void *xencall_alloc_buffer_pages(xencall_handle *call, size_t pages)
{
	(void)call;
	return calloc(pages, 4096);
}

void xencall_free_buffer_pages(xencall_handle *call, void *pages, size_t count)
{
	(void)call, (void)count;
	free(pages);
}

/* A vCPU's numbers follow from who it is. */
static uint64_t number_of(uint32_t domain, uint32_t vcpu)
{
	return 1000000007u * domain + vcpu;
}

static int answer_weight(struct xen_domctl *domctl)
{
	struct xen_domctl_scheduler_op *op = &domctl->u.scheduler_op;

	if (op->cmd != XEN_DOMCTL_SCHEDOP_getinfo || domctl->domain == OTHER_DOMAIN ||
	    (op->sched_id == XEN_SCHEDULER_CREDIT2) != (domctl->domain == CREDIT2_DOMAIN))
		return -EINVAL;
	if (op->sched_id == XEN_SCHEDULER_CREDIT)
		op->u.credit = (struct xen_domctl_sched_credit){ .weight = (uint16_t)(256 + domctl->domain), .cap = 20 };
	else
		op->u.credit2 = (struct xen_domctl_sched_credit2){ .weight = 512, .cap = 30 };
	return 0;
}

static int answer(struct xen_domctl *domctl)
{
	if (domctl->interface_version != XEN_DOMCTL_INTERFACE_VERSION)
		return -EACCES;
	if (domctl->domain == DEAD_DOMAIN)
		return EXISTS_NOT;
	if (domctl->cmd == XEN_DOMCTL_scheduler_op)
		return answer_weight(domctl);
	if (domctl->cmd == XEN_DOMCTL_getvcpuinfo) {
		struct xen_domctl_getvcpuinfo *info = &domctl->u.getvcpuinfo;
		info->online = info->vcpu % 2 == 0;
		info->cpu = info->vcpu + 1;
		info->cpu_time = number_of(domctl->domain, info->vcpu);
		return 0;
	}
	if (domctl->cmd == XEN_DOMCTL_getvcpuaffinity && domctl->u.vcpuaffinity.flags == XEN_VCPUAFFINITY_HARD &&
	    domctl->u.vcpuaffinity.cpumap_hard.nr_bits == 64) {
		uint64_t map = ~number_of(domctl->domain, domctl->u.vcpuaffinity.vcpu);
		void *at;
		memcpy(&at, &domctl->u.vcpuaffinity.cpumap_hard.bitmap, sizeof(at));
		memcpy(at, &map, sizeof(map));
		return 0;
	}
	return -ENOSYS;
}

int xencall2(xencall_handle *call, unsigned int op, uint64_t entries, uint64_t count)
{
	multicall_entry_t *entry = (multicall_entry_t *)(uintptr_t)entries;

	assert_int_equal(op, __HYPERVISOR_multicall);
	if (++call->calls == call->refused)
		return -1;
	for (uint64_t i = 0; i < count; i++) {
		assert_int_equal(entry[i].op, __HYPERVISOR_domctl);
		entry[i].result = (xen_ulong_t)answer((struct xen_domctl *)(uintptr_t)entry[i].args[0]);
	}
	return 0;
}

static void assert_vcpu(const struct xen_batch *batch, uint32_t domain, uint32_t vcpu)
{
	struct xen_vcpu told;

	if (!xen_batch_vcpu(batch, domain, vcpu, &told))
		fail_msg("nothing is known of vCPU %u of domain %u", vcpu, domain);
	assert_int_equal(told.online, vcpu % 2 == 0);
	assert_int_equal(told.pcpu, vcpu + 1);
	assert_int_equal(told.running_ns, number_of(domain, vcpu));
	assert_int_equal(told.affinity, ~number_of(domain, vcpu));
}

static void some_domains(void **state)
{
	const struct xen_domain domains[] = { { .id = 0, .max_vcpu_id = 1 }, { .id = DEAD_DOMAIN }, { .id = CREDIT2_DOMAIN, .max_vcpu_id = 3 },
					      { .id = OTHER_DOMAIN } };
	struct xencall_handle xen = { 0 };
	struct xen_batch *batch = xen_batch_new(&xen);
	uint32_t weight, cap_percent;
	struct xen_vcpu told;

	(void)state;
	xen_batch_ask(batch, domains, ROWS(domains));
	assert_int_equal(xen.calls, 1);
	for (uint32_t vcpu = 0; vcpu < 2; vcpu++)
		assert_vcpu(batch, 0, vcpu);
	assert_false(xen_batch_vcpu(batch, 0, 2, &told));
	assert_true(xen_batch_weight(batch, 0, &weight, &cap_percent));
	assert_int_equal(weight, 256);
	assert_int_equal(cap_percent, 20);
	assert_false(xen_batch_vcpu(batch, DEAD_DOMAIN, 0, &told));
	assert_false(xen_batch_weight(batch, DEAD_DOMAIN, &weight, &cap_percent));
	for (uint32_t vcpu = 0; vcpu < 4; vcpu++)
		assert_vcpu(batch, CREDIT2_DOMAIN, vcpu);
	assert_true(xen_batch_weight(batch, CREDIT2_DOMAIN, &weight, &cap_percent));
	assert_int_equal(weight, 512);
	assert_int_equal(cap_percent, 30);
	assert_vcpu(batch, OTHER_DOMAIN, 0);
	assert_false(xen_batch_weight(batch, OTHER_DOMAIN, &weight, &cap_percent));
	assert_false(xen_batch_vcpu(batch, 1234, 0, &told));
	xen_batch_free(batch);
}

/* More questions than one call takes, and from one time to the next more domains, and fewer. */
static void many_domains(void **state)
{
	enum { MOST = 300 };
	static const int counts[] = { 3, MOST, 100, 0, 1 };
	static struct xen_domain domains[MOST];
	struct xencall_handle xen = { 0 };
	struct xen_batch *batch = xen_batch_new(&xen);
	struct xen_vcpu told;

	(void)state;
	for (uint32_t i = 0; i < MOST; i++)
		domains[i] = (struct xen_domain){ .id = 100 + i, .max_vcpu_id = i % 5 };
	for (size_t row = 0; row < ROWS(counts); row++) {
		unsigned calls_before = xen.calls, questions = 0;
		xen_batch_ask(batch, domains, counts[row]);
		for (int i = 0; i < counts[row]; i++) {
			questions += 2 + 2 * (domains[i].max_vcpu_id + 1);
			for (uint32_t vcpu = 0; vcpu <= domains[i].max_vcpu_id; vcpu++)
				assert_vcpu(batch, domains[i].id, vcpu);
		}
		assert_int_equal(xen.calls - calls_before, (questions + 255) / 256);
		if (counts[row] < MOST)
			assert_false(xen_batch_vcpu(batch, domains[counts[row]].id, 0, &told));
	}
	xen_batch_free(batch);
}

/* What was in the call that failed is not known, and the rest is. */
static void a_call_fails(void **state)
{
	enum { COUNT = 128 };        /* of 4 questions each: two calls */
	static struct xen_domain domains[COUNT];
	struct xencall_handle xen = { .refused = 1 };
	struct xen_batch *batch = xen_batch_new(&xen);
	uint32_t weight, cap_percent;
	struct xen_vcpu told;

	(void)state;
	for (uint32_t i = 0; i < COUNT; i++)
		domains[i] = (struct xen_domain){ .id = 100 + i };
	xen_batch_ask(batch, domains, COUNT);
	assert_int_equal(xen.calls, 2);
	assert_false(xen_batch_vcpu(batch, 100, 0, &told));
	assert_false(xen_batch_weight(batch, 163, &weight, &cap_percent));
	assert_vcpu(batch, 164, 0);
	xen_batch_ask(batch, domains, COUNT);
	assert_vcpu(batch, 100, 0);
	xen_batch_free(batch);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(some_domains),
		cmocka_unit_test(many_domains),
		cmocka_unit_test(a_call_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
