/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The standard error of a mean, for series of blocks of which it is known: each over many of them. */
#include "tests/unit/unit.h"

#include "analyzer/bootstrap.h"
#include "analyzer/statistics.h"

#include <math.h>

enum { BLOCKS = 24, SERIES = 300 };

static double even(uint64_t *random)
{
	return (double)(random_next(random) >> 11) / 9007199254740992.0 - 0.5;
}

/* What the draws say of the mean of so many blocks. */
static struct noise noise_of_mean(struct bootstrap *boot, const double *blocks, size_t count)
{
	double values[BOOT_ALL];

	bootstrap_fill(boot, count);
	for (size_t r = 0; r < BOOT_ALL; r++) {
		bootstrap_sum(boot, r, blocks, 1, &values[r]);
		values[r] /= (double)count;
	}
	return bootstrap_noise(boot, values);
}

/* Each block is a part of the one before and something random; the mean square of the standard errors is returned. */
static double mean_square(double part, double *least_dof)
{
	static struct bootstrap boot;
	uint64_t random = 1;
	double sum = 0;

	*least_dof = INFINITY;
	for (int s = 0; s < SERIES; s++) {
		double blocks[BLOCKS], now = 0;
		struct noise noise;
		for (int i = -50; i < BLOCKS; i++) {
			now = part * now + even(&random);
			if (i >= 0)
				blocks[i] = now;
		}
		noise = noise_of_mean(&boot, blocks, BLOCKS);
		sum += noise.se * noise.se / SERIES;
		*least_dof = fmin(*least_dof, noise.dof);
	}
	return sum;
}

/* The variance of the mean of n numbers spread evenly over 1 is 1 / 12n.  The greater of two estimates is too great on
 * average, but not by much. */
static void of_independent_blocks(void **state)
{
	double dof, square = 12.0 * BLOCKS * mean_square(0, &dof);

	(void)state;
	assert_true(square > 1 && square < 1.5);
	assert_true(dof > 2);
}

/* With each block 0.6 of the one before, that of the mean is (1 + 0.6) / (1 - 0.6) = 4 times that of the blocks, which is
 * 1 / (1 - 0.36) of the noise's.  The short blocks alone would see less than a third of it. */
static void of_blocks_that_depend_on_those_before(void **state)
{
	double dof, square = 12.0 * BLOCKS * mean_square(0.6, &dof) * (1 - 0.36);

	(void)state;
	assert_true(square > 2 && square < 4.5);
}

static void equal_blocks_have_no_noise(void **state)
{
	static struct bootstrap boot;
	double blocks[BLOCKS];
	struct noise noise;

	(void)state;
	for (int i = 0; i < BLOCKS; i++)
		blocks[i] = 3;
	noise = noise_of_mean(&boot, blocks, BLOCKS);
	assert_true(noise.se == 0 && noise.dof > 10);
}

static void few_blocks_say_nothing(void **state)
{
	static struct bootstrap boot;
	static const double blocks[BOOT_BLOCKS_MIN] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };

	(void)state;
	assert_true(isnan(noise_of_mean(&boot, blocks, BOOT_BLOCKS_MIN - 1).se));
	assert_true(noise_of_mean(&boot, blocks, BOOT_BLOCKS_MIN).se > 0);
	assert_true(isnan(noise_of_mean(&boot, blocks, 0).se));
}

/* Each draw has as many blocks as there are, or, in whole long blocks, nearly so; the first has each once. */
static void what_a_draw_is(void **state)
{
	static struct bootstrap boot;

	(void)state;
	bootstrap_fill(&boot, BLOCKS + 3);
	for (size_t r = 0; r < BOOT_ALL; r++) {
		unsigned sum = 0;
		for (size_t i = 0; i < BLOCKS_MAX; i++) {
			sum += boot.draws[r].times[i];
			assert_true(i < BLOCKS + 3 || boot.draws[r].times[i] == 0);
			assert_true(r > 0 || i >= BLOCKS + 3 || boot.draws[r].times[i] == 1);
		}
		assert_true(r > BOOT_DRAWS || sum == BLOCKS + 3);
		assert_true(sum >= BLOCKS);
	}
}

static void a_value_that_is_not_known(void **state)
{
	static struct bootstrap boot;
	double values[BOOT_ALL];

	(void)state;
	bootstrap_fill(&boot, BLOCKS);
	for (size_t r = 0; r < BOOT_ALL; r++)
		values[r] = r % 2 ? 1 : 2;
	values[7] = NAN;
	assert_true(bootstrap_noise(&boot, values).se > 0.4);
	for (size_t r = 1; r < BOOT_ALL; r += 10)
		values[r] = NAN;
	assert_true(isnan(bootstrap_noise(&boot, values).se));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_independent_blocks), cmocka_unit_test(of_blocks_that_depend_on_those_before),
		 cmocka_unit_test(equal_blocks_have_no_noise),
		cmocka_unit_test(few_blocks_say_nothing), cmocka_unit_test(what_a_draw_is), cmocka_unit_test(a_value_that_is_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
