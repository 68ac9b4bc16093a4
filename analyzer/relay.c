/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/relay.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum {
	BATCH_ITEMS = 4096, BATCH_RECORDS = 512, BATCHES = 16,
	AHEAD_ITEMS = 32, /* who takes has the lines of memory that come next in its cache: they are called back so far ahead */
	WORDS_MAX = 7,    /* stream.h */
};

/* Batches are handed over as a whole, so that nothing is locked for a single item; and who had to wait goes on when half of
 * them are full, so that the threads seldom wake each other. */
struct batch {
	size_t count, rec_count;
	struct relay_item items[BATCH_ITEMS + AHEAD_ITEMS]; /* the last ones are only called back */
	struct rec recs[BATCH_RECORDS];
	uint32_t payloads[BATCH_RECORDS][WORDS_MAX];
};

struct relay {
	void (*take)(void *arg, const struct relay_batch *batch);
	void *arg;
	struct batch *filling;        /* of batches, the one that no other thread knows of, */
	struct relay_item *next;      /* where its next item goes, */
	struct relay_item *end;       /* which it has no room for */
	pthread_t thread;
	pthread_mutex_t mutex;        /* of what follows */
	pthread_cond_t changed;
	size_t put, taken;            /* whole batches, ever */
	bool hurry;                   /* who puts waits for all to be taken */
	bool closed;
	struct batch batches[BATCHES];
};

/* ---- the thread that takes ---- */

static void take_batch(const struct relay *relay, const struct batch *batch)
{
	relay->take(relay->arg, &(const struct relay_batch){ batch->items, batch->count, batch->recs });
}

static bool wait_for_batch(struct relay *relay)
{
	bool there;

	pthread_mutex_lock(&relay->mutex);
	if (relay->put == relay->taken)
		while (relay->put - relay->taken < (relay->hurry ? 1 : BATCHES / 2) && !relay->closed)
			pthread_cond_wait(&relay->changed, &relay->mutex);
	there = relay->put != relay->taken;
	pthread_mutex_unlock(&relay->mutex);
	return there;
}

static void count_taken(struct relay *relay)
{
	pthread_mutex_lock(&relay->mutex);
	relay->taken++;
	if (relay->put - relay->taken == BATCHES / 2 || relay->put == relay->taken)
		pthread_cond_signal(&relay->changed);
	pthread_mutex_unlock(&relay->mutex);
}

static void *run(void *arg)
{
	struct relay *relay = arg;

	for (size_t at = 0; wait_for_batch(relay); at = (at + 1) % BATCHES) {
		take_batch(relay, &relay->batches[at]);
		count_taken(relay);
	}
	return NULL;
}

/* ---- the thread that puts ---- */

/* Until no more than so many batches are not taken yet: none, or half of them. */
static void wait_until_left(struct relay *relay, size_t left)
{
	while (relay->put - relay->taken > left)
		pthread_cond_wait(&relay->changed, &relay->mutex);
}

static void begin_batch(struct relay *relay, struct batch *batch)
{
	batch->rec_count = 0;
	relay->filling = batch;
	relay->next = batch->items;
	relay->end = batch->items + BATCH_ITEMS;
}

static void hand_over(struct relay *relay)
{
	relay->filling->count = (size_t)(relay->next - relay->filling->items);
	pthread_mutex_lock(&relay->mutex);
	relay->put++;
	if (relay->put - relay->taken == BATCHES / 2)
		pthread_cond_signal(&relay->changed);
	if (relay->put - relay->taken == BATCHES)
		wait_until_left(relay, BATCHES / 2);
	pthread_mutex_unlock(&relay->mutex);
	begin_batch(relay, &relay->batches[relay->put % BATCHES]);
}

static inline void put_item(struct relay *relay, struct relay_item item)
{
	struct relay_item *at = relay->next++;

	__builtin_prefetch(at + AHEAD_ITEMS, 1);
	*at = item;
	if (relay->next == relay->end)
		hand_over(relay);
}

void relay_put(struct relay *relay, const struct rec *rec)
{
	struct batch *batch = relay->filling;
	size_t at = batch->rec_count++;

	if (batch->rec_count == BATCH_RECORDS)
		relay->end = relay->next + 1;
	batch->recs[at] = *rec;
	batch->recs[at].payload = (const uint8_t *)batch->payloads[at];
	for (unsigned i = 0; i < rec->words; i++)
		memcpy(&batch->payloads[at][i], rec->payload + 4 * i, sizeof(batch->payloads[at][i]));
	put_item(relay, (struct relay_item){ .tsc = rec->tsc, .kind = RELAY_RECORD });
}

void relay_put_change(struct relay *relay, const struct vcpu_change *change)
{
	put_item(relay, (struct relay_item){ change->tsc, change->vcpu, change->pcpu, 0, RELAY_CHANGE, change->state });
}

/* There are less vCPUs and pCPUs than 16 bits count. */
void relay_put_note(struct relay *relay, const struct note *note)
{
	put_item(relay, (struct relay_item){
		.tsc = note->tsc, .vcpu = note->vcpu == VCPU_NONE ? RELAY_NOBODY : (uint16_t)note->vcpu, .pcpu = (uint16_t)note->pcpu,
		.argument = pcpu_valid(note->argument) ? (uint16_t)note->argument : UINT16_MAX, .kind = (uint8_t)note->kind,
	});
}

void relay_drain(struct relay *relay)
{
	if (relay->next > relay->filling->items)
		hand_over(relay);
	pthread_mutex_lock(&relay->mutex);
	relay->hurry = true;
	pthread_cond_signal(&relay->changed);
	wait_until_left(relay, 0);
	relay->hurry = false;
	pthread_mutex_unlock(&relay->mutex);
}

bool relay_has_cpu(void)
{
	cpu_set_t cpus;

	return sched_getaffinity(0, sizeof(cpus), &cpus) == 0 && CPU_COUNT(&cpus) > 1;
}

struct relay *relay_new(void (*take)(void *arg, const struct relay_batch *batch), void *arg)
{
	struct relay *relay = malloc(sizeof(*relay));

	if (!relay)
		return NULL;
	relay->take = take;
	relay->arg = arg;
	relay->put = relay->taken = 0;
	relay->hurry = relay->closed = false;
	begin_batch(relay, relay->batches);
	pthread_mutex_init(&relay->mutex, NULL);
	pthread_cond_init(&relay->changed, NULL);
	if (pthread_create(&relay->thread, NULL, run, relay) == 0)
		return relay;
	pthread_cond_destroy(&relay->changed);
	pthread_mutex_destroy(&relay->mutex);
	free(relay);
	return NULL;
}

static void close_relay(struct relay *relay)
{
	pthread_mutex_lock(&relay->mutex);
	relay->closed = true;
	pthread_cond_signal(&relay->changed);
	pthread_mutex_unlock(&relay->mutex);
}

void relay_free(struct relay *relay)
{
	if (!relay)
		return;
	relay_drain(relay);
	close_relay(relay);
	pthread_join(relay->thread, NULL);
	pthread_cond_destroy(&relay->changed);
	pthread_mutex_destroy(&relay->mutex);
	free(relay);
}
