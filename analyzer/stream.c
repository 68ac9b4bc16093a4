/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/stream.h"

#include "tracer/trc_format.h"

#include <inttypes.h>

void stream_init(struct stream *stream, struct deal *deal, struct event_index *index, uint32_t pcpu, struct trust *trust)
{
	*stream = (struct stream){ .deal = deal, .index = index, .pcpu = pcpu, .trust = trust };
}

void stream_free(struct stream *stream)
{
	payload_free(&stream->payload);
}

enum {
	CLOCK_BITS = 63, /* a TSC beyond is no clock: 2^63 cycles are 97 years at 3 GHz */
	LEAP_BITS = 44,  /* 97 minutes at 3 GHz: less is not looked into */
};

static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* ---- the window ---- */

/* False, and counted, if it is not whole: then something is missing. */
static bool enter_window(struct stream *stream, const struct chunk *chunk)
{
	const uint8_t *bytes = chunk_payload(chunk, &stream->payload, stream->trust);

	stream->gap |= !bytes;
	stream->cut_short = chunk->cut_short;
	stream->at = bytes;
	stream->end = bytes ? bytes + chunk->raw_bytes : NULL;
	return bytes;
}

static uint64_t left_of_window(const struct stream *stream)
{
	return (uint64_t)(stream->end - stream->at);
}

/* ---- time ---- */

/* The TSC of the next timed record of this window; 0 if there is none. */
static uint64_t peek_tsc(const struct stream *stream)
{
	const uint8_t *at = stream->at;

	while (stream->end - at >= 12) {
		uint32_t header = le32(at);
		if (header >> 31 && stream->index->kind[event_row(stream->index, header & 0x0fffffff)] != REC_WRAP)
			return le64(at + 4);
		at += 4 + 4 * (header >> 28 & 7) + 8 * (header >> 31);
	}
	return 0;
}

/* A leap ahead that the next record takes back is damage of the one record that made it. */
static bool leaps(const struct stream *stream, uint64_t tsc)
{
	return (tsc - stream->last_tsc) >> LEAP_BITS && peek_tsc(stream) != 0 && peek_tsc(stream) < tsc;
}

/* A time that this stream can have reached. */
static inline bool clock_possible(const struct stream *stream, uint64_t tsc)
{
	return tsc >= stream->last_tsc && !(tsc >> CLOCK_BITS) && !leaps(stream, tsc);
}

/* Two records come of a loss: where it began, now, and where it ended, at the next call.  Where its times cannot
 * be, it begins at the record before it and lasts as long as can be. */
static void open_loss(struct stream *stream, struct rec *rec, uint64_t first_tsc, uint64_t end_tsc, uint32_t running)
{
	bool end_possible = clock_possible(stream, end_tsc), possible = end_possible && first_tsc <= end_tsc;
	uint64_t begin_tsc = possible ? max_u64(first_tsc, stream->last_tsc) : stream->last_tsc;

	if (!possible)
		trust_damage(stream->trust, stream->chunk_offset, 0, "pCPU %u: a loss from %" PRIu64 " to %" PRIu64
			     " cycles, after a record at %" PRIu64 ", cannot be", stream->pcpu, first_tsc, end_tsc, stream->last_tsc);
	stream->loss_open = true;
	stream->loss_end_tsc = end_possible ? end_tsc : begin_tsc;
	stream->loss_running = running;
	*rec = (struct rec){ .tsc = begin_tsc, .offset = stream->chunk_offset, .pcpu = (uint16_t)stream->pcpu, .kind = REC_LOSS_BEGIN };
	stream->last_tsc = begin_tsc;
}

static void close_loss(struct stream *stream, struct rec *rec)
{
	stream->loss_open = false;
	*rec = (struct rec){ .tsc = stream->loss_end_tsc, .offset = stream->chunk_offset, .pcpu = (uint16_t)stream->pcpu,
			     .kind = REC_LOSS_END, .id = stream->loss_running };
	stream->last_tsc = stream->loss_end_tsc;
}

/* What was skipped before this window may have been this pCPU's: all from the last record to its first is lost.  False
 * where no record has a TSC to say when that was over. */
static bool open_gap(struct stream *stream, struct rec *rec)
{
	uint64_t first_tsc = stream->gap ? peek_tsc(stream) : 0;

	if (first_tsc == 0)
		return false;
	stream->gap = false;
	open_loss(stream, rec, stream->last_tsc, first_tsc, LOSS_RUNNING_UNKNOWN);
	return true;
}

/* The stream ends with what was skipped: from the last record on nothing is known. */
static void end_in_gap(struct stream *stream, struct rec *rec)
{
	stream->gap = false;
	*rec = (struct rec){ .tsc = stream->last_tsc, .offset = stream->chunk_offset, .pcpu = (uint16_t)stream->pcpu, .kind = REC_LOSS_BEGIN };
}

/* Where no dropped record had a TSC, the loss has no length.  False, and counted, if the chunk is not whole. */
static bool open_dropped(struct stream *stream, struct rec *rec, const struct chunk *chunk)
{
	const uint8_t *bytes = chunk_payload(chunk, &stream->payload, stream->trust);
	uint64_t last_tsc;

	if (!bytes) {
		stream->gap = true;
		return false;
	}
	if (chunk->raw_bytes < TRC_DROPPED_PAYLOAD) {
		trust_damage(stream->trust, chunk->offset, chunk->stored_bytes, "a dropped count of only %u bytes", chunk->raw_bytes);
		return false;
	}
	last_tsc = le64(bytes + 24);
	stream->trust->dropped_records += le64(bytes);
	open_loss(stream, rec, le64(bytes + 16), last_tsc ? last_tsc : stream->last_tsc, LOSS_RUNNING_UNKNOWN);
	return true;
}

/* Enters the next chunk of this pCPU.  What is lost before its records comes out at once: *lost is set. */
static bool next_chunk(struct stream *stream, struct rec *rec, bool *lost)
{
	struct chunk chunk;

	*lost = false;
	stream->gap |= stream->cut_short;
	stream->cut_short = false;
	while (deal_next(stream->deal, stream->pcpu, &chunk)) {
		stream->gap |= chunk.after_damage;
		stream->chunk_offset = chunk.offset;
		if (chunk.kind == CHUNK_WINDOW && enter_window(stream, &chunk)) {
			*lost = open_gap(stream, rec);
			return true;
		}
		if (chunk.kind == CHUNK_DROPPED && open_dropped(stream, rec, &chunk)) {
			*lost = true;
			return true;
		}
	}
	stream->gap |= chunk.after_damage;
	*lost = stream->gap;
	if (stream->gap)
		end_in_gap(stream, rec);
	return *lost;
}

/* What is left of a window is skipped; the window's end is known. */
static void skip_rest(struct stream *stream, uint32_t header, const char *reason)
{
	uint64_t left = left_of_window(stream);

	trust_damage(stream->trust, stream->chunk_offset, left, "pCPU %u's window %s (event 0x%07x, %" PRIu64 " bytes left)",
		     stream->pcpu, reason, header & 0x0fffffff, left);
	stream->at = stream->end;
	stream->gap = true;
}

static inline void take_clock(struct stream *stream, uint64_t tsc)
{
	if (clock_possible(stream, tsc)) {
		stream->last_tsc = tsc;
		return;
	}
	stream->trust->backward_records++;
	trust_damage(stream->trust, stream->chunk_offset, 0, "pCPU %u's time goes from %" PRIu64 " to %" PRIu64 " cycles", stream->pcpu,
		     stream->last_tsc, tsc);
	if (stream->last_tsc == 0 && !(peek_tsc(stream) >> CLOCK_BITS)) /* the stream's first record: the next one tells */
		stream->last_tsc = peek_tsc(stream);
}

/* One record that is handled; it has a TSC and as many words as its row needs. */
static void emit(struct stream *stream, struct rec *rec, unsigned row, uint32_t header, const uint8_t *payload)
{
	unsigned words = header >> 28 & 7;

	if (stream->index->kind[row] == REC_LOST) {
		uint64_t first_tsc = le64(payload + 8);
		stream->trust->lost_records += le32(payload);
		open_loss(stream, rec, first_tsc, le64(payload - 8), (uint32_t)le16(payload + 4) << 16 | le16(payload + 6));
		return;
	}
	*rec = (struct rec){ .tsc = stream->last_tsc, .offset = stream->chunk_offset, .payload = payload,
			     .id = header & 0x0fffffff, .pcpu = (uint16_t)stream->pcpu, .words = (uint8_t)words,
			     .kind = stream->index->kind[row] };
}

static void skip_short(struct stream *stream, unsigned row, unsigned words, unsigned size)
{
	stream->trust->short_records++;
	trust_damage(stream->trust, stream->chunk_offset, size, "pCPU %u: a %s record of %u words, %u are needed",
		     stream->pcpu, events[row].name, words, events[row].min_words);
}

/* A record that is handled has its place in time. */
static void skip_untimed(struct stream *stream, unsigned row, unsigned size)
{
	stream->trust->invalid_records++;
	trust_damage(stream->trust, stream->chunk_offset, size, "pCPU %u: a %s record without a time stamp", stream->pcpu, events[row].name);
}

static void tell_aside(const struct stream *stream, uint32_t header, const uint8_t *payload)
{
	const struct rec rec = { .tsc = stream->last_tsc, .offset = stream->chunk_offset, .payload = payload, .id = header & 0x0fffffff,
				 .pcpu = (uint16_t)stream->pcpu, .words = (uint8_t)(header >> 28 & 7), .kind = REC_PV };

	if (stream->aside)
		stream->aside(stream->aside_arg, &rec);
}

/* A record that does not come out: it goes elsewhere, or says something about its window. */
static void take_oddity(struct stream *stream, unsigned kind, uint32_t header, const uint8_t *payload)
{
	if (kind == REC_PV)
		tell_aside(stream, header, payload);
	else if (kind == REC_UNKNOWN)
		trust_unknown(stream->trust, stream->chunk_offset, header & 0x0fffffff);
	else
		skip_rest(stream, header, "has another window's header in it");
}

enum { RECORD_MAX_BYTES = 40 };

/* Less than 2.8 s at 3 GHz after the record before it a time is plain; so many bits, times the records that a window has room
 * for, do not lead from FAR_BITS to CLOCK_BITS. */
enum { PLAIN_BITS = 33, FAR_BITS = 62 };

/* So far ahead the bytes are called for: into the next page, which else nobody calls before it is needed. */
enum { AHEAD_BYTES = 4096 };

/* The hot loop: passes by plain records at a plain time up to one that comes out, to any other, or to the end of the
 * window.  True if one came out. */
static bool pass_plain(struct stream *stream, struct rec *rec)
{
	const struct event_index *index = stream->index;
	const uint8_t *at = stream->at, *end = stream->end;
	uint64_t last_tsc = stream->last_tsc;
	unsigned kind = REC_COUNTED;

	if (last_tsc >> FAR_BITS)
		return false;
	while (kind == REC_COUNTED && end - at >= RECORD_MAX_BYTES) {
		uint32_t header = le32(at);
		const struct event_plain *plain = event_plain_of(index, header);
		unsigned words = header >> 28 & 7;
		uint64_t tsc = le64(at + 4);

		__builtin_prefetch(at + AHEAD_BYTES);
		if (!plain || (tsc - last_tsc) >> PLAIN_BITS)
			break;
		stream->counts[plain->row]++;
		last_tsc = tsc;
		kind = plain->kind;
		if (kind != REC_COUNTED)
			*rec = (struct rec){ .tsc = tsc, .offset = stream->chunk_offset, .payload = at + 12, .id = header & 0x0fffffff,
					     .pcpu = (uint16_t)stream->pcpu, .words = (uint8_t)words, .kind = (uint8_t)kind };
		at += 12 + 4 * words;
	}
	stream->at = at;
	stream->last_tsc = last_tsc;
	return kind != REC_COUNTED;
}

/* Any record.  True if it comes out. */
static bool take_one(struct stream *stream, struct rec *rec)
{
	struct event_index *index = stream->index;
	const uint8_t *at = stream->at;
	uint32_t header = le32(at);
	unsigned words = header >> 28 & 7;
	unsigned timed = header >> 31;
	unsigned size = 4 + 8 * timed + 4 * words;
	unsigned row = event_row(index, header & 0x0fffffff);
	unsigned kind = index->kind[row];

	if (size > stream->end - at) {
		skip_rest(stream, header, "ends in the middle of a record");
		return false;
	}
	stream->at = at + size;
	stream->counts[row]++;
	event_meet(index, header);
	if (timed && kind != REC_LOST && kind != REC_WRAP)
		take_clock(stream, le64(at + 4));
	if (words < index->min_words[row]) {
		skip_short(stream, row, words, size);
		return false;
	}
	if (kind <= REC_STRAY) {
		if (kind > REC_WRAP)
			take_oddity(stream, kind, header, at + 4 + 8 * timed);
		return false;
	}
	if (!timed) {
		skip_untimed(stream, row, size);
		return false;
	}
	if (kind < index->unasked)
		emit(stream, rec, row, header, at + 12);
	return kind < index->unasked;
}

/* The next handled record of the current window.  False at the window's end. */
static bool window_next(struct stream *stream, struct rec *rec)
{
	while (!pass_plain(stream, rec)) {
		if (left_of_window(stream) < 4) {
			if (stream->end != stream->at)
				skip_rest(stream, 0, "ends in the middle of a record");
			return false;
		}
		if (take_one(stream, rec))
			return true;
	}
	return true;
}

/* Beside the hot loop, so that it needs no room for what this does. */
__attribute__((noinline)) static bool next_of_any(struct stream *stream, struct rec *rec)
{
	bool lost;

	if (stream->loss_open) {
		close_loss(stream, rec);
		return true;
	}
	while (!window_next(stream, rec)) {
		if (!next_chunk(stream, rec, &lost))
			return false;
		if (lost)
			return true;
	}
	return true;
}

bool stream_next(struct stream *stream, struct rec *rec)
{
	return (!stream->loss_open && pass_plain(stream, rec)) || next_of_any(stream, rec);
}
