/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/trace.h"

#include "analyzer/hostinfo.h"

/* Takes the text as a block of this type.  Returns how many damaged places it has. */
static uint64_t take(struct hostinfo *info, enum trc_block_type type, const char *text)
{
	struct trust trust = trust_quiet();
	struct trace trace = { 0 };
	struct payload payload = { 0 };
	struct tracefile file;
	struct chunk chunk;
	struct walk walk;

	trace_block(&trace, type, 0, 0, text, (uint32_t)strlen(text), (uint32_t)strlen(text));
	trace_to_file(&trace, &file);
	walk_begin(&walk, &file, 0);
	assert_true(walk_next(&walk, &chunk, &trust));
	assert_true(hostinfo_take(info, &chunk, &payload, &trust));
	payload_free(&payload);
	tracefile_close(&file);
	return trust.damaged_places;
}

static void the_host(void **state)
{
	struct hostinfo info = { 0 };

	(void)state;
	assert_int_equal(take(&info, TRC_BLOCK_HOST,
			      "{\"xen_version\": \"4.17.7\", \"xen_command_line\": \"a b=c\", \"scheduler\": \"credit\", \"hostname\": \"h\", \"tsc_hz\": 2400000000, \"pcpus\": 2, \"pcpu_mask\": [0, 66],"
			      " \"start_tsc\": 77, \"pools\": [{\"tslice_ms\": 30, \"ratelimit_us\": 1000}, {\"tslice_ms\": 5}]}"), 0);
	assert_string_equal(info.xen_version, "4.17.7");
	assert_string_equal(info.xen_command_line, "a b=c");
	assert_string_equal(info.scheduler, "credit");
	assert_string_equal(info.hostname, "h");
	assert_int_equal(info.tsc_hz, 2400000000);
	assert_int_equal(info.start_tsc, 77);
	assert_int_equal(info.pcpus, 2);
	assert_true(hostinfo_traced(&info, 0) && hostinfo_traced(&info, 66) && !hostinfo_traced(&info, 2));
	assert_true(info.tslice_ms > 29.9 && info.tslice_ms < 30.1);
	assert_true(info.ratelimit_us > 999 && info.ratelimit_us < 1001);
	hostinfo_free(&info);
}

/* As xen/common/kernel.c (4.17) reads a command line: the last one counts, and a value that it does not know is passed by. */
static const struct {
	const char *command_line;
	bool on;
} option_rows[] = {
	{ "", false }, { "x", true }, { "a x  b", true }, { "ax xb x1", false }, { "no-x", false }, { "x no-x", false }, { "no-x x", true },
	{ "x=1", true }, { "x=on", true }, { "x=yes", true }, { "x=true", true }, { "x=enable", true }, { "x=", true }, { "x=0", false },
	{ "x x=off", false }, { "x x=no", false }, { "x x=false", false }, { "x x=disable", false }, { "x x=2", true }, { "no-x=0", true },
	{ "x=on,", false }, { " x", true },
};

static void options_of_xen(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(option_rows); i++) {
		struct hostinfo info = { 0 };
		snprintf(info.xen_command_line, sizeof(info.xen_command_line), "%s", option_rows[i].command_line);
		if (hostinfo_xen_option(&info, "x") != option_rows[i].on)
			fail_msg("\"%s\"", option_rows[i].command_line);
	}
}

static void all_is_optional(void **state)
{
	struct hostinfo info = { 0 };

	(void)state;
	assert_int_equal(take(&info, TRC_BLOCK_HOST, "{}"), 0);
	assert_int_equal(take(&info, TRC_BLOCK_DOMAINS, "{}"), 0);
	assert_int_equal(take(&info, TRC_BLOCK_DOMAINS, "{\"domains\": null, \"tsc\": null}"), 0);
	assert_int_equal(take(&info, TRC_BLOCK_END, "{}"), 0);
	assert_int_equal(take(&info, TRC_BLOCK_MARKER, "whatever"), 0);
	assert_int_equal(take(&info, (enum trc_block_type)99, "{"), 0);
	assert_int_equal(info.domain_count, 0);
	assert_string_equal(info.end_reason, "unknown"); /* but there was an end */
	hostinfo_free(&info);
}

static void what_is_not_as_it_should_be(void **state)
{
	static const struct { enum trc_block_type type; const char *text; } rows[] = {
		{ TRC_BLOCK_HOST, "" }, { TRC_BLOCK_HOST, "[]" }, { TRC_BLOCK_HOST, "{" }, { TRC_BLOCK_HOST, "{} {}" },
		{ TRC_BLOCK_HOST, "{\"tsc_hz\": \"2 GHz\"}" }, { TRC_BLOCK_HOST, "{\"tsc_hz\": 2e9}" }, { TRC_BLOCK_HOST, "{\"tsc_hz\": 99999}" },
		{ TRC_BLOCK_HOST, "{\"tsc_hz\": 1000000000001}" }, { TRC_BLOCK_HOST, "{\"tsc_hz\": -2400000000}" },
		{ TRC_BLOCK_HOST, "{\"pcpus\": 4097}" }, { TRC_BLOCK_HOST, "{\"scheduler\": 5}" }, { TRC_BLOCK_HOST, "{\"pools\": {}}" },
		{ TRC_BLOCK_DOMAINS, "{\"domains\": {}}" }, { TRC_BLOCK_DOMAINS, "{\"domains\": [[]]}" }, { TRC_BLOCK_DOMAINS, "{\"domains\": [{}]}" },
		{ TRC_BLOCK_DOMAINS, "{\"domains\": [{\"id\": -1}]}" }, { TRC_BLOCK_DOMAINS, "{\"domains\": [{\"id\": 65536}]}" },
		{ TRC_BLOCK_DOMAINS, "{\"tsc\": -5, \"domains\": []}" },
		{ TRC_BLOCK_END, "{\"reason\": []}" }, { TRC_BLOCK_END, "{\"end_tsc\": true}" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct hostinfo info = { 0 };
		if (take(&info, rows[i].type, rows[i].text) != 1)
			fail_msg("%s is as good as any", rows[i].text);
		assert_int_equal(info.tsc_hz, 0);
		assert_int_equal(info.domain_count, 0);
		hostinfo_free(&info);
	}
}

static void domains_over_time(void **state)
{
	struct hostinfo info = { 0 };
	const struct domain_info *domain;
	size_t others;

	(void)state;
	assert_int_equal(take(&info, TRC_BLOCK_DOMAINS,
			      "{\"tsc\": 100, \"domains\": [{\"id\": 0, \"uuid\": \"z\", \"name\": \"Domain-0\", \"weight\": 256},"
			      " {\"id\": 5, \"uuid\": \"a\", \"name\": \"old\", \"weight\": 256, \"cap\": 0, \"running_ns\": 10,"
			      "  \"vcpus\": [{\"online\": true}, {\"online\": false}]}]}"), 0);
	assert_int_equal(take(&info, TRC_BLOCK_DOMAINS,
			      "{\"tsc\": 200, \"domains\": [{\"id\": 0, \"uuid\": \"z\", \"name\": \"Domain-0\", \"weight\": 256},"
			      " {\"id\": 5, \"uuid\": \"a\", \"name\": \"new\", \"weight\": 512, \"cap\": 50, \"running_ns\": 70,"
			      "  \"vcpus\": [{\"online\": false}, {\"online\": false}, {}]}]}"), 0);
	/* Its id is used again. */
	assert_int_equal(take(&info, TRC_BLOCK_DOMAINS,
			      "{\"tsc\": 300, \"domains\": [{\"id\": 5, \"uuid\": \"b\", \"name\": \"another\", \"paused\": true,"
			      "  \"vcpus\": [{\"online\": true}]}]}"), 0);
	assert_int_equal(info.snapshots, 3);
	domain = hostinfo_domain(&info, 5, 0, 250, NULL);
	assert_non_null(domain);
	assert_string_equal(domain->name, "new");
	assert_int_equal(domain->weight, 512);
	assert_int_equal(domain->cap_percent, 50);
	assert_true(domain->weight_changed);
	assert_int_equal(domain->first_tsc, 100);
	assert_int_equal(domain->last_tsc, 200);
	assert_int_equal(domain->first_running_ns, 10);
	assert_int_equal(domain->last_running_ns, 70);
	assert_int_equal(domain->vcpus, 3);
	assert_int_equal(domain->could_run, 1 | 4);
	domain = hostinfo_domain(&info, 5, 250, UINT64_MAX, &others);
	assert_int_equal(others, 0);
	assert_non_null(domain);
	assert_string_equal(domain->name, "another");
	assert_int_equal(domain->weight, WEIGHT_UNKNOWN);
	assert_int_equal(domain->could_run, 0);
	assert_false(hostinfo_domain(&info, 0, 0, UINT64_MAX, NULL)->weight_changed);
	/* Nobody says where one ends and the other begins. */
	domain = hostinfo_domain(&info, 5, 0, UINT64_MAX, &others);
	assert_string_equal(domain->name, "new");
	assert_int_equal(others, 1);
	assert_null(hostinfo_domain(&info, 5, 201, 299, &others)); /* one that lived between two snapshots */
	assert_int_equal(others, 0);
	assert_null(hostinfo_domain(&info, 5, 301, UINT64_MAX, NULL));
	assert_null(hostinfo_domain(&info, 7, 0, UINT64_MAX, NULL));
	hostinfo_free(&info);
}

static void long_texts_are_cut_between_characters(void **state)
{
	struct hostinfo info = { 0 };
	char text[512], name[NAME_MAX_BYTES + 8] = "";

	(void)state;
	for (size_t i = 0; i + 3 < NAME_MAX_BYTES; i += 3)
		strcat(name, "\xe2\x82\xac"); /* 126 bytes, room for 127 */
	strcat(name, "\xe2\x82\xac");
	snprintf(text, sizeof(text), "{\"domains\": [{\"id\": 1, \"name\": \"%s\"}]}", name);
	assert_int_equal(take(&info, TRC_BLOCK_DOMAINS, text), 0);
	assert_int_equal(strlen(info.domains[0].name), 126);
	hostinfo_free(&info);
}

static void the_end(void **state)
{
	struct hostinfo info = { 0 };

	(void)state;
	assert_int_equal(take(&info, TRC_BLOCK_END,
			      "{\"reason\": \"size\", \"end_tsc\": 900, \"tracer_cpu_ns\": 5, \"dropped_snapshots\": 3, \"pcpus\": [{\"full_at_end\": true},"
			      " {\"full_at_end\": false}, {}, 7, {\"full_at_end\": true}]}"), 0);
	assert_string_equal(info.end_reason, "size");
	assert_int_equal(info.end_tsc, 900);
	assert_int_equal(info.tracer_cpu_ns, 5);
	assert_int_equal(info.dropped_snapshots, 3);
	assert_int_equal(info.buffers_full_at_end, 2);
	hostinfo_free(&info);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_host),
		cmocka_unit_test(options_of_xen),
		cmocka_unit_test(all_is_optional),
		cmocka_unit_test(what_is_not_as_it_should_be),
		cmocka_unit_test(domains_over_time),
		cmocka_unit_test(long_texts_are_cut_between_characters),
		cmocka_unit_test(the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
