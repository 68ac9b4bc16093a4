/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/unit.h"

#include "analyzer/share.h"

#include <math.h>

static void assert_near(double value, double wanted)
{
	if (!(fabs(value - wanted) <= 1e-12 * fmax(1, fabs(wanted))))
		fail_msg("%.15g, wanted %.15g", value, wanted);
}

enum { MOST = 4 };

/* weight, demand, limit and what must come of them; a weight of 0 ends a row. */
static const struct {
	double capacity_s;
	struct { double weight, demand_s, limit_s, entitled_s; } claimants[MOST];
} rows[] = {
	{ 1, { { 256, 1, 1, 1 } } },
	{ 1, { { 256, 1, 1, 0.5 }, { 256, 1, 1, 0.5 } } },
	{ 1, { { 256, 1, 1, 0.25 }, { 768, 1, 1, 0.75 } } },
	/* Enough for all. */
	{ 4, { { 1, 1, 1, 1 }, { 1000, 1, 1, 1 } } },
	/* What the first does not want goes to the others, 1:2. */
	{ 1, { { 256, 0.1, 1, 0.1 }, { 256, 1, 1, 0.3 }, { 512, 1, 1, 0.6 } } },
	/* Weights 256:512:1024 on two pCPUs: the third fills its pCPU, the others share the rest 1:2. */
	{ 2, { { 256, 1, 1, 1.0 / 3 }, { 512, 1, 1, 2.0 / 3 }, { 1024, 1, 1, 1 } } },
	/* Two rounds: the first leaves, so the second's part suffices it, too. */
	{ 1, { { 100, 0.1, 1, 0.1 }, { 100, 0.4, 1, 0.4 }, { 100, 1, 1, 0.5 } } },
	/* A limit counts like a demand. */
	{ 1, { { 256, 1, 0.2, 0.2 }, { 256, 1, 1, 0.8 } } },
	/* Who wants nothing gets nothing. */
	{ 1, { { 256, 0, 1, 0 }, { 256, 0.3, 1, 0.3 } } },
};

static void water_filling(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct claimant claimants[MOST];
		size_t count = 0;
		for (; count < MOST && rows[i].claimants[count].weight > 0; count++)
			claimants[count] = (struct claimant){ .domain = count, .weight = rows[i].claimants[count].weight,
							      .demand_s = rows[i].claimants[count].demand_s, .limit_s = rows[i].claimants[count].limit_s };
		share_entitle(claimants, count, rows[i].capacity_s);
		for (size_t c = 0; c < count; c++)
			assert_near(claimants[c].entitled_s, rows[i].claimants[c].entitled_s);
	}
}

static void caps_bind_a_domain_as_a_whole(void **state)
{
	/* Domain 7 wants 1.5 and may have 0.75: each of its vCPUs half of what it wants. */
	struct claimant claimants[] = {
		{ .domain = 7, .weight = 256, .demand_s = 1, .limit_s = 1 },
		{ .domain = 8, .weight = 256, .demand_s = 1, .limit_s = 1 },
		{ .domain = 7, .weight = 256, .demand_s = 0.5, .limit_s = 1 },
	};

	(void)state;
	share_cap_domain(claimants, 3, 7, 0.75);
	assert_near(claimants[0].limit_s, 0.5);
	assert_near(claimants[1].limit_s, 1);
	assert_near(claimants[2].limit_s, 0.25);
	share_cap_domain(claimants, 3, 7, 0.75); /* once more changes nothing */
	assert_near(claimants[0].limit_s, 0.5);
	share_cap_domain(claimants, 3, 8, 2);    /* a cap above what it wants changes nothing */
	assert_near(claimants[1].limit_s, 1);
}

static void jain(void **state)
{
	static const struct { size_t count; double values[MOST]; double wanted; } jains[] = {
		{ 1, { 5 }, 1 }, { 2, { 3, 3 }, 1 }, { 2, { 1, 0 }, 0.5 }, { 4, { 0, 0, 0, 9 }, 0.25 }, { 2, { 1, 2 }, 0.9 },
		{ 3, { 1, 2, 3 }, 36.0 / 42 },
	};
	const double zeroes[2] = { 0, 0 };

	(void)state;
	for (size_t i = 0; i < ROWS(jains); i++)
		assert_near(share_jain(jains[i].values, jains[i].count), jains[i].wanted);
	assert_true(isnan(share_jain(zeroes, 0)));
	assert_true(isnan(share_jain(zeroes, 2)));
}

static void max_over_min(void **state)
{
	const double values[] = { 2, 8, 4 }, with_zero[] = { 0, 3 }, zeroes[] = { 0, 0 };

	(void)state;
	assert_near(share_max_over_min(values, 3), 4);
	assert_near(share_max_over_min(values, 1), 1);
	assert_true(isinf(share_max_over_min(with_zero, 2)));
	assert_true(isnan(share_max_over_min(zeroes, 2)));
	assert_true(isnan(share_max_over_min(values, 0)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(water_filling),
		cmocka_unit_test(caps_bind_a_domain_as_a_whole),
		cmocka_unit_test(jain),
		cmocka_unit_test(max_over_min),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
