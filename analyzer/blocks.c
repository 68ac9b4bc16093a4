/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/blocks.h"

#include "analyzer/room.h"

#include <stdlib.h>
#include <string.h>

bool blocks_init(struct blocks *blocks, uint64_t from_tsc, uint64_t tsc_hz)
{
	*blocks = (struct blocks){
		.host = calloc(BLOCKS_MAX, sizeof(*blocks->host)), .begin_tsc = from_tsc, .block_tsc = tsc_hz / 1000 * BLOCKS_FIRST_MS,
	};
	blocks->end_tsc = from_tsc + blocks->block_tsc;
	return blocks->host != NULL;
}

void blocks_free(struct blocks *blocks)
{
	for (size_t d = 0; d < blocks->domain_room; d++) {
		free(blocks->domains[d].totals);
		for (size_t i = 0; i < BLOCKS_MAX; i++)
			free(blocks->domains[d].wake[i].waits);
	}
	free(blocks->domains);
	free(blocks->host);
}

static bool reserve(struct blocks *blocks, size_t count)
{
	struct block_domain *domains = room_for(blocks->domains, &blocks->domain_room, count, sizeof(*domains));

	if (!domains)
		return false;
	blocks->domains = domains;
	return true;
}

/* ---- reading the totals ---- */

/* Up to now: what was accounted when intervals closed, and the one that is open. */
static void read_states(const struct blocks *blocks, const struct block_sources *from, const struct domain *domain, uint64_t tsc, double *states)
{
	for (uint32_t id = 0; id < domain->vcpu_ids; id++) {
		int32_t index = domain->vcpu_by_id[id];
		const struct vcpu *vcpu = index == VCPU_NONE ? NULL : &from->vcpus->vcpus[index];
		uint64_t since_tsc;
		if (!vcpu)
			continue;
		if ((size_t)index < from->account->vcpu_room)
			for (int state = 0; state < RUNSTATES; state++)
				states[state] += (double)from->account->vcpus[index].state_tsc[state];
		since_tsc = vcpu->since_tsc > blocks->begin_tsc ? vcpu->since_tsc : blocks->begin_tsc;
		if (since_tsc < tsc)
			states[vcpu->knowledge == KNOWN ? vcpu->state : UNKNOWN] += (double)(tsc - since_tsc);
	}
}

static double entitled_of(const struct block_sources *from, const struct domain *domain, uint64_t tsc)
{
	double sum_tsc = 0;

	for (uint32_t id = 0; id < domain->vcpu_ids; id++)
		if (domain->vcpu_by_id[id] != VCPU_NONE)
			sum_tsc += fluid_entitled_at_tsc(from->fluid, (size_t)domain->vcpu_by_id[id], tsc);
	return sum_tsc;
}

static void read_why(const struct why *why, size_t d, double *totals)
{
	const struct lag_domain *lag = lag_of(&why->lag, d);
	const struct cause_domain *causes = causes_of(&why->causes, d);

	totals[TOTAL_LAG] = lag ? lag->lag_tsc : 0;
	totals[TOTAL_FELL] = lag ? lag->fell_tsc : 0;
	for (size_t cause = 0; causes && cause < CAUSES; cause++)
		totals[TOTAL_CAUSE + cause] = causes->lag_tsc[cause];
}

static void read_totals(const struct blocks *blocks, const struct block_sources *from, size_t d, uint64_t tsc, double *totals)
{
	const struct domain *domain = &from->vcpus->domains[d];

	memset(totals, 0, BLOCK_TOTALS * sizeof(*totals));
	if (from->why)
		read_why(from->why, d, totals);
	if (from->fluid)
		totals[TOTAL_ENTITLED] = entitled_of(from, domain, tsc);
	if (!from->account)
		return;
	read_states(blocks, from, domain, tsc, totals + TOTAL_STATE);
	totals[TOTAL_SHARED_IO] = dom0_charged_tsc(from->dom0, d, totals + TOTAL_CHARGED);
}

static void read_host(const struct blocks *blocks, const struct block_sources *from, uint64_t tsc, double *host)
{
	host[HOST_LENGTH] = (double)(tsc - blocks->begin_tsc);
	for (int row = 0; row < DOM0_ROWS; row++)
		host[HOST_DOM0_ROW + row] = (double)dom0_ledger_row_tsc(&from->dom0->ledger, (enum dom0_row)row);
	for (size_t level = 0; level < WINDOWS_LEVELS; level++) {
		host[HOST_JAIN_SUM + level] = windows_jain_sum(&from->fairness->windows.levels[level]);
		host[HOST_JAIN_WINDOWS + level] = (double)from->fairness->windows.levels[level].jain_windows;
	}
}

/* ---- waits: of a histogram that only grows, what came since the blocks before ---- */

static uint64_t all_wakes(const struct block_sources *from, const struct domain *domain, struct histogram *sum)
{
	uint64_t count = 0;

	for (uint32_t id = 0; id < domain->vcpu_ids; id++) {
		const struct histogram *wake = domain->vcpu_by_id[id] == VCPU_NONE ? NULL : latency_of(from->latency, (size_t)domain->vcpu_by_id[id], WAIT_WAKE);
		count += wake ? wake->count : 0;
		if (wake && sum)
			histogram_merge(sum, wake);
	}
	return count;
}

static bool keep_waits(struct block_waits *out, const uint32_t *buckets)
{
	struct block_wait waits[HISTOGRAM_BUCKETS];
	size_t count = 0;

	for (uint32_t b = 0; b < HISTOGRAM_BUCKETS; b++)
		if (buckets[b] > 0)
			waits[count++] = (struct block_wait){ b, buckets[b] };
	free(out->waits);
	out->waits = calloc(count + 1, sizeof(*out->waits));
	out->count = out->waits ? count : 0;
	if (out->waits)
		memcpy(out->waits, waits, count * sizeof(*waits));
	return out->waits != NULL;
}

static void add_waits(uint32_t *buckets, const struct block_waits *waits, uint32_t sign)
{
	for (size_t i = 0; i < waits->count; i++)
		buckets[waits->waits[i].bucket] += sign * waits->waits[i].count;
}

static bool read_waits(struct block_domain *domain, size_t block, const struct block_sources *from, size_t d)
{
	uint64_t wakes = all_wakes(from, &from->vcpus->domains[d], NULL);
	struct histogram sum = { 0 };

	if (wakes == domain->wakes)
		return true;
	all_wakes(from, &from->vcpus->domains[d], &sum);
	for (size_t i = 0; i < block; i++)
		add_waits(sum.buckets, &domain->wake[i], UINT32_MAX);
	domain->wakes = wakes;
	return keep_waits(&domain->wake[block], sum.buckets);
}

static bool merge_waits(struct block_waits *into, struct block_waits *a, struct block_waits *b)
{
	uint32_t buckets[HISTOGRAM_BUCKETS] = { 0 };
	struct block_waits sum = { 0 };
	bool kept = true;

	add_waits(buckets, a, 1);
	add_waits(buckets, b, 1);
	if (a->count + b->count > 0)
		kept = keep_waits(&sum, buckets);
	free(a->waits);
	free(b->waits);
	*a = *b = (struct block_waits){ 0 };
	*into = sum;
	return kept;
}

/* ---- blocks ---- */

static bool write_down(struct blocks *blocks, const struct block_sources *from, uint64_t tsc)
{
	if (from->vcpus->domain_count > blocks->domain_room && !reserve(blocks, from->vcpus->domain_count))
		return false;
	for (size_t d = 0; d < from->vcpus->domain_count; d++) {
		struct block_domain *domain = &blocks->domains[d];
		if (from->vcpus->domains[d].id == DOMID_IDLE)
			continue;
		if (!domain->totals)
			domain->totals = calloc(BLOCKS_MAX, sizeof(*domain->totals));
		if (!domain->totals)
			return false;
		read_totals(blocks, from, d, tsc, domain->totals[blocks->count]);
		if (from->account && !read_waits(domain, blocks->count, from, d))
			return false;
	}
	if (from->account)
		read_host(blocks, from, tsc, blocks->host[blocks->count]);
	blocks->count++;
	return true;
}

/* Totals are up to a block's end, so of two the second one's are those of both. */
static bool merge_neighbours(struct blocks *blocks)
{
	bool done = true;

	for (size_t i = 0; i < BLOCKS_MAX / 2; i++) {
		memcpy(blocks->host[i], blocks->host[2 * i + 1], sizeof(*blocks->host));
		for (size_t d = 0; d < blocks->domain_room; d++) {
			struct block_domain *domain = &blocks->domains[d];
			if (!domain->totals)
				continue;
			memcpy(domain->totals[i], domain->totals[2 * i + 1], sizeof(*domain->totals));
			done &= merge_waits(&domain->wake[i], &domain->wake[2 * i], &domain->wake[2 * i + 1]);
		}
	}
	blocks->count = BLOCKS_MAX / 2;
	blocks->block_tsc *= 2;
	return done;
}

bool blocks_close(struct blocks *blocks, const struct block_sources *from)
{
	if (!write_down(blocks, from, blocks->end_tsc))
		return false;
	if (blocks->count == BLOCKS_MAX && !merge_neighbours(blocks))
		return false;
	blocks->end_tsc = blocks->end_tsc + blocks->block_tsc > blocks->end_tsc ? blocks->end_tsc + blocks->block_tsc : UINT64_MAX;
	return true;
}

static void to_their_own(double *rows, size_t count, size_t width)
{
	for (size_t i = count; i-- > 1;)
		for (size_t t = 0; t < width; t++)
			rows[i * width + t] -= rows[(i - 1) * width + t];
}

/* A short rest takes the place of the last block, up to whose end totals are: so it becomes part of it. */
bool blocks_finish(struct blocks *blocks, const struct block_sources *from, uint64_t end_tsc)
{
	if (blocks->count > 0 && end_tsc - (blocks->end_tsc - blocks->block_tsc) < blocks->block_tsc / 2)
		blocks->count--;
	if (!write_down(blocks, from, end_tsc))
		return false;
	to_their_own(blocks->host[0], blocks->count, BLOCK_HOST_TOTALS);
	for (size_t d = 0; d < blocks->domain_room; d++)
		if (blocks->domains[d].totals)
			to_their_own(blocks->domains[d].totals[0], blocks->count, BLOCK_TOTALS);
	return true;
}

void blocks_join(struct blocks *blocks, const struct blocks *others)
{
	for (size_t d = 0; d < blocks->domain_room && d < others->domain_room; d++) {
		double *into = blocks->domains[d].totals ? blocks->domains[d].totals[0] : NULL;
		const double *from = others->domains[d].totals ? others->domains[d].totals[0] : NULL;
		for (size_t i = 0; into && from && i < blocks->count * BLOCK_TOTALS; i++)
			into[i] += from[i];
	}
}
