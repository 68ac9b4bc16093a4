/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tracer/capture.h"

#include "tracer/buffers.h"
#include "tracer/clock.h"
#include "tracer/command.h"
#include "tracer/compress.h"
#include "tracer/dom0_kernel.h"
#include "tracer/ending.h"
#include "tracer/events.h"
#include "tracer/lanes.h"
#include "tracer/le.h"
#include "tracer/patience.h"
#include "tracer/progress.h"
#include "tracer/restore.h"
#include "tracer/say.h"
#include "tracer/snapshot.h"
#include "tracer/symbols_cache.h"
#include "tracer/trc_format.h"
#include "tracer/writer.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
	DRAIN_MS = 200,                 /* at the latest, where nobody calls when a buffer is half full; Xen does */
	SNAPSHOT_NS = 1000000000,
	QUEUE_MIN_BYTES = 8 << 20, QUEUE_MAX_BYTES = 64 << 20, QUEUE_RINGS = 4,
};

struct capture {
	struct xen_host *host;
	const struct options *options;
	struct restore restore;
	struct output *output;
	struct queue *queue;
	struct writer *writer;
	struct patience patience;       /* of the end, with the writer */
	struct command command;
	struct snapshots *snapshots;
	struct buffers buffers;
	struct lanes lanes;
	struct dom0_kernel kernel;
	struct progress progress;
	int virq_fd;                    /* -1: looked at by time alone */
	uint64_t begin_ns, next_snapshot_ns;
	uint64_t start_tsc, end_tsc;
	uint64_t masks_tsc;             /* until then Xen's masks were ours */
	uint64_t cpu_ns;                /* that this process used up to the end of the capture */
	enum end_reason reason;
	uint64_t dropped_snapshots;     /* that are not in the file for want of room */
	bool slow_said, silent_said;    /* warnings that would come again and again */
	bool meddled;                   /* somebody else set Xen's event mask */
	bool given_up;                  /* the writer may be in a write that does not return: what it uses stays */
};

/* ---- setting up ---- */

static int make_room(struct capture *capture)
{
	uint64_t queue_bytes;

	if (lanes_new(&capture->lanes, capture->buffers.rings, capture->buffers.count) == 0) {
		queue_bytes = QUEUE_RINGS * lanes_buffer_bytes(&capture->lanes);
		if (queue_bytes < QUEUE_MIN_BYTES)
			queue_bytes = QUEUE_MIN_BYTES;
		if (queue_bytes > QUEUE_MAX_BYTES)
			queue_bytes = QUEUE_MAX_BYTES;
		capture->queue = queue_new(queue_bytes);
		capture->snapshots = snapshots_new(capture->host);
	}
	if (!capture->snapshots || !capture->queue) {
		say_error("out of memory");
		return -1;
	}
	if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0)
		say_warning("lock memory:");
	return 0;
}

static int switch_on(struct capture *capture)
{
	if (buffers_switch_on(&capture->buffers, capture->options) < 0)
		return -1;
	capture->virq_fd = xen_virq_fd(capture->host);
	capture->start_tsc = capture->masks_tsc = xen_host_tsc();
	capture->begin_ns = clock_monotonic_ns();
	capture->next_snapshot_ns = capture->begin_ns + SNAPSHOT_NS;
	progress_begin(&capture->progress, capture->options->quiet, capture->options->duration_s, capture->begin_ns);
	return 0;
}

/* ---- blocks ---- */

static void say_slow(struct capture *capture)
{
	if (writer_failed(capture->writer) != 0 || capture->patience.at_end)
		return;
	if (!capture->slow_said)
		say_warning("%s: writing is too slow: what has no room meanwhile is dropped, and counted", capture->options->output);
	capture->slow_said = true;
}

/* Frees the text; NULL is none.  False if it had no room. */
static bool put_text(struct capture *capture, uint16_t type, char *text)
{
	const uint8_t *const piece[2] = { (const uint8_t *)text, NULL };
	const uint32_t piece_bytes[2] = { text ? (uint32_t)strlen(text) : 0, 0 };
	bool done = !text || queue_put(capture->queue, type, 0, piece, piece_bytes);

	if (!done)
		say_slow(capture);
	free(text);
	return done;
}

static void put_snapshot(struct capture *capture, char *domains)
{
	if (!put_text(capture, TRC_BLOCK_DOMAINS, domains))
		capture->dropped_snapshots++;
}

/* NULL when Xen does not answer. */
static char *domains_now(struct capture *capture, const char *when)
{
	char *text = snapshots_domains(capture->snapshots, when);

	if (!text && !capture->silent_said) {
		say_warning("Xen does not tell its domains; the trace lacks them:");
		capture->silent_said = true;
	}
	return text;
}

static void put_file_block(struct capture *capture)
{
	static const char writer[] = "xtrace-cap " XTRACE_VERSION;
	uint8_t fixed[TRC_FILE_PAYLOAD_MIN];
	const uint8_t *const piece[2] = { fixed, (const uint8_t *)writer };
	const uint32_t piece_bytes[2] = { sizeof(fixed), sizeof(writer) - 1 };

	put_le32(fixed, TRC_VERSION_MAJOR);
	put_le32(fixed + 4, TRC_VERSION_MINOR);
	put_le64(fixed + 8, clock_realtime_ns());
	queue_put(capture->queue, TRC_BLOCK_FILE, 0, piece, piece_bytes);
}

static void put_begin(struct capture *capture)
{
	const struct options *options = capture->options;
	struct snapshot_setup setup = {
		.start_tsc = capture->start_tsc, .event_mask = options->event_mask, .buffer_pages = capture->buffers.pages,
		.pcpu_map = options->all_pcpus ? NULL : options->pcpu_map, .rings = capture->buffers.rings,
		.ring_count = capture->buffers.count,
	};
	char *domains = domains_now(capture, "start"); /* first: beside start_tsc */

	put_file_block(capture);
	put_text(capture, TRC_BLOCK_HOST, snapshots_host(capture->snapshots, &setup));
	put_snapshot(capture, domains);
	dom0_kernel_begin(&capture->kernel, capture->queue);
	queue_wake(capture->queue);
}

/* ---- going on ---- */

static void drain(struct capture *capture, enum lane_patience patience)
{
	for (size_t i = 0; i < capture->lanes.count; i++) {
		struct lane *lane = &capture->lanes.lane[i];
		if (lane_drain(lane, capture->queue, patience) < 0 && capture->reason != BY_ERROR) {
			say_error("pCPU %u: the indices of Xen's trace buffer cannot be (prod 0x%x, cons 0x%x)", lane->ring->pcpu,
				  *lane->ring->prod, *lane->ring->cons);
			capture->reason = BY_ERROR;
		}
		if (lane->pending.bytes > 0)
			say_slow(capture);
	}
}

/* As xentrace -e does before it finds that another tracer is at work. */
static void look_at_masks(struct capture *capture)
{
	uint64_t at_tsc = xen_host_tsc();

	if (buffers_were_meddled_with(&capture->buffers, capture->options)) {
		at_tsc = xen_host_tsc();
		for (size_t i = 0; i < capture->lanes.count; i++)
			lane_give_up(&capture->lanes.lane[i], capture->queue, capture->masks_tsc, at_tsc);
		capture->meddled = true;
	}
	capture->masks_tsc = at_tsc;
}

static uint64_t deadline_ns(const struct capture *capture)
{
	double duration_s = capture->options->duration_s;

	return duration_s > 0 ? capture->begin_ns + (uint64_t)(duration_s * 1e9) : UINT64_MAX;
}

/* What waits to be written will be in the file, too. */
static bool is_large_enough(const struct capture *capture)
{
	uint64_t limit_bytes = capture->options->size_limit_bytes;

	return limit_bytes > 0 && output_bytes(capture->output) + queue_used_bytes(capture->queue) >= limit_bytes;
}

static enum end_reason reason_to_stop(struct capture *capture, uint64_t at_ns)
{
	enum command_event event = command_poll(&capture->command);

	if (writer_failed(capture->writer) != 0)
		return end_by_write_error(writer_failed(capture->writer));
	if (event == COMMAND_SIGNAL)
		return BY_SIGNAL;
	if (event == COMMAND_ENDED)
		return BY_COMMAND;
	if (at_ns >= deadline_ns(capture))
		return BY_DURATION;
	return is_large_enough(capture) ? BY_SIZE : GOING_ON;
}

/* Dom0's kernel does not say when its buffers fill. */
static int wait_ms(const struct capture *capture, uint64_t at_ns)
{
	uint64_t until_ns = deadline_ns(capture) < capture->next_snapshot_ns ? deadline_ns(capture) : capture->next_snapshot_ns;
	uint64_t left_ms = (until_ns - at_ns) / 1000000 + 1;
	bool called = capture->virq_fd >= 0 && !capture->kernel.trace;

	return !called && left_ms > DRAIN_MS ? DRAIN_MS : (int)left_ms;
}

/* Until Xen calls, a signal comes, or it is time to look. */
static void wait_for_work(struct capture *capture, uint64_t at_ns)
{
	struct pollfd fds[] = {
		{ .fd = capture->virq_fd, .events = POLLIN },
		{ .fd = capture->command.signal_fd, .events = POLLIN },
	};

	poll(fds, 2, wait_ms(capture, at_ns));
	if (fds[0].revents != 0 && xen_virq_rearm(capture->host) < 0) {
		say_warning("Xen's signal cannot be taken; its buffers are looked at %d times a second:", 1000 / DRAIN_MS);
		capture->virq_fd = -1;
	}
}

static void go_on(struct capture *capture)
{
	while (capture->reason == GOING_ON) {
		uint64_t at_ns = clock_monotonic_ns();
		drain(capture, LANE_DROPS);
		dom0_kernel_drain(&capture->kernel, capture->queue);
		if (at_ns >= capture->next_snapshot_ns) {
			look_at_masks(capture);
			put_snapshot(capture, domains_now(capture, "tick"));
			capture->next_snapshot_ns += (at_ns - capture->next_snapshot_ns) / SNAPSHOT_NS * SNAPSHOT_NS + SNAPSHOT_NS;
		}
		queue_wake(capture->queue);
		queue_populate(capture->queue);
		progress_show(&capture->progress, at_ns, &capture->lanes, output_bytes(capture->output));
		if (capture->reason == GOING_ON)
			capture->reason = reason_to_stop(capture, at_ns);
		if (capture->reason == GOING_ON)
			wait_for_work(capture, at_ns);
	}
	look_at_masks(capture);
}

/* ---- ending ---- */

/* What the writer did not write, for it failed or was given up, counts as dropped. */
static void take_back(struct capture *capture)
{
	struct queue_item item;

	while (queue_take_back(capture->queue, &item)) {
		if (item.type == TRC_BLOCK_WINDOW || item.type == TRC_BLOCK_DROPPED)
			lane_take_back(lanes_of(&capture->lanes, item.arg), &item);
		else if (item.type == TRC_BLOCK_KERNEL_PAGE || item.type == TRC_BLOCK_KERNEL_DROPPED)
			dom0_kernel_take_back(&capture->kernel, &item);
		else if (item.type == TRC_BLOCK_DOMAINS)
			capture->dropped_snapshots++;
	}
}

/* The first time after a boot they are some MB to read and to compress, so not while something is measured, and not counted
 * as a cost of that.  A trace is whole without. */
static void put_symbols(struct capture *capture)
{
	struct packed symbols;
	char why[96];

	if (!events_have_addresses(capture->options->event_mask) || !capture->options->format->indexed || writer_failed(capture->writer) != 0)
		return;
	if (!symbols_cache_take(&capture->options->symbols, &symbols, why, sizeof(why))) {
		say_warning("the addresses of Dom0's kernel stay without names: %s", why);
		return;
	}
	if (!queue_put_packed(capture->queue, &(struct queue_item){ .type = TRC_BLOCK_SYMBOLS, .flags = symbols.flags, .bytes = symbols.stored_bytes,
								     .raw_bytes = symbols.raw_bytes, .payload = symbols.bytes }))
		say_warning("no room for the names of Dom0's kernel's code");
	packed_free(&symbols);
}

/* What tells of the rest; the queue is empty. */
static void put_end(struct capture *capture)
{
	const struct ending ending = { .reason = capture->reason, .end_tsc = capture->end_tsc, .peak_queue_bytes = queue_peak_bytes(capture->queue),
				       .dropped_snapshots = capture->dropped_snapshots, .lanes = &capture->lanes, .kernel = &capture->kernel };
	char *text;

	for (size_t i = 0; i < capture->lanes.count; i++)
		lane_tell(&capture->lanes.lane[i], capture->queue);
	dom0_kernel_tell(&capture->kernel, capture->queue);
	text = end_json(&ending);
	if (!text) {
		say_error("out of memory");
		capture->reason = BY_ERROR;
	}
	put_text(capture, TRC_BLOCK_END, text);
	queue_wake(capture->queue);
	put_symbols(capture);
}

static void failed_to_write(struct capture *capture, int write_errno)
{
	errno = write_errno;
	say_error("write %s:", capture->options->output);
	if (capture->reason != BY_ERROR)
		capture->reason = end_by_write_error(write_errno);
}

/* Xen gets its masks back before anything waits for the disk.  The end snapshot comes first: of what Dom0 does once tracing is
 * off, waiting for a pCPU perhaps, no record tells, and Xen's counters would have it. */
static void stop_tracing(struct capture *capture)
{
	char *domains = domains_now(capture, "end");

	dom0_kernel_off(&capture->kernel); /* so that all its events lie within Xen's records */
	xen_tbuf_disable(capture->host);
	capture->end_tsc = xen_host_tsc();
	if (restore_quiet(&capture->restore) < 0)
		capture->reason = BY_ERROR;
	patience_begin(&capture->patience, &capture->command, capture->queue, capture->options->output);
	queue_set_patience(capture->queue, patience_is_left, &capture->patience);
	drain(capture, LANE_WAITS);
	dom0_kernel_end(&capture->kernel, capture->queue);
	if (domains)
		queue_wait_room(capture->queue, strlen(domains));
	put_snapshot(capture, domains);
}

static void say_given_up(struct capture *capture)
{
	struct lanes_totals totals = lanes_totals(&capture->lanes);

	say_error("%s is given up: it may lack its end, and %" PRIu64 " records are dropped", capture->options->output, totals.dropped_records);
	capture->given_up = true;
}

/* Where writing failed the end is tried all the same: it is short. */
static void finish(struct capture *capture)
{
	int failed_errno;

	stop_tracing(capture);
	if (!queue_wait_empty(capture->queue))
		take_back(capture);
	capture->cpu_ns = clock_own_cpu_ns();
	failed_errno = writer_failed(capture->writer);
	if (failed_errno != 0)
		failed_to_write(capture, failed_errno);
	if (!capture->patience.at_end) {
		queue_resume(capture->queue);
		put_end(capture);
	}
	if (capture->patience.at_end || !writer_join(capture->writer))
		say_given_up(capture);
	else if (failed_errno == 0 && writer_failed(capture->writer) != 0)
		failed_to_write(capture, writer_failed(capture->writer));
}

/* ---- all of it, each stage undoing what it did ---- */

/* Whether something is missing that is no record; says what. */
static bool is_incomplete(const struct capture *capture)
{
	bool kernel = dom0_kernel_incomplete(&capture->kernel);

	if (capture->dropped_snapshots > 0)
		say_warning("%" PRIu64 " snapshots of the domains are dropped", capture->dropped_snapshots);
	return kernel || capture->dropped_snapshots > 0 || capture->meddled || capture->given_up;
}

static int capture_with_writer(struct capture *capture)
{
	struct lanes_totals totals;
	bool incomplete;
	int code;

	if (switch_on(capture) < 0) {
		writer_join(capture->writer);
		return EXIT_FAILED;
	}
	if (output_begin(capture->output) < 0)
		failed_to_write(capture, errno);
	put_begin(capture);
	if (capture->options->command && command_start(&capture->command, capture->options->command) < 0)
		capture->reason = BY_ERROR;
	go_on(capture);
	finish(capture);
	progress_end(&capture->progress, capture->options->output, &capture->lanes, output_bytes(capture->output), capture->cpu_ns);
	totals = lanes_totals(&capture->lanes);
	code = end_exit_code(capture->reason, &totals);
	incomplete = is_incomplete(capture);
	return code == EXIT_OK && incomplete ? EXIT_INCOMPLETE : code;
}

static int capture_with_room(struct capture *capture)
{
	int code;

	capture->writer = writer_start(capture->queue, capture->output);
	if (!capture->writer) {
		say_error("start the writing thread:");
		return EXIT_FAILED;
	}
	code = capture_with_writer(capture);
	if (!capture->given_up)
		writer_free(capture->writer);
	return code;
}

/* Notes whether tracing was on before us. */
static int note_enabled(struct capture *capture)
{
	bool on;

	return buffers_were_on(&capture->buffers, &on) < 0 ? -1 : restore_note_enabled(&capture->restore, on);
}

static int capture_with_buffers(struct capture *capture)
{
	int code = EXIT_FAILED;

	if (buffers_open(&capture->buffers, capture->host, capture->options) == 0 && note_enabled(capture) == 0 && make_room(capture) == 0)
		code = capture_with_room(capture);
	munlockall();
	if (capture->queue && !capture->given_up)
		queue_free(capture->queue);
	if (capture->snapshots)
		snapshots_free(capture->snapshots);
	lanes_free(&capture->lanes);
	return code;
}

static int capture_with_lock(struct capture *capture)
{
	int code = EXIT_FAILED;

	if (restore_lock(&capture->restore, capture->host, capture->options->state_path) < 0)
		return EXIT_FAILED;
	if (buffers_claim(capture->host) == 0 && restore_begin(&capture->restore) == 0) {
		dom0_kernel_open(&capture->kernel, capture->options->dom0_kernel);
		code = capture_with_buffers(capture);
		dom0_kernel_close(&capture->kernel);
	}
	return restore_end(&capture->restore) < 0 ? EXIT_FAILED : code;
}

static bool signal_came(void *command)
{
	return command_poll(command) == COMMAND_SIGNAL;
}

static int compress(struct capture *capture)
{
	switch (compress_file(capture->options->output, signal_came, &capture->command)) {
	case COMPRESSED: return EXIT_OK;
	case COMPRESS_STOPPED: return EXIT_INCOMPLETE;
	default: return EXIT_FAILED;
	}
}

static int capture_to_output(struct capture *capture)
{
	const struct options *options = capture->options;
	int code = EXIT_FAILED, compressed = EXIT_OK;

	if (options->compress && !output_is_regular(capture->output))
		say_error("%s is no file on a disk: it cannot be compressed afterwards", options->output);
	else
		code = capture_with_lock(capture);
	if (!capture->given_up && output_close(capture->output) < 0) {
		say_error("write %s:", options->output);
		code = EXIT_FAILED;
	}
	command_stop(&capture->command);
	if (options->compress && code != EXIT_FAILED && !capture->given_up)
		compressed = compress(capture);
	return compressed == EXIT_OK ? code : compressed;
}

int capture_run(struct xen_host *host, const struct options *options)
{
	struct capture capture = { .host = host, .options = options };
	int code;

	/* While signals are as they were: to open a pipe takes until somebody reads it. */
	capture.output = output_open(options->output, options->format, options->force);
	if (!capture.output)
		return EXIT_FAILED;
	if (command_signals(&capture.command) < 0) {
		say_error("block signals:");
		output_close(capture.output);
		return EXIT_FAILED;
	}
	code = capture_to_output(&capture);
	command_close(&capture.command);
	return code;
}
