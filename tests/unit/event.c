/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The event table against itself, and against what Xen 4.17 writes. */
#include "tests/unit/unit.h"

#include "analyzer/event.h"

#include <string.h>

static uint32_t last_id(const struct event *event)
{
	return event->last_id ? event->last_id : event->first_id;
}

static void rows_are_well_formed(void **state)
{
	static const char *const classes[] = { "gen", "sched", "dom0op", "hvm", "mem", "pv", "shadow", "hw", "guest" };

	(void)state;
	for (size_t row = 1; row < event_count; row++) {
		const struct event *event = &events[row];
		size_t c = 0;
		while (c < ROWS(classes) && strcmp(classes[c], event->event_class) != 0)
			c++;
		if (c == ROWS(classes))
			fail_msg("%s: no class %s", event->name, event->event_class);
		assert_true(event->min_words <= 7);
		assert_true(last_id(event) >= event->first_id && last_id(event) <= 0x0fffffff);
		assert_int_equal(last_id(event) >> 12, event->first_id >> 12);   /* a run stays within its page */
		assert_int_equal(event->vary_bits >> 12, 0);
		assert_int_equal(event->first_id & event->vary_bits, 0);
		assert_int_equal(last_id(event) & event->vary_bits, 0);
		assert_true(*event->name && *event->source && event->layout);
		assert_true(event->min_words == 0 || *event->layout || strstr(event->source, "not emitted"));
	}
}

static void names_are_unique(void **state)
{
	(void)state;
	for (size_t a = 0; a < event_count; a++)
		for (size_t b = a + 1; b < event_count; b++)
			assert_string_not_equal(events[a].name, events[b].name);
}

/* Calls for each id that a row stands for. */
static void for_each_id(const struct event *event, void (*call)(uint32_t id, const struct event *, void *), void *arg)
{
	for (uint32_t id = event->first_id; id <= last_id(event); id++) {
		uint32_t bits = 0;
		do {
			call(id | bits, event, arg);
			bits = (bits - event->vary_bits) & event->vary_bits;
		} while (bits);
	}
}

static void check_lookup(uint32_t id, const struct event *event, void *arg)
{
	const struct event_index *index = arg;
	unsigned row = event_row(index, id);

	if (&events[row] != event)
		fail_msg("0x%07x is %s and comes out as %s: rows overlap", id, event->name, events[row].name);
	assert_int_equal(index->min_words[row], event->min_words);
	assert_int_equal(index->kind[row], event->kind);
}

/* If two rows had an id in common, one of them would not come out. */
static void every_id_leads_to_its_row_and_no_rows_overlap(void **state)
{
	struct event_index *index = event_index_new();

	(void)state;
	assert_non_null(index);
	for (size_t row = 1; row < event_count; row++)
		for_each_id(&events[row], check_lookup, index);
	event_index_free(index);
}

static void count_id(uint32_t id, const struct event *event, void *arg)
{
	(void)id, (void)event;
	++*(size_t *)arg;
}

static void every_other_id_is_unknown(void **state)
{
	struct event_index *index = event_index_new();
	size_t known = 0, found = 0;

	(void)state;
	assert_non_null(index);
	for (size_t row = 1; row < event_count; row++)
		for_each_id(&events[row], count_id, &known);
	for (uint32_t id = 0; id <= 0x0fffffff; id++)
		if (index->page_of[id >> 12] == 0)
			id |= EVENT_PAGE_IDS - 1; /* a page without any event: all go to row 0 below */
		else
			found += event_row(index, id) != EVENT_UNKNOWN;
	assert_int_equal(found, known);
	for (unsigned i = 0; i < EVENT_PAGE_IDS; i++)
		assert_int_equal(index->row_of[0][i], EVENT_UNKNOWN);
	assert_int_equal(index->kind[EVENT_UNKNOWN], REC_UNKNOWN);
	event_index_free(index);
}

/* What Xen 4.17.7's source says, one by one: id, name, words of payload. */
static void facts_of_xen(void **state)
{
	static const struct { uint32_t id; const char *name; unsigned words; } facts[] = {
		{ 0x0001f001, "LOST_RECORDS", 4 }, { 0x0001f002, "WRAP_BUFFER", 0 }, { 0x0001f003, "CPU_CHANGE", 2 },
		{ 0x00021001, "RUNSTATE_CHANGE", 1 },                   /* running to running: bits only */
		{ 0x00021011, "RUNSTATE_CHANGE", 1 }, { 0x00021101, "RUNSTATE_CHANGE", 1 }, { 0x00021331, "RUNSTATE_CHANGE", 1 },
		{ 0x00021002, "CONTINUE_RUNNING", 1 },
		{ 0x00028001, "SCHED_DOM_ADD", 1 }, { 0x00028002, "SCHED_DOM_REM", 1 },
		{ 0x00028003, "SLEEP", 2 }, { 0x00028004, "WAKE", 2 }, { 0x00028005, "YIELD", 2 }, { 0x00028006, "BLOCK", 2 },
		{ 0x00028007, "SHUTDOWN", 3 }, { 0x00028009, "ADJDOM", 1 }, { 0x0002800a, "SWITCH", 4 },
		{ 0x0002800e, "SWITCH_INFPREV", 3 }, { 0x0002800f, "SWITCH_INFNEXT", 4 }, { 0x00028010, "SHUTDOWN_CODE", 3 },
		{ 0x00028011, "SWITCH_INFCONT", 4 },
		{ 0x00022001, "credit:SCHED_TASKLET", 0 }, { 0x00022002, "credit:ACCOUNT_START", 3 }, { 0x00022003, "credit:ACCOUNT_STOP", 3 },
		{ 0x00022004, "credit:STOLEN_UNIT", 3 }, { 0x00022005, "credit:PICKED_CPU", 3 }, { 0x00022006, "credit:TICKLE", 1 },
		{ 0x00022007, "credit:BOOST_START", 2 }, { 0x00022008, "credit:BOOST_END", 2 }, { 0x00022009, "credit:SCHEDULE", 1 },
		{ 0x0002200a, "credit:RATELIMIT", 2 }, { 0x0002200b, "credit:STEAL_CHECK", 2 },
		{ 0x00022202, "credit2:RUNQ_POS", 2 }, { 0x00022203, "credit2:CREDIT_BURN", 4 }, { 0x00022205, "credit2:TICKLE_CHECK", 3 },
		{ 0x00022206, "credit2:TICKLE", 1 }, { 0x00022207, "credit2:CREDIT_RESET", 3 }, { 0x00022208, "credit2:SCHED_TASKLET", 0 },
		{ 0x00022209, "credit2:UPDATE_LOAD", 0 }, { 0x0002220a, "credit2:RUNQ_ASSIGN", 2 }, { 0x0002220b, "credit2:UPDATE_UNIT_LOAD", 4 },
		{ 0x0002220c, "credit2:UPDATE_RUNQ_LOAD", 5 }, { 0x0002220d, "credit2:TICKLE_NEW", 3 }, { 0x0002220e, "credit2:RUNQ_MAX_WEIGHT", 1 },
		{ 0x0002220f, "credit2:MIGRATE", 2 }, { 0x00022210, "credit2:LOAD_CHECK", 2 }, { 0x00022211, "credit2:LOAD_BALANCE", 5 },
		{ 0x00022213, "credit2:PICKED_CPU", 4 }, { 0x00022214, "credit2:RUNQ_CANDIDATE", 3 }, { 0x00022215, "credit2:SCHEDULE", 2 },
		{ 0x00022216, "credit2:RATELIMIT", 2 }, { 0x00022217, "credit2:RUNQ_CAND_CHECK", 1 },
		{ 0x00022806, "rtds", 0 }, { 0x00022a06, "null", 0 },
		{ 0x00041001, "DOM0_DOM_ADD", 1 }, { 0x00041002, "DOM0_DOM_REM", 1 },
		{ 0x00081001, "VMENTRY", 0 }, { 0x00081401, "VMENTRY", 0 }, { 0x00081002, "VMEXIT", 2 }, { 0x00081102, "VMEXIT", 2 },
		{ 0x00081502, "VMEXIT", 2 }, { 0x00081003, "SVM_EXIT", 2 }, { 0x00081103, "SVM_EXIT", 2 },
		{ 0x00082013, "HVM_HANDLER", 0 }, { 0x00082216, "HVM_HANDLER", 0 },
		{ 0x00082101, "HVM_HANDLER", 0 }, { 0x00082108, "HVM_HANDLER", 0 }, { 0x00082127, "HVM_HANDLER", 0 }, /* with u64 values */
		{ 0x00084011, "HVM_EMUL", 0 },
		{ 0x0010f001, "GRANT_MAP", 1 }, { 0x0010f002, "GRANT_UNMAP", 1 }, { 0x0010f003, "GRANT_TRANSFER", 1 },
		{ 0x0010f005, "DECREASE_RESERVATION", 1 }, { 0x0010f012, "POD", 1 },
		{ 0x00201003, "TRAP", 2 }, { 0x00201103, "TRAP", 2 }, { 0x00201004, "PAGE_FAULT", 3 }, { 0x00201104, "PAGE_FAULT", 3 },
		{ 0x00201106, "EMULATE_PRIVOP", 1 }, { 0x00201109, "PAGING_FIXUP", 2 }, { 0x0020110b, "PTWR_EMULATION", 4 },
		{ 0x0020100c, "PTWR_EMULATION_PAE", 4 },
		{ 0x0020100d, "HYPERCALL", 1 }, { 0x0020200e, "HYPERCALL_SUBCALL", 1 },
		{ 0x0040f00f, "SHADOW", 0 }, { 0x0040f101, "SHADOW", 0 }, { 0x0040f208, "SHADOW", 0 }, /* of guests with 2, 3 and 4 levels */
		{ 0x00801003, "HW_PM", 0 }, { 0x00802008, "HW_IRQ", 0 }, { 0x0800f123, "GUEST", 0 },
		/* Not Xen's: */
		{ 0x0001f032, "unknown", 0 }, { 0x00021003, "unknown", 0 }, { 0x00022212, "unknown", 0 }, { 0x00028012, "unknown", 0 },
		{ 0x0fffffff, "unknown", 0 }, { 0, "unknown", 0 },
	};
	struct event_index *index = event_index_new();

	(void)state;
	assert_non_null(index);
	for (size_t i = 0; i < ROWS(facts); i++) {
		const struct event *event = &events[event_row(index, facts[i].id)];
		if (strcmp(event->name, facts[i].name) != 0 || event->min_words != facts[i].words)
			fail_msg("0x%07x is %s of %u words, wanted %s of %u", facts[i].id, event->name, event->min_words,
				 facts[i].name, facts[i].words);
	}
	event_index_free(index);
}

static void somebody_can_ask_for_an_event(void **state)
{
	struct event_index *index = event_index_new();

	(void)state;
	assert_non_null(index);
	assert_int_equal(index->kind[event_row(index, 0x2800e)], REC_COUNTED);
	event_index_handle(index, 0x2800e, REC_SWITCH_PREV);
	assert_int_equal(index->kind[event_row(index, 0x2800e)], REC_SWITCH_PREV);
	event_index_free(index);
}

/* The hot loop of a stream passes by what it says here, so no record that more is to be done for may be among it. */
static void only_records_without_more_to_do_are_plain(void **state)
{
	enum { TIMED = 8, RUNSTATE = 0x21101, WAKE = 0x28004, SLEEP = 0x28003, LOST = 0x1f001, TRAP = 0x201003, NOBODYS = 0x28fff, NOT = -1 };
	static const struct { uint32_t id, from; int kind, kind_left_out; } rows[] = {
		{ SLEEP, TIMED | 2, REC_COUNTED, REC_COUNTED }, { RUNSTATE, TIMED | 1, REC_RUNSTATE, REC_RUNSTATE },
		{ WAKE, TIMED | 2, REC_WAKE, REC_COUNTED },     { TRAP, TIMED | 2, NOT, REC_COUNTED },
		{ LOST, TIMED | 4, NOT, NOT },                  { NOBODYS, TIMED, NOT, NOT },
	};
	struct event_index *index = event_index_new();

	(void)state;
	assert_non_null(index);
	for (int left_out = 0; left_out < 2; left_out++) {
		for (size_t i = 0; i < ROWS(rows); i++) {
			uint32_t least = rows[i].from << 28 | rows[i].id, less = (rows[i].from - 1) << 28 | rows[i].id; /* a word less, or no TSC */
			const struct event_plain *plain;
			int wanted = left_out ? rows[i].kind_left_out : rows[i].kind;
			assert_null(event_plain_of(index, least)); /* not met */
			event_meet(index, least);
			event_meet(index, less);
			plain = event_plain_of(index, least);
			assert_int_equal(plain ? plain->kind : NOT, wanted);
			assert_int_equal(plain ? plain->row : event_row(index, rows[i].id), event_row(index, rows[i].id));
			assert_null(event_plain_of(index, less));
		}
		event_index_leave_out(index, REC_NOTES);
	}
	event_index_free(index);
}

/* They are kept by a hash of which they have no part to themselves. */
static void each_header_is_found_whatever_was_before_it(void **state)
{
	struct event_index *index = event_index_new();

	(void)state;
	assert_non_null(index);
	for (unsigned round = 0; round < 2; round++)
		for (uint32_t id = 0; id < 0x29000; id++)
			for (uint32_t upper = 0; upper < 16; upper++) {
				uint32_t header = upper << 28 | id, row = event_row(index, id);
				const struct event_plain *found = event_plain_of(index, header);
				bool plain;
				event_meet(index, header);
				plain = event_plain_of(index, header);
				if ((found && (found->header != header || !plain)) || (plain && (!(upper >> 3) || event_plain_of(index, header)->row != row)))
					fail_msg("0x%08x is taken for another", header);
			}
	event_index_free(index);
}

/* Else two that come in turn would be looked up each time. */
static void each_of_the_scheduler_has_its_place(void **state)
{
	size_t places[1 << EVENT_PLAIN_BITS] = { 0 };

	(void)state;
	for (size_t row = 1; row < event_count; row++) {
		const struct event *event = &events[row];
		uint32_t bits = 0;
		if (strcmp(event->event_class, "sched") != 0)
			continue;
		for (uint32_t id = event->first_id; id <= last_id(event); id++)
			do {
				size_t *place = &places[event_plain_place((8u | event->min_words) << 28 | id | bits)];
				if (*place)
					fail_msg("%s has the place of %s", event->name, events[*place].name);
				*place = row;
				bits = (bits - event->vary_bits) & event->vary_bits;
			} while (bits);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_well_formed),
		cmocka_unit_test(names_are_unique),
		cmocka_unit_test(every_id_leads_to_its_row_and_no_rows_overlap),
		cmocka_unit_test(every_other_id_is_unknown),
		cmocka_unit_test(facts_of_xen),
		cmocka_unit_test(somebody_can_ask_for_an_event),
		cmocka_unit_test(only_records_without_more_to_do_are_plain),
		cmocka_unit_test(each_header_is_found_whatever_was_before_it),
		cmocka_unit_test(each_of_the_scheduler_has_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
