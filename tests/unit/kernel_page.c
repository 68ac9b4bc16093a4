/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/unit.h"

#include "analyzer/kernel_page.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE_TSC = 1000, WORDS_MAX = 12, ENTRIES_MAX = 4 };
#define MISSED        (UINT64_C(1) << 31)
#define MISSED_STORED (UINT64_C(1) << 30)

/* An event's first word: type and time since the one before. */
#define HEAD(type, delta) ((uint32_t)(delta) << 5 | (type))

static void put(uint8_t *at, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

/* A page of its own size on the heap, so that ASan sees a step beyond it. */
static uint8_t *page_of(const uint32_t *words, size_t count, uint64_t flags, unsigned long_bytes, size_t *size)
{
	uint8_t *page;

	*size = 8 + long_bytes + 4 * count;
	page = malloc(*size);
	assert_non_null(page);
	put(page, PAGE_TSC, 8);
	put(page + 8, flags | 4 * count, long_bytes);
	for (size_t i = 0; i < count; i++)
		put(page + 8 + long_bytes + 4 * i, words[i], 4);
	return page;
}

static void events(void **state)
{
	static const struct row {
		const char *what;
		size_t count;
		uint32_t words[WORDS_MAX];
		size_t entries;
		struct { uint64_t tsc; uint32_t bytes; } entry[ENTRIES_MAX];
		enum kernel_page_result result;
	} rows[] = {
		{ "empty", 0, { 0 }, 0, { { 0, 0 } }, KERNEL_PAGE_END },
		{ "two short ones", 5, { HEAD(1, 0), 7, HEAD(2, 5), 8, 9 }, 2, { { 1000, 4 }, { 1005, 8 } }, KERNEL_PAGE_END },
		{ "a long one", 4, { HEAD(0, 3), 12, 7, 8 }, 1, { { 1003, 8 } }, KERNEL_PAGE_END },
		{ "a long one without payload", 2, { HEAD(0, 3), 4 }, 1, { { 1003, 0 } }, KERNEL_PAGE_END },
		{ "time extended", 4, { HEAD(30, 1), 2, HEAD(1, 10), 7 }, 1, { { 1000 + (2 << 27) + 1 + 10, 4 } }, KERNEL_PAGE_END },
		{ "an absolute time", 4, { HEAD(31, 1), 2, HEAD(1, 10), 7 }, 1, { { (2 << 27) + 1 + 10, 4 } }, KERNEL_PAGE_END },
		{ "a discarded event", 5, { HEAD(29, 1), 8, 0, HEAD(1, 2), 7 }, 1, { { 1002, 4 } }, KERNEL_PAGE_END },
		{ "the rest is empty", 5, { HEAD(1, 2), 7, HEAD(29, 0), 0, 0 }, 1, { { 1002, 4 } }, KERNEL_PAGE_END },
		{ "one reaches beyond the page", 3, { HEAD(1, 2), 7, HEAD(1, 2) }, 1, { { 1002, 4 } }, KERNEL_PAGE_DAMAGED },
		{ "a long one beyond the page", 3, { HEAD(0, 2), 12, 7 }, 0, { { 0, 0 } }, KERNEL_PAGE_DAMAGED },
		{ "a long one of no length", 3, { HEAD(0, 2), 3, 7 }, 0, { { 0, 0 } }, KERNEL_PAGE_DAMAGED },
		{ "a padding that leads back to itself", 3, { HEAD(29, 1), UINT32_MAX - 3, 7 }, 0, { { 0, 0 } }, KERNEL_PAGE_DAMAGED },
		{ "a head and no more", 1, { HEAD(30, 1) }, 0, { { 0, 0 } }, KERNEL_PAGE_DAMAGED },
	};

	(void)state;
	for (size_t i = 0; i < 2 * ROWS(rows); i++) {
		const struct row *row = &rows[i / 2];
		unsigned long_bytes = i % 2 ? 8 : 4;
		size_t size, got = 0;
		uint8_t *bytes = page_of(row->words, row->count, 0, long_bytes, &size);
		struct kernel_page page;
		struct kernel_entry entry;
		enum kernel_page_result result;
		assert_true(kernel_page_begin(&page, bytes, size, long_bytes));
		assert_false(page.missed);
		for (; (result = kernel_page_next(&page, &entry)) == KERNEL_PAGE_ENTRY; got++)
			if (got >= row->entries || entry.tsc != row->entry[got].tsc || entry.payload_bytes != row->entry[got].bytes)
				fail_msg("%s: event %zu has tsc %ju and %u bytes", row->what, got, (uintmax_t)entry.tsc, entry.payload_bytes);
		if (result != row->result || got != row->entries)
			fail_msg("%s: %zu events, ends as %d", row->what, got, result);
		assert_int_not_equal(kernel_page_next(&page, &entry), KERNEL_PAGE_ENTRY);
		free(bytes);
	}
}

static void missed(void **state)
{
	static const struct {
		uint64_t flags, events_told;
		bool missed;
	} rows[] = {
		{ 0, 0, false },
		{ MISSED, 0, true },
		{ MISSED | MISSED_STORED, 23, true },
		{ MISSED_STORED, 0, false },
	};
	static const uint32_t words[] = { HEAD(1, 0), 7 };

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		size_t size;
		uint8_t *bytes = page_of(words, ROWS(words), rows[i].flags, 8, &size), *longer = malloc(size + 8);
		struct kernel_page page;
		memcpy(longer, bytes, size);
		put(longer + size, 23, 8);
		assert_true(kernel_page_begin(&page, longer, size + 8, 8));
		assert_int_equal(page.missed, rows[i].missed);
		assert_int_equal(page.missed_events, rows[i].events_told);
		assert_true(kernel_page_begin(&page, bytes, size, 8)); /* no room for the count: not told */
		assert_int_equal(page.missed, rows[i].missed);
		assert_int_equal(page.missed_events, 0);
		free(bytes);
		free(longer);
	}
}

static void no_page(void **state)
{
	static const uint32_t words[] = { HEAD(1, 0), 7 };
	size_t size;
	uint8_t *bytes = page_of(words, ROWS(words), 0, 8, &size);
	struct kernel_page page;

	(void)state;
	for (size_t less = 1; less <= size; less++)
		assert_false(kernel_page_begin(&page, bytes, size - less, 8));
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(events), cmocka_unit_test(missed), cmocka_unit_test(no_page) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
