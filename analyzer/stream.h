/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One pCPU's records in the order Xen wrote them.
 *
 * A record (xen/include/public/trace.h struct t_rec; Xen 4.17), host-endian, 4 to 40 bytes:
 *   u32  event:28 | payload_words:3 | timed:1
 *   u64  tsc, if timed
 *   u32  payload[payload_words]
 *
 * All are counted by their row of the event table; only those that somebody handles come out.
 */
#ifndef XTRACE_STREAM_H
#define XTRACE_STREAM_H

#include "analyzer/bytes.h"
#include "analyzer/deal.h"
#include "analyzer/event.h"

#include <stdbool.h>

struct rec {
	uint64_t tsc;             /* never less than that of the stream's record before */
	uint64_t offset;          /* of its window's chunk in the file, for messages */
	const uint8_t *payload;
	uint32_t id;
	uint16_t pcpu;
	uint8_t words;
	uint8_t kind;             /* enum rec_kind */
};

/* Word i of a record's payload; 0 past its end. */
static inline uint32_t rec_word(const struct rec *rec, unsigned i)
{
	return i < rec->words ? le32(rec->payload + 4 * i) : 0;
}

struct stream {
	struct deal *deal;
	struct event_index *index;
	struct trust *trust;
	uint64_t chunk_offset;
	const uint8_t *at, *end;        /* what is left of the current window */
	struct payload payload;
	uint64_t last_tsc;
	uint64_t loss_end_tsc;          /* of a loss whose begin came out already; valid if loss_open */
	uint32_t pcpu;
	bool loss_open;
	bool gap;                       /* something was skipped since the last record */
	bool cut_short;                 /* what was behind the current window's last record is missing */
	uint32_t loss_running;          /* u16 domain << 16 | u16 vcpu that Xen names at a loss's end */
	uint64_t counts[256];           /* records by row */
	void (*aside)(void *arg, const struct rec *rec); /* hears of REC_PV records when they are passed by; NULL: nobody does */
	void *aside_arg;
};

#define LOSS_RUNNING_UNKNOWN UINT32_C(0xffffffff)

/* All of these are borrowed. */
void stream_init(struct stream *stream, struct deal *deal, struct event_index *index, uint32_t pcpu, struct trust *trust);
void stream_free(struct stream *stream);

/* The next record that is handled; its payload is valid until the next call.  Returns false at the stream's end. */
bool stream_next(struct stream *stream, struct rec *rec);

#endif
