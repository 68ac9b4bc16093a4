/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/clock.h"

#include "analyzer/stream.h"

#include <math.h>
#include <stdlib.h>

enum {
	SWITCH_INFPREV = 0x2800e,  /* words: domain, unit, ran_ns (event.c) */
	RATIOS_MAX = 4096, RATIOS_MIN = 16,
	RAN_MIN_NS = 200 * 1000,   /* shorter runs measure the records' own cost */
};

static size_t collect(struct stream *stream, double *ratios)
{
	uint64_t last_tsc = 0;
	size_t count = 0;
	struct rec rec;

	while (count < RATIOS_MAX && stream_next(stream, &rec)) {
		uint32_t ran_ns = rec_word(&rec, 2);
		uint64_t since_tsc = rec.tsc - last_tsc;
		if (rec.kind == REC_LOSS_BEGIN || rec.kind == REC_LOSS_END)
			last_tsc = 0;
		if (rec.kind != REC_SWITCH_PREV)
			continue;
		if (last_tsc != 0 && ran_ns >= RAN_MIN_NS)
			ratios[count++] = (double)since_tsc / (double)ran_ns;
		last_tsc = rec.tsc;
	}
	return count;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

uint64_t clock_measure_hz(const struct tracefile *file, uint32_t pcpu)
{
	struct event_index *index = event_index_new();
	struct deal *deal = deal_new(file, deal_windows);
	double *ratios = calloc(RATIOS_MAX, sizeof(*ratios));
	struct trust unused = { .messages = UINT32_MAX };
	struct stream stream;
	uint64_t hz = 0;

	if (index && deal && ratios) {
		event_index_handle(index, SWITCH_INFPREV, REC_SWITCH_PREV);
		stream_init(&stream, deal, index, pcpu, &unused);
		size_t count = collect(&stream, ratios);
		stream_free(&stream);
		qsort(ratios, count, sizeof(*ratios), compare);
		double median_hz = count >= RATIOS_MIN ? ratios[count / 2] * 1e9 : 0;
		if (median_hz >= (double)TSC_HZ_MIN && median_hz <= (double)TSC_HZ_MAX)
			hz = (uint64_t)llround(median_hz);
	}
	free(ratios);
	deal_free(deal);
	event_index_free(index);
	return hz;
}
