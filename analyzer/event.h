/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of Xen's trace events: one row per event or run of events that are only counted. */
#ifndef XTRACE_EVENT_H
#define XTRACE_EVENT_H

#include <stddef.h>
#include <stdint.h>

/* What is done with a record; REC_COUNTED ones go no further than their stream. */
enum rec_kind {
	REC_COUNTED,
	REC_WRAP,        /* padding up to the end of the ring; not even counted as a record */
	REC_PV,          /* of the vCPU that runs on its pCPU: goes to pv.h from its stream, past the order of time */
	REC_UNKNOWN,     /* of no row */
	REC_STRAY,       /* a window's header, where only records should be */
	REC_LOST,        /* becomes the next two */
	REC_LOSS_BEGIN,
	REC_LOSS_END,
	REC_RUNSTATE,
	REC_CONTINUE,
	REC_DOM_ADD,
	REC_DOM_REM,
	REC_SWITCH_PREV, /* only for clock.c, which asks for it */
	REC_NOTES,       /* from here on: what no vCPU state follows from; notes.c reads those before REC_DOM0 */
	REC_PICKED_CPU = REC_NOTES,
	REC_PICKED_CPU2, /* credit2 lays it out otherwise */
	REC_WAKE,
	REC_YIELD,
	REC_TICKLE,
	REC_RATELIMIT,
	REC_BOOST_START, /* these four belong together: boost.c */
	REC_BOOST_END,
	REC_ACCOUNT_START,
	REC_ACCOUNT_STOP,
	REC_CREDIT_DECISION,
	REC_CREDIT_EARN,
	REC_DOM0,        /* from here on: what only dom0.c reads, beside REC_WAKE */
	REC_GRANT = REC_DOM0,
	REC_GRANT_COPY,
	REC_EVTCHN_SEND,
	REC_XEN_TIME,
	REC_KINDS,
};

struct event {
	uint32_t first_id, last_id; /* inclusive; the 28 bits of a record's header */
	uint32_t vary_bits;         /* bits of the id that carry arguments or a 64-bit flag */
	const char *name;
	const char *event_class;    /* gen, sched, dom0op, hvm, mem, pv, shadow, hw, guest, or unknown */
	uint8_t min_words;          /* of payload; fewer is a damaged record */
	enum rec_kind kind;
	const char *layout;         /* the payload's words, u32 each unless said; "" where none is used */
	const char *source;         /* where Xen emits it, and since or until when */
};

extern const struct event events[];
extern const size_t event_count;

enum { EVENT_UNKNOWN = 0 }; /* the row of every id that no other row has */

/* The id to row lookup, built once from the table: row = row_of[page_of[id >> 12]][id & 0xfff]. */
enum { EVENT_PAGES = 1 << 16, EVENT_PAGE_IDS = 1 << 12 };

/* What is done with the records of a header that have all that their row wants, a TSC and words enough, and with which there is
 * no more to be done than to count them and to let them come out. */
struct event_plain {
	uint32_t header;
	uint8_t row;
	uint8_t kind;                           /* as which it comes out of its stream; REC_COUNTED: it does not */
};

/* By this hash no two headers of the scheduler's records have one place, of those with as many words as their rows have. */
enum { EVENT_PLAIN_BITS = 10 };
#define EVENT_PLAIN_HASH UINT32_C(0xfce23ce5)

struct event_index {
	uint8_t page_of[EVENT_PAGES];           /* 0: a page without any event */
	uint8_t (*row_of)[EVENT_PAGE_IDS];
	uint8_t min_words[256];                 /* by row, close together for the hot path */
	uint8_t kind[256];
	uint8_t unasked;                        /* records of this kind and those after it go no further than their stream */
	struct event_plain plain[1 << EVENT_PLAIN_BITS]; /* those met so far, by a hash of their header; there are others */
};

/* Returns NULL when out of memory. */
struct event_index *event_index_new(void);
void event_index_free(struct event_index *index);

/* From now on the records of this id come out of a stream as this kind. */
void event_index_handle(struct event_index *index, uint32_t id, enum rec_kind kind);

/* From now on records of this kind and those after it are only checked and counted; so are those of REC_PV. */
void event_index_leave_out(struct event_index *index, enum rec_kind first);

static inline unsigned event_row(const struct event_index *index, uint32_t id)
{
	return index->row_of[index->page_of[id >> 12]][id & (EVENT_PAGE_IDS - 1)];
}

static inline unsigned event_plain_place(uint32_t header)
{
	return header * EVENT_PLAIN_HASH >> (32 - EVENT_PLAIN_BITS);
}

/* If records of this header are plain, the index has met it from now on. */
void event_meet(struct event_index *index, uint32_t header);

/* NULL if records of this header are not plain, or it was not met, or another was since that took its place. */
static inline const struct event_plain *event_plain_of(const struct event_index *index, uint32_t header)
{
	const struct event_plain *plain = &index->plain[event_plain_place(header)];

	return plain->header == header ? plain : NULL;
}

#endif
