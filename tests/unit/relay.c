/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/unit.h"

#include "analyzer/relay.h"

#include <pthread.h>
#include <string.h>

enum { MANY = 200001 }; /* more than there is room for, and no whole number of batches */

struct heard {
	size_t count, wrong;
	pthread_t thread;
};

/* The n-th record has n in its time stamp and n + i in each of its n % 8 words. */
static void hear(void *arg, const struct rec *rec)
{
	struct heard *heard = arg;
	bool right = rec->tsc == heard->count && rec->words == heard->count % 8;

	for (unsigned i = 0; i < rec->words; i++)
		right &= rec_word(rec, i) == heard->count + i;
	heard->wrong += !right;
	heard->count++;
	heard->thread = pthread_self();
}

/* What a record points to is another's as soon as it was put. */
static void put(struct relay *relay, size_t n)
{
	uint32_t words[7];

	for (uint32_t i = 0; i < 7; i++)
		words[i] = (uint32_t)n + i;
	relay_put(relay, &(struct rec){ .tsc = n, .payload = n % 8 > 0 ? (const uint8_t *)words : NULL, .words = n % 8, .kind = REC_WAKE });
	memset(words, 0xff, sizeof(words));
}

static void all_come_in_order_in_the_other_thread(void **state)
{
	struct heard heard = { 0 };
	struct relay *relay = relay_new(hear, &heard);

	(void)state;
	assert_non_null(relay);
	for (size_t n = 0; n < MANY; n++)
		put(relay, n);
	relay_free(relay);
	assert_int_equal(heard.count, MANY);
	assert_int_equal(heard.wrong, 0);
	assert_false(pthread_equal(heard.thread, pthread_self()));
}

static void once_drained_all_were_taken(void **state)
{
	static const size_t puts[] = { 0, 1, 0, 2047, 2048, 2049, 3 * 2048, 4 * 2048, 8 * 2048, 9 * 2048, 1, 60000 };
	struct heard heard = { 0 };
	struct relay *relay = relay_new(hear, &heard);
	size_t n = 0;

	(void)state;
	assert_non_null(relay);
	for (size_t i = 0; i < sizeof(puts) / sizeof(puts[0]); i++) {
		for (size_t end = n + puts[i]; n < end; n++)
			put(relay, n);
		relay_drain(relay);
		assert_int_equal(heard.count, n);
	}
	assert_int_equal(heard.wrong, 0);
	relay_free(relay);
}

static void nothing_is_a_relay_too(void **state)
{
	(void)state;
	relay_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_come_in_order_in_the_other_thread),
		cmocka_unit_test(once_drained_all_were_taken),
		cmocka_unit_test(nothing_is_a_relay_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
