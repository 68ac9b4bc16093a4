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

/* What the n-th item is, by n: most are changes, the rest notes and records.  Any of them has n in its time stamp. */
static enum rec_kind kind_of(size_t n)
{
	return n % 5 == 3 ? REC_TICKLE : n % 7 == 5 ? REC_CREDIT_EARN : REC_RUNSTATE;
}

/* The n-th record has n + i in each of its n % 8 words. */
static bool is_record(const struct rec *rec, size_t n)
{
	bool right = rec->kind == kind_of(n) && rec->tsc == n && rec->words == n % 8;

	for (unsigned i = 0; i < rec->words; i++)
		right &= rec_word(rec, i) == n + i;
	return right;
}

static uint32_t argument_of(size_t n)
{
	return n % 2 == 0 ? (uint32_t)(n % PCPU_MAX) : UINT32_MAX;
}

static bool is_note(const struct relay_item *item, size_t n)
{
	return item->vcpu == (n % 3 == 0 ? RELAY_NOBODY : n % VCPUS_MAX) && item->pcpu == n % 7 &&
	       item->argument == (uint16_t)argument_of(n) && (n % 2 == 0) == pcpu_valid(item->argument);
}

static bool is_change(const struct relay_item *item, size_t n)
{
	return item->vcpu == n % VCPUS_MAX && item->pcpu == n % PCPU_MAX && item->state == n % RUNSTATES;
}

static void hear(void *arg, const struct relay_batch *batch)
{
	struct heard *heard = arg;
	const struct rec *rec = batch->recs;

	for (size_t i = 0; i < batch->count; i++) {
		const struct relay_item *item = &batch->items[i];
		size_t n = heard->count++;
		bool right = item->tsc == n;
		if (kind_of(n) == REC_CREDIT_EARN)
			right &= item->kind == RELAY_RECORD && is_record(rec++, n);
		else
			right &= item->kind == kind_of(n) && (item->kind == RELAY_CHANGE ? is_change(item, n) : is_note(item, n));
		heard->wrong += !right;
	}
	heard->thread = pthread_self();
}

/* What a record points to is another's as soon as it was put. */
static void put_record(struct relay *relay, size_t n)
{
	uint32_t words[7];

	for (uint32_t i = 0; i < 7; i++)
		words[i] = (uint32_t)n + i;
	relay_put(relay, &(struct rec){ .tsc = n, .payload = n % 8 > 0 ? (const uint8_t *)words : NULL, .words = n % 8, .kind = REC_CREDIT_EARN });
	memset(words, 0xff, sizeof(words));
}

static void put(struct relay *relay, size_t n)
{
	if (kind_of(n) == REC_RUNSTATE)
		relay_put_change(relay, &(struct vcpu_change){ n, (uint16_t)(n % VCPUS_MAX), (uint16_t)(n % PCPU_MAX), (uint8_t)(n % RUNSTATES) });
	else if (kind_of(n) == REC_CREDIT_EARN)
		put_record(relay, n);
	else
		relay_put_note(relay, &(struct note){
			.kind = kind_of(n), .tsc = n, .pcpu = (uint32_t)(n % 7), .vcpu = n % 3 == 0 ? VCPU_NONE : (int32_t)(n % VCPUS_MAX), .argument = argument_of(n),
		});
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
