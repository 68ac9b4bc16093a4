/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Short-term fairness, against the same counted window by window from all halves at once. */
#include "tests/unit/unit.h"

#include "analyzer/fairness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	DOM0, IDLE, GUEST,          /* vCPUs, each the only one of its domain; guests from GUEST on */
	VCPUS = 72,
	HZ = 200000, HALF_TSC = HZ / 2000, FROM_TSC = 1000,
	HALVES_MAX = 1 << 14,
	LONG_RUN = 16 * WINDOWS_BATCH + 100,
};

struct half {
	double running_tsc[VCPUS], entitled_tsc[VCPUS];
	bool unknown;
};

struct lab {
	struct domain domains[VCPUS];
	struct vcpu vcpus_[VCPUS];
	struct vcpus vcpus;
	struct domain_info infos[VCPUS];
	struct hostinfo info;
	struct fluid fluid;
	struct fairness fairness;
	struct half *halves;        /* what is known of each, to compare with */
	uint64_t now_tsc;
	enum runstate states[VCPUS];
	bool was_known[VCPUS];
	uint32_t seed;
};

static void lab_begin(struct lab *lab, size_t pcpus, uint32_t seed)
{
	*lab = (struct lab){ .now_tsc = FROM_TSC, .seed = seed, .halves = calloc(HALVES_MAX, sizeof(*lab->halves)) };
	assert_non_null(lab->halves);
	for (uint32_t i = 0; i < VCPUS; i++) {
		uint32_t id = i == DOM0 ? 0 : i == IDLE ? DOMID_IDLE : i;
		lab->domains[i].id = id;
		lab->vcpus_[i] = (struct vcpu){ .domain = i, .is_idle = i == IDLE };
		lab->infos[i] = (struct domain_info){ .id = id, .weight = 128 * (1 + i % 3) };
		lab->states[i] = UNKNOWN;
	}
	lab->vcpus = (struct vcpus){ .domains = lab->domains, .domain_count = VCPUS, .vcpus = lab->vcpus_, .vcpu_count = VCPUS };
	lab->info = (struct hostinfo){ .domains = lab->infos, .domain_count = VCPUS };
	fluid_init(&lab->fluid, &lab->info, &lab->vcpus, pcpus);
	assert_true(fairness_init(&lab->fairness, &lab->vcpus, &lab->fluid, FROM_TSC, UINT64_MAX, HZ));
}

static void lab_end(struct lab *lab)
{
	fairness_free(&lab->fairness);
	fluid_free(&lab->fluid);
	free(lab->halves);
}

/* ---- the halves, one by one ---- */

static void note_stretch(struct lab *lab, struct half *half, double length_tsc)
{
	for (size_t i = 0; i < lab->fluid.now->domain_count; i++)
		half->entitled_tsc[lab->fluid.now->domains[i].domain] += lab->fluid.now->domains[i].rate * length_tsc;
	for (size_t i = 0; i < VCPUS; i++) {
		half->running_tsc[i] += lab->states[i] == RUNNING ? length_tsc : 0;
		half->unknown |= lab->states[i] == UNKNOWN && lab->was_known[i];
	}
}

static void note_time(struct lab *lab, uint64_t tsc)
{
	while (lab->now_tsc < tsc) {
		uint64_t at = (lab->now_tsc - FROM_TSC) / HALF_TSC, end_tsc = FROM_TSC + (at + 1) * HALF_TSC;
		if (end_tsc > tsc)
			end_tsc = tsc;
		assert_true(at < HALVES_MAX);
		note_stretch(lab, &lab->halves[at], (double)(end_tsc - lab->now_tsc));
		lab->now_tsc = end_tsc;
	}
}

static void change(struct lab *lab, size_t vcpu, uint64_t tsc, enum runstate state)
{
	note_time(lab, tsc);
	lab->states[vcpu] = state;
	lab->was_known[vcpu] |= state != UNKNOWN;
	assert_true(fairness_change(&lab->fairness, vcpu, tsc, state));
	fluid_change(&lab->fluid, vcpu, tsc, state);
}

static struct half both(const struct half *a, const struct half *b)
{
	struct half sum = { .unknown = a->unknown || b->unknown };

	for (size_t i = 0; i < VCPUS; i++) {
		sum.running_tsc[i] = a->running_tsc[i] + b->running_tsc[i];
		sum.entitled_tsc[i] = a->entitled_tsc[i] + b->entitled_tsc[i];
	}
	return sum;
}

static void count_window(struct windows_level *level, const struct half *window)
{
	unsigned ran = 0, wanted = 0;
	double sum = 0, squares = 0, jain;

	level->unknown_windows += window->unknown;
	if (window->unknown)
		return;
	for (size_t i = GUEST; i < VCPUS; i++) {
		double attained = window->entitled_tsc[i] > 0 ? window->running_tsc[i] / window->entitled_tsc[i] : 0;
		ran += window->running_tsc[i] > 0;
		wanted += window->entitled_tsc[i] > 0;
		sum += attained;
		squares += attained * attained;
	}
	level->ran[ran]++;
	if (wanted < 2 || squares <= 0)
		return;
	jain = sum * sum / (wanted * squares);
	level->jain_windows++;
	level->jain_sum += (windows_sum)(jain * (double)(UINT64_C(1) << WINDOWS_JAIN_BITS) + 0.5);
	level->jain[(size_t)((jain + 1e-9) * WINDOWS_JAIN_STEPS)]++;
}

static void assert_level(const struct windows_level *level, const struct windows_level *wanted, size_t at)
{
	if (windows_known(level) != windows_known(wanted) || level->unknown_windows != wanted->unknown_windows || level->jain_windows != wanted->jain_windows ||
	    fabs(windows_jain_sum(level) - windows_jain_sum(wanted)) > 1e-9 * (1 + windows_jain_sum(wanted)))
		fail_msg("level %zu: %ju windows known, %ju not, %ju with an index, sum %.12g; wanted %ju, %ju, %ju, %.12g", at, (uintmax_t)windows_known(level),
			 (uintmax_t)level->unknown_windows, (uintmax_t)level->jain_windows, windows_jain_sum(level), (uintmax_t)windows_known(wanted),
			 (uintmax_t)wanted->unknown_windows, (uintmax_t)wanted->jain_windows, windows_jain_sum(wanted));
	assert_int_equal(windows_ran_sum(level), windows_ran_sum(wanted));
	assert_memory_equal(level->ran, wanted->ran, sizeof(level->ran));
	assert_memory_equal(level->jain, wanted->jain, sizeof(level->jain));
}

static void assert_as_counted(struct lab *lab, uint64_t end_tsc)
{
	size_t count = (end_tsc - FROM_TSC) / HALF_TSC;

	note_time(lab, end_tsc);
	fairness_finish(&lab->fairness, end_tsc);
	for (size_t at = 0; at < WINDOWS_LEVELS; at++, count /= 2) {
		struct windows_level wanted = { 0 };
		for (size_t i = 0; i + 1 < count; i++) {
			struct half window = both(&lab->halves[i], &lab->halves[i + 1]);
			count_window(&wanted, &window);
		}
		assert_level(&lab->fairness.windows.levels[at], &wanted, at);
		for (size_t i = 0; i + 1 < count; i += 2)
			lab->halves[i / 2] = both(&lab->halves[i], &lab->halves[i + 1]);
	}
}

/* ---- at random ---- */

static uint32_t draw(struct lab *lab, uint32_t below)
{
	lab->seed = lab->seed * UINT32_C(1664525) + UINT32_C(1013904223);
	return (uint32_t)((uint64_t)lab->seed * below >> 32);
}

static uint64_t draw_length(struct lab *lab)
{
	switch (draw(lab, 16)) {
	case 0: return 0;
	case 1: return draw(lab, 20 * HALF_TSC);
	case 2: return draw(lab, 100) ? HALF_TSC : draw(lab, 3 * WINDOWS_BATCH * HALF_TSC);
	default: return draw(lab, HALF_TSC);
	}
}

static enum runstate draw_state(struct lab *lab)
{
	static const enum runstate states[] = { RUNNING, RUNNABLE, BLOCKED, RUNNING, RUNNABLE, BLOCKED, OFFLINE };

	return draw(lab, 200) ? states[draw(lab, 7)] : UNKNOWN;
}

/* So many changes of the first vCPUs; returns when the last one was. */
static uint64_t change_at_random(struct lab *lab, size_t changes, uint32_t vcpus)
{
	uint64_t tsc = lab->now_tsc;

	for (size_t i = 0; i < changes; i++) {
		uint32_t vcpu = draw(lab, vcpus);
		tsc += draw_length(lab);
		change(lab, vcpu, tsc, draw_state(lab));
		if (lab->states[vcpu] == UNKNOWN) /* not for long */
			change(lab, vcpu, tsc += draw(lab, 2 * HALF_TSC), BLOCKED);
	}
	return tsc;
}

static void counted_window_by_window(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 5; seed++) {
		struct lab lab;
		lab_begin(&lab, 2, seed);
		assert_as_counted(&lab, change_at_random(&lab, 5000, GUEST + 3));
		lab_end(&lab);
	}
}

/* More come while halves wait to be judged, and while one goes on. */
static void guests_come_one_after_the_other(void **state)
{
	struct lab lab;

	(void)state;
	lab_begin(&lab, 8, 7);
	for (uint32_t vcpus = GUEST + 1; vcpus <= VCPUS; vcpus++)
		change_at_random(&lab, 100, vcpus);
	for (size_t vcpu = DOM0; vcpu < VCPUS; vcpu++) /* the last two alone want to run */
		change(&lab, vcpu, lab.now_tsc, vcpu + 2 < VCPUS ? BLOCKED : vcpu + 1 < VCPUS ? RUNNING : RUNNABLE);
	assert_true(lab.fairness.windows.batch < WINDOWS_BATCH);
	assert_as_counted(&lab, lab.now_tsc + 30 * HALF_TSC);
	lab_end(&lab);
}

/* To the bit: batches end elsewhere. */
static void borders_of_batches_make_no_difference(void **state)
{
	struct lab lab, often;
	uint64_t end_tsc;

	(void)state;
	lab_begin(&lab, 2, 11);
	lab_begin(&often, 2, 11);
	end_tsc = change_at_random(&lab, 3000, GUEST + 4);
	for (size_t i = 0; i < 3000; i++) {
		change_at_random(&often, 1, GUEST + 4);
		if (i % 3 == 0)
			fairness_reach(&often.fairness, often.now_tsc);
	}
	assert_int_equal(often.now_tsc, end_tsc);
	fairness_finish(&lab.fairness, end_tsc);
	fairness_finish(&often.fairness, end_tsc);
	for (size_t at = 0; at < WINDOWS_LEVELS; at++) {
		assert_level(&often.fairness.windows.levels[at], &lab.fairness.windows.levels[at], at);
		assert_memory_equal(&often.fairness.windows.levels[at].jain_sum, &lab.fairness.windows.levels[at].jain_sum, sizeof(windows_sum));
	}
	lab_end(&lab);
	lab_end(&often);
}

/* ---- by hand ---- */

static void begin_two(struct lab *lab)
{
	lab_begin(lab, 1, 1);
	change(lab, GUEST, FROM_TSC, RUNNING);
	change(lab, GUEST + 1, FROM_TSC, RUNNABLE);
}

/* So many halves that are alike, which begin where a batch is filled to this much. */
static void assert_alike(size_t filled, size_t alike)
{
	struct lab lab;
	uint64_t tsc = FROM_TSC;

	begin_two(&lab);
	for (size_t i = 0; i < filled; i++, tsc += HALF_TSC) {
		change(&lab, GUEST, tsc + 30, i % 2 ? RUNNING : RUNNABLE);
		change(&lab, GUEST + 1, tsc + 30, i % 2 ? RUNNABLE : RUNNING);
	}
	tsc += alike * HALF_TSC;
	change(&lab, GUEST, tsc + 10, BLOCKED);
	assert_as_counted(&lab, tsc + 20 * HALF_TSC);
	lab_end(&lab);
}

static void alike_over_the_border_of_a_batch(void **state)
{
	(void)state;
	assert_alike(WINDOWS_BATCH - 2, 1);
	assert_alike(WINDOWS_BATCH - 2, 2);
	assert_alike(WINDOWS_BATCH - 2, 3);
	assert_alike(WINDOWS_BATCH - 2, 3 * WINDOWS_BATCH);
	assert_alike(5, LONG_RUN);
	assert_alike(6, LONG_RUN + 1);
	assert_alike(WINDOWS_BATCH - 1, LONG_RUN);
}

/* All windows of an hour are judged, of whatever length fits; nothing is done for each. */
static void an_hour_in_which_nothing_changes(void **state)
{
	uint64_t halves = UINT64_C(3600) * 2000;
	struct lab lab;

	(void)state;
	begin_two(&lab);
	fairness_finish(&lab.fairness, FROM_TSC + halves * HALF_TSC);
	for (size_t at = 0; at < WINDOWS_LEVELS; at++, halves /= 2) {
		const struct windows_level *level = &lab.fairness.windows.levels[at];
		assert_int_equal(windows_known(level), halves - 1);
		assert_int_equal(level->jain_windows, halves - 1);
		assert_int_equal(level->ran[1], halves - 1);
		assert_true(fabs(windows_jain_sum(level) - 0.5 * (double)(halves - 1)) < 1e-6);
	}
	lab_end(&lab);
}

static void what_is_lost_within_a_batch(void **state)
{
	struct lab lab;

	(void)state;
	begin_two(&lab);
	change(&lab, GUEST + 1, FROM_TSC + 1050, UNKNOWN);
	change(&lab, GUEST + 1, FROM_TSC + 1150, BLOCKED);
	change(&lab, IDLE, FROM_TSC + 2000, RUNNING);
	change(&lab, IDLE, FROM_TSC + 2000, UNKNOWN);
	change(&lab, IDLE, FROM_TSC + 2010, RUNNABLE);
	change(&lab, GUEST + 2, FROM_TSC + 3000, UNKNOWN); /* it never was known */
	assert_as_counted(&lab, FROM_TSC + 4000);
	assert_int_equal(windows_known(&lab.fairness.windows.levels[0]), 39 - 5);
	assert_int_equal(lab.fairness.windows.levels[0].unknown_windows, 3 + 2);
	assert_int_equal(lab.fairness.unknown_vcpus, 0);
	lab_end(&lab);
}

static void settings_change_within_a_half(void **state)
{
	struct lab lab;

	(void)state;
	begin_two(&lab);
	change(&lab, GUEST + 1, FROM_TSC + 200, RUNNING); /* so that the index is another when they are entitled to others */
	note_time(&lab, FROM_TSC + 430);
	fairness_settings(&lab.fairness, FROM_TSC + 430);
	lab.infos[GUEST].weight *= 8;
	fluid_settings(&lab.fluid, FROM_TSC + 430);
	assert_as_counted(&lab, FROM_TSC + 1000);
	lab_end(&lab);
}

static void starvation_is_to_wait_while_none_runs(void **state)
{
	struct lab lab;

	(void)state;
	begin_two(&lab);
	change(&lab, GUEST + 1, FROM_TSC + 70, RUNNING);
	change(&lab, GUEST + 1, FROM_TSC + 80, RUNNABLE);
	change(&lab, DOM0, FROM_TSC + 90, RUNNABLE);
	fairness_finish(&lab.fairness, FROM_TSC + 120);
	assert_int_equal(lab.fairness.guests[GUEST].longest_tsc, 0);
	assert_int_equal(lab.fairness.guests[GUEST + 1].longest_tsc, 70);
	assert_int_equal(lab.fairness.guests[GUEST + 1].longest_at_tsc, FROM_TSC);
	assert_int_equal(lab.fairness.guests[DOM0].longest_tsc, 0);
	lab_end(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counted_window_by_window),
		cmocka_unit_test(guests_come_one_after_the_other),
		cmocka_unit_test(borders_of_batches_make_no_difference),
		cmocka_unit_test(alike_over_the_border_of_a_batch),
		cmocka_unit_test(an_hour_in_which_nothing_changes),
		cmocka_unit_test(what_is_lost_within_a_batch),
		cmocka_unit_test(settings_change_within_a_half),
		cmocka_unit_test(starvation_is_to_wait_while_none_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
