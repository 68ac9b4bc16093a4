/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What vCPUs wanted, from records made by hand.  A cycle is a microsecond. */
#include "tests/unit/unit.h"

#include "analyzer/demand.h"

#include <stdio.h>
#include <string.h>

enum { HZ = 1000000, BEGIN = 1000000, DOM0 = 0, VM1 = 1, VM2 = 2 };

struct lab {
	struct vcpus vcpus;
	struct trust trust;
	struct domain_info infos[3];
	struct hostinfo host;
	struct demand demand;
};

static void ignore(void *arg, const struct interval *interval)
{
	(void)arg;
	(void)interval;
}

static void changed(void *arg, size_t vcpu, uint64_t tsc, enum runstate state)
{
	struct lab *lab = arg;

	demand_change(&lab->demand, vcpu, tsc, state);
}

static void lab_begin(struct lab *lab, uint64_t from_tsc, uint64_t to_tsc)
{
	*lab = (struct lab){ .trust = { .messages = UINT32_MAX }, .infos = { { .id = DOM0 }, { .id = VM1 }, { .id = VM2, .cap_percent = 50 } } };
	lab->host = (struct hostinfo){ .domains = lab->infos, .domain_count = 3 };
	assert_true(vcpus_init(&lab->vcpus, BEGIN, &lab->trust, ignore, lab));
	assert_true(demand_begin(&lab->demand, &lab->vcpus, &lab->host, BEGIN + from_tsc, BEGIN + to_tsc, HZ));
	lab->vcpus.changed = changed;
}

static void lab_free(struct lab *lab)
{
	demand_free(&lab->demand);
	vcpus_free(&lab->vcpus);
}

/* ---- records; times are from the trace's begin ---- */

static void take(struct lab *lab, enum rec_kind kind, uint32_t pcpu, uint64_t tsc, uint32_t id, uint32_t word, uint32_t second, uint32_t third)
{
	const uint8_t payload[] = { (uint8_t)word, (uint8_t)(word >> 8), (uint8_t)(word >> 16), (uint8_t)(word >> 24),
				    (uint8_t)second, (uint8_t)(second >> 8), (uint8_t)(second >> 16), (uint8_t)(second >> 24), 0, 0, 0, (uint8_t)third };
	const struct rec rec = { .kind = (uint8_t)kind, .pcpu = (uint16_t)pcpu, .tsc = BEGIN + tsc, .id = id, .payload = payload, .words = 3 };

	demand_record(&lab->demand, &rec);
	if (kind < REC_NOTES)
		vcpus_take(&lab->vcpus, &rec);
}

static void change(struct lab *lab, uint32_t pcpu, uint64_t tsc, uint32_t domain, enum runstate old, enum runstate new)
{
	take(lab, REC_RUNSTATE, pcpu, tsc, 0x21001 | (uint32_t)old << 8 | (uint32_t)new << 4, domain << 16, 0, 0);
}

static const struct demand_row *row_of(const struct lab *lab, uint32_t domain_id)
{
	for (size_t i = 0; i < lab->demand.row_count; i++)
		if (lab->demand.rows[i].domain_id == domain_id)
			return &lab->demand.rows[i];
	fail_msg("nothing is known of domain %u", domain_id);
	return NULL;
}

/* A vCPU's steps in words: "runs 5 and blocks for 10, ...". */
static const char *story(const struct lab *lab, uint32_t domain_id)
{
	static const char *const ends[] = { [DEMAND_BLOCKS] = "blocks", [DEMAND_PAUSES] = "pauses", [DEMAND_YIELDS] = "yields",
					    [DEMAND_ENDLESS] = "goes on" };
	static char text[1024];
	const struct demand_row *row = row_of(lab, domain_id);
	size_t used = 0;

	for (size_t i = 0; i < row->step_count; i++) {
		const struct demand_step *step = &row->steps[i];
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%sruns %ju and %s", i ? ", " : "", (uintmax_t)step->run_tsc, ends[step->end]);
		if (step->end == DEMAND_BLOCKS || step->end == DEMAND_PAUSES)
			used += (size_t)(step->away_tsc == DEMAND_FOR_GOOD ? snprintf(text + used, sizeof(text) - used, " for good")
						: snprintf(text + used, sizeof(text) - used, " for %ju", (uintmax_t)step->away_tsc));
		if (step->waker != DEMAND_NOBODY)
			used += (size_t)snprintf(text + used, sizeof(text) - used, " or until d%u", lab->demand.rows[step->waker].domain_id);
	}
	return text;
}

/* ---- tests ---- */

/* Waiting is not part of it: 30 of running in three pieces. */
static void waiting_is_left_out(void **state)
{
	struct lab lab;

	(void)state;
	lab_begin(&lab, 0, 1000);
	change(&lab, 0, 100, VM1, BLOCKED, RUNNABLE);
	change(&lab, 0, 150, VM1, RUNNABLE, RUNNING);
	change(&lab, 0, 160, VM1, RUNNING, RUNNABLE);
	change(&lab, 1, 200, VM1, RUNNABLE, RUNNING);
	change(&lab, 1, 220, VM1, RUNNING, BLOCKED);
	change(&lab, 0, 400, VM1, BLOCKED, RUNNABLE);
	change(&lab, 0, 400, VM1, RUNNABLE, RUNNING);
	change(&lab, 0, 405, VM1, RUNNING, BLOCKED);
	assert_true(demand_finish(&lab.demand, BEGIN + 1000));
	assert_string_equal(story(&lab, VM1), "runs 0 and blocks for 100, runs 30 and blocks for 180, runs 5 and blocks for good");
	assert_int_equal(row_of(&lab, VM1)->first_state, BLOCKED);
	assert_int_equal(row_of(&lab, VM1)->tail_tsc, 595);
	assert_int_equal(row_of(&lab, VM1)->progress_tsc, 35);
	lab_free(&lab);
}

/* Who runs at the end for longer than ever before may go on; who does not has nothing more that is known. */
static void the_last_step_is_open(void **state)
{
	struct lab lab;

	(void)state;
	lab_begin(&lab, 0, 1000);
	change(&lab, 0, 50, VM1, RUNNING, BLOCKED);
	change(&lab, 0, 100, VM1, BLOCKED, RUNNABLE);
	change(&lab, 0, 100, VM1, RUNNABLE, RUNNING);
	change(&lab, 1, 500, DOM0, RUNNING, BLOCKED);
	change(&lab, 1, 600, DOM0, BLOCKED, RUNNABLE);
	change(&lab, 1, 600, DOM0, RUNNABLE, RUNNING);
	assert_true(demand_finish(&lab.demand, BEGIN + 1000));
	assert_string_equal(story(&lab, VM1), "runs 50 and blocks for 50, runs 900 and goes on");
	assert_string_equal(story(&lab, DOM0), "runs 500 and blocks for 100, runs 400 and blocks for good");
	assert_int_equal(row_of(&lab, DOM0)->tail_tsc, 0);
	lab_free(&lab);
}

/* Offline is a pause for who has no cap, waiting for who has one; for less than a millisecond it is a migration. */
static void offline_means_three_things(void **state)
{
	struct lab lab;

	(void)state;
	lab_begin(&lab, 0, 100000);
	change(&lab, 0, 10000, VM1, RUNNING, OFFLINE);
	change(&lab, 0, 10500, VM1, OFFLINE, RUNNABLE);
	change(&lab, 1, 10500, VM1, RUNNABLE, RUNNING);
	change(&lab, 1, 20500, VM1, RUNNING, OFFLINE);
	change(&lab, 1, 30500, VM1, OFFLINE, RUNNABLE);
	change(&lab, 0, 10600, VM2, RUNNING, OFFLINE);
	change(&lab, 0, 40600, VM2, OFFLINE, RUNNABLE);
	change(&lab, 0, 40600, VM2, RUNNABLE, RUNNING);
	change(&lab, 0, 50000, VM2, RUNNING, BLOCKED);
	change(&lab, 0, 60000, VM2, BLOCKED, OFFLINE); /* woken while it was parked */
	change(&lab, 0, 70000, VM2, OFFLINE, RUNNABLE);
	assert_true(demand_finish(&lab.demand, BEGIN + 100000));
	assert_string_equal(story(&lab, VM1), "runs 20000 and pauses for 10000, runs 0 and blocks for good");
	assert_string_equal(story(&lab, VM2), "runs 20000 and blocks for 10000, runs 0 and blocks for good");
	lab_free(&lab);
}

/* The window begins and ends in the middle of what they do. */
static void only_the_window_counts(void **state)
{
	struct lab lab;

	(void)state;
	lab_begin(&lab, 200, 700);
	change(&lab, 0, 100, VM1, BLOCKED, RUNNABLE);
	change(&lab, 0, 100, VM1, RUNNABLE, RUNNING);
	change(&lab, 0, 300, VM1, RUNNING, BLOCKED);
	change(&lab, 0, 600, VM1, BLOCKED, RUNNABLE);
	change(&lab, 0, 600, VM1, RUNNABLE, RUNNING);
	change(&lab, 0, 800, VM1, RUNNING, BLOCKED);
	assert_true(demand_finish(&lab.demand, BEGIN + 700));
	assert_int_equal(lab.demand.length_tsc, 500);
	assert_string_equal(story(&lab, VM1), "runs 100 and blocks for 300, runs 100 and blocks for good");
	assert_int_equal(row_of(&lab, VM1)->first_state, RUNNING);
	lab_free(&lab);
}

static void a_yield_ends_a_step(void **state)
{
	struct lab lab;

	(void)state;
	lab_begin(&lab, 0, 100);
	change(&lab, 0, 0, VM1, RUNNABLE, RUNNING);
	take(&lab, REC_YIELD, 0, 10, 0, VM1, 0, 0);
	change(&lab, 0, 10, VM1, RUNNING, RUNNABLE);
	change(&lab, 0, 30, VM1, RUNNABLE, RUNNING);
	change(&lab, 0, 40, VM1, RUNNING, RUNNABLE); /* preempted */
	change(&lab, 0, 50, VM1, RUNNABLE, RUNNING);
	change(&lab, 0, 55, VM1, RUNNING, BLOCKED);
	assert_true(demand_finish(&lab.demand, BEGIN + 100));
	assert_string_equal(story(&lab, VM1), "runs 10 and yields, runs 15 and blocks for good");
	lab_free(&lab);
}

/* Dom0 is woken 40 times, 10 ms apart: 20 times while vm1 runs where it is woken, 20 times while vm2 does, each time for half of the
 * 10 ms.  Both have as many: chance.  Then only vm1's wakeups are left, and are its doing. */
static void wake_dom0(struct lab *lab, uint32_t domain, uint64_t tsc, bool wakes)
{
	uint32_t other = domain == VM1 ? VM2 : VM1;

	change(lab, 0, tsc, other, RUNNING, RUNNABLE);
	change(lab, 0, tsc, domain, RUNNABLE, RUNNING);
	if (!wakes)
		return;
	change(lab, 0, tsc + 5000, DOM0, BLOCKED, RUNNABLE);
	change(lab, 1, tsc + 5000, DOM0, RUNNABLE, RUNNING);
	change(lab, 1, tsc + 5100, DOM0, RUNNING, BLOCKED);
}

static void numbers_tell_who_wakes(void **state)
{
	struct lab lab;

	(void)state;
	for (int by_chance = 0; by_chance < 2; by_chance++) {
		lab_begin(&lab, 0, 400000);
		for (uint64_t i = 0; i < 40; i++)
			wake_dom0(&lab, i % 2 ? VM2 : VM1, i * 10000, by_chance || i % 2 == 0);
		assert_true(demand_finish(&lab.demand, BEGIN + 400000));
		assert_int_equal(lab.demand.wakes, by_chance ? 40 : 20);
		assert_int_equal(lab.demand.coupled_wakes, by_chance ? 0 : 20);
		assert_int_equal(row_of(&lab, VM1)->signal_count, by_chance ? 0 : 20);
		assert_int_equal(row_of(&lab, VM2)->signal_count, 0);
		assert_int_equal(row_of(&lab, DOM0)->step_count, by_chance ? 41 : 21);
		if (!by_chance) { /* vm1 has run for 5 ms then, and for 5 + 10 * i in all later on */
			assert_int_equal(row_of(&lab, VM1)->signals[0].progress_tsc, 5000);
			assert_int_equal(row_of(&lab, VM1)->signals[19].progress_tsc, 195000);
			assert_int_equal(row_of(&lab, VM1)->signals[19].step, 19);
			assert_int_equal(row_of(&lab, DOM0)->steps[3].waker, row_of(&lab, VM1) - lab.demand.rows);
		}
		lab_free(&lab);
	}
}

/* A patched hypervisor tells of each event: of two wakeups while vm1 ran, one is vm1's doing (an event between domains, kind 2 in the upper
 * four bits), the other a timer's (kind 4). */
static void records_tell_who_wakes(void **state)
{
	struct lab lab;

	(void)state;
	lab_begin(&lab, 0, 1000);
	change(&lab, 0, 0, VM1, RUNNABLE, RUNNING);
	change(&lab, 1, 10, DOM0, RUNNING, BLOCKED);
	take(&lab, REC_EVTCHN_SEND, 0, 100, 0, VM1 << 16, DOM0 << 16, 2 << 4);
	change(&lab, 0, 100, DOM0, BLOCKED, RUNNABLE);
	change(&lab, 1, 100, DOM0, RUNNABLE, RUNNING);
	change(&lab, 1, 200, DOM0, RUNNING, BLOCKED);
	take(&lab, REC_EVTCHN_SEND, 0, 300, 0, VM1 << 16, DOM0 << 16, 4 << 4);
	change(&lab, 0, 300, DOM0, BLOCKED, RUNNABLE);
	change(&lab, 1, 300, DOM0, RUNNABLE, RUNNING);
	change(&lab, 1, 400, DOM0, RUNNING, BLOCKED);
	assert_true(demand_finish(&lab.demand, BEGIN + 1000));
	assert_string_equal(story(&lab, DOM0), "runs 10 and blocks for 90 or until d1, runs 100 and blocks for 100, runs 100 and blocks for good");
	assert_int_equal(lab.demand.coupled_wakes, 1);
	lab_free(&lab);
}

/* From being tickled to deciding: 40 while it ran the idle vCPU, by another pCPU, 60 while it ran another, by itself. */
static void delays_are_kept_apart(void **state)
{
	struct lab lab;

	(void)state;
	lab_begin(&lab, 0, 1000);
	change(&lab, 0, 0, DOMID_IDLE, RUNNABLE, RUNNING);
	take(&lab, REC_TICKLE, 1, 100, 0, 0, 0, 0);
	take(&lab, REC_TICKLE, 1, 110, 0, 0, 0, 0); /* it was tickled already */
	change(&lab, 0, 140, DOMID_IDLE, RUNNING, RUNNABLE);
	change(&lab, 0, 140, VM1, RUNNABLE, RUNNING);
	take(&lab, REC_TICKLE, 0, 200, 0, 0, 0, 0);
	take(&lab, REC_RATELIMIT, 0, 260, 0, VM1 << 16, 0, 0);
	assert_true(demand_finish(&lab.demand, BEGIN + 1000));
	assert_int_equal(lab.demand.delays[DELAY_IDLE].count, 1);
	assert_int_equal(lab.demand.delays[DELAY_IDLE].delays_tsc[0], 40);
	assert_int_equal(lab.demand.delays[DELAY_HERE].count, 1);
	assert_int_equal(lab.demand.delays[DELAY_HERE].delays_tsc[0], 60);
	lab_free(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waiting_is_left_out),
		cmocka_unit_test(the_last_step_is_open),
		cmocka_unit_test(offline_means_three_things),
		cmocka_unit_test(only_the_window_counts),
		cmocka_unit_test(a_yield_ends_a_step),
		cmocka_unit_test(numbers_tell_who_wakes),
		cmocka_unit_test(records_tell_who_wakes),
		cmocka_unit_test(delays_are_kept_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
