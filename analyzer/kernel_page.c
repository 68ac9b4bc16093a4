/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/kernel_page.h"

#include "analyzer/bytes.h"

enum {
	TYPE_BITS = 5, TYPE_MASK = (1 << TYPE_BITS) - 1, DELTA_BITS = 27,
	TYPE_LONG = 0, TYPE_PADDING = 29, TYPE_TIME_EXTEND = 30, TYPE_TIME_STAMP = 31,
	COMMIT_BYTES = (1 << 27) - 1, MISSED_STORED = 1 << 30,
	TSC_BYTES = 8,
	STAMP_BITS = 59, /* of an absolute time; above are those of the time before */
};
#define MISSED_EVENTS (UINT32_C(1) << 31)

struct raw {
	unsigned type;
	uint64_t delta_tsc;
	uint32_t word;           /* behind the head, of the types that have one */
	uint32_t head_bytes, payload_bytes;
};

static uint64_t read_long(const uint8_t *at, unsigned long_bytes)
{
	return long_bytes == 8 ? le64(at) : le32(at);
}

bool kernel_page_begin(struct kernel_page *page, const uint8_t *bytes, uint64_t size, unsigned long_bytes)
{
	uint32_t commit, event_bytes;

	if (size < TSC_BYTES + long_bytes)
		return false;
	commit = (uint32_t)read_long(bytes + TSC_BYTES, long_bytes);
	event_bytes = commit & COMMIT_BYTES;
	if (event_bytes > size - TSC_BYTES - long_bytes)
		return false;
	*page = (struct kernel_page){ .at = bytes + TSC_BYTES + long_bytes, .tsc = le64(bytes), .missed = commit & MISSED_EVENTS };
	page->end = page->at + event_bytes;
	if (page->missed && commit & MISSED_STORED && size - TSC_BYTES - long_bytes - event_bytes >= long_bytes)
		page->missed_events = read_long(page->end, long_bytes);
	return true;
}

/* False if what is left of the page is too little for it. */
static bool read_raw(const struct kernel_page *page, struct raw *raw)
{
	uint64_t left = (uint64_t)(page->end - page->at);
	uint32_t head = left >= 4 ? le32(page->at) : 0;

	*raw = (struct raw){ .type = head & TYPE_MASK, .delta_tsc = head >> TYPE_BITS, .head_bytes = 4 };
	if (left < 4)
		return false;
	if (raw->type != TYPE_LONG && raw->type < TYPE_PADDING) {
		raw->payload_bytes = 4 * raw->type;
		return raw->payload_bytes <= left - 4;
	}
	if (raw->type == TYPE_PADDING && raw->delta_tsc == 0) {
		raw->payload_bytes = (uint32_t)left - 4;
		return true;
	}
	if (left < 8)
		return false;
	raw->word = le32(page->at + 4);
	raw->head_bytes = 8;
	if (raw->type == TYPE_TIME_EXTEND || raw->type == TYPE_TIME_STAMP)
		return true;
	raw->payload_bytes = raw->word - 4;
	return raw->word >= 4 && raw->payload_bytes <= left - 8;
}

enum kernel_page_result kernel_page_next(struct kernel_page *page, struct kernel_entry *entry)
{
	struct raw raw;

	while (page->at < page->end) {
		if (!read_raw(page, &raw)) {
			page->at = page->end;
			return KERNEL_PAGE_DAMAGED;
		}
		*entry = (struct kernel_entry){ .payload = page->at + raw.head_bytes, .payload_bytes = raw.payload_bytes };
		page->at += raw.head_bytes + raw.payload_bytes;
		if (raw.type == TYPE_TIME_EXTEND)
			page->tsc += (uint64_t)raw.word << DELTA_BITS | raw.delta_tsc;
		else if (raw.type == TYPE_TIME_STAMP)
			page->tsc = page->tsc >> STAMP_BITS << STAMP_BITS | (uint64_t)raw.word << DELTA_BITS | raw.delta_tsc;
		if (raw.type >= TYPE_PADDING)
			continue;
		page->tsc += raw.delta_tsc;
		entry->tsc = page->tsc;
		return KERNEL_PAGE_ENTRY;
	}
	return KERNEL_PAGE_END;
}
