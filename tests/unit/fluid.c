/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a fluid scheduler gives, moment by moment; times are cycles. */
#include "tests/unit/unit.h"

#include "analyzer/fluid.h"

#include <math.h>

enum { VCPUS = 4 };

/* vCPU i is the only one of domain i + 1; the idle one comes last. */
struct host {
	struct domain domains[VCPUS];
	struct vcpu vcpus_[VCPUS];
	struct vcpus vcpus;
	struct domain_info infos[VCPUS - 1];
	struct hostinfo info;
	struct fluid fluid;
};

static void host_begin(struct host *host, size_t pcpus, const uint32_t *weights, const uint32_t *caps)
{
	*host = (struct host){ 0 };
	for (uint32_t i = 0; i < VCPUS; i++) {
		host->domains[i].id = i + 1 < VCPUS ? i + 1 : DOMID_IDLE;
		host->vcpus_[i].domain = i;
		host->vcpus_[i].is_idle = i + 1 == VCPUS;
	}
	for (uint32_t i = 0; i + 1 < VCPUS; i++)
		host->infos[i] = (struct domain_info){ .id = i + 1, .weight = weights[i], .cap_percent = caps[i] };
	host->vcpus = (struct vcpus){ .domains = host->domains, .domain_count = VCPUS, .vcpus = host->vcpus_, .vcpu_count = VCPUS };
	host->info = (struct hostinfo){ .domains = host->infos, .domain_count = VCPUS - 1 };
	fluid_init(&host->fluid, &host->info, &host->vcpus, pcpus);
}

static void assert_entitled(const struct host *host, size_t vcpu, double wanted_tsc)
{
	double tsc = fluid_entitled_tsc(&host->fluid, vcpu);

	if (fabs(tsc - wanted_tsc) > 1e-6)
		fail_msg("vCPU %zu is entitled to %.9g, wanted %.9g", vcpu, tsc, wanted_tsc);
}

static const uint32_t even[] = { 256, 256, 256 }, no_caps[] = { 0, 0, 0 };

static void only_who_wants_is_entitled(void **state)
{
	struct host host;

	(void)state;
	host_begin(&host, 1, even, no_caps);
	fluid_change(&host.fluid, 0, 0, RUNNING);
	fluid_change(&host.fluid, 1, 0, BLOCKED);
	fluid_change(&host.fluid, 3, 0, RUNNING);       /* idle: wants nothing */
	fluid_change(&host.fluid, 1, 100, RUNNABLE);    /* two from here on */
	fluid_change(&host.fluid, 1, 200, RUNNING);     /* runs, wants no more than before */
	fluid_change(&host.fluid, 0, 300, OFFLINE);     /* one again */
	fluid_change(&host.fluid, 1, 500, UNKNOWN);
	fluid_finish(&host.fluid, 1000);
	assert_entitled(&host, 0, 100 + 100);
	assert_entitled(&host, 1, 100 + 200);
	assert_entitled(&host, 2, 0);
	assert_entitled(&host, 3, 0);
	fluid_free(&host.fluid);
}

static void weights_count(void **state)
{
	static const uint32_t weights[] = { 256, 512, 1024 };
	struct host host;

	(void)state;
	host_begin(&host, 2, weights, no_caps);
	for (size_t i = 0; i < 3; i++)
		fluid_change(&host.fluid, i, 0, RUNNABLE);
	fluid_finish(&host.fluid, 900);
	assert_entitled(&host, 0, 300);
	assert_entitled(&host, 1, 600);
	assert_entitled(&host, 2, 900);
	fluid_free(&host.fluid);
}

static void an_unknown_weight_is_256(void **state)
{
	static const uint32_t weights[] = { WEIGHT_UNKNOWN, 768, 256 };
	struct host host;

	(void)state;
	host_begin(&host, 1, weights, no_caps);
	fluid_change(&host.fluid, 0, 0, RUNNABLE);
	fluid_change(&host.fluid, 1, 0, RUNNABLE);
	fluid_finish(&host.fluid, 100);
	assert_entitled(&host, 0, 25);
	assert_entitled(&host, 1, 75);
	fluid_free(&host.fluid);
}

static void a_capped_one_is_parked_and_still_wants(void **state)
{
	static const uint32_t caps[] = { 20, 0, 0 };
	struct host host;

	(void)state;
	host_begin(&host, 1, even, caps);
	fluid_change(&host.fluid, 0, 0, RUNNING);
	fluid_change(&host.fluid, 1, 0, RUNNABLE);
	fluid_change(&host.fluid, 0, 100, OFFLINE);     /* credit parks it */
	fluid_change(&host.fluid, 1, 500, OFFLINE);     /* paused: no cap, so it wants nothing */
	host.domains[0].removed = true;
	fluid_change(&host.fluid, 0, 800, OFFLINE);     /* its domain is gone */
	fluid_finish(&host.fluid, 1000);
	assert_entitled(&host, 0, 160);
	assert_entitled(&host, 1, 400);
	fluid_free(&host.fluid);
}

static void only_the_window_counts(void **state)
{
	struct host host;

	(void)state;
	host_begin(&host, 1, even, no_caps);
	host.fluid.from_tsc = 200;
	host.fluid.to_tsc = 600;
	fluid_change(&host.fluid, 0, 0, RUNNING);
	fluid_change(&host.fluid, 1, 100, RUNNABLE);
	fluid_change(&host.fluid, 1, 400, BLOCKED);
	fluid_change(&host.fluid, 0, 900, BLOCKED);
	fluid_finish(&host.fluid, 600);
	assert_entitled(&host, 0, 100 + 200);
	assert_entitled(&host, 1, 100);
	fluid_free(&host.fluid);
}

static void settings_count_when_the_same_want_again(void **state)
{
	struct host host;

	(void)state;
	host_begin(&host, 1, even, no_caps);
	fluid_change(&host.fluid, 1, 0, RUNNING);
	fluid_change(&host.fluid, 0, 0, RUNNABLE);      /* halves */
	fluid_change(&host.fluid, 0, 100, BLOCKED);
	host.infos[0].weight = 768;
	fluid_settings(&host.fluid, 200);
	fluid_change(&host.fluid, 0, 200, RUNNABLE);    /* three quarters */
	fluid_change(&host.fluid, 1, 300, BLOCKED);
	fluid_change(&host.fluid, 1, 400, RUNNABLE);    /* again */
	fluid_finish(&host.fluid, 500);
	assert_entitled(&host, 0, 50 + 75 + 100 + 75);
	assert_entitled(&host, 1, 50 + 100 + 25 + 25);
	fluid_free(&host.fluid);
}

/* More than are kept for when they want to run again, and fewer, in turns. */
static void many_come_and_go(void **state)
{
	enum { MANY = 2 * FLUID_KEPT_VCPUS, STEP_TSC = 10, ROUNDS = 3 };
	struct domain domain = { .id = 1 };
	struct vcpu all[MANY] = { 0 };
	const struct vcpus vcpus = { .domains = &domain, .domain_count = 1, .vcpus = all, .vcpu_count = MANY };
	const struct hostinfo info = { 0 };
	struct host host;
	uint64_t tsc = 0;
	double wanted_tsc = 0;

	(void)state;
	fluid_init(&host.fluid, &info, &vcpus, 1);
	fluid_change(&host.fluid, 0, tsc, RUNNING);
	for (size_t step = 0; step < (size_t)ROUNDS * 2 * (MANY - 1); step++) {
		size_t at = step % (2 * (MANY - 1)), others = at < MANY - 1 ? at + 1 : 2 * (MANY - 1) - at - 1;
		fluid_change(&host.fluid, at < MANY - 1 ? at + 1 : at - (MANY - 1) + 1, tsc, at < MANY - 1 ? RUNNABLE : BLOCKED);
		tsc += STEP_TSC;
		wanted_tsc += (double)STEP_TSC / (double)(others + 1);
	}
	fluid_finish(&host.fluid, tsc);
	assert_entitled(&host, 0, wanted_tsc);
	fluid_free(&host.fluid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_who_wants_is_entitled),
		cmocka_unit_test(weights_count),
		cmocka_unit_test(an_unknown_weight_is_256),
		cmocka_unit_test(a_capped_one_is_parked_and_still_wants),
		cmocka_unit_test(only_the_window_counts),
		cmocka_unit_test(settings_count_when_the_same_want_again),
		cmocka_unit_test(many_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
