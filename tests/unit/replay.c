/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Demands made by hand through the models of both schedulers, with what must come of it worked out.  A cycle is a nanosecond. */
#include "tests/unit/unit.h"

#include "analyzer/replay.h"

#include <stdlib.h>
#include <string.h>

enum { HZ = 1000000000, US = 1000, MS = 1000000, TASKS_MAX = 4, STEPS_MAX = 2000, PCPUS_MAX = 4 };

#define S UINT64_C(1000000000)

/* A host with one vCPU in each domain, domain i + 1 being task i, and what was told of a replay. */
struct host {
	struct demand demand;
	struct demand_row rows[TASKS_MAX];
	struct demand_step steps[TASKS_MAX][STEPS_MAX];
	struct demand_signal signals[TASKS_MAX][STEPS_MAX];
	uint64_t delays[2];
	struct replay_domain domains[TASKS_MAX];
	size_t domain_of[TASKS_MAX];
	uint64_t allowed[TASKS_MAX];
	struct replay_change changes[2];
	struct replay_plan plan;
	/* what came of it: */
	struct replay_progress progress[TASKS_MAX];
	struct replay_end end;
	uint64_t last_tsc;
	int32_t running[PCPUS_MAX]; /* by pCPU: task, or -1 */
	uint64_t since_tsc[TASKS_MAX], woken_tsc[TASKS_MAX];
	uint64_t ran_tsc[TASKS_MAX], ran_on_tsc[TASKS_MAX][PCPUS_MAX];
	uint64_t wakes[TASKS_MAX], longest_wait_tsc[TASKS_MAX], offline_tsc[TASKS_MAX];
	enum runstate state[TASKS_MAX];
};

static struct host *new_host(const struct replay_model *model, uint32_t pcpus, uint64_t length_tsc)
{
	static struct host host;

	memset(&host, 0, sizeof(host));
	host.demand = (struct demand){ .rows = host.rows, .length_tsc = length_tsc };
	host.plan = (struct replay_plan){
		.demand = &host.demand, .model = model, .settings = { .tslice_ms = 30, .ratelimit_us = 1000, .boost = true }, .tsc_hz = HZ,
		.pcpus = (1u << pcpus) - 1, .threads_per_core = 1, .cores_per_socket = pcpus, .domains = host.domains, .domain_of = host.domain_of,
		.allowed = host.allowed, .changes = host.changes,
	};
	return &host;
}

static size_t add_task(struct host *host, uint32_t weight, uint32_t cap_percent, enum runstate first)
{
	size_t task = host->demand.row_count++;

	host->rows[task] = (struct demand_row){ .domain_id = (uint32_t)task + 1, .first_state = first, .steps = host->steps[task],
						.signals = host->signals[task] };
	host->domains[task] = (struct replay_domain){ .id = (uint32_t)task + 1, .weight = weight, .cap_percent = cap_percent };
	host->domain_of[task] = task;
	host->allowed[task] = host->plan.pcpus;
	host->plan.domain_count = task + 1;
	return task;
}

static void add_step(struct host *host, size_t task, uint64_t run_tsc, enum demand_end end, uint64_t away_tsc, int32_t waker)
{
	assert_true(host->rows[task].step_count < STEPS_MAX);
	host->steps[task][host->rows[task].step_count++] = (struct demand_step){ run_tsc, away_tsc, waker, end };
}

static void add_signal(struct host *host, size_t task, uint64_t progress_tsc, size_t whom, size_t step)
{
	host->signals[task][host->rows[task].signal_count++] = (struct demand_signal){ progress_tsc, (uint32_t)whom, (uint32_t)step };
}

static size_t add_hog(struct host *host, uint32_t weight, uint32_t cap_percent)
{
	size_t task = add_task(host, weight, cap_percent, RUNNABLE);

	add_step(host, task, 0, DEMAND_ENDLESS, 0, DEMAND_NOBODY);
	return task;
}

/* Sleeps, then runs, and so on for the whole length. */
static size_t add_sleeper(struct host *host, uint32_t weight, uint64_t sleep_tsc, uint64_t run_tsc)
{
	size_t task = add_task(host, weight, 0, BLOCKED);

	add_step(host, task, 0, DEMAND_BLOCKS, sleep_tsc, DEMAND_NOBODY);
	for (uint64_t at_tsc = 0; at_tsc < host->demand.length_tsc; at_tsc += sleep_tsc + run_tsc)
		add_step(host, task, run_tsc, DEMAND_BLOCKS, sleep_tsc, DEMAND_NOBODY);
	add_step(host, task, 0, DEMAND_BLOCKS, DEMAND_FOR_GOOD, DEMAND_NOBODY);
	host->rows[task].tail_tsc = host->demand.length_tsc;
	return task;
}

/* ---- what is told ---- */

static void take_running(struct host *host, size_t task, uint32_t pcpu, uint64_t tsc, enum runstate from, enum runstate to)
{
	if (to == RUNNING) {
		assert_int_equal(host->running[pcpu], -1);
		host->running[pcpu] = (int32_t)task;
		if (host->woken_tsc[task] != 0 && tsc - host->woken_tsc[task] > host->longest_wait_tsc[task])
			host->longest_wait_tsc[task] = tsc - host->woken_tsc[task];
		host->woken_tsc[task] = 0;
	} else if (from == RUNNING) {
		assert_int_equal(host->running[pcpu], task);
		host->running[pcpu] = -1;
		host->ran_tsc[task] += tsc - host->since_tsc[task];
		host->ran_on_tsc[task][pcpu] += tsc - host->since_tsc[task];
	}
}

static void take(void *arg, uint32_t pcpu, uint32_t event, uint64_t tsc, uint32_t domain_id, uint32_t vcpu_id)
{
	struct host *host = arg;
	enum runstate from = (enum runstate)(event >> 8 & 3), to = (enum runstate)(event >> 4 & 3);
	size_t task = domain_id - 1;

	assert_true(tsc > host->last_tsc);
	host->last_tsc = tsc;
	if (domain_id == DOMID_IDLE) {
		assert_int_equal(vcpu_id, pcpu);
		return;
	}
	if (event == 0x21002) {
		assert_int_equal(host->running[pcpu], task);
		return;
	}
	assert_true(task < host->demand.row_count);
	if (from == BLOCKED && to == RUNNABLE) {
		host->wakes[task]++;
		host->woken_tsc[task] = tsc;
	}
	if (from == OFFLINE)
		host->offline_tsc[task] += tsc - host->since_tsc[task];
	take_running(host, task, pcpu, tsc, from, to);
	host->state[task] = to;
	host->since_tsc[task] = tsc;
}

static void run(struct host *host)
{
	memset(host->running, 0xff, sizeof(host->running));
	assert_true(replay_run(&host->plan, take, host, host->progress, &host->end));
	for (uint32_t pcpu = 0; pcpu < PCPUS_MAX; pcpu++)
		if (host->running[pcpu] >= 0)
			take_running(host, (size_t)host->running[pcpu], pcpu, host->end.end_tsc, RUNNING, RUNNABLE);
}

/* Records are told one cycle apart, so a time may be off by some. */
static void assert_near(uint64_t is_tsc, uint64_t wanted_tsc, uint64_t off_tsc)
{
	if (is_tsc + off_tsc < wanted_tsc || is_tsc > wanted_tsc + off_tsc)
		fail_msg("%ju, wanted %ju with %ju more or less", (uintmax_t)is_tsc, (uintmax_t)wanted_tsc, (uintmax_t)off_tsc);
}

/* ---- both schedulers ---- */

static const struct replay_model *const models[] = { &replay_credit, &replay_credit2 };

/* Weights 1:2 on one pCPU for 30 s: 10 and 20, within a few slices. */
static void hogs_get_by_weight(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(models); i++) {
		struct host *host = new_host(models[i], 1, 30 * S);
		size_t one = add_hog(host, 256, 0), two = add_hog(host, 512, 0);
		run(host);
		assert_near(host->ran_tsc[one], 10 * S, 100 * MS);
		assert_near(host->ran_tsc[two], 20 * S, 100 * MS);
		assert_near(host->ran_tsc[one] + host->ran_tsc[two], 30 * S, MS);
	}
}

/* Weights 1:2:4 on two pCPUs for 30 s: the third may have one pCPU and no more, the others 1:2 of the other one. */
static void nobody_gets_more_than_a_pcpu(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(models); i++) {
		struct host *host = new_host(models[i], 2, 30 * S);
		size_t one = add_hog(host, 256, 0), two = add_hog(host, 512, 0), four = add_hog(host, 1024, 0);
		run(host);
		assert_near(host->ran_tsc[one], 10 * S, S);
		assert_near(host->ran_tsc[two], 20 * S, S);
		assert_near(host->ran_tsc[four], 30 * S, S);
	}
}

/* A cap of half a pCPU, with nobody else there and the other half idle. */
static void a_cap_holds(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(models); i++) {
		struct host *host = new_host(models[i], 1, 30 * S);
		size_t capped = add_hog(host, 256, 50);
		run(host);
		assert_near(host->ran_tsc[capped], 15 * S, 150 * MS);
		assert_near(host->offline_tsc[capped], 15 * S, 150 * MS);
	}
}

/* Weight and cap that change on the way: half of 10 s at a cap of a quarter, the other half at none. */
static void settings_change(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(models); i++) {
		struct host *host = new_host(models[i], 1, 10 * S);
		size_t capped = add_hog(host, 256, 25);
		host->changes[0] = (struct replay_change){ .at_tsc = 5 * S, .domain = capped, .task = REPLAY_TASK_NONE, .weight = 256 };
		host->plan.change_count = 1;
		run(host);
		assert_near(host->ran_tsc[capped], 5 * S / 4 + 5 * S, 150 * MS);
	}
}

/* Pinned to pCPU 1 from 2 s on, of 4; and what is pinned there from the begin never runs elsewhere. */
static void affinity_holds(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(models); i++) {
		struct host *host = new_host(models[i], 2, 4 * S);
		size_t pinned = add_hog(host, 256, 0), moved = add_hog(host, 256, 0);
		host->allowed[pinned] = 2;
		host->changes[0] = (struct replay_change){ .at_tsc = 2 * S, .task = (int32_t)moved, .allowed = 2 };
		host->plan.change_count = 1;
		run(host);
		assert_near(host->ran_on_tsc[pinned][0], 0, MS);
		assert_near(host->ran_on_tsc[moved][0], 2 * S, 50 * MS);
		assert_near(host->ran_tsc[pinned] + host->ran_tsc[moved], 6 * S, 50 * MS);
	}
}

/* Two that wait where a pCPU idles: it takes one of them at once. */
static void idle_pcpus_take_work(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(models); i++) {
		struct host *host = new_host(models[i], 2, 3 * S);
		size_t one = add_hog(host, 256, 0), two = add_hog(host, 256, 0);
		run(host);
		assert_near(host->ran_tsc[one], 3 * S, MS);
		assert_near(host->ran_tsc[two], 3 * S, MS);
	}
}

/* Each time that the hog has run for 10 ms it wakes one that then runs for 1 ms on the other pCPU. */
static size_t add_woken(struct host *host, size_t hog)
{
	size_t woken = add_task(host, 256, 0, BLOCKED);

	for (size_t step = 0; step < 150; step++) {
		add_step(host, woken, step ? MS : 0, DEMAND_BLOCKS, 0, (int32_t)hog);
		add_signal(host, hog, (step + 1) * 10 * MS, woken, step);
	}
	add_step(host, woken, MS, DEMAND_BLOCKS, DEMAND_FOR_GOOD, DEMAND_NOBODY);
	return woken;
}

static void a_wakeup_waits_for_who_causes_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(models); i++) {
		struct host *host = new_host(models[i], 2, S);
		size_t woken = add_woken(host, add_hog(host, 256, 0));
		run(host);
		assert_int_equal(host->wakes[woken], 99);
		assert_near(host->ran_tsc[woken], 99 * MS, MS);
	}
}

/* Half of a pCPU is taken from who causes the wakeups: there are half as many. */
static void who_is_slowed_down_wakes_others_later(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(models); i++) {
		struct host *host = new_host(models[i], 2, S);
		size_t woken = add_woken(host, add_hog(host, 256, 50));
		run(host);
		assert_near(host->wakes[woken], 50, 2);
	}
}

/* What comes before it is waited for is not waited for: runs 5 ms, is signalled after 1 ms of it, and goes on; but a round trip
 * takes as long as in the trace. */
static void an_early_signal_is_kept(void **state)
{
	static const struct { uint64_t away_tsc, wakes, waited_tsc; } rows[] = { { 2 * MS, 0, 0 }, { 500 * US, 1, 500 * US } };

	(void)state;
	for (size_t i = 0; i < ROWS(models) * ROWS(rows); i++) {
		struct host *host = new_host(models[i / ROWS(rows)], 2, 20 * MS);
		size_t hog = add_hog(host, 256, 0), signalled = add_task(host, 256, 0, RUNNABLE);
		add_step(host, signalled, 5 * MS, DEMAND_BLOCKS, rows[i % ROWS(rows)].away_tsc, (int32_t)hog);
		add_step(host, signalled, 100 * MS, DEMAND_BLOCKS, DEMAND_FOR_GOOD, DEMAND_NOBODY);
		add_signal(host, hog, MS, signalled, 0);
		run(host);
		assert_int_equal(host->wakes[signalled], rows[i % ROWS(rows)].wakes);
		assert_near(host->ran_tsc[signalled], 20 * MS - rows[i % ROWS(rows)].waited_tsc, 10);
	}
}

/* Alone it has its 10 ms done at once; the trace saw nothing of it for 50 ms after.  So all is known for 60 ms and no more. */
static void ends_where_the_demand_is_used_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(models); i++) {
		struct host *host = new_host(models[i], 1, S);
		size_t task = add_task(host, 256, 0, RUNNABLE);
		add_step(host, task, 10 * MS, DEMAND_BLOCKS, DEMAND_FOR_GOOD, DEMAND_NOBODY);
		host->rows[task].tail_tsc = 50 * MS;
		run(host);
		assert_int_equal(host->end.end_tsc, 60 * MS);
		assert_int_equal(host->end.done, task);
		assert_int_equal(host->progress[task].done_tsc, 10 * MS);
	}
}

/* Paused for 30 of 100 ms, as by the toolstack: offline, and gone on from where it was. */
static void a_pause_is_kept(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(models); i++) {
		struct host *host = new_host(models[i], 1, 100 * MS);
		size_t task = add_task(host, 256, 0, RUNNABLE);
		add_step(host, task, 20 * MS, DEMAND_PAUSES, 30 * MS, DEMAND_NOBODY);
		add_step(host, task, 0, DEMAND_ENDLESS, 0, DEMAND_NOBODY);
		run(host);
		assert_near(host->offline_tsc[task], 30 * MS, 10);
		assert_near(host->ran_tsc[task], 70 * MS, 10);
	}
}

/* Who yields each millisecond lets the other run for its slice. */
static void who_yields_lets_others_run(void **state)
{
	struct host *host = new_host(&replay_credit, 1, S);
	size_t polite = add_task(host, 256, 0, RUNNABLE), hog = add_hog(host, 256, 0);

	(void)state;
	for (size_t step = 0; step < 1000; step++)
		add_step(host, polite, MS, DEMAND_YIELDS, 0, DEMAND_NOBODY);
	add_step(host, polite, 0, DEMAND_ENDLESS, 0, DEMAND_NOBODY);
	host->plan.settings.tslice_ms = 9;
	run(host);
	assert_true(host->ran_tsc[polite] < 4 * host->ran_tsc[hog] / 10);
}

/* What was seen to lie between tickling and deciding lies there again, in turn: 100 and 300 us on an idle pCPU. */
static void delays_of_the_trace_come_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(models); i++) {
		struct host *host = new_host(models[i], 1, 100 * MS);
		size_t sleeper = add_sleeper(host, 256, 9 * MS, MS);
		host->delays[0] = 100 * US;
		host->delays[1] = 300 * US;
		host->demand.delays[DELAY_IDLE | DELAY_HERE] = (struct demand_delays){ .delays_tsc = host->delays, .count = 2 };
		run(host);
		assert_near(host->longest_wait_tsc[sleeper], 300 * US, 2);
		assert_int_equal(host->wakes[sleeper], 9); /* at 9, 19.1, 29.4, 39.5, 49.8, 59.9, 70.2, 80.3 and 90.6 ms */
	}
}

/* ---- credit ---- */

/* It runs for 2 ms after 18 ms of sleep beside a hog: with the boost it runs at once; without, the hog's slice comes first. */
static void who_wakes_under_is_boosted(void **state)
{
	(void)state;
	for (int boost = 0; boost < 2; boost++) {
		struct host *host = new_host(&replay_credit, 1, 10 * S);
		size_t sleeper = add_sleeper(host, 256, 18 * MS, 2 * MS), hog = add_hog(host, 256, 0);
		host->plan.settings.boost = boost;
		run(host);
		assert_near(host->ran_tsc[hog] + host->ran_tsc[sleeper], 10 * S, 50 * US);
		if (boost)
			assert_true(host->longest_wait_tsc[sleeper] <= 1 * MS + 10);
		else
			assert_true(host->longest_wait_tsc[sleeper] >= 10 * MS);
		assert_true(boost ? host->wakes[sleeper] >= 498 : host->wakes[sleeper] <= 480);
	}
}

/* Two sleepers of 1 ms and a hog: the second wakes when the hog has run for 1 ms since the first.  With a rate limit of 5 ms it waits for
 * the other 4; with none not at all. */
static void the_rate_limit_holds_back(void **state)
{
	static const struct { unsigned ratelimit_us; uint64_t wait_tsc; } rows[] = { { 5000, 4 * MS }, { 0, 0 }, { 1000, 0 } };

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct host *host = new_host(&replay_credit, 1, 40 * MS);
		size_t first = add_task(host, 256, 0, BLOCKED), second = add_task(host, 256, 0, BLOCKED);
		add_hog(host, 256, 0);
		add_step(host, first, 0, DEMAND_BLOCKS, 21 * MS, DEMAND_NOBODY);
		add_step(host, first, 1 * MS, DEMAND_BLOCKS, DEMAND_FOR_GOOD, DEMAND_NOBODY);
		add_step(host, second, 0, DEMAND_BLOCKS, 23 * MS, DEMAND_NOBODY);
		add_step(host, second, 1 * MS, DEMAND_BLOCKS, DEMAND_FOR_GOOD, DEMAND_NOBODY);
		host->rows[first].tail_tsc = host->rows[second].tail_tsc = 40 * MS;
		host->plan.settings.ratelimit_us = rows[i].ratelimit_us;
		run(host);
		assert_near(host->longest_wait_tsc[first], 0, 5);
		assert_near(host->longest_wait_tsc[second], rows[i].wait_tsc, 5);
	}
}

/* Two cores of two threads: who begin beside each other on one core's threads are on two cores after the first ticks. */
static void threads_of_a_core_come_last(void **state)
{
	struct host *host = new_host(&replay_credit, 4, S);
	size_t one = add_hog(host, 256, 0), two = add_hog(host, 256, 0);

	(void)state;
	host->plan.threads_per_core = host->plan.cores_per_socket = 2;
	host->rows[one].first_pcpu = 0;
	host->rows[two].first_pcpu = 1;
	run(host);
	assert_near(host->ran_on_tsc[one][0] + host->ran_on_tsc[one][1] + host->ran_on_tsc[two][0] + host->ran_on_tsc[two][1], S, 50 * MS);
	assert_near(host->ran_tsc[one] + host->ran_tsc[two], 2 * S, MS);
}

/* A tick meets one once, so it is among those whose credit counts; from then on it runs for 8 of each 10 ms, between
 * ticks, and the other whenever it can.  By time stamps it pays for what it runs, and both get half; by ticks it never pays,
 * and keeps its 80 %. */
static void who_dodges_ticks_pays_nothing(void **state)
{
	uint64_t dodger_ran_tsc[2];

	(void)state;
	for (int tick_debit = 0; tick_debit < 2; tick_debit++) {
		struct host *host = new_host(&replay_credit, 1, 10 * S);
		size_t dodger = add_task(host, 256, 0, RUNNING);
		add_hog(host, 256, 0);
		/* The only pCPU ticks at 10 ms, 20 ms, ...: it wakes right after each tick. */
		add_step(host, dodger, 12 * MS, DEMAND_BLOCKS, 8 * MS + 100 * US, DEMAND_NOBODY);
		for (size_t step = 0; step < 1000; step++)
			add_step(host, dodger, 8 * MS, DEMAND_BLOCKS, 2 * MS, DEMAND_NOBODY);
		add_step(host, dodger, 0, DEMAND_ENDLESS, 0, DEMAND_NOBODY);
		host->plan.settings.tick_debit = tick_debit;
		run(host);
		dodger_ran_tsc[tick_debit] = host->ran_tsc[dodger];
	}
	assert_near(dodger_ran_tsc[0], 5 * S, S / 5);
	assert_near(dodger_ran_tsc[1], 8 * S, S / 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hogs_get_by_weight),
		cmocka_unit_test(nobody_gets_more_than_a_pcpu),
		cmocka_unit_test(a_cap_holds),
		cmocka_unit_test(settings_change),
		cmocka_unit_test(affinity_holds),
		cmocka_unit_test(idle_pcpus_take_work),
		cmocka_unit_test(a_wakeup_waits_for_who_causes_it),
		cmocka_unit_test(who_is_slowed_down_wakes_others_later),
		cmocka_unit_test(an_early_signal_is_kept),
		cmocka_unit_test(ends_where_the_demand_is_used_up),
		cmocka_unit_test(a_pause_is_kept),
		cmocka_unit_test(who_yields_lets_others_run),
		cmocka_unit_test(delays_of_the_trace_come_again),
		cmocka_unit_test(who_wakes_under_is_boosted),
		cmocka_unit_test(the_rate_limit_holds_back),
		cmocka_unit_test(threads_of_a_core_come_last),
		cmocka_unit_test(who_dodges_ticks_pays_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
