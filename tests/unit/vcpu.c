/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every vCPU's state over time, from records made by hand. */
#include "tests/unit/unit.h"

#include "analyzer/vcpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BEGIN = 1000, INTERVALS_MAX = 4096 };

/* A state machine, and what came out of it. */
struct lab {
	struct vcpus vcpus;
	struct trust trust;
	struct interval intervals[INTERVALS_MAX];
	size_t count;
};

static void note(void *arg, const struct interval *interval)
{
	struct lab *lab = arg;

	assert_true(lab->count < INTERVALS_MAX);
	lab->intervals[lab->count++] = *interval;
}

static void lab_begin(struct lab *lab)
{
	*lab = (struct lab){ .trust = { .messages = UINT32_MAX } };
	assert_true(vcpus_init(&lab->vcpus, BEGIN, &lab->trust, note, lab));
}

/* The vCPU's intervals in words: "state begin-end, ..."; each begins where the one before it ended. */
static const char *story(const struct lab *lab, size_t vcpu, uint64_t end_tsc)
{
	static char text[1024];
	uint64_t at_tsc = BEGIN;
	size_t used = 0;

	for (size_t i = 0; i < lab->count; i++) {
		const struct interval *interval = &lab->intervals[i];
		if (interval->vcpu != vcpu)
			continue;
		assert_int_equal(interval->begin_tsc, at_tsc);
		at_tsc = interval->end_tsc;
		if (interval->begin_tsc != interval->end_tsc)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s %ju-%ju", used ? ", " : "", runstate_name[interval->state],
						 (uintmax_t)interval->begin_tsc, (uintmax_t)interval->end_tsc);
	}
	assert_int_equal(at_tsc, end_tsc);
	return text;
}

static void lab_end(struct lab *lab, uint64_t end_tsc)
{
	vcpus_finish(&lab->vcpus, end_tsc);
}

static void lab_free(struct lab *lab)
{
	assert_false(lab->vcpus.out_of_memory);
	vcpus_free(&lab->vcpus);
}

/* ---- records ---- */

static void take(struct lab *lab, enum rec_kind kind, uint32_t pcpu, uint64_t tsc, uint32_t id, uint32_t word)
{
	const uint8_t payload[] = { (uint8_t)word, (uint8_t)(word >> 8), (uint8_t)(word >> 16), (uint8_t)(word >> 24) };
	const struct rec rec = { .kind = (uint8_t)kind, .pcpu = (uint16_t)pcpu, .tsc = tsc, .id = id, .payload = payload, .words = 1 };

	vcpus_take(&lab->vcpus, &rec);
}

static void change(struct lab *lab, uint32_t pcpu, uint64_t tsc, uint32_t domain, enum runstate old, enum runstate new)
{
	take(lab, REC_RUNSTATE, pcpu, tsc, 0x21001 | (uint32_t)old << 8 | (uint32_t)new << 4, domain << 16);
}

static void goes_on(struct lab *lab, uint32_t pcpu, uint64_t tsc, uint32_t domain)
{
	take(lab, REC_CONTINUE, pcpu, tsc, 0x21002, domain << 16);
}

static void loss(struct lab *lab, uint32_t pcpu, uint64_t tsc)
{
	take(lab, REC_LOSS_BEGIN, pcpu, tsc, 0, 0);
}

static void loss_over(struct lab *lab, uint32_t pcpu, uint64_t tsc, uint32_t running)
{
	take(lab, REC_LOSS_END, pcpu, tsc, running, 0);
}

/* ---- what must come of them ---- */

static void a_first_record_tells_the_old_state(void **state)
{
	struct lab lab;

	(void)state;
	lab_begin(&lab);
	change(&lab, 0, 1300, 1, BLOCKED, RUNNABLE);
	change(&lab, 0, 1350, 1, RUNNABLE, RUNNING);
	lab_end(&lab, 2000);
	assert_string_equal(story(&lab, 0, 2000), "blocked 1000-1300, runnable 1300-1350, running 1350-2000");
	assert_false(lab.intervals[0].begin_seen);
	assert_true(lab.intervals[0].end_seen);
	assert_true(lab.intervals[1].begin_seen && lab.intervals[1].end_seen);
	assert_int_equal(lab.intervals[1].before, BLOCKED);
	assert_int_equal(lab.intervals[1].after, RUNNING);
	assert_false(lab.intervals[2].end_seen);
	assert_int_equal(lab.trust.inconsistent_records, 0);
	lab_free(&lab);
}

static void a_contradiction_makes_the_time_before_it_unknown(void **state)
{
	struct lab lab;

	(void)state;
	lab_begin(&lab);
	change(&lab, 0, 1100, 1, RUNNING, BLOCKED);
	change(&lab, 0, 1400, 1, RUNNING, RUNNABLE);
	lab_end(&lab, 2000);
	assert_string_equal(story(&lab, 0, 2000), "running 1000-1100, unknown 1100-1400, runnable 1400-2000");
	assert_int_equal(lab.trust.inconsistent_records, 1);
	lab_free(&lab);
}

static void continuing(void **state)
{
	struct lab lab;

	(void)state;
	lab_begin(&lab);
	goes_on(&lab, 2, 1100, 1);                    /* nothing else: it ran since the begin */
	change(&lab, 0, 1200, 2, RUNNABLE, RUNNING);
	goes_on(&lab, 0, 1300, 2);                    /* nothing new */
	change(&lab, 1, 1200, 3, RUNNING, BLOCKED);
	goes_on(&lab, 1, 1500, 3);                    /* contradicts */
	lab_end(&lab, 2000);
	assert_string_equal(story(&lab, 0, 2000), "running 1000-2000");
	assert_string_equal(story(&lab, 1, 2000), "runnable 1000-1200, running 1200-2000");
	assert_string_equal(story(&lab, 2, 2000), "running 1000-1200, unknown 1200-1500, running 1500-2000");
	assert_int_equal(lab.trust.inconsistent_records, 1);
	lab_free(&lab);
}

static void where_it_ran(void **state)
{
	struct lab lab;

	(void)state;
	lab_begin(&lab);
	change(&lab, 3, 1100, 1, RUNNING, RUNNABLE);  /* the first record: it ran where it was written */
	change(&lab, 5, 1200, 1, RUNNABLE, RUNNING);
	change(&lab, 5, 1300, 1, RUNNING, BLOCKED);
	change(&lab, 7, 1400, 1, BLOCKED, RUNNABLE);  /* a wakeup is written by the waker's pCPU */
	change(&lab, 5, 1500, 1, RUNNABLE, RUNNING);
	lab_end(&lab, 2000);
	assert_int_equal(lab.intervals[0].pcpu, 3);
	assert_int_equal(lab.intervals[2].pcpu, 5);
	assert_int_equal(lab.intervals[5].pcpu, 5);
	lab_free(&lab);
}

static void a_loss_leaves_those_who_run_elsewhere(void **state)
{
	struct lab lab;

	(void)state;
	lab_begin(&lab);
	change(&lab, 0, 1000, 1, RUNNABLE, RUNNING);
	change(&lab, 1, 1000, 2, RUNNABLE, RUNNING);
	change(&lab, 1, 1000, 3, RUNNING, BLOCKED);
	loss(&lab, 0, 1200);
	loss_over(&lab, 0, 1500, LOSS_RUNNING_UNKNOWN);
	change(&lab, 0, 1700, 1, RUNNING, BLOCKED);
	lab_end(&lab, 2000);
	assert_string_equal(story(&lab, 0, 2000), "running 1000-1200, unknown 1200-1500, running 1500-1700, blocked 1700-2000");
	assert_string_equal(story(&lab, 1, 2000), "running 1000-2000");
	/* Blocked before; who knows whether somebody woke it on pCPU 0?  And no record tells what it was afterwards. */
	assert_string_equal(story(&lab, 2, 2000), "blocked 1000-1200, unknown 1200-1500, unknown 1500-2000");
	assert_int_equal(lab.trust.inconsistent_records, 0);
	lab_free(&lab);
}

static void who_runs_after_a_loss_is_named(void **state)
{
	struct lab lab;

	(void)state;
	lab_begin(&lab);
	change(&lab, 0, 1000, 1, RUNNABLE, RUNNING);
	loss(&lab, 0, 1200);
	loss_over(&lab, 0, 1500, 1u << 16 | 0);
	lab_end(&lab, 2000);
	assert_string_equal(story(&lab, 0, 2000), "running 1000-1200, unknown 1200-1500, running 1500-2000");
	lab_free(&lab);
}

/* Xen names who ran when the record was written, within the switch away from it: then the next one starts there. */
static void who_was_named_had_just_left(void **state)
{
	struct lab lab;

	(void)state;
	lab_begin(&lab);
	change(&lab, 0, 1000, 1, RUNNABLE, RUNNING);
	change(&lab, 0, 1000, 2, RUNNING, RUNNABLE);
	loss(&lab, 0, 1200);
	loss_over(&lab, 0, 1500, 1u << 16 | 0);
	change(&lab, 0, 1510, 2, RUNNABLE, RUNNING);
	change(&lab, 0, 1800, 1, BLOCKED, RUNNABLE);
	lab_end(&lab, 2000);
	assert_string_equal(story(&lab, 0, 2000), "running 1000-1200, unknown 1200-1500, blocked 1500-1800, runnable 1800-2000");
	assert_string_equal(story(&lab, 1, 2000), "runnable 1000-1200, unknown 1200-1500, runnable 1500-1510, running 1510-2000");
	assert_int_equal(lab.trust.inconsistent_records, 0);
	lab_free(&lab);
}

static void losses_on_two_pcpus_overlap(void **state)
{
	struct lab lab;

	(void)state;
	lab_begin(&lab);
	change(&lab, 0, 1000, 1, RUNNABLE, RUNNING);
	change(&lab, 2, 1000, 2, RUNNABLE, RUNNING);
	loss(&lab, 0, 1200);
	loss(&lab, 1, 1300);
	loss_over(&lab, 0, 1400, LOSS_RUNNING_UNKNOWN);
	change(&lab, 0, 1450, 1, RUNNING, BLOCKED);   /* from here on it may be woken on pCPU 1, unseen */
	loss_over(&lab, 1, 1500, LOSS_RUNNING_UNKNOWN);
	change(&lab, 0, 1600, 1, BLOCKED, RUNNABLE);
	lab_end(&lab, 2000);
	assert_string_equal(story(&lab, 0, 2000), "running 1000-1200, unknown 1200-1450, unknown 1450-1500, blocked 1500-1600, runnable 1600-2000");
	assert_string_equal(story(&lab, 1, 2000), "running 1000-2000");
	lab_free(&lab);
}

static void a_loss_without_an_end_lasts(void **state)
{
	struct lab lab;

	(void)state;
	lab_begin(&lab);
	change(&lab, 0, 1000, 1, RUNNABLE, RUNNING);
	change(&lab, 1, 1000, 2, RUNNABLE, RUNNING);
	loss(&lab, 0, 1200);
	change(&lab, 1, 1400, 3, BLOCKED, RUNNABLE);  /* seen for the first time, within the loss */
	lab_end(&lab, 2000);
	assert_string_equal(story(&lab, 0, 2000), "running 1000-1200, unknown 1200-2000");
	assert_string_equal(story(&lab, 1, 2000), "running 1000-2000");
	assert_string_equal(story(&lab, 2, 2000), "unknown 1000-1400, unknown 1400-2000");
	lab_free(&lab);
}

static void ids_are_used_again(void **state)
{
	struct lab lab;

	(void)state;
	lab_begin(&lab);
	change(&lab, 0, 1000, 5, RUNNABLE, RUNNING);
	change(&lab, 0, 1200, 5, RUNNING, BLOCKED);
	take(&lab, REC_DOM_REM, 0, 1300, 0, 5);
	take(&lab, REC_DOM_REM, 0, 1310, 0, 5);       /* once more is nothing new */
	take(&lab, REC_DOM_ADD, 0, 1500, 0, 5);
	change(&lab, 0, 1600, 5, OFFLINE, RUNNABLE);
	take(&lab, REC_DOM_ADD, 0, 1700, 0, 5);       /* its end was not traced */
	take(&lab, REC_DOM_ADD, 0, 1700, 0, 9);       /* of whose vCPUs there is no record */
	take(&lab, REC_DOM_REM, 0, 1800, 0, 11);      /* likewise */
	take(&lab, REC_DOM_ADD, 0, 1900, 0, 11);
	lab_end(&lab, 2000);
	assert_string_equal(story(&lab, 0, 2000), "running 1000-1200, blocked 1200-1300, offline 1300-2000");
	assert_string_equal(story(&lab, 1, 2000), "offline 1000-1600, runnable 1600-1700, offline 1700-2000");
	assert_int_equal(lab.vcpus.domain_count, 6);
	assert_int_equal(lab.vcpus.domains[0].since_tsc, 0);
	assert_int_equal(lab.vcpus.domains[0].until_tsc, 1300);
	assert_int_equal(lab.vcpus.domains[1].since_tsc, 1500);
	assert_int_equal(lab.vcpus.domains[1].until_tsc, 1700);
	assert_int_equal(lab.vcpus.domains[1].generation, 1);
	assert_int_equal(lab.vcpus.domains[2].generation, 2);
	assert_true(lab.vcpus.domains[2].until_tsc == UINT64_MAX);
	assert_int_equal(vcpus_domain(&lab.vcpus, 9, 0)->since_tsc, 1700);
	assert_int_equal(vcpus_domain(&lab.vcpus, 11, 0)->until_tsc, 1800);
	assert_int_equal(vcpus_domain(&lab.vcpus, 11, 1)->since_tsc, 1900);
	assert_int_equal(lab.trust.invalid_records, 0);
	lab_free(&lab);
}

/* What is kept of each is much, so there is an end to it; who is one too many is not taken for the one before of his id. */
static void domains_come_for_ever(void **state)
{
	struct lab lab;

	(void)state;
	lab_begin(&lab);
	change(&lab, 0, 1000, 5, OFFLINE, RUNNABLE);
	for (uint32_t i = 1; i < DOMAINS_SEEN_MAX; i++)
		take(&lab, REC_DOM_ADD, 0, 1000, 0, i);
	assert_int_equal(lab.vcpus.domain_count, DOMAINS_SEEN_MAX);
	assert_int_equal(lab.trust.invalid_records, 0);
	take(&lab, REC_DOM_ADD, 0, 1100, 0, 5);
	change(&lab, 0, 1200, 5, OFFLINE, RUNNABLE);
	lab_end(&lab, 2000);
	assert_int_equal(lab.vcpus.domain_count, DOMAINS_SEEN_MAX);
	assert_int_equal(lab.trust.invalid_records, 2);
	assert_string_equal(story(&lab, 0, 2000), "offline 1000-2000");
	lab_free(&lab);
}

static void who_cannot_be_is_counted(void **state)
{
	struct lab lab;

	(void)state;
	lab_begin(&lab);
	take(&lab, REC_CONTINUE, 0, 1100, 0x21002, (uint32_t)DOMID_MAX << 16);
	take(&lab, REC_RUNSTATE, 0, 1100, 0x21021, 1u << 16 | VCPU_ID_MAX);
	take(&lab, REC_DOM_ADD, 0, 1100, 0, UINT32_MAX);
	loss(&lab, 0, 1100);
	loss_over(&lab, 0, 1200, LOSS_RUNNING_UNKNOWN);
	lab_end(&lab, 2000);
	assert_int_equal(lab.trust.invalid_records, 3);
	assert_int_equal(lab.vcpus.vcpu_count, 0);
	lab_free(&lab);
}

static void presets(void **state)
{
	const uint8_t domain_1[] = { 0, 0, 1, 0 };
	const struct rec first = { .kind = REC_RUNSTATE, .tsc = 1500, .pcpu = 3, .id = 0x21101, .payload = domain_1, .words = 1 };
	const struct rec later = { .kind = REC_RUNSTATE, .tsc = 1600, .pcpu = 4, .id = 0x21021, .payload = domain_1, .words = 1 };
	struct lab lab;

	(void)state;
	lab_begin(&lab);
	vcpus_preset(&lab.vcpus, &first);
	vcpus_preset(&lab.vcpus, &later);             /* only a vCPU's first record counts */
	assert_int_equal(lab.vcpus.vcpus[0].knowledge, KNOWN);
	assert_int_equal(lab.vcpus.vcpus[0].state, RUNNABLE);
	vcpus_take(&lab.vcpus, &first);
	vcpus_take(&lab.vcpus, &later);
	lab_end(&lab, 2000);
	assert_string_equal(story(&lab, 0, 2000), "runnable 1000-1500, running 1500-1600, blocked 1600-2000");
	assert_false(lab.intervals[0].begin_seen);
	assert_int_equal(lab.trust.inconsistent_records, 0);
	lab_free(&lab);
}

static void conflicts_and_what_explains_them(void **state)
{
	const uint8_t domain_1[] = { 0, 0, 1, 0 }, domain_2[] = { 0, 0, 2, 0 };
	const struct rec runs = { .kind = REC_RUNSTATE, .id = 0x21101, .payload = domain_1, .words = 1 };       /* runnable to running */
	const struct rec wakes = { .kind = REC_RUNSTATE, .id = 0x21211, .payload = domain_1, .words = 1 };      /* blocked to runnable */
	const struct rec wakes_other = { .kind = REC_RUNSTATE, .id = 0x21211, .payload = domain_2, .words = 1 };
	const struct rec preempted = { .kind = REC_RUNSTATE, .id = 0x21011, .payload = domain_1, .words = 1 };  /* running to runnable */
	const struct rec goes = { .kind = REC_CONTINUE, .id = 0x21002, .payload = domain_1, .words = 1 };
	struct lab lab;

	(void)state;
	lab_begin(&lab);
	assert_false(vcpus_conflict(&lab.vcpus, &runs));                 /* nobody knows it yet */
	change(&lab, 0, 1100, 1, RUNNING, BLOCKED);
	assert_true(vcpus_conflict(&lab.vcpus, &runs));
	assert_false(vcpus_conflict(&lab.vcpus, &wakes));
	assert_false(vcpus_conflict(&lab.vcpus, &goes));                 /* only state changes conflict */
	assert_true(vcpus_explains(&lab.vcpus, &runs, &wakes));
	assert_false(vcpus_explains(&lab.vcpus, &runs, &wakes_other));
	assert_false(vcpus_explains(&lab.vcpus, &runs, &preempted));     /* leads there, but from a state that is not */
	assert_false(vcpus_explains(&lab.vcpus, &runs, &goes));
	lab_end(&lab, 2000);
	lab_free(&lab);
}

/* Of the three vCPUs some change as they can, some as they cannot, and now and then something is lost or a domain ends. */
static struct rec any_record(unsigned *seed, uint64_t tsc, const struct vcpus *vcpus, uint8_t word[4])
{
	static const uint8_t rare[] = { REC_CONTINUE, REC_LOSS_BEGIN, REC_DOM_ADD };
	unsigned chance = (unsigned)rand_r(seed), domain = 1 + chance % 3, pcpu = chance >> 4 & 1, new = chance >> 8 & 3;
	unsigned old = chance >> 12 & 15 ? (unsigned)vcpus_state(vcpus, domain, 0) & 3 : chance >> 10 & 3;
	unsigned kind = chance >> 16 & 31 ? REC_RUNSTATE : rare[(chance >> 22) % 3];
	struct rec rec = { .tsc = tsc, .pcpu = (uint16_t)pcpu, .payload = word, .words = 1, .id = 0x21001 | old << 8 | new << 4 };

	rec.kind = (uint8_t)(kind == REC_LOSS_BEGIN && vcpus->pcpu_lost[pcpu] ? REC_LOSS_END : kind);
	if (rec.kind == REC_LOSS_END)
		rec.id = domain << 16;
	word[rec.kind == REC_DOM_ADD ? 0 : 2] = (uint8_t)domain;
	return rec;
}

/* And begins anew. */
static void assert_same_intervals(struct lab *a, struct lab *b)
{
	assert_int_equal(a->count, b->count);
	for (size_t i = 0; i < a->count; i++) {
		const struct interval *x = &a->intervals[i], *y = &b->intervals[i];
		assert_int_equal(x->vcpu, y->vcpu);
		assert_int_equal(x->state, y->state);
		assert_int_equal(x->before, y->before);
		assert_int_equal(x->after, y->after);
		assert_int_equal(x->pcpu, y->pcpu);
		assert_int_equal(x->begin_tsc, y->begin_tsc);
		assert_int_equal(x->end_tsc, y->end_tsc);
		assert_int_equal(x->begin_seen, y->begin_seen);
		assert_int_equal(x->end_seen, y->end_seen);
	}
	a->count = b->count = 0;
}

/* As one who takes it does: tells of what closes, and takes it. */
static void pass(struct lab *lab, const struct vcpu_change *change)
{
	const struct interval closed = vcpus_closed_by(&lab->vcpus, change);

	note(lab, &closed);
	vcpus_pass(&lab->vcpus, change);
}

/* What is plain for one is so for all who took the same records. */
static void what_is_taken_plainly_comes_to_the_same(void **state)
{
	enum { RECORDS = 100000 };
	struct lab faster, slower;
	unsigned seed = 1, plain = 0;

	(void)state;
	lab_begin(&faster);
	lab_begin(&slower);
	for (uint64_t tsc = BEGIN - 10; tsc < BEGIN + RECORDS; tsc++) {
		uint8_t word[4] = { 0 };
		const struct rec rec = any_record(&seed, tsc, &slower.vcpus, word);
		struct vcpu_change change;
		bool is_plain = vcpus_plain(&slower.vcpus, &rec, &change);
		vcpus_take(&slower.vcpus, &rec);
		plain += is_plain;
		if (is_plain)
			pass(&faster, &change);
		else
			vcpus_take(&faster.vcpus, &rec);
		assert_same_intervals(&faster, &slower);
	}
	lab_end(&faster, BEGIN + RECORDS);
	lab_end(&slower, BEGIN + RECORDS);
	assert_in_range(plain, RECORDS / 10, RECORDS * 9 / 10);
	assert_same_intervals(&faster, &slower);
	assert_int_equal(faster.trust.inconsistent_records, slower.trust.inconsistent_records);
	lab_free(&faster);
	lab_free(&slower);
}

static void times_before_the_begin_are_the_begin(void **state)
{
	struct lab lab;

	(void)state;
	lab_begin(&lab);
	change(&lab, 0, 10, 1, RUNNABLE, RUNNING);
	lab_end(&lab, 2000);
	assert_string_equal(story(&lab, 0, 2000), "running 1000-2000");
	lab_free(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_first_record_tells_the_old_state),
		cmocka_unit_test(a_contradiction_makes_the_time_before_it_unknown),
		cmocka_unit_test(continuing),
		cmocka_unit_test(where_it_ran),
		cmocka_unit_test(a_loss_leaves_those_who_run_elsewhere),
		cmocka_unit_test(who_runs_after_a_loss_is_named),
		cmocka_unit_test(who_was_named_had_just_left),
		cmocka_unit_test(losses_on_two_pcpus_overlap),
		cmocka_unit_test(a_loss_without_an_end_lasts),
		cmocka_unit_test(ids_are_used_again),
		cmocka_unit_test(domains_come_for_ever),
		cmocka_unit_test(who_cannot_be_is_counted),
		cmocka_unit_test(presets),
		cmocka_unit_test(conflicts_and_what_explains_them),
		cmocka_unit_test(times_before_the_begin_are_the_begin),
		cmocka_unit_test(what_is_taken_plainly_comes_to_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
