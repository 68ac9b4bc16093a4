/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/unit.h"

#include "analyzer/pv.h"

#include <stdlib.h>
#include <string.h>

/* Domain 0 has the first vCPU, on pCPU 0; domain 1 the second one, on pCPU 1. */
struct lab {
	struct vcpu rows[2];
	struct vcpus vcpus;
	struct trust trust;
	struct runners runners;
	struct pv pv;
};

static void begin(struct lab *lab)
{
	*lab = (struct lab){ .rows = { { .domain = 0, .pcpu = 0 }, { .domain = 1, .pcpu = 1 } }, .trust = { .messages = 1000 } };
	lab->vcpus = (struct vcpus){ .vcpus = lab->rows, .vcpu_count = 2 };
	assert_true(runners_init(&lab->runners, &lab->vcpus));
	pv_init(&lab->pv, &lab->runners, &lab->trust);
}

static void end(struct lab *lab)
{
	pv_free(&lab->pv);
	runners_free(&lab->runners);
}

static void note(struct lab *lab, uint16_t pcpu, uint64_t tsc, uint32_t id, const uint32_t *words, uint8_t count)
{
	const struct rec rec = { .tsc = tsc, .payload = (const uint8_t *)words, .id = id, .pcpu = pcpu, .words = count, .kind = REC_PV };

	pv_note(&lab->pv, &rec);
}

static void privop_at(struct lab *lab, uint64_t address)
{
	const uint32_t words[] = { (uint32_t)address, (uint32_t)(address >> 32) };

	note(lab, 0, 0, 0x201106, words, 2);
}

/* How often a domain entered Xen at this place; 0: never. */
static uint64_t count_at(const struct lab *lab, size_t domain, enum pv_entry entry, uint64_t address)
{
	const struct pv_domain *row = pv_of(&lab->pv, domain);

	for (size_t i = 0; row && i < row->place_room; i++)
		if (row->places[i].count > 0 && row->places[i].entry == entry && row->places[i].address == address)
			return row->places[i].count;
	return 0;
}

static void a_record_is_of_who_runs(void **state)
{
	static const uint32_t op[] = { 32 };
	struct lab lab;

	(void)state;
	begin(&lab);
	note(&lab, 0, 0, 0x20100d, op, 1);               /* before it is known */
	runners_change(&lab.runners, 0, RUNNING);
	runners_change(&lab.runners, 1, RUNNING);
	note(&lab, 0, 0, 0x20100d, op, 1);
	note(&lab, 1, 0, 0x20100d, op, 1);
	note(&lab, 1, 0, 0x20200e, op, 1);
	runners_change(&lab.runners, 0, BLOCKED);
	note(&lab, 0, 0, 0x20100d, op, 1);               /* nobody runs there */
	lab.rows[1].pcpu = 0;
	runners_change(&lab.runners, 1, RUNNING);                  /* another pCPU now */
	runners_change(&lab.runners, 0, OFFLINE);                  /* it was not the one that ran there */
	note(&lab, 0, 0, 0x20100d, op, 1);
	assert_int_equal(pv_of(&lab.pv, 0)->calls[32], 1);
	assert_int_equal(pv_of(&lab.pv, 1)->calls[32], 2);
	assert_int_equal(pv_of(&lab.pv, 1)->subcalls[32], 1);
	assert_int_equal(pv_of(&lab.pv, 1)->records, 3);
	assert_int_equal(lab.pv.unplaced_records, 2);
	assert_null(pv_of(&lab.pv, 2));
	assert_null(pv_of(&lab.pv, 100000));
	end(&lab);
}

static void only_the_window_counts(void **state)
{
	static const uint32_t op[] = { 0xfffff };        /* no hypercall has that number */
	struct lab lab;

	(void)state;
	begin(&lab);
	lab.pv.from_tsc = 100;
	lab.pv.to_tsc = 200;
	runners_change(&lab.runners, 0, RUNNING);
	for (uint64_t tsc = 50; tsc <= 250; tsc += 50)
		note(&lab, 0, tsc, 0x20100d, op, 1);
	assert_int_equal(pv_of(&lab.pv, 0)->calls[PV_CALLS], 3);
	end(&lab);
}

/* The address of the instruction is told apart from the others in the record. */
static void where_addresses_are(void **state)
{
	static const uint32_t words[] = { 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17 };
	static const struct { uint32_t id; uint8_t words; enum pv_entry entry; uint64_t address; } rows[] = {
		{ 0x201003, 2, PV_TRAP, 0x11 }, { 0x201103, 3, PV_TRAP, UINT64_C(0x1200000011) },
		{ 0x201004, 3, PV_PAGE_FAULT, 0x11 }, { 0x201104, 5, PV_PAGE_FAULT, UINT64_C(0x1200000011) },
		{ 0x201105, 2, PV_FORCED_INVALID_OP, UINT64_C(0x1200000011) }, { 0x201107, 2, PV_EMULATE_4G, UINT64_C(0x1200000011) },
		{ 0x201008, 0, PV_MATH_STATE_RESTORE, 0 }, { 0x201109, 4, PV_PAGING_FIXUP, UINT64_C(0x1200000011) },
		{ 0x20110a, 4, PV_GDT_LDT_MAPPING_FAULT, UINT64_C(0x1200000011) },
		{ 0x20110b, 6, PV_PTWR_EMULATION, UINT64_C(0x1600000015) }, { 0x20100c, 4, PV_PTWR_EMULATION, 0x14 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct lab lab;
		begin(&lab);
		runners_change(&lab.runners, 0, RUNNING);
		note(&lab, 0, 0, rows[i].id, words, rows[i].words);
		if (count_at(&lab, 0, rows[i].entry, rows[i].address) != 1)
			fail_msg("a record 0x%x is not where it should be", rows[i].id);
		assert_int_equal(lab.trust.short_records, 0);
		if (rows[i].words > 0) { /* a word less is too few */
			note(&lab, 0, 0, rows[i].id, words, (uint8_t)(rows[i].entry == PV_PTWR_EMULATION || rows[i].entry == PV_TRAP ? rows[i].words - 1 : 0));
			assert_int_equal(lab.trust.short_records, 1);
			assert_int_equal(pv_of(&lab.pv, 0)->records, 1);
		}
		end(&lab);
	}
}

static void each_place_is_counted(void **state)
{
	enum { PLACES = 5000 };
	struct lab lab;

	(void)state;
	begin(&lab);
	runners_change(&lab.runners, 0, RUNNING);
	for (uint64_t round = 0; round < 3; round++)
		for (uint64_t i = 0; i < PLACES; i += round + 1)
			privop_at(&lab, UINT64_C(0xffffffff81000000) + i);
	assert_int_equal(pv_of(&lab.pv, 0)->place_count, PLACES);
	for (uint64_t i = 0; i < PLACES; i++)
		assert_int_equal(count_at(&lab, 0, PV_EMULATE_PRIVOP, UINT64_C(0xffffffff81000000) + i), 1 + (i % 2 == 0) + (i % 3 == 0));
	end(&lab);
}

/* One domain cannot take the room of another, and what has none is counted all the same. */
static void too_many_places(void **state)
{
	enum { EXTRA = 23 };
	struct lab lab;

	(void)state;
	begin(&lab);
	runners_change(&lab.runners, 0, RUNNING);
	for (uint64_t i = 0; i < PV_PLACES_MAX + EXTRA; i++)
		privop_at(&lab, 1 + i * 4096);
	privop_at(&lab, 1);
	assert_int_equal(pv_of(&lab.pv, 0)->place_count, PV_PLACES_MAX);
	assert_int_equal(pv_of(&lab.pv, 0)->further, EXTRA);
	assert_int_equal(pv_of(&lab.pv, 0)->entries[PV_EMULATE_PRIVOP], PV_PLACES_MAX + EXTRA + 1);
	assert_int_equal(count_at(&lab, 0, PV_EMULATE_PRIVOP, 1), 2);
	assert_true(pv_of(&lab.pv, 0)->place_room <= 2 * PV_PLACES_MAX);
	end(&lab);
}

static void titles(void **state)
{
	char title[64];

	(void)state;
	assert_string_equal(pv_entry_title(PV_PAGE_FAULT, PV_TRAP_NONE, title, sizeof(title)), "page fault");
	assert_string_equal(pv_entry_title(PV_TRAP, 13, title, sizeof(title)), "trap 13 general protection");
	assert_string_equal(pv_entry_title(PV_TRAP, 0x7fff, title, sizeof(title)), "trap 32767");
	for (int entry = 0; entry < PV_ENTRIES; entry++)
		assert_non_null(pv_entry_name((enum pv_entry)entry));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_is_of_who_runs),
		cmocka_unit_test(only_the_window_counts),
		cmocka_unit_test(where_addresses_are),
		cmocka_unit_test(each_place_is_counted),
		cmocka_unit_test(too_many_places),
		cmocka_unit_test(titles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
