/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The arithmetic of one pCPU's trace buffer; pure, on memory that somebody mapped.
 *
 * xen/include/public/trace.h struct t_buf (Xen 4.17): u32 cons, u32 prod, then data of X bytes.  Both
 * indices run modulo 2X; equal is empty; (prod - cons) mod 2X bytes, at most X, wait to be read; an
 * index's place in the data is index % X.  Xen writes prod, we write cons.  Records never straddle the
 * data's end and indices stand on record boundaries, so a window is whole records.
 */
#ifndef XTRACE_RING_H
#define XTRACE_RING_H

#include <stdbool.h>
#include <stdint.h>

enum {
	RING_RECORD_MAX = 40,                       /* bytes of the greatest record: a header, a TSC and 7 words */
	RING_NEED_MAX = RING_RECORD_MAX + RING_RECORD_MAX - 4, /* that it needs, with the padding where it would straddle the end */
};

struct ring {
	uint32_t pcpu;
	uint32_t *cons, *prod;   /* in shared memory */
	const uint8_t *bytes;    /* likewise */
	uint32_t size;           /* X */
};

/* What waits to be read: one piece, or two when it wraps. */
struct ring_window {
	const uint8_t *piece[2];
	uint32_t piece_bytes[2];
	uint32_t prod;           /* for ring_consume() */
};

/* What the records of a window say. */
struct ring_tally {
	uint64_t records;        /* without wrap padding */
	uint64_t lost_records;   /* that Xen's LOST_RECORDS records count */
	uint64_t first_tsc, last_tsc; /* 0 if no record had one; what Xen lost before the first record is within */
};

/* Looks at what waits.  Returns its bytes; 0 if nothing does; -1 if the indices cannot be. */
int64_t ring_peek(const struct ring *ring, struct ring_window *window);

/* Cuts a window off behind the last record that ends within so many bytes (RING_RECORD_MAX at least). */
void ring_shorten(const struct ring *ring, struct ring_window *window, uint32_t bytes);

/* Gives the window's space back to Xen; its pieces must not be read after that. */
void ring_consume(const struct ring *ring, const struct ring_window *window);

/* Throws away all that waits. */
void ring_discard(const struct ring *ring);

/* Adds a window's records to the tally. */
void ring_count(const struct ring_window *window, struct ring_tally *tally);

#endif
