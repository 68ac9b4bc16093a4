/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/unit.h"

#include "analyzer/credit_rules.h"

enum { UNITS = 3, TIME = 100 };

/* Unit i is the only one of domain i; they become active in that order. */
static struct credit_pool pool_of(uint32_t pcpus, size_t units, const uint32_t *weights)
{
	struct credit_pool pool;

	credit_pool_init(&pool, pcpus, CREDIT_TSLICE_MS, false, TIME);
	for (size_t i = 0; i < units; i++) {
		assert_true(credit_pool_add(&pool, i, i));
		credit_pool_settings(&pool, i, weights[i], 0);
		credit_activate(&pool, i);
	}
	return pool;
}

static void note_earned(void *arg, size_t unit, int32_t earned)
{
	((int32_t *)arg)[unit] = earned;
}

static void account(struct credit_pool *pool, int32_t *earned)
{
	for (size_t i = 0; i < UNITS; i++)
		earned[i] = -1;
	credit_account(pool, note_earned, earned);
}

/* Weights, in the order in which they become active; the last comes first when credit is handed out. */
static const struct {
	uint32_t pcpus;
	size_t units;
	uint32_t weights[UNITS];
	int32_t earned[UNITS];
} rows[] = {
	{ 1, 2, { 256, 256 }, { 150, 150 } },
	/* No more than a slice for one unit, whatever is there. */
	{ 2, 1, { 256 }, { 300 } },
	/* The third is at its most: 343 - 300 left over are ceil(43 * 1792 / 768) = 101 for the rest, who get of 701 by their weights. */
	{ 2, 3, { 256, 512, 1024 }, { 101, 201, 300 } },
	/* It comes last: what it leaves is lost in this round. */
	{ 2, 3, { 1024, 512, 256 }, { 300, 172, 86 } },
};

static void handing_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct credit_pool pool = pool_of(rows[i].pcpus, rows[i].units, rows[i].weights);
		int32_t earned[UNITS];
		account(&pool, earned);
		for (size_t u = 0; u < rows[i].units; u++)
			assert_int_equal(earned[u], rows[i].earned[u]);
		credit_pool_free(&pool);
	}
}

static void left_over_goes_first_next_time(void **state)
{
	struct credit_pool pool = pool_of(2, 3, (const uint32_t[]){ 1024, 512, 256 });
	int32_t earned[UNITS];

	(void)state;
	account(&pool, earned);
	for (size_t u = 0; u < UNITS; u++)
		credit_burn(&pool, u, (uint64_t)earned[u] * TIME); /* so that nobody owes */
	account(&pool, earned);
	assert_int_equal(earned[0], 300);
	assert_int_equal(earned[1], 201);
	assert_int_equal(earned[2], 101);
	credit_pool_free(&pool);
}

static void what_all_owe_is_handed_out_on_top(void **state)
{
	struct credit_pool pool = pool_of(1, 2, (const uint32_t[]){ 256, 256 });
	int32_t earned[UNITS];

	(void)state;
	credit_burn(&pool, 0, 200 * TIME);
	credit_burn(&pool, 1, 160 * TIME);
	account(&pool, earned); /* leaves -50 and -10 */
	assert_int_equal(pool.balance, -60);
	account(&pool, earned); /* 300 + 60 by two */
	assert_int_equal(earned[0], 180);
	assert_int_equal(pool.units[0].credit, 130);
	assert_int_equal(pool.units[1].credit, 170);
	credit_pool_free(&pool);
}

static void bounds(void **state)
{
	struct credit_pool pool = pool_of(2, 1, (const uint32_t[]){ 256 });

	(void)state;
	credit_account(&pool, NULL, NULL);
	assert_int_equal(pool.units[0].credit, 300);
	assert_true(pool.units[0].active);
	credit_account(&pool, NULL, NULL); /* 600 is more than a slice's worth: halved, and inactive */
	assert_int_equal(pool.units[0].credit, 300);
	assert_false(pool.units[0].active);
	assert_int_equal(pool.active_weight, 0);
	assert_int_equal(pool.first_domain, CREDIT_NONE);
	credit_account(&pool, NULL, NULL); /* earns nothing */
	assert_int_equal(pool.units[0].credit, 300);
	credit_burn(&pool, 0, 1000 * TIME);
	credit_tick(&pool, 0);
	credit_account(&pool, NULL, NULL); /* -700 + 300: no less than a slice */
	assert_int_equal(pool.units[0].credit, -300);
	assert_int_equal(pool.units[0].priority, CREDIT_OVER);
	credit_pool_free(&pool);
}

static void caps_park(void **state)
{
	struct credit_pool pool = pool_of(2, 1, (const uint32_t[]){ 256 });
	static const int32_t credits[] = { -140, -80, -20 };

	(void)state;
	credit_pool_settings(&pool, 0, 256, 20); /* 60 credits in a slice */
	credit_burn(&pool, 0, 200 * TIME);
	for (size_t i = 0; i < ROWS(credits); i++) {
		credit_account(&pool, NULL, NULL);
		assert_int_equal(pool.units[0].credit, credits[i]);
		assert_true(pool.units[0].parked);
		assert_false(credit_wake(&pool, 0, false));
	}
	credit_account(&pool, NULL, NULL);
	assert_int_equal(pool.units[0].credit, 40);
	assert_false(pool.units[0].parked);
	credit_pool_free(&pool);
}

static void paying(void **state)
{
	struct credit_pool pool = pool_of(1, 1, (const uint32_t[]){ 256 });

	(void)state;
	credit_burn(&pool, 0, 2 * TIME + TIME / 2);
	assert_int_equal(pool.units[0].credit, -2);
	credit_burn(&pool, 0, TIME / 2);
	assert_int_equal(pool.units[0].credit, -3);
	credit_tick(&pool, 0);
	assert_int_equal(pool.units[0].credit, -3);
	pool.tick_debit = true;
	credit_burn(&pool, 0, 50 * TIME);
	assert_int_equal(pool.units[0].credit, -3);
	credit_tick(&pool, 0);
	assert_int_equal(pool.units[0].credit, -103);
	credit_burn(&pool, 0, UINT64_MAX); /* nor does nonsense wrap */
	pool.tick_debit = false;
	credit_burn(&pool, 0, UINT64_MAX);
	assert_true(pool.units[0].credit < -1000000);
	credit_pool_free(&pool);
}

static void boosts(void **state)
{
	struct credit_pool pool = pool_of(1, 1, (const uint32_t[]){ 256 });

	(void)state;
	assert_false(credit_wake(&pool, 0, true)); /* moved, not woken */
	assert_true(credit_wake(&pool, 0, false));
	assert_false(credit_wake(&pool, 0, false)); /* has it already */
	assert_int_equal(pool.units[0].priority, CREDIT_BOOST);
	credit_tick(&pool, 0);
	assert_int_equal(pool.units[0].priority, CREDIT_UNDER);
	credit_burn(&pool, 0, 400 * TIME);
	credit_account(&pool, NULL, NULL);
	assert_false(credit_wake(&pool, 0, false));
	assert_int_equal(pool.units[0].priority, CREDIT_OVER);
	credit_pool_free(&pool);
}

static void lists(void **state)
{
	struct credit_pool pool;

	(void)state;
	credit_pool_init(&pool, 4, CREDIT_TSLICE_MS, false, TIME);
	for (size_t u = 0; u < 100; u++) {
		assert_true(credit_pool_add(&pool, u, u % 7));
		credit_tick(&pool, u);
		credit_tick(&pool, u);
	}
	assert_int_equal(pool.active_weight, 100 * CREDIT_WEIGHT);
	credit_pool_settings(&pool, 0, 1, 0); /* units 0, 7 ... 98 */
	assert_int_equal(pool.active_weight, 85 * CREDIT_WEIGHT + 15);
	for (size_t u = 0; u < 100; u++)
		credit_deactivate(&pool, u);
	assert_int_equal(pool.active_weight, 0);
	assert_int_equal(pool.first_domain, CREDIT_NONE);
	credit_pool_free(&pool);
}

static void tslices(void **state)
{
	static const struct { unsigned ms; int32_t credits_per_tslice, credits_per_tick; } tslice_rows[] = {
		{ 30, 300, 100 }, { 5, 50, 16 }, { 2, 20, 20 }, { 0, 10, 10 }, { 99999, 10000, 3333 },
	};
	struct credit_pool pool;

	(void)state;
	for (size_t i = 0; i < ROWS(tslice_rows); i++) {
		credit_pool_init(&pool, 1, tslice_rows[i].ms, false, 0);
		assert_int_equal(pool.credits_per_tslice, tslice_rows[i].credits_per_tslice);
		assert_int_equal(pool.credits_per_tick, tslice_rows[i].credits_per_tick);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(handing_out), cmocka_unit_test(left_over_goes_first_next_time), cmocka_unit_test(what_all_owe_is_handed_out_on_top),
		cmocka_unit_test(bounds), cmocka_unit_test(caps_park), cmocka_unit_test(paying), cmocka_unit_test(boosts), cmocka_unit_test(lists),
		cmocka_unit_test(tslices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
