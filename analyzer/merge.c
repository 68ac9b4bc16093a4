/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/merge.h"

#include <stdlib.h>

static void refill(struct merge *merge, size_t i)
{
	bool got = stream_next(&merge->streams[i], &merge->heads[i]);

	merge->head_tsc[i] = got ? merge->heads[i].tsc : MERGE_NONE;
}

/* Finds the earliest head and the time up to which its stream may go on unasked. */
static void select_earliest(struct merge *merge)
{
	uint64_t first_tsc = MERGE_NONE, second_tsc = MERGE_NONE;

	merge->current = 0;
	for (size_t i = 0; i < merge->count; i++) {
		if (merge->head_tsc[i] < first_tsc) {
			second_tsc = first_tsc;
			first_tsc = merge->head_tsc[i];
			merge->current = i;
		} else if (merge->head_tsc[i] < second_tsc) {
			second_tsc = merge->head_tsc[i];
		}
	}
	merge->second_tsc = second_tsc;
	merge->head = first_tsc != MERGE_NONE ? &merge->heads[merge->current] : NULL;
}

bool merge_init(struct merge *merge, const struct tracefile *file, const uint32_t *pcpus, size_t count,
		struct trust *trust, const struct merge_aside *aside)
{
	*merge = (struct merge){
		.streams = calloc(count, sizeof(*merge->streams)),
		.heads = calloc(count, sizeof(*merge->heads)),
		.head_tsc = calloc(count, sizeof(*merge->head_tsc)),
		.deal = deal_new(file, deal_windows),
		.index = event_index_new(),
	};
	if (!merge->deal || !merge->streams || !merge->heads || !merge->head_tsc || !merge->index) {
		merge_free(merge);
		return false;
	}
	merge->count = count;
	for (size_t i = 0; i < count; i++) {
		stream_init(&merge->streams[i], merge->deal, merge->index, pcpus[i], trust);
		if (aside) {
			merge->streams[i].aside = aside->tell;
			merge->streams[i].aside_arg = aside->arg;
		}
		refill(merge, i);
	}
	select_earliest(merge);
	return true;
}

void merge_free(struct merge *merge)
{
	for (size_t i = 0; i < merge->count; i++)
		stream_free(&merge->streams[i]);
	free(merge->streams);
	free(merge->heads);
	free(merge->head_tsc);
	deal_free(merge->deal);
	event_index_free(merge->index);
	*merge = (struct merge){ 0 };
}

bool merge_out_of_memory(const struct merge *merge)
{
	for (size_t i = 0; i < merge->count; i++)
		if (merge->streams[i].payload.out_of_memory)
			return true;
	return false;
}

void merge_leave_out(struct merge *merge, enum rec_kind first)
{
	event_index_leave_out(merge->index, first);
}

const struct rec *merge_head(const struct merge *merge)
{
	return merge->head;
}

void merge_advance(struct merge *merge)
{
	refill(merge, merge->current);
	if (merge->head_tsc[merge->current] > merge->second_tsc || merge->head_tsc[merge->current] == MERGE_NONE)
		select_earliest(merge);
}

bool merge_prefer(struct merge *merge, uint64_t within_tsc, bool (*wanted)(const struct rec *, const void *), const void *arg)
{
	uint64_t now_tsc = merge->head_tsc[merge->current];

	for (size_t i = 0; i < merge->count; i++) {
		if (i == merge->current || merge->head_tsc[i] == MERGE_NONE || merge->head_tsc[i] > within_tsc ||
		    !wanted(&merge->heads[i], arg))
			continue;
		merge->heads[i].tsc = now_tsc;
		merge->head_tsc[i] = now_tsc;
		merge->current = i;
		merge->head = &merge->heads[i];
		merge->second_tsc = now_tsc;
		return true;
	}
	return false;
}
