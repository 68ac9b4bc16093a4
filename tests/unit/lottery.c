/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/unit.h"

#include "analyzer/lottery.h"

enum { MOST = 4, SLICE = 300 };

/* One round of a slice: what each ran and waited, and what it has then.  A weight of 0 ends a row. */
static const struct {
	uint32_t pcpus;
	struct { uint32_t weight; uint64_t ran_tsc, waited_tsc; int64_t credit_tsc; } vcpus[MOST];
} rows[] = {
	/* Two that wanted all of one pCPU: each should have had half. */
	{ 1, { { 256, 270, 30, -120 }, { 256, 30, 270, 120 } } },
	/* The third leaves 480 of the two pCPUs, the second has its 300 of that, 180 are left for the first; who wants less earns no less. */
	{ 2, { { 256, 190, 110, -10 }, { 512, 290, 10, 10 }, { 512, 120, 0, 180 } } },
	/* Enough for all: nobody owes anything, and nobody keeps more than a slice. */
	{ 2, { { 256, 300, 0, 0 }, { 1, 300, 0, 0 }, { 256, 0, 0, 300 } } },
	/* Nobody wanted to run. */
	{ 1, { { 256, 0, 0, 300 } } },
};

static void rounds(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct lottery lottery;
		struct lottery_account accounts[MOST] = { { 0 } };
		size_t count = 0;
		lottery_init(&lottery, SLICE);
		for (; count < MOST && rows[i].vcpus[count].weight > 0; count++) {
			lottery_pass(&lottery, &accounts[count], rows[i].vcpus[count].ran_tsc, true);
			lottery_pass(&lottery, &accounts[count], rows[i].vcpus[count].waited_tsc, false);
			assert_true(lottery_claim(&lottery, &accounts[count], rows[i].vcpus[count].weight));
		}
		lottery_share(&lottery, rows[i].pcpus, SLICE);
		for (size_t v = 0; v < count; v++) {
			lottery_earn(&lottery, &accounts[v], rows[i].vcpus[v].weight);
			if (accounts[v].credit_tsc != rows[i].vcpus[v].credit_tsc)
				fail_msg("row %zu, vCPU %zu: %lld", i, v, (long long)accounts[v].credit_tsc);
			assert_int_equal(accounts[v].over, rows[i].vcpus[v].credit_tsc < 0);
		}
		lottery_free(&lottery);
	}
}

static void nobody_owes_more_than_a_slice(void **state)
{
	struct lottery_account account = { 0 }, other = { .wanted_tsc = SLICE };
	struct lottery lottery;

	(void)state;
	lottery_init(&lottery, SLICE);
	for (size_t i = 0; i < 100; i++)
		lottery_pass(&lottery, &account, UINT64_MAX, true);
	assert_true(lottery_claim(&lottery, &account, 256) && lottery_claim(&lottery, &other, 256));
	lottery_share(&lottery, 1, SLICE);
	lottery_earn(&lottery, &account, 256);
	assert_int_equal(account.credit_tsc, -SLICE);
	assert_true(account.over);
	lottery_free(&lottery);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(rounds), cmocka_unit_test(nobody_owes_more_than_a_slice) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
