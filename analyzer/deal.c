/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/deal.h"

#include <stdlib.h>

enum { KEPT_MAX = 1 << 12, KEPT_NONE = 0 };

struct kept {
	struct chunk chunk;
	uint32_t next;           /* of the same CPU, or of those that are free again */
};

struct hand {
	uint32_t first, last;    /* kept for it; first is KEPT_NONE if nothing is */
	uint64_t damages;        /* of the common walk's, that it was told of */
	bool alone;              /* it has its own walk, */
	bool damage;             /* on which something was skipped since its last chunk */
	struct walk own;
};

struct deal {
	const struct tracefile *file;
	bool (*wanted)(const struct chunk *);
	struct walk walk;        /* the common one */
	uint64_t damages;        /* how often something was skipped on it */
	struct hand hands[PCPU_MAX];
	struct kept kept[KEPT_MAX];
	uint32_t free, used;     /* the first that is free again; how many were ever in use, KEPT_NONE among them */
};

bool deal_windows(const struct chunk *chunk)
{
	return chunk->kind != CHUNK_OTHER;
}

struct deal *deal_new(const struct tracefile *file, bool (*wanted)(const struct chunk *))
{
	struct deal *deal = calloc(1, sizeof(*deal));

	if (!deal)
		return NULL;
	deal->file = file;
	deal->wanted = wanted;
	deal->used = KEPT_NONE + 1;
	walk_begin(&deal->walk, file, 0);
	return deal;
}

void deal_free(struct deal *deal)
{
	free(deal);
}

/* ---- what is kept ---- */

static void take_kept(struct deal *deal, struct hand *hand, struct chunk *chunk)
{
	uint32_t at = hand->first;

	*chunk = deal->kept[at].chunk;
	hand->first = deal->kept[at].next;
	deal->kept[at].next = deal->free;
	deal->free = at;
}

static bool has_room(const struct deal *deal)
{
	return deal->free != KEPT_NONE || deal->used < KEPT_MAX;
}

static void keep(struct deal *deal, struct hand *hand, const struct chunk *chunk)
{
	uint32_t at = deal->free != KEPT_NONE ? deal->free : deal->used++;

	if (at == deal->free)
		deal->free = deal->kept[at].next;
	deal->kept[at] = (struct kept){ *chunk, KEPT_NONE };
	if (hand->first == KEPT_NONE)
		hand->first = at;
	else
		deal->kept[hand->last].next = at;
	hand->last = at;
}

/* ---- walks ---- */

/* Whether something was skipped on the common walk since this hand was last told. */
static bool damage_since(const struct deal *deal, struct hand *hand)
{
	bool damage = hand->damages != deal->damages;

	hand->damages = deal->damages;
	return damage;
}

static void go_alone(struct deal *deal, struct hand *hand, uint64_t position)
{
	hand->alone = true;
	hand->damage = damage_since(deal, hand);
	walk_begin(&hand->own, deal->file, position);
}

static bool next_own(const struct deal *deal, uint32_t cpu, struct hand *hand, struct chunk *chunk)
{
	bool got;

	while ((got = walk_next(&hand->own, chunk, NULL))) {
		hand->damage |= chunk->after_damage;
		if (chunk->pcpu == cpu && deal->wanted(chunk))
			break;
	}
	chunk->after_damage = hand->damage;
	hand->damage = false;
	return got;
}

/* Walks on to the next chunk of this CPU.  False at the end, or where it must go on alone. */
static bool next_common(struct deal *deal, uint32_t cpu, struct chunk *chunk)
{
	uint64_t position = deal->walk.position;
	bool got;

	for (; (got = walk_next(&deal->walk, chunk, NULL)); position = deal->walk.position) {
		struct hand *hand = pcpu_valid(chunk->pcpu) ? &deal->hands[chunk->pcpu] : NULL;
		deal->damages += chunk->after_damage;
		if (!hand || hand->alone || !deal->wanted(chunk))
			continue;
		if (chunk->pcpu == cpu)
			break;
		if (!has_room(deal)) {
			deal->walk.position = position;
			go_alone(deal, &deal->hands[cpu], position);
			return false;
		}
		chunk->after_damage = damage_since(deal, hand);
		keep(deal, hand, chunk);
	}
	chunk->after_damage = damage_since(deal, &deal->hands[cpu]);
	return got;
}

bool deal_next(struct deal *deal, uint32_t cpu, struct chunk *chunk)
{
	struct hand *hand = &deal->hands[cpu];

	if (hand->first != KEPT_NONE) {
		take_kept(deal, hand, chunk);
		return true;
	}
	return (!hand->alone && next_common(deal, cpu, chunk)) || (hand->alone && next_own(deal, cpu, hand, chunk));
}
