/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tracer/ring.h"

#include <string.h>

enum {
	LOST_RECORDS = 0x0001f001, /* xen/include/public/trace.h; words: count, domain and vcpu, u64 first_tsc */
	WRAP_BUFFER = 0x0001f002,
};

int64_t ring_peek(const struct ring *ring, struct ring_window *window)
{
	/* Acquire: the records before prod are read after prod. */
	uint32_t prod = __atomic_load_n(ring->prod, __ATOMIC_ACQUIRE);
	uint32_t cons = __atomic_load_n(ring->cons, __ATOMIC_RELAXED);
	uint32_t size = ring->size, begin, waiting, until_end;

	if (prod >= 2 * size || cons >= 2 * size || prod % 4 != 0 || cons % 4 != 0)
		return -1;
	waiting = prod >= cons ? prod - cons : prod + 2 * size - cons;
	if (waiting > size)
		return -1;
	begin = cons % size;
	until_end = size - begin;
	*window = (struct ring_window){ .prod = prod, .piece = { ring->bytes + begin, ring->bytes } };
	window->piece_bytes[0] = waiting < until_end ? waiting : until_end;
	window->piece_bytes[1] = waiting - window->piece_bytes[0];
	return waiting;
}

void ring_consume(const struct ring *ring, const struct ring_window *window)
{
	/* Release: the records were read before Xen may write over them. */
	__atomic_store_n(ring->cons, window->prod, __ATOMIC_RELEASE);
}

void ring_discard(const struct ring *ring)
{
	__atomic_store_n(ring->cons, __atomic_load_n(ring->prod, __ATOMIC_ACQUIRE), __ATOMIC_RELEASE);
}

static uint32_t record_size(uint32_t header)
{
	return 4 + 4 * (header >> 28 & 7) + 8 * (header >> 31);
}

/* How many of a piece's first bytes, at most limit, are whole records. */
static uint32_t whole_records(const uint8_t *at, uint32_t bytes, uint32_t limit)
{
	uint32_t used = 0, header, size;

	while (bytes - used >= 4) {
		memcpy(&header, at + used, 4);
		size = record_size(header);
		if (size > bytes - used || used + size > limit)
			break;
		used += size;
	}
	return used;
}

void ring_shorten(const struct ring *ring, struct ring_window *window, uint32_t bytes)
{
	uint32_t first = window->piece_bytes[0], second = window->piece_bytes[1], cut;

	if (first + second <= bytes)
		return;
	if (first > bytes) {
		window->piece_bytes[0] = whole_records(window->piece[0], first, bytes);
		if (window->piece_bytes[0] == 0) /* no record ends there, which cannot be: somewhere, then */
			window->piece_bytes[0] = bytes / 4 * 4;
		window->piece_bytes[1] = 0;
	} else {
		window->piece_bytes[1] = whole_records(window->piece[1], second, bytes - first);
	}
	cut = first + second - window->piece_bytes[0] - window->piece_bytes[1];
	window->prod = window->prod >= cut ? window->prod - cut : window->prod + 2 * ring->size - cut;
}

static void count_piece(const uint8_t *at, uint32_t bytes, struct ring_tally *tally)
{
	while (bytes >= 4) {
		uint32_t header, size, id, lost;
		uint64_t lost_tsc;
		memcpy(&header, at, 4);
		size = record_size(header);
		id = header & 0x0fffffff;
		if (size > bytes)
			return;
		if (id != WRAP_BUFFER)
			tally->records++;
		if (header >> 31 && id != WRAP_BUFFER) {
			memcpy(&tally->last_tsc, at + 4, 8);
			if (tally->first_tsc == 0)
				tally->first_tsc = tally->last_tsc;
		}
		if (id == LOST_RECORDS && size >= 28) {
			memcpy(&lost, at + 12, 4);
			memcpy(&lost_tsc, at + 20, 8);
			tally->lost_records += lost;
			if (lost_tsc != 0 && lost_tsc < tally->first_tsc)
				tally->first_tsc = lost_tsc;
		}
		at += size;
		bytes -= size;
	}
}

void ring_count(const struct ring_window *window, struct ring_tally *tally)
{
	count_piece(window->piece[0], window->piece_bytes[0], tally);
	count_piece(window->piece[1], window->piece_bytes[1], tally);
}
