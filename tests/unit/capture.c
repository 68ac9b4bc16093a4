/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole captures against a Xen in memory.  Each runs in a process of its own, as xtrace-cap does, beside a thread that
 * writes records; what it leaves (the file, Xen's state, its messages, its exit code) is looked at from outside.
 */
#include "tests/unit/disk.h"
#include "tests/unit/fake_xen.h"
#include "tests/unit/trc.h"
#include "tests/unit/unit.h"
#include "tracer/capture.h"
#include "tracer/events.h"
#include "tracer/lane.h"
#include "tracer/say.h"
#include "tracer/trc_format.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	PATH_BYTES = 256, PAGES = 64,
	QUEUE_LEAST = 8 << 20,          /* tracer/capture.c */
	FLOOD_ROUNDS = 60000,           /* 9.6 MB, of which the queue takes 8.4 */
	ENDLESS_ROUNDS = 64000,         /* less than FAKE_LOG_BYTES, more than any test waits for */
	ROUND_NS = FAKE_PCPUS * 5 * FAKE_CHANGE_NS,
};

struct capture_test {
	struct xen_host *xen;
	struct fake_tracing before;
	struct options options;
	struct disk disk;
	void (*produce)(struct capture_test *);
	unsigned rounds;
	int signal;             /* that signalled() sends */
	bool over, held;
	char directory[64], trace[PATH_BYTES], state[PATH_BYTES], messages_path[PATH_BYTES];
	char gate[PATH_BYTES];  /* a FIFO at which a command waits */
	char ready[PATH_BYTES]; /* a file that a command makes when it has begun */
	char messages[4096];    /* of the last run */
	int code;               /* its exit code, or 128 and the signal */
};

static char analyzer[PATH_BYTES];

/* Really locking the fake's memory takes most of a test's time. */
int __wrap_mlockall(int flags);
int __wrap_mlockall(int flags)
{
	errno = EINVAL;
	return flags == (MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) ? 0 : -1;
}

/* ---- what Xen does meanwhile ---- */

static bool is_over(const struct capture_test *test)
{
	return __atomic_load_n(&test->over, __ATOMIC_ACQUIRE);
}

static void nap(void)
{
	usleep(200);
}

static void wait_for_session(struct capture_test *test)
{
	while (fake_sessions(test->xen) == 0 && !is_over(test))
		nap();
}

static void wait_until_unread(struct capture_test *test, uint32_t bytes)
{
	for (uint32_t pcpu = 0; pcpu < FAKE_PCPUS; pcpu++)
		while (fake_unread(test->xen, pcpu) > bytes && !is_over(test))
			nap();
}

/* Never so much that a buffer is full. */
static void write_rounds(struct capture_test *test, unsigned rounds)
{
	for (unsigned round = 0; round < rounds && !is_over(test); round++) {
		if (round % 64 == 0)
			wait_until_unread(test, PAGES * 4096 / 2);
		for (uint32_t pcpu = 0; pcpu < FAKE_PCPUS; pcpu++)
			fake_runstates(test->xen, pcpu, 1);
	}
}

/* Unless it did not come so far that signals are its own. */
static void end_capture(const struct capture_test *test)
{
	if (!is_over(test))
		kill(getpid(), SIGTERM);
}

/* Some records, which Xen tells at the last, then a signal. */
static void steady(struct capture_test *test)
{
	wait_for_session(test);
	write_rounds(test, test->rounds);
	fake_signal(test->xen);
	wait_until_unread(test, 0);
	end_capture(test);
}

/* Until the capture ends by itself. */
static void endless(struct capture_test *test)
{
	wait_for_session(test);
	for (unsigned rounds = 0; !is_over(test); rounds += 16) {
		if (rounds < ENDLESS_ROUNDS)
			write_rounds(test, 16);
		nap();
	}
}

/* Some records, then the test's signal, which may be one that is ignored. */
static void signalled(struct capture_test *test)
{
	wait_for_session(test);
	write_rounds(test, test->rounds);
	kill(getpid(), test->signal);
	endless(test);
}

static off_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_size : -1;
}

/* Killed as soon as the file has more than one window. */
static void doomed(struct capture_test *test)
{
	wait_for_session(test);
	write_rounds(test, PAGES * 4096 / 64);
	while (size_of(test->trace) < PAGES * 4096)
		nap();
	kill(getpid(), SIGKILL);
}

/* Signals until the capture has taken four, or the one that fails. */
static void calling(struct capture_test *test)
{
	bool fails = test->xen->fail_call == CALL_REARM && test->xen->fail_at > 0;

	wait_for_session(test);
	for (unsigned calls = 1; calls <= (fails ? test->xen->fail_at : 4) && !is_over(test); calls++) {
		fake_signal(test->xen);
		while (fake_calls(test->xen, CALL_REARM) < calls && !is_over(test))
			nap();
	}
	endless(test);
}

static void pass_seconds(struct capture_test *test, unsigned seconds)
{
	for (unsigned second = 0; second < seconds && !is_over(test); second++) {
		unsigned calls = fake_calls(test->xen, CALL_DOMAINS);
		fake_pass(test->xen, 1000000000);
		fake_signal(test->xen);
		while (fake_calls(test->xen, CALL_DOMAINS) == calls && !is_over(test))
			nap();
	}
}

/* A second after the other passes; the capture looks at each. */
static void each_second(struct capture_test *test)
{
	wait_for_session(test);
	while (fake_calls(test->xen, CALL_DOMAINS) == 0 && !is_over(test)) /* the snapshot at the start */
		nap();
	pass_seconds(test, test->rounds);
	end_capture(test);
}

/* Somebody sets the event mask, and a second passes; then all is as it should be. */
static void meddling(struct capture_test *test)
{
	unsigned calls;

	wait_for_session(test);
	write_rounds(test, test->rounds);
	fake_set_events(test->xen, 0x00041000);
	calls = fake_calls(test->xen, CALL_SET_EVENTS);
	write_rounds(test, test->rounds);
	fake_pass(test->xen, 1000000000);
	fake_signal(test->xen);
	while (fake_calls(test->xen, CALL_SET_EVENTS) == calls && !is_over(test))
		nap();
	write_rounds(test, test->rounds);
	end_capture(test);
}

/* Some records, then the command that waits at the gate goes on. */
static void open_gate(struct capture_test *test)
{
	int fd = -1;

	wait_for_session(test);
	write_rounds(test, test->rounds);
	while (fd < 0 && !is_over(test)) {
		nap();
		fd = open(test->gate, O_WRONLY | O_NONBLOCK | O_CLOEXEC); /* fails while nobody waits */
	}
	close(fd);
}

/* No time passes before the command has begun; then as much as the capture is to take. */
static void until_ready(struct capture_test *test)
{
	wait_for_session(test);
	while (access(test->ready, F_OK) < 0 && !is_over(test))
		nap();
	write_rounds(test, (unsigned)(test->options.duration_s * 1e9) / ROUND_NS + 1);
}

/* And time goes on until the capture has waited long enough for its command. */
static void until_given_up(struct capture_test *test)
{
	until_ready(test);
	while (!is_over(test)) {
		fake_pass(test->xen, 100000000);
		nap();
	}
}

/* All at once while nobody reads; after that a loss can be told. */
static void burst(struct capture_test *test)
{
	wait_for_session(test);
	fake_hold(test->xen);
	for (uint32_t pcpu = 0; pcpu < FAKE_PCPUS; pcpu++)
		fake_runstates(test->xen, pcpu, test->rounds);
	fake_go_on(test->xen);
	wait_until_unread(test, 0);
	write_rounds(test, 10);
	wait_until_unread(test, 0);
	end_capture(test);
}

/* The disk stands still until all is written. */
static void flood(struct capture_test *test)
{
	wait_for_session(test);
	write_rounds(test, test->rounds);
	wait_until_unread(test, 0);
	__atomic_store_n(&test->held, false, __ATOMIC_RELEASE);
	end_capture(test);
}

/* Likewise, and each second there is less room in the queue than a snapshot takes. */
static void flood_for_seconds(struct capture_test *test)
{
	wait_for_session(test);
	write_rounds(test, test->rounds);
	wait_until_unread(test, 0);
	for (unsigned rounds = 1024; rounds > 0 && !is_over(test); rounds /= 2)
		for (int i = 0; i < 2; i++) {
			write_rounds(test, rounds);
			fake_signal(test->xen);
			wait_until_unread(test, 0);
		}
	pass_seconds(test, 3);
	__atomic_store_n(&test->held, false, __ATOMIC_RELEASE);
	end_capture(test);
}

static bool has_said(const struct capture_test *test, const char *text)
{
	char said[4096];
	FILE *in = fopen(test->messages_path, "r");

	said[fread(said, 1, sizeof(said) - 1, in)] = '\0';
	fclose(in);
	return strstr(said, text) != NULL;
}

/* Tracing is off, and the masks are as they were. */
static bool is_quiet(const struct capture_test *test)
{
	struct fake_tracing now;

	pthread_mutex_lock(&test->xen->lock);
	now = test->xen->tracing;
	pthread_mutex_unlock(&test->xen->lock);
	return !now.enabled && now.event_mask == test->before.event_mask && now.all_pcpus;
}

/* Two signals end a capture whose file takes nothing, the second in vain, and time goes on until that is said.  Xen must be quiet
 * by then. */
static void until_said(struct capture_test *test)
{
	unsigned calls;

	wait_for_session(test);
	write_rounds(test, 100);        /* less than a pipe takes */
	fake_signal(test->xen);
	wait_until_unread(test, 0);
	write_rounds(test, test->rounds);
	calls = fake_calls(test->xen, CALL_DISABLE);
	end_capture(test);
	while (fake_calls(test->xen, CALL_DISABLE) < calls + 2) /* that of restore_quiet(), too */
		nap();
	end_capture(test);
	while (!is_over(test) && !has_said(test, "a signal (SIGINT, SIGTERM) gives them up")) {
		fake_pass(test->xen, 100000000);
		nap();
	}
	if (is_over(test) || !is_quiet(test))
		abort();
}

static void impatient(struct capture_test *test)
{
	until_said(test);
	end_capture(test);
}

static void patient(struct capture_test *test)
{
	until_said(test);
	__atomic_store_n(&test->held, false, __ATOMIC_RELEASE);
}

/* ---- one capture ---- */

static void *producer(void *arg)
{
	struct capture_test *test = arg;

	if (test->produce)
		test->produce(test);
	return NULL;
}

static void become_capture(struct capture_test *test)
{
	sigset_t all, before;
	pthread_t thread;
	int code;

	freopen(test->messages_path, "w", stderr);
	setvbuf(stderr, NULL, _IONBF, 0);
	fake_xen_reopen(test->xen);
	disk_use(&test->disk);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the capture's */
	pthread_create(&thread, NULL, producer, test);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	code = capture_run(test->xen, &test->options);
	__atomic_store_n(&test->over, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	if (test->xen->virq_fd >= 0)
		close(test->xen->virq_fd);
	exit(code);
}

static pid_t start(struct capture_test *test)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0)
		become_capture(test);
	assert_true(pid > 0);
	return pid;
}

static void finish(struct capture_test *test, pid_t pid)
{
	int status;
	FILE *in;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	test->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	in = fopen(test->messages_path, "r");
	assert_non_null(in);
	test->messages[fread(test->messages, 1, sizeof(test->messages) - 1, in)] = '\0';
	fclose(in);
}

static void run(struct capture_test *test)
{
	finish(test, start(test));
}

/* As a parent may have left it. */
static void run_ignoring(struct capture_test *test, int number)
{
	pid_t pid;

	signal(number, SIG_IGN);
	pid = start(test);
	signal(number, SIG_DFL);
	finish(test, pid);
}

static int set_up(void **state)
{
	struct capture_test *test = calloc(1, sizeof(*test));
	const char *bad;

	test->xen = fake_xen_new();
	strcpy(test->directory, "/tmp/xtrace-capture-XXXXXX");
	if (!mkdtemp(test->directory))
		return -1;
	snprintf(test->trace, PATH_BYTES, "%s/run.trc", test->directory);
	snprintf(test->state, PATH_BYTES, "%s/state", test->directory);
	snprintf(test->messages_path, PATH_BYTES, "%s/messages", test->directory);
	snprintf(test->ready, PATH_BYTES, "%s/ready", test->directory);
	snprintf(test->gate, PATH_BYTES, "%s/gate", test->directory);
	if (mkfifo(test->gate, 0600) < 0)
		return -1;
	test->options = (struct options){ .output = test->trace, .format = output_format_named("xtrace"), .all_pcpus = true,
					  .buffer_pages = PAGES, .state_path = test->state,
					  .symbols = { "/nowhere", "/nowhere", "/nowhere", "/nowhere" } };
	events_parse(EVENTS_DEFAULT, &test->options.event_mask, &bad);
	test->xen->session_mask = test->options.event_mask;
	test->produce = steady;
	test->rounds = 2000;
	test->before = test->xen->tracing;
	*state = test;
	return 0;
}

static int tear_down(void **state)
{
	struct capture_test *test = *state;
	char command[PATH_BYTES];
	int gate = open(test->gate, O_WRONLY | O_NONBLOCK);

	if (gate >= 0)
		close(gate); /* a command that was left to run */
	fake_xen_free(test->xen);
	snprintf(command, sizeof(command), "rm -r %s", test->directory);
	free(test);
	return system(command);
}

/* Xen had buffers, and they were traced into, before. */
static void traced_before(struct capture_test *test, bool enabled)
{
	test->xen->pages = PAGES;
	test->xen->tracing.event_mask = 0x00041000;
	test->xen->tracing.enabled = enabled;
	test->before = test->xen->tracing;
}

/* ---- what it left ---- */

static void write_text(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static bool is_as_found(const struct capture_test *test)
{
	const struct fake_tracing *now = &test->xen->tracing, *then = &test->before;

	return now->event_mask == then->event_mask && now->enabled == then->enabled && now->all_pcpus == then->all_pcpus &&
	       memcmp(now->pcpu_map, then->pcpu_map, sizeof(now->pcpu_map)) == 0;
}

static void assert_ended(const struct capture_test *test, int code)
{
	if (test->code != code)
		fail_msg("exit code %d, wanted %d: %s", test->code, code, test->messages);
	assert_true(is_as_found(test));
	assert_int_equal(size_of(test->state), 0);
}

static void assert_said(const struct capture_test *test, const char *text)
{
	if (!strstr(test->messages, text))
		fail_msg("\"%s\" is not in: %s", text, test->messages);
}

static uint64_t le64(const uint8_t *at)
{
	uint64_t value = 0;

	for (int i = 7; i >= 0; i--)
		value = value << 8 | at[i];
	return value;
}

/* Every byte that Xen wrote is in a window, or counted in a dropped block at its place. */
struct coverage {
	uint64_t bytes[FAKE_PCPUS];
	uint64_t dropped_records, dropped_blocks;
};

static struct coverage assert_windows(struct capture_test *test, const struct trc *trc)
{
	struct coverage at = { 0 };

	for (size_t i = 0; i < trc->count; i++) {
		const struct trc_block *block = &trc->blocks[i];
		const struct fake_ring *ring = &test->xen->ring[block->arg % FAKE_PCPUS];
		uint64_t *bytes = &at.bytes[block->arg % FAKE_PCPUS];
		if (block->type == TRC_BLOCK_WINDOW) {
			assert_true(block->arg < FAKE_PCPUS && *bytes + block->bytes <= ring->log_bytes);
			assert_memory_equal(ring->log + *bytes, block->payload, block->bytes);
			*bytes += block->bytes;
		}
		if (block->type == TRC_BLOCK_DROPPED) {
			assert_int_equal(block->bytes, TRC_DROPPED_PAYLOAD);
			at.dropped_records += le64(block->payload);
			*bytes += le64(block->payload + 8);
			at.dropped_blocks++;
		}
	}
	return at;
}

static struct coverage assert_complete(struct capture_test *test, const struct trc *trc)
{
	struct coverage at = assert_windows(test, trc);

	for (uint32_t pcpu = 0; pcpu < FAKE_PCPUS; pcpu++)
		assert_int_equal(at.bytes[pcpu], test->xen->ring[pcpu].log_bytes);
	return at;
}

static json_t *json_of(const struct trc *trc, enum trc_block_type type)
{
	json_t *root = NULL;

	for (size_t i = 0; i < trc->count && !root; i++)
		if (trc->blocks[i].type == type)
			root = json_loads((const char *)trc->blocks[i].payload, 0, NULL);
	assert_non_null(root);
	return root;
}

struct end {
	char reason[16];
	uint64_t tsc, records, lost_records, dropped_records, dropped_snapshots;
};

static struct end end_of(const struct trc *trc)
{
	json_t *root = json_of(trc, TRC_BLOCK_END), *pcpu;
	struct end end = { 0 };
	size_t i;

	snprintf(end.reason, sizeof(end.reason), "%s", json_string_value(json_object_get(root, "reason")));
	end.tsc = (uint64_t)json_integer_value(json_object_get(root, "end_tsc"));
	end.dropped_snapshots = (uint64_t)json_integer_value(json_object_get(root, "dropped_snapshots"));
	json_array_foreach(json_object_get(root, "pcpus"), i, pcpu) {
		end.records += (uint64_t)json_integer_value(json_object_get(pcpu, "records"));
		end.lost_records += (uint64_t)json_integer_value(json_object_get(pcpu, "lost_records"));
		end.dropped_records += (uint64_t)json_integer_value(json_object_get(pcpu, "dropped_records"));
	}
	json_decref(root);
	return end;
}

/* The analyzer's report of the trace; *code is its exit code. */
static json_t *report_of(const struct capture_test *test, int *code)
{
	char command[3 * PATH_BYTES];
	json_t *report;
	FILE *in;

	snprintf(command, sizeof(command), "%s --format json %s 2>>%s/messages", analyzer, test->trace, test->directory);
	in = popen(command, "r");
	assert_non_null(in);
	report = json_loadf(in, JSON_DISABLE_EOF_CHECK, NULL);
	*code = WEXITSTATUS(pclose(in));
	if (!report)
		fail_msg("%s: no report, exit code %d", analyzer, *code);
	return report;
}

enum { TRUSTED = 0, UNTRUSTED = 3 };

static void assert_report(const struct capture_test *test, int code, uint64_t records, uint64_t lost, uint64_t dropped)
{
	int got;
	json_t *report = report_of(test, &got), *trace = json_object_get(report, "trace");

	assert_int_equal(json_integer_value(json_object_get(trace, "records")), records);
	assert_int_equal(json_integer_value(json_object_get(trace, "lost_records")), lost);
	assert_int_equal(json_integer_value(json_object_get(trace, "dropped_records")), dropped);
	assert_int_equal(json_integer_value(json_object_get(trace, "damaged_bytes")), 0);
	assert_int_equal(json_integer_value(json_object_get(trace, "inconsistent_records")), 0);
	assert_int_equal(got, code);
	json_decref(report);
}

/* Nothing is lost, and all is there. */
static uint64_t assert_good_file(struct capture_test *test, const char *reason)
{
	struct trc trc = trc_read(test->trace);
	struct end end = end_of(&trc);

	assert_string_equal(end.reason, reason);
	assert_int_equal(assert_complete(test, &trc).dropped_blocks, 0);
	assert_int_equal(end.records, fake_records(test->xen));
	assert_true(end.records > 0);
	assert_int_equal(trc.blocks[0].type, TRC_BLOCK_FILE);
	assert_int_equal(trc.blocks[1].type, TRC_BLOCK_HOST);
	assert_int_equal(trc.blocks[trc.count - 1].type, TRC_BLOCK_INDEX);
	trc_free(&trc);
	return end.records;
}

static void the_host_is_told(void **state)
{
	struct capture_test *test = *state;
	struct trc trc;
	json_t *host;

	run(test);
	trc = trc_read(test->trace);
	host = json_of(&trc, TRC_BLOCK_HOST);
	assert_string_equal(json_string_value(json_object_get(host, "xen_version")), "4.17.fake");
	assert_string_equal(json_string_value(json_object_get(host, "xen_command_line")), "dom0_mem=1G sched=credit");
	assert_string_equal(json_string_value(json_object_get(host, "scheduler")), "credit");
	json_decref(host);
	trc_free(&trc);
}

/* And the analyzer trusts it. */
static void assert_good_trace(struct capture_test *test, const char *reason)
{
	assert_report(test, TRUSTED, assert_good_file(test, reason), 0, 0);
}

/* ---- good ends ---- */

static void a_whole_capture(void **state)
{
	struct capture_test *test = *state;

	run(test);
	assert_ended(test, EXIT_OK);
	assert_good_trace(test, "signal");
	assert_int_equal(fake_records(test->xen), 2 * 5 * test->rounds);
	assert_said(test, "20000 records");
	assert_null(strstr(test->messages, "warning"));
}

static void buffers_wrap_many_times(void **state)
{
	struct capture_test *test = *state;

	test->rounds = 30000; /* 2.4 MB on each pCPU, buffers of 256 KiB */
	run(test);
	assert_ended(test, EXIT_OK);
	assert_good_trace(test, "signal");
}

static void by_duration(void **state)
{
	struct capture_test *test = *state;

	test->produce = endless;
	test->options.duration_s = 0.3;
	run(test);
	assert_ended(test, EXIT_OK);
	assert_good_trace(test, "duration");
}

static void by_size(void **state)
{
	struct capture_test *test = *state;
	struct trc trc;

	test->produce = endless;
	test->options.size_limit_bytes = 300000;
	run(test);
	assert_ended(test, EXIT_INCOMPLETE);
	assert_true(size_of(test->trace) >= 300000);
	assert_true(size_of(test->trace) < 300000 + QUEUE_LEAST + 2 * PAGES * 4096 + 20000); /* and what queue and buffers held */
	trc = trc_read(test->trace);
	assert_complete(test, &trc);
	assert_string_equal(end_of(&trc).reason, "size");
	trc_free(&trc);
}

static void by_signals(void **state)
{
	static const int numbers[] = { SIGINT, SIGHUP, SIGTERM, SIGQUIT };
	struct capture_test *test = *state;

	test->produce = signalled;
	for (size_t i = 0; i < ROWS(numbers); i++) {
		test->signal = numbers[i];
		run(test);
		assert_ended(test, EXIT_OK);
		assert_good_trace(test, "signal");
		unlink(test->trace);
	}
}

/* nohup: SIGHUP stays ignored. */
static void an_ignored_signal(void **state)
{
	struct capture_test *test = *state;

	test->produce = signalled;
	test->signal = SIGHUP;
	test->options.duration_s = 0.4; /* more than is written before the signal */
	run_ignoring(test, SIGHUP);
	assert_ended(test, EXIT_OK);
	assert_good_trace(test, "duration");
}

/* A shell ignores SIGINT for what it starts in the background; kill -INT ends a capture all the same. */
static void sigint_in_the_background(void **state)
{
	struct capture_test *test = *state;

	test->produce = signalled;
	test->signal = SIGINT;
	run_ignoring(test, SIGINT);
	assert_ended(test, EXIT_OK);
	assert_good_trace(test, "signal");
}

static void by_command(void **state)
{
	struct capture_test *test = *state;
	char *commands[][5] = {
		{ "cat", test->gate },
		{ "sh", "-c", "read line <$0; exit 7", test->gate },
		{ "sh", "-c", "read line <$0; kill -9 $$", test->gate },
	};

	test->produce = open_gate;
	for (size_t i = 0; i < ROWS(commands); i++) {
		test->options.command = commands[i];
		run(test);
		assert_ended(test, EXIT_OK);
		assert_good_trace(test, "command");
		unlink(test->trace);
	}
}

static void a_command_without_sigchld(void **state)
{
	struct capture_test *test = *state;
	char *command[] = { "cat", test->gate, NULL };

	test->options.command = command;
	test->produce = open_gate;
	run_ignoring(test, SIGCHLD);
	assert_ended(test, EXIT_OK);
	assert_good_trace(test, "command");
}

static void no_such_command(void **state)
{
	struct capture_test *test = *state;
	char *command[] = { "/nowhere/to/be/found", NULL };

	test->options.command = command;
	run(test);
	assert_ended(test, EXIT_FAILED);
	assert_said(test, "run /nowhere/to/be/found: No such file");
}

/* A capture that ends first takes the command with it, if that minds SIGTERM. */
static void a_command_that_goes_on(void **state)
{
	struct capture_test *test = *state;
	char *command[] = { "sh", "-c", "trap 'echo ended >$0; exit' TERM; >$0; while :; do sleep 0.05; done", test->ready, NULL };

	test->options.command = command;
	test->options.duration_s = 0.3;
	test->produce = until_ready;
	run(test);
	assert_ended(test, EXIT_OK);
	assert_good_trace(test, "duration");
	assert_int_equal(size_of(test->ready), strlen("ended\n"));
}

static void a_command_that_does_not_mind(void **state)
{
	struct capture_test *test = *state;
	char *command[] = { "sh", "-c", "trap '' TERM; >$0; read line <$1", test->ready, test->gate, NULL };

	test->options.command = command;
	test->options.duration_s = 0.3;
	test->produce = until_given_up;
	run(test);
	assert_ended(test, EXIT_OK);
	assert_good_trace(test, "duration");
	assert_said(test, "still runs after SIGTERM: it is left to run");
}

static void names_are_hostile(void **state)
{
	static const char hostile[] = "\033[2Jvm\"\n\\\xff\xc0\xaf</script>\xe2\x82";
	struct capture_test *test = *state;
	json_t *root, *domain;
	struct trc trc;

	test->xen->domain_name = hostile;
	run(test);
	assert_ended(test, EXIT_OK);
	trc = trc_read(test->trace);
	root = json_of(&trc, TRC_BLOCK_DOMAINS);
	domain = json_array_get(json_object_get(root, "domains"), 0);
	assert_string_equal(json_string_value(json_object_get(domain, "name")),
			    "\033[2Jvm\"\n\\\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd</script>\xef\xbf\xbd\xef\xbf\xbd");
	json_decref(root);
	trc_free(&trc);
	assert_good_trace(test, "signal");
}

/* What devices did is in every tenth tick, at the start and at the end; each snapshot is JSON, and none is from after the last record. */
static void snapshots_each_second(void **state)
{
	struct capture_test *test = *state;
	unsigned ticks = 0, with_devices = 0, others = 0;
	uint64_t last_tsc = 0;
	struct trc trc;

	test->produce = each_second;
	test->rounds = 22;
	run(test);
	assert_ended(test, EXIT_OK);
	trc = trc_read(test->trace);
	for (size_t i = 0; i < trc.count; i++) {
		json_t *root = trc.blocks[i].type == TRC_BLOCK_DOMAINS ? json_loadb((const char *)trc.blocks[i].payload, trc.blocks[i].bytes, 0, NULL) : NULL;
		json_t *domain = json_array_get(json_object_get(root, "domains"), 0);
		bool tick = root && strcmp(json_string_value(json_object_get(root, "when")), "tick") == 0;
		bool told = json_is_array(json_object_get(domain, "vifs")) && json_is_array(json_object_get(domain, "vbds"));
		assert_true(!root == (trc.blocks[i].type != TRC_BLOCK_DOMAINS));
		ticks += tick;
		with_devices += tick && told;
		others += root && !tick && told;
		if (root)
			last_tsc = (uint64_t)json_integer_value(json_object_get(root, "tsc"));
		json_decref(root);
	}
	assert_in_range(ticks, 22, 23); /* and perhaps one for the last second */
	assert_int_equal(with_devices, 2);
	assert_int_equal(others, 2);
	assert_in_range(last_tsc, 1, end_of(&trc).tsc);
	trc_free(&trc);
}

static void only_some_pcpus(void **state)
{
	struct capture_test *test = *state;

	test->options.all_pcpus = false;
	test->options.pcpu_map[0] = 2;
	run(test);
	assert_ended(test, EXIT_OK);
	assert_int_equal(test->xen->ring[0].log_bytes, 0);
	assert_true(test->xen->ring[1].log_bytes > 0);
	assert_report(test, UNTRUSTED, assert_good_file(test, "signal"), 0, 0); /* of vCPU 0 nothing is known */
}

static void compressed_afterwards(void **state)
{
	struct capture_test *test = *state;
	char beside[PATH_BYTES + 4];
	FILE *other;

	snprintf(beside, sizeof(beside), "%s.z", test->trace);
	other = fopen(beside, "w");
	assert_non_null(other);
	fputs("not ours", other);
	fclose(other);
	test->options.compress = true;
	run(test);
	assert_ended(test, EXIT_OK);
	assert_good_trace(test, "signal");
	assert_true((uint64_t)size_of(test->trace) < test->xen->ring[0].log_bytes);
	assert_int_equal(size_of(beside), 8);
}

/* xentrace's format: windows, each after a CPU-change record. */
static void assert_xentrace(const struct capture_test *test)
{
	uint64_t at[FAKE_PCPUS] = { 0 };
	uint8_t window[PAGES * 4096];
	uint32_t head[3];
	FILE *in = fopen(test->trace, "rb");

	assert_non_null(in);
	while (fread(head, sizeof(head), 1, in) == 1) {
		assert_int_equal(head[0], 0x2001f003);
		assert_true(head[1] < FAKE_PCPUS && head[2] <= sizeof(window));
		assert_int_equal(fread(window, 1, head[2], in), head[2]);
		assert_memory_equal(window, test->xen->ring[head[1]].log + at[head[1]], head[2]);
		at[head[1]] += head[2];
	}
	assert_true(feof(in));
	fclose(in);
	for (uint32_t pcpu = 0; pcpu < FAKE_PCPUS; pcpu++)
		assert_int_equal(at[pcpu], test->xen->ring[pcpu].log_bytes);
}

/* ---- names of Dom0's kernel's code ---- */

static const struct trc_block *block_of(const struct trc *trc, enum trc_block_type type)
{
	const struct trc_block *found = NULL;

	for (size_t i = 0; i < trc->count; i++)
		if (trc->blocks[i].type == type) {
			assert_null(found); /* there is one */
			found = &trc->blocks[i];
		}
	return found;
}

/* A capture of class pv in which the kernel says this of its code: the block's text is in out, "" if there is none. */
static void capture_symbols(struct capture_test *test, const char *kallsyms, char *out, size_t out_size)
{
	char path[PATH_BYTES];
	const struct trc_block *block;
	struct trc trc;

	snprintf(path, sizeof(path), "%s/kallsyms", test->directory);
	write_text(path, kallsyms);
	test->options.symbols.symbols = path;
	test->options.event_mask |= 0x0020f000;
	test->xen->session_mask = test->options.event_mask;
	run(test);
	assert_ended(test, EXIT_OK);
	assert_good_trace(test, "signal");
	trc = trc_read(test->trace);
	block = block_of(&trc, TRC_BLOCK_SYMBOLS);
	snprintf(out, out_size, "%s", block ? (const char *)block->payload : "");
	trc_free(&trc);
}

static void symbols_of_code_are_taken(void **state)
{
	struct capture_test *test = *state;
	char text[512];

	capture_symbols(test, "0000000000000000 A fixed_percpu_data\nffffffff81000000 T _text\nffffffff81001000 t local\n"
			      "ffffffff82000000 d data\nffffffffc0001000 t xenvif_poll\t[xen_netback]\n", text, sizeof(text));
	assert_string_equal(text, "ffffffff81000000 T _text\nffffffff81001000 t local\nffffffffc0001000 t xenvif_poll\t[xen_netback]\n");
}

static void hidden_symbols_are_not_taken(void **state)
{
	struct capture_test *test = *state;
	char text[512];

	capture_symbols(test, "0000000000000000 T _text\n0000000000000000 t local\n", text, sizeof(text));
	assert_string_equal(text, "");
	assert_said(test, "the kernel hides its addresses (kernel.kptr_restrict)");
}

static void symbols_are_for_class_pv_only(void **state)
{
	struct capture_test *test = *state;
	struct trc trc;

	test->options.symbols.symbols = "/nowhere";
	run(test);
	assert_ended(test, EXIT_OK);
	trc = trc_read(test->trace);
	assert_null(block_of(&trc, TRC_BLOCK_SYMBOLS));
	trc_free(&trc);
	assert_null(strstr(test->messages, "/nowhere"));
}

static void build_ids_are_in_the_host_block(void **state)
{
	struct capture_test *test = *state;
	json_t *root;
	struct trc trc;

	run(test);
	assert_ended(test, EXIT_OK);
	trc = trc_read(test->trace);
	root = json_of(&trc, TRC_BLOCK_HOST);
	assert_string_equal(json_string_value(json_object_get(root, "xen_build_id")), "151b37");
	json_decref(root);
	trc_free(&trc);
}

static void the_other_format(void **state)
{
	struct capture_test *test = *state;

	test->options.format = output_format_named("xentrace");
	run(test);
	assert_ended(test, EXIT_OK);
	assert_xentrace(test);
}

/* ---- loss ---- */

static void xen_loses_records(void **state)
{
	struct capture_test *test = *state;
	struct trc trc;
	struct end end;

	test->produce = burst;
	test->rounds = 5000; /* 400 kB into 256 KiB */
	run(test);
	assert_ended(test, EXIT_INCOMPLETE);
	assert_true(fake_lost(test->xen) > 0);
	trc = trc_read(test->trace);
	end = end_of(&trc);
	assert_complete(test, &trc);
	assert_int_equal(end.lost_records, fake_lost(test->xen));
	assert_int_equal(end.records, fake_records(test->xen));
	assert_int_equal(end.records + end.lost_records, fake_offered(test->xen) + fake_losses(test->xen));
	trc_free(&trc);
	assert_report(test, UNTRUSTED, fake_records(test->xen), fake_lost(test->xen), 0);
}

/* A buffer that is longer than a window may be is taken in several. */
static void great_buffers(void **state)
{
	struct capture_test *test = *state;
	unsigned windows = 0;
	struct trc trc;

	test->options.buffer_pages = FAKE_PAGES_MAX;
	test->produce = burst;
	test->rounds = 35000; /* 2.8 MB into 4 MiB */
	run(test);
	assert_ended(test, EXIT_OK);
	assert_good_trace(test, "signal");
	trc = trc_read(test->trace);
	for (size_t i = 0; i < trc.count; i++) {
		assert_true(trc.blocks[i].bytes <= LANE_WINDOW_BYTES);
		windows += trc.blocks[i].type == TRC_BLOCK_WINDOW && trc.blocks[i].bytes > LANE_WINDOW_BYTES - RING_RECORD_MAX;
	}
	assert_true(windows >= 2);
	trc_free(&trc);
}

/* What an earlier session lost is no loss of this one's. */
static void an_earlier_session_lost_records(void **state)
{
	struct capture_test *test = *state;

	traced_before(test, true);
	test->xen->tracing.event_mask = EVENTS_ALL;
	test->before = test->xen->tracing;
	fake_runstates(test->xen, 0, 5000);
	assert_true(test->xen->ring[0].lost > 0);
	run(test);
	assert_ended(test, EXIT_OK);
	assert_good_trace(test, "signal");
}

/* As xentrace -e does beside a capture, before it is refused: what was not recorded is no time that is known. */
static void somebody_sets_the_event_mask(void **state)
{
	struct capture_test *test = *state;
	uint64_t dropped_blocks = 0;
	json_t *report;
	struct trc trc;
	int code;

	test->produce = meddling;
	run(test);
	assert_ended(test, EXIT_INCOMPLETE);
	assert_said(test, "somebody set Xen's event mask to 0x00041000");
	trc = trc_read(test->trace);
	dropped_blocks = assert_complete(test, &trc).dropped_blocks;
	assert_int_equal(dropped_blocks, FAKE_PCPUS);
	trc_free(&trc);
	report = report_of(test, &code);
	assert_int_equal(code, UNTRUSTED);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(report, "trace"), "damaged_bytes")), 0);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(report, "trace"), "backward_records")), 0);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(report, "trace"), "inconsistent_records")), 0);
	assert_true(json_real_value(json_object_get(json_object_get(report, "trace"), "known_share")) < 0.5);
	json_decref(report);
}

static void a_slow_disk(void **state)
{
	struct capture_test *test = *state;
	struct coverage at;
	struct trc trc;
	struct end end;

	test->produce = flood;
	test->rounds = FLOOD_ROUNDS;
	test->held = true;
	test->disk.held = &test->held;
	run(test);
	assert_ended(test, EXIT_INCOMPLETE);
	assert_int_equal(fake_lost(test->xen), 0); /* the drain went on */
	assert_said(test, "too slow");
	trc = trc_read(test->trace);
	at = assert_complete(test, &trc);
	end = end_of(&trc);
	assert_true(end.dropped_records > 0);
	assert_int_equal(at.dropped_records, end.dropped_records);
	assert_int_equal(end.records + end.dropped_records, 2 * 5 * test->rounds);
	trc_free(&trc);
	assert_report(test, UNTRUSTED, end.records, 0, end.dropped_records);
}

static unsigned blocks_of(const struct trc *trc, enum trc_block_type type)
{
	unsigned count = 0;

	for (size_t i = 0; i < trc->count; i++)
		count += trc->blocks[i].type == type;
	return count;
}

/* What was dropped before the disk became full is told, too, and what Xen lost among it. */
static void a_slow_disk_becomes_full(void **state)
{
	struct capture_test *test = *state;
	struct coverage at;
	struct trc trc;
	struct end end;

	test->produce = flood;
	test->rounds = FLOOD_ROUNDS;
	test->held = true;
	test->disk = (struct disk){ .held = &test->held, .room_bytes = 1000000 };
	run(test);
	assert_ended(test, EXIT_INCOMPLETE);
	trc = trc_read(test->trace);
	at = assert_complete(test, &trc);
	end = end_of(&trc);
	assert_string_equal(end.reason, "nospace");
	assert_int_equal(at.dropped_records, end.dropped_records);
	assert_int_equal(end.dropped_snapshots, test->xen->calls[CALL_DOMAINS] - blocks_of(&trc, TRC_BLOCK_DOMAINS));
	assert_int_equal(end.records + end.dropped_records, 2 * 5 * test->rounds);
	trc_free(&trc);
	assert_report(test, UNTRUSTED, end.records, 0, end.dropped_records);
}

static void a_slow_disk_misses_snapshots(void **state)
{
	struct capture_test *test = *state;
	uint64_t missing;
	json_t *report;
	struct trc trc;
	int code;

	test->produce = flood_for_seconds;
	test->rounds = FLOOD_ROUNDS;
	test->held = true;
	test->disk.held = &test->held;
	run(test);
	assert_ended(test, EXIT_INCOMPLETE);
	assert_said(test, "snapshots of the domains are dropped");
	trc = trc_read(test->trace);
	missing = test->xen->calls[CALL_DOMAINS] - blocks_of(&trc, TRC_BLOCK_DOMAINS);
	assert_in_range(missing, 3, test->xen->calls[CALL_DOMAINS] - 2); /* not those of start and end */
	assert_int_equal(end_of(&trc).dropped_snapshots, missing);
	trc_free(&trc);
	report = report_of(test, &code);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(report, "trace"), "dropped_snapshots")), missing);
	json_decref(report);
}

/* ---- the disk fails ---- */

static void no_space(void **state)
{
	struct capture_test *test = *state;
	struct trc trc;

	test->produce = endless;
	test->disk.room_bytes = 300000;
	run(test);
	assert_ended(test, EXIT_INCOMPLETE);
	assert_said(test, "No space left on device");
	trc = trc_read(test->trace);
	assert_string_equal(end_of(&trc).reason, "nospace");
	assert_complete(test, &trc);
	trc_free(&trc);
}

/* At every length: what is there is whole blocks, and the windows are Xen's. */
static void no_space_anywhere(void **state)
{
	struct capture_test *test = *state;

	test->produce = endless;
	test->options.force = true;
	for (uint64_t room = 1; room < 12000; room += 977) {
		struct trc trc;
		test->disk.room_bytes = room;
		run(test);
		assert_ended(test, EXIT_INCOMPLETE);
		assert_said(test, "No space left on device");
		assert_true((uint64_t)size_of(test->trace) <= room);
		trc = trc_read(test->trace);
		assert_windows(test, &trc);
		trc_free(&trc);
	}
}

static void short_and_interrupted_writes(void **state)
{
	struct capture_test *test = *state;

	test->disk = (struct disk){ .short_every = 3, .interrupt_every = 4 };
	run(test);
	assert_ended(test, EXIT_OK);
	assert_good_trace(test, "signal");
}

/* ulimit -f: no signal ends the capture. */
static void the_file_may_not_be_larger(void **state)
{
	const struct rlimit limit = { 300000, RLIM_INFINITY };
	struct capture_test *test = *state;
	struct rlimit before;
	struct trc trc;

	test->produce = endless;
	getrlimit(RLIMIT_FSIZE, &before);
	setrlimit(RLIMIT_FSIZE, &limit);
	run(test);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_ended(test, EXIT_INCOMPLETE);
	assert_said(test, "File too large");
	assert_true(size_of(test->trace) <= (off_t)limit.rlim_cur);
	trc = trc_read(test->trace);
	assert_windows(test, &trc);
	trc_free(&trc);
}

static void a_write_fails(void **state)
{
	struct capture_test *test = *state;
	struct trc trc;

	test->produce = endless;
	test->disk.fail_after_bytes = 100000;
	run(test);
	assert_ended(test, EXIT_FAILED);
	assert_said(test, "Input/output error");
	trc = trc_read(test->trace);
	assert_windows(test, &trc);
	trc_free(&trc);
}

static void a_full_device(void **state)
{
	struct capture_test *test = *state;

	test->options.output = "/dev/full";
	run(test);
	assert_int_equal(test->code, EXIT_FAILED);
	assert_said(test, "/dev/full exists");
	test->options.force = true;
	test->produce = endless;
	run(test);
	assert_ended(test, EXIT_INCOMPLETE);
	assert_said(test, "No space left on device");
}

/* ---- the output exists ---- */

static void the_output_exists(void **state)
{
	struct capture_test *test = *state;

	write_text(test->trace, "precious");
	run(test);
	assert_int_equal(test->code, EXIT_FAILED);
	assert_said(test, "--force");
	assert_int_equal(size_of(test->trace), 8);
	assert_int_equal(test->xen->calls[CALL_BIND], 0);
	test->options.force = true;
	run(test);
	assert_ended(test, EXIT_OK);
	assert_good_trace(test, "signal");
}

/* A pipe that nobody reads yet is waited for, and a signal ends that. */
static void a_pipe_that_nobody_reads(void **state)
{
	struct capture_test *test = *state;
	pid_t pid;
	int reader;

	assert_int_equal(mkfifo(test->trace, 0600), 0);
	test->options.force = true;
	test->produce = NULL;
	pid = start(test);
	while (access(test->messages_path, F_OK) < 0)
		nap();
	usleep(100000);                 /* until it has come to that */
	kill(pid, SIGTERM);
	reader = open(test->trace, O_RDONLY | O_NONBLOCK); /* it would go on now */
	finish(test, pid);
	close(reader);
	assert_int_equal(test->code, 128 + SIGTERM);
	assert_int_equal(size_of(test->state), -1);
	assert_true(is_as_found(test));
}

/* ---- the file takes nothing at the end ---- */

/* What the closing line says. */
static void told(const struct capture_test *test, uint64_t *records, uint64_t *dropped)
{
	const char *line = strstr(test->messages, "/run.trc: ");
	unsigned long long bytes, lost, of_records, of_dropped;

	while (line && sscanf(line, "/run.trc: %llu records, %llu bytes, lost %llu, dropped %llu", &of_records, &bytes, &lost, &of_dropped) != 4)
		line = strstr(line + 1, "/run.trc: ");
	if (!line)
		fail_msg("no closing line is in: %s", test->messages);
	assert_int_equal(lost, 0);
	*records = of_records;
	*dropped = of_dropped;
}

/* What is in the pipe becomes the trace. */
static void save_pipe(const struct capture_test *test, int reader)
{
	uint8_t bytes[1 << 16];
	ssize_t got;
	FILE *out;

	unlink(test->trace);
	out = fopen(test->trace, "wb");
	assert_non_null(out);
	while ((got = read(reader, bytes, sizeof(bytes))) > 0)
		assert_int_equal(fwrite(bytes, 1, (size_t)got, out), got);
	fclose(out);
}

/* As of a pipe to a program that has been stopped: what its buffer holds is in it, all else is told. */
static void a_pipe_whose_reader_stands_still(void **state)
{
	struct capture_test *test = *state;
	uint64_t records, dropped;
	json_t *report, *trace;
	int reader, code;

	assert_int_equal(mkfifo(test->trace, 0600), 0);
	reader = open(test->trace, O_RDONLY | O_NONBLOCK);
	test->options.force = true;
	test->produce = impatient;
	run(test);
	assert_ended(test, EXIT_INCOMPLETE);
	told(test, &records, &dropped);
	assert_int_equal(records + dropped, fake_records(test->xen));
	assert_true(records > 0 && dropped > 0);
	save_pipe(test, reader);
	close(reader);
	report = report_of(test, &code);
	trace = json_object_get(report, "trace");
	assert_int_equal(json_integer_value(json_object_get(trace, "records")), records);
	assert_true(json_is_true(json_object_get(trace, "cut_off")));
	json_decref(report);
}

/* Tracing that was on is on again, all the same. */
static void a_hung_disk(void **state)
{
	struct capture_test *test = *state;
	uint64_t records, dropped;

	traced_before(test, true);
	test->produce = impatient;
	test->held = true;
	test->disk.held = &test->held;
	run(test);
	assert_ended(test, EXIT_INCOMPLETE);
	assert_said(test, "is given up: it may lack its end, and 21000 records are dropped");
	assert_said(test, "2 snapshots of the domains are dropped");
	told(test, &records, &dropped);
	assert_int_equal(records, 0);
	assert_int_equal(dropped, fake_records(test->xen));
}

/* More than the queue holds: the end waits for room in it, too. */
static void a_hung_disk_with_a_full_queue(void **state)
{
	struct capture_test *test = *state;
	uint64_t records, dropped;

	test->produce = impatient;
	test->rounds = FLOOD_ROUNDS;
	test->held = true;
	test->disk.held = &test->held;
	run(test);
	assert_ended(test, EXIT_INCOMPLETE);
	told(test, &records, &dropped);
	assert_int_equal(records, 0);
	assert_int_equal(dropped, fake_records(test->xen));
}

/* All windows are in the file, but for its end. */
static void a_disk_that_hangs_at_the_last(void **state)
{
	struct capture_test *test = *state;
	uint64_t records, dropped;
	struct trc trc;

	test->produce = impatient;
	test->held = true;
	test->disk = (struct disk){ .held = &test->held, .held_type = TRC_BLOCK_END };
	run(test);
	assert_ended(test, EXIT_INCOMPLETE);
	assert_said(test, "is given up: it may lack its end, and 0 records are dropped");
	told(test, &records, &dropped);
	assert_int_equal(records, fake_records(test->xen));
	trc = trc_read(test->trace);
	assert_complete(test, &trc);
	assert_null(block_of(&trc, TRC_BLOCK_END));
	trc_free(&trc);
}

static void a_disk_that_goes_on(void **state)
{
	struct capture_test *test = *state;

	test->produce = patient;
	test->held = true;
	test->disk.held = &test->held;
	run(test);
	assert_ended(test, EXIT_OK);
	assert_good_trace(test, "signal");
}

/* Not before the capture begins is an existing file written over, and a new one does not stay. */
static void a_capture_that_does_not_begin(void **state)
{
	struct capture_test *test = *state;

	test->xen->other_tracer = true;
	run(test);
	assert_int_equal(test->code, EXIT_FAILED);
	assert_int_equal(size_of(test->trace), -1);
	write_text(test->trace, "precious");
	test->options.force = true;
	run(test);
	assert_int_equal(test->code, EXIT_FAILED);
	assert_int_equal(size_of(test->trace), 8);
	test->xen->other_tracer = false;
	test->xen->fail_call = CALL_ENABLE;
	test->xen->fail_at = 1;
	test->xen->fail_errno = EIO;
	run(test);
	assert_ended(test, EXIT_FAILED);
	assert_int_equal(size_of(test->trace), 8);
}

/* ---- Xen as it was ---- */

/* Its tracing goes on as it was. */
static void another_tracer_is_reading(void **state)
{
	struct capture_test *test = *state;

	traced_before(test, true);
	test->xen->tracing.all_pcpus = false;
	test->xen->tracing.pcpu_map[0] = 1;
	test->before = test->xen->tracing;
	test->xen->other_tracer = true;
	run(test);
	assert_ended(test, EXIT_FAILED);
	assert_said(test, "another tracer is reading");
	assert_int_equal(test->xen->calls[CALL_DISABLE], 0);
}

static void another_xtrace_cap(void **state)
{
	struct capture_test *test = *state;
	int fd = open(test->state, O_RDWR | O_CREAT, 0600);

	assert_int_equal(flock(fd, LOCK_EX), 0);
	run(test);
	assert_ended(test, EXIT_FAILED);
	assert_said(test, "another xtrace-cap is capturing");
	close(fd);
}

static void tracing_was_on_or_off(void **state)
{
	struct capture_test *test = *state;

	for (int enabled = 0; enabled <= 1; enabled++) {
		traced_before(test, enabled);
		run(test);
		assert_ended(test, EXIT_OK);
		assert_good_trace(test, "signal");
		unlink(test->trace);
	}
}

/* On, with full buffers that nobody reads, and a mask that lets nothing through: it was on all the same. */
static void tracing_was_on_without_a_sign(void **state)
{
	struct capture_test *test = *state;

	traced_before(test, true);
	test->xen->tracing.event_mask = EVENTS_ALL;
	fake_runstates(test->xen, 0, 5000);
	test->xen->tracing.event_mask = 0;
	test->before = test->xen->tracing;
	run(test);
	assert_ended(test, EXIT_OK);
	assert_good_trace(test, "signal");
}

/* Leaves Xen as a capture that was killed does. */
static void kill_a_capture(struct capture_test *test)
{
	test->produce = doomed;
	run(test);
	assert_int_equal(test->code, 128 + SIGKILL);
	assert_false(is_as_found(test));
}

static void killed(void **state)
{
	struct capture_test *test = *state;

	for (int enabled = 0; enabled <= 1; enabled++) {
		json_t *report;
		int code;
		traced_before(test, enabled);
		kill_a_capture(test);
		report = report_of(test, &code);
		assert_true(json_integer_value(json_object_get(json_object_get(report, "trace"), "records")) > 0);
		json_decref(report);
		unlink(test->trace);
		test->produce = endless;
		test->options.duration_s = 0.1;
		run(test);
		assert_said(test, "tracing is put back to what it was before");
		assert_ended(test, EXIT_OK);
		assert_good_trace(test, "duration");
		unlink(test->trace);
		test->options.duration_s = 0;
	}
}

static void the_state_file_says_nothing(void **state)
{
	static const char *const texts[] = { "event_mask", "\xff\xff\xff", "event_mask 0xzz enabled 1\n" };
	struct capture_test *test = *state;

	for (size_t i = 0; i < ROWS(texts); i++) {
		write_text(test->state, texts[i]);
		run(test);
		assert_said(test, "does not say how tracing was");
		assert_ended(test, EXIT_OK);
		unlink(test->trace);
	}
}

static void the_state_cannot_be_noted(void **state)
{
	struct capture_test *test = *state;

	test->options.state_path = "/nowhere/state";
	run(test);
	assert_int_equal(test->code, EXIT_FAILED);
	assert_said(test, "open /nowhere/state: No such file");
	assert_true(is_as_found(test));
	assert_int_equal(size_of(test->trace), -1);
}

/* Each call to Xen fails once, each time that it is made; what could not be brought back is by the next start. */
static void each_call_fails(void **state)
{
	struct capture_test *test = *state;

	test->produce = calling;
	test->options.force = true;
	test->options.duration_s = 0.02;
	test->xen->fail_errno = EIO;
	for (enum fake_call call = 0; call < FAKE_CALLS; call++) {
		unsigned tried = 0;
		for (unsigned i = 0; i < 8; i++) {
			unsigned at = i / 2 + 1;
			bool fresh = i % 2 == 0; /* no buffers yet */
			traced_before(test, at % 2 == 0);
			test->xen->pages = fresh ? 0 : PAGES;
			test->before.enabled = test->xen->tracing.enabled &= test->xen->pages > 0;
			test->xen->fail_call = call;
			test->xen->fail_at = at;
			run(test);
			tried += test->xen->calls[call] >= at;
			test->xen->fail_at = 0;
			if (test->code != EXIT_OK && test->code != EXIT_FAILED)
				fail_msg("%s, time %u: exit code %d: %s", fake_call_name(call), at, test->code, test->messages);
			if (size_of(test->state) > 0)
				run(test);
			if (!is_as_found(test))
				fail_msg("%s, time %u: tracing is not as it was: %s", fake_call_name(call), at, test->messages);
		}
		if (tried == 0)
			fail_msg("%s was never made", fake_call_name(call));
	}
}

/* ---- buffers ---- */

static void buffers_of_another_size(void **state)
{
	struct capture_test *test = *state;

	test->xen->pages = 16;
	test->rounds = 200; /* less than the buffers hold, however late they are drained */
	run(test);
	assert_ended(test, EXIT_OK);
	assert_said(test, "Xen's buffers have 16 pages per pCPU, not 64: their size stays until the next boot");
}

static void no_memory_for_buffers(void **state)
{
	struct capture_test *test = *state;

	test->xen->pages_max = 40;
	run(test);
	assert_ended(test, EXIT_FAILED);
	assert_said(test, "buffers of 64 pages per pCPU (--buffer-pages takes fewer): Cannot allocate memory");
	test->options.buffer_pages = 0;
	test->rounds = 200;
	run(test);
	assert_ended(test, EXIT_OK);
	assert_said(test, "Xen's buffers have 32 pages per pCPU, not 256: Xen gave no more");
}

static void no_such_pcpu(void **state)
{
	struct capture_test *test = *state;

	test->options.all_pcpus = false;
	test->options.pcpu_map[1] = 1;
	run(test);
	assert_int_equal(test->code, EXIT_FAILED);
	assert_said(test, "no trace buffer for pCPU 8");
}

static void a_pcpu_that_came_later(void **state)
{
	struct capture_test *test = *state;

	test->xen->nr_pcpus = 5;
	run(test);
	assert_ended(test, EXIT_OK);
	assert_said(test, "3 of 5 pCPUs have no trace buffer");
}

int main(int argc, char **argv)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_whole_capture), TEST(the_host_is_told), TEST(buffers_wrap_many_times), TEST(by_duration), TEST(by_size), TEST(by_signals),
		TEST(an_ignored_signal), TEST(sigint_in_the_background),
		TEST(by_command), TEST(a_command_without_sigchld), TEST(no_such_command),
		TEST(a_command_that_goes_on), TEST(a_command_that_does_not_mind),
		TEST(names_are_hostile), TEST(snapshots_each_second), TEST(only_some_pcpus), TEST(compressed_afterwards),
		TEST(symbols_of_code_are_taken), TEST(hidden_symbols_are_not_taken), TEST(symbols_are_for_class_pv_only),
		TEST(build_ids_are_in_the_host_block),
		TEST(the_other_format), TEST(xen_loses_records), TEST(great_buffers), TEST(an_earlier_session_lost_records),
		TEST(somebody_sets_the_event_mask), TEST(a_slow_disk), TEST(a_slow_disk_misses_snapshots),
		TEST(a_slow_disk_becomes_full), TEST(no_space), TEST(no_space_anywhere), TEST(short_and_interrupted_writes),
		TEST(the_file_may_not_be_larger), TEST(a_write_fails), TEST(a_full_device), TEST(the_output_exists), TEST(a_pipe_that_nobody_reads),
		TEST(a_capture_that_does_not_begin),
		TEST(a_pipe_whose_reader_stands_still), TEST(a_hung_disk), TEST(a_hung_disk_with_a_full_queue),
		TEST(a_disk_that_hangs_at_the_last), TEST(a_disk_that_goes_on),
		TEST(another_tracer_is_reading), TEST(another_xtrace_cap), TEST(tracing_was_on_or_off),
		TEST(tracing_was_on_without_a_sign), TEST(killed), TEST(the_state_file_says_nothing),
		TEST(the_state_cannot_be_noted), TEST(each_call_fails), TEST(buffers_of_another_size),
		TEST(no_memory_for_buffers), TEST(no_such_pcpu), TEST(a_pcpu_that_came_later),
	};

	/* build/tests/unit/capture beside build/xtrace-fair */
	snprintf(analyzer, sizeof(analyzer), "%s/../../xtrace-fair", dirname(argv[0]));
	signal(SIGHUP, SIG_DFL); /* however this was started: a capture leaves an ignored SIGHUP alone */
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
