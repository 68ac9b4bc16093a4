/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/analysis.h"

#include "analyzer/clock.h"
#include "analyzer/diag.h"
#include "analyzer/dom0.h"
#include "analyzer/merge.h"
#include "analyzer/moments.h"
#include "analyzer/naming.h"
#include "analyzer/progress.h"
#include "analyzer/pv.h"
#include "analyzer/pv_result.h"
#include "analyzer/relay.h"
#include "analyzer/summary.h"
#include "analyzer/timeline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { SKEW_MAX_TSC = 1 << 20 }; /* records this close on two pCPUs may have changed places */

/* Everything that lives while a file is read. */
struct run {
	struct tracefile file;
	uint32_t *pcpu_list;
	size_t pcpu_count;
	struct merge merge;
	struct vcpus vcpus;
	struct account account;
	struct moments moments;
	struct timeline timeline;
	struct dom0_kernel *kernel;
	struct dom0 dom0;
	struct demand *demand;          /* NULL: nobody asks for it */
	struct block_sources sources;
	struct runners runners;
	struct pv pv;
	struct naming naming;
	struct result *result;
	uint64_t begin_tsc;             /* of the trace */
	uint64_t from_tsc, to_tsc;      /* of the window asked for */
	bool brief;
	bool second_cpu;                /* there is one for a second thread, and more to do than for a brief report */
	bool sink_failed;
};

/* ---- stage 1: what the file says beside the records, and which pCPUs it has ---- */

static bool scan(struct run *run)
{
	uint8_t *seen = calloc(PCPU_MAX, 1);
	struct payload payload = { 0 };
	struct chunk chunk;
	struct walk walk;
	bool done = seen != NULL;

	walk_begin(&walk, &run->file, 0);
	while (done && walk_next(&walk, &chunk, &run->result->trust)) {
		if (chunk.kind == CHUNK_OTHER)
			done = hostinfo_take(&run->result->host, &chunk, &payload, &run->result->trust) &&
			       (run->brief || naming_take(&run->naming, &chunk, &payload, &run->result->trust));
		else
			seen[chunk.pcpu] = 1;
	}
	done = done && !payload.out_of_memory;
	payload_free(&payload);
	run->pcpu_list = done ? calloc(PCPU_MAX, sizeof(*run->pcpu_list)) : NULL;
	for (uint32_t pcpu = 0; run->pcpu_list && pcpu < PCPU_MAX; pcpu++)
		if (seen[pcpu]) {
			run->pcpu_list[run->pcpu_count++] = pcpu;
			hostinfo_see_pcpu(&run->result->host, pcpu);
		}
	free(seen);
	return run->pcpu_list != NULL;
}

static bool find_clock(struct run *run, uint64_t given_hz)
{
	struct result *result = run->result;

	result->tsc_hz = given_hz;
	result->tsc_hz_source = "--tsc-hz";
	if (result->tsc_hz == 0) {
		result->tsc_hz = result->host.tsc_hz;
		result->tsc_hz_source = "the capture";
	}
	for (size_t i = 0; i < run->pcpu_count && result->tsc_hz == 0; i++) {
		result->tsc_hz = clock_measure_hz(&run->file, run->pcpu_list[i]);
		result->tsc_hz_source = "the trace's own switch records";
	}
	return result->tsc_hz != 0;
}

/* ---- stage 2: records in order, through the vCPUs' states, to the metrics ---- */

static void hand_to_metrics(struct run *run, const struct interval *interval)
{
	if (!run->brief) {
		moments_interval(&run->moments, interval);
		dom0_interval(&run->dom0, interval);
	}
	if (!account_interval(&run->account, &run->vcpus, interval) || !latency_interval(&run->result->latency, interval) ||
	    (run->timeline.file && !timeline_interval(&run->timeline, &run->vcpus, interval)))
		run->sink_failed = true;
}

/* What closes is clipped to the window asked for and handed to every metric. */
static void sink(void *arg, const struct interval *interval)
{
	struct run *run = arg;
	struct interval room;

	interval = interval_within(interval, run->from_tsc, run->to_tsc, &room);
	if (interval)
		hand_to_metrics(run, interval);
}

static void changed(void *arg, size_t vcpu, uint64_t tsc, enum runstate state)
{
	struct run *run = arg;

	moments_change(&run->moments, vcpu, tsc, state);
	if (!run->brief) {
		dom0_change(&run->dom0, vcpu, tsc, state);
		runners_change(&run->runners, vcpu, state);
	}
	if (run->demand)
		demand_change(run->demand, vcpu, tsc, state);
}

/* A record of class pv, from the stream of its pCPU. */
static void passed_by(void *arg, const struct rec *rec)
{
	pv_note(&((struct run *)arg)->pv, rec);
}

struct conflict {
	const struct vcpus *vcpus;
	const struct rec *rec;
};

static bool resolves(const struct rec *candidate, const void *arg)
{
	const struct conflict *conflict = arg;

	return vcpus_explains(conflict->vcpus, conflict->rec, candidate);
}

/* The next record in the order of time, and of cause where two pCPUs' records contradict it. */
static const struct rec *next_record(struct run *run)
{
	const struct rec *rec = merge_head(&run->merge);
	struct conflict conflict = { &run->vcpus, rec };

	if (rec && vcpus_conflict(&run->vcpus, rec) &&
	    merge_prefer(&run->merge, rec->tsc + SKEW_MAX_TSC, resolves, &conflict)) {
		run->result->trust.reordered_records++;
		rec = merge_head(&run->merge);
	}
	return rec;
}

/* The seconds of the window asked for, as cycles; what lies beyond any clock is "to the end". */
static uint64_t tsc_at(uint64_t begin_tsc, double seconds, uint64_t hz)
{
	double cycles = seconds * (double)hz;

	return cycles < 9e18 ? begin_tsc + (uint64_t)llround(cycles) : UINT64_MAX;
}

enum { TIMELINE_MS = 500 }; /* how much of the trace a timeline shows unless told */

/* Unless told, the timeline shows a stretch in the middle of what is known of the window beforehand. */
static void set_timeline(struct run *run, const struct analysis_options *options)
{
	struct result *result = run->result;
	uint64_t begin_tsc = run->begin_tsc;
	double hz = (double)result->tsc_hz, end_s = options->to_s;

	if (result->host.end_tsc > begin_tsc)
		end_s = fmin(end_s, (double)(result->host.end_tsc - begin_tsc) / hz);
	result->timeline_from_s = options->timeline_from_s;
	result->timeline_to_s = options->timeline_to_s;
	if (isnan(options->timeline_from_s)) {
		result->timeline_from_s = isinf(end_s) ? options->from_s : (options->from_s + end_s) / 2;
		result->timeline_to_s = result->timeline_from_s + TIMELINE_MS / 1e3;
	}
	run->timeline = (struct timeline){
		.file = options->timeline, .zero_tsc = begin_tsc, .tsc_hz = hz,
		.from_tsc = tsc_at(begin_tsc, result->timeline_from_s, result->tsc_hz),
		.to_tsc = tsc_at(begin_tsc, result->timeline_to_s, result->tsc_hz),
	};
}

static void set_windows(struct run *run, const struct analysis_options *options)
{
	uint64_t hz = run->result->tsc_hz;

	run->from_tsc = tsc_at(run->begin_tsc, options->from_s, hz);
	run->to_tsc = tsc_at(run->begin_tsc, options->to_s, hz);
	run->pv.from_tsc = run->from_tsc;
	run->pv.to_tsc = run->to_tsc;
	set_timeline(run, options);
}

/* Where a stream's first evidence is; 0 if it has none.  A loss at the very begin of a stream has no begin, but an end. */
static uint64_t first_evidence_tsc(const struct merge *merge, size_t i)
{
	if (merge->head_tsc[i] == MERGE_NONE)
		return 0;
	if (merge->head_tsc[i] == 0 && merge->streams[i].loss_open)
		return merge->streams[i].loss_end_tsc;
	return merge->head_tsc[i];
}

/* When the capture began, or the first record was written; 0 if there is none. */
static uint64_t begin_of(const struct run *run)
{
	uint64_t begin_tsc = 0, start_tsc = run->result->host.start_tsc;

	for (size_t i = 0; i < run->merge.count; i++) {
		uint64_t tsc = first_evidence_tsc(&run->merge, i);
		if (tsc != 0 && (begin_tsc == 0 || tsc < begin_tsc))
			begin_tsc = tsc;
	}
	return start_tsc != 0 && start_tsc < begin_tsc ? start_tsc : begin_tsc;
}

static uint64_t end_of(const struct run *run)
{
	uint64_t end_tsc = run->begin_tsc;

	for (size_t i = 0; i < run->merge.count; i++)
		if (run->merge.streams[i].last_tsc > end_tsc)
			end_tsc = run->merge.streams[i].last_tsc;
	return run->result->host.end_tsc > end_tsc ? run->result->host.end_tsc : end_tsc;
}

enum { PRESET_S = 2 };

static bool tells_no_loss(const struct rec *rec)
{
	return rec->kind == REC_RUNSTATE || rec->kind == REC_CONTINUE || rec->kind >= REC_NOTES;
}

/* Looks ahead for the first record of each vCPU, which tells its state at the begin: who waits then is entitled
 * to run.  Stops where records were lost or a domain came, for then a first record tells less. */
static bool preset_states(struct run *run)
{
	uint64_t until_tsc = run->begin_tsc + PRESET_S * run->result->tsc_hz;
	struct trust unused = { .messages = UINT32_MAX };
	const struct rec *rec;
	struct merge ahead;
	bool done;

	if (!merge_init(&ahead, &run->file, run->pcpu_list, run->pcpu_count, &unused, NULL))
		return false;
	while ((rec = merge_head(&ahead)) && rec->tsc < until_tsc && tells_no_loss(rec)) {
		if (rec->kind < REC_NOTES) {
			vcpus_preset(&run->vcpus, rec);
			moments_preset(&run->moments, rec);
		}
		merge_advance(&ahead);
	}
	done = !merge_out_of_memory(&ahead);
	merge_free(&ahead);
	return done;
}

/* Dom0's kernel's events up to a time, while the vCPUs' states are those of that time.  Xen logs a switch where it
 * decides it: before the next vCPU runs and after the last one ran, so each event lies within. */
static void follow_kernel(struct run *run, uint64_t until_tsc)
{
	const struct dom0_event *event;

	while ((event = dom0_kernel_head(run->kernel)) && event->tsc < until_tsc) {
		enum runstate state = vcpus_state(&run->vcpus, 0, event->cpu);
		if (event->kind != DOM0_MISSED && state == UNKNOWN)
			run->result->kernel.unplaced_events++;
		else if (event->kind != DOM0_MISSED && state != RUNNING)
			run->result->kernel.outside_events++;
		if (!run->brief)
			dom0_event(&run->dom0, event);
		dom0_kernel_advance(run->kernel);
	}
}

static void take_record(struct run *run, const struct rec *rec)
{
	if (run->demand)
		demand_record(run->demand, rec);
	if (!run->brief)
		moments_record(&run->moments, rec);
	vcpus_take(&run->vcpus, rec);
	if (rec->kind == REC_DOM_ADD)
		dom0_domain(&run->dom0, rec_word(rec, 0));
}

/* A record from which no vCPU's state follows.  In a brief report they are left out, but for what was read before that was said. */
static inline void take_note(struct run *run, const struct rec *rec)
{
	if (run->brief)
		return;
	if (run->demand)
		demand_record(run->demand, rec);
	moments_note(&run->moments, rec);
	dom0_note(&run->dom0, rec);
}

static void take_change(struct run *run, const struct vcpu_change *change)
{
	const struct interval closed = vcpus_closed_by(&run->vcpus, change);

	moments_pass(&run->moments, change);
	sink(run, &closed);
	vcpus_pass(&run->vcpus, change);
	changed(run, change->vcpu, change->tsc, (enum runstate)change->state);
}

/* Up to the end of a block, where the running totals are written down; next to always there is none before the time. */
static void pass_blocks(struct run *run, uint64_t tsc)
{
	struct blocks *blocks = &run->result->blocks;

	while (blocks_due(blocks, tsc, run->to_tsc) && !run->brief && !run->sink_failed) {
		follow_kernel(run, blocks->end_tsc);
		moments_reach(&run->moments, blocks->end_tsc);
		run->sink_failed = !blocks_close(blocks, &run->sources);
	}
}

static uint64_t earlier(uint64_t a_tsc, uint64_t b_tsc)
{
	return a_tsc < b_tsc ? a_tsc : b_tsc;
}

/* The first moment at which something beside the records is due, so that most records need one look. */
static uint64_t next_due(struct run *run)
{
	const struct dom0_event *event = dom0_kernel_head(run->kernel);
	uint64_t due_tsc = moments_due_tsc(&run->moments);

	if (event)
		due_tsc = earlier(due_tsc, event->tsc);
	return run->brief ? due_tsc : earlier(due_tsc, run->result->blocks.end_tsc);
}

static uint64_t pass_due(struct run *run, uint64_t tsc)
{
	pass_blocks(run, tsc);
	follow_kernel(run, tsc);
	moments_settings(&run->moments, tsc);
	return next_due(run);
}

static void follow_records(struct run *run)
{
	struct progress progress;
	const struct rec *rec;
	uint64_t due_tsc = 0;

	progress_begin(&progress, run->file.input.size);
	while ((rec = merge_head(&run->merge)) && !run->sink_failed && !run->vcpus.out_of_memory) {
		struct vcpu_change change;
		if (rec->tsc >= due_tsc)
			due_tsc = pass_due(run, rec->tsc);
		if (rec->kind >= REC_NOTES)
			take_note(run, rec);
		else if (run->demand || !vcpus_plain(&run->vcpus, rec, &change))
			take_record(run, next_record(run));
		else
			take_change(run, &change);
		progress_at(&progress, rec->offset);
		merge_advance(&run->merge);
	}
	follow_kernel(run, UINT64_MAX);
	progress_end(&progress);
}

static int failed_memory(void)
{
	diag_error("out of memory");
	return EXIT_FAILED;
}

static bool out_of_memory(const struct run *run)
{
	return merge_out_of_memory(&run->merge) || run->vcpus.out_of_memory || run->pv.out_of_memory ||
	       moments_out_of_memory(&run->moments) || dom0_out_of_memory(&run->dom0);
}

static int open_streams(struct run *run)
{
	struct result *result = run->result;
	const struct merge_aside aside = { passed_by, run };

	if (!runners_init(&run->runners, &run->vcpus))
		return failed_memory();
	pv_init(&run->pv, &run->runners, &result->trust);
	if (!merge_init(&run->merge, &run->file, run->pcpu_list, run->pcpu_count, &result->trust, run->brief ? NULL : &aside))
		return failed_memory();
	run->begin_tsc = begin_of(run);
	if (run->brief)
		merge_leave_out(&run->merge, REC_NOTES);
	if (run->begin_tsc != 0)
		return EXIT_OK;
	diag_error("%s: no scheduler records: nothing to account (were they captured? xtrace-cap -e sched)", result->input_name);
	return EXIT_FAILED;
}

/* Demand takes all records one by one, in this thread. */
static enum moments_way moments_way(const struct run *run)
{
	if (run->brief)
		return MOMENTS_BRIEF;
	return run->second_cpu && !run->demand ? MOMENTS_APART : MOMENTS_TOGETHER;
}

/* All that is told of states and records.  False when out of memory. */
static bool begin_questions(struct run *run)
{
	struct result *result = run->result;
	const struct moments_window window = {
		run->begin_tsc, run->from_tsc, run->to_tsc, result->tsc_hz, result->host.pcpus ? result->host.pcpus : run->pcpu_count,
	};
	uint64_t from_tsc = run->from_tsc, to_tsc = run->to_tsc, hz = result->tsc_hz;

	if (!account_init(&run->account, result->host.first_snapshot_tsc, result->host.last_snapshot_tsc) ||
	    !vcpus_init(&run->vcpus, run->begin_tsc, &result->trust, sink, run))
		return false;
	if (run->demand && !demand_begin(run->demand, &run->vcpus, &result->host, from_tsc, to_tsc, hz))
		return false;
	run->vcpus.changed = changed;
	hostinfo_rewind(&result->host);
	run->kernel = dom0_kernel_open(&run->file, &result->trust);
	if (!moments_init(&run->moments, moments_way(run), &run->vcpus, &result->host, &window))
		return false;
	run->sources = (struct block_sources){ .vcpus = &run->vcpus, .account = &run->account, .latency = &result->latency, .dom0 = &run->dom0 };
	moments_sources(&run->moments, &run->sources);
	return run->kernel && blocks_init(&result->blocks, from_tsc, hz) &&
	       dom0_init(&run->dom0, &run->runners, dom0_kernel_info(run->kernel), from_tsc, to_tsc, hz);
}

/* The window ends where the trace does, if not before.  Returns an exit code, and says so if nothing is left of it. */
static int end_window(struct run *run, uint64_t end_tsc, double from_s)
{
	if (run->to_tsc > end_tsc)
		run->to_tsc = end_tsc;
	if (run->from_tsc < run->to_tsc)
		return EXIT_OK;
	diag_error("%s: nothing between --from %g s and the end at %g s", run->result->input_name, from_s,
		   (double)(run->to_tsc - run->begin_tsc) / (double)run->result->tsc_hz);
	return EXIT_FAILED;
}

/* False when out of memory. */
static bool finish_questions(struct run *run, uint64_t end_tsc)
{
	pass_blocks(run, run->to_tsc);
	moments_meet(&run->moments, end_tsc);
	vcpus_finish(&run->vcpus, end_tsc);
	moments_finish(&run->moments, end_tsc, run->to_tsc);
	if (run->demand && !demand_finish(run->demand, run->to_tsc))
		return false;
	if (run->brief)
		return true;
	dom0_finish(&run->dom0, run->to_tsc);
	if (!blocks_finish(&run->result->blocks, &run->sources, run->to_tsc))
		return false;
	moments_join_blocks(&run->moments, &run->result->blocks);
	return true;
}

static void tell_window(const struct run *run, const struct analysis_options *options)
{
	struct result *result = run->result;

	result->kernel.info = *dom0_kernel_info(run->kernel);
	result->kernel.tally = *dom0_kernel_tally(run->kernel);
	result->begin_tsc = run->from_tsc;
	result->length_tsc = run->to_tsc - run->from_tsc;
	result->from_s = options->from_s;
	result->whole = options->from_s <= 0 && isinf(options->to_s);
}

static int follow(struct run *run, const struct analysis_options *options)
{
	int status = open_streams(run);
	uint64_t end_tsc;

	if (status != EXIT_OK)
		return status;
	set_windows(run, options);
	if (!begin_questions(run) || !preset_states(run))
		return failed_memory();
	follow_records(run);
	moments_meet(&run->moments, 0);
	if (out_of_memory(run))
		return failed_memory();
	end_tsc = end_of(run);
	status = end_window(run, end_tsc, options->from_s);
	if (status != EXIT_OK)
		return status;
	if (!finish_questions(run, end_tsc))
		return failed_memory();
	tell_window(run, options);
	if (run->timeline.file && run->sink_failed) {
		diag_error("write the timeline:");
		return EXIT_FAILED;
	}
	return run->sink_failed || out_of_memory(run) ? failed_memory() : EXIT_OK;
}

/* ---- all stages ---- */

static int run_stages(struct run *run, const struct analysis_options *options)
{
	struct result *result = run->result;
	int status;

	if (!scan(run))
		return failed_memory();
	if (run->pcpu_count == 0) {
		diag_error("%s: no whole window of trace records in it", result->input_name);
		return EXIT_FAILED;
	}
	if (!find_clock(run, options->tsc_hz)) {
		diag_error("%s: the TSC's frequency is neither in the trace nor to be measured from it: give it with --tsc-hz", result->input_name);
		return EXIT_USAGE;
	}
	status = follow(run, options);
	if (status != EXIT_OK)
		return status;
	if (run->second_cpu)
		input_let_go(&run->file.input);
	result->format = run->file.format;
	if (!summary_fill(result, &run->vcpus, &run->account, moments_fluid(&run->moments), run->merge.streams, run->merge.count))
		return failed_memory();
	if (run->brief)
		return EXIT_OK;
	naming_check(&run->naming, &result->host);
	return moments_fill(&run->moments, result) && dom0_fill(&run->dom0, result) && pv_fill(&run->pv, &run->dom0.xen_time, &run->naming, result) &&
	       spread_fill(result, &run->vcpus) ? EXIT_OK : failed_memory();
}

/* Of an open file, which is closed. */
static int run_open(struct run *run, const struct analysis_options *options)
{
	struct result *result = run->result;
	int status;

	result->input_name = result->trust.input_name = run->file.input.name;
	if (options->with_crc32)
		result->input_crc32 = (uint32_t)crc32_z(0, run->file.input.bytes, run->file.input.size);
	run->second_cpu = !run->brief && relay_has_cpu();
	if (run->second_cpu)
		input_map_ahead(&run->file.input);
	status = naming_init(&run->naming, options->xen_syms, options->dom0_syms) ? run_stages(run, options) : EXIT_FAILED;
	trust_summary(&result->trust);
	if (!input_whole(&run->file.input))
		status = EXIT_FAILED;
	account_free(&run->account);
	dom0_free(&run->dom0);
	moments_free(&run->moments);
	vcpus_free(&run->vcpus);
	merge_free(&run->merge);
	dom0_kernel_free(run->kernel);
	pv_free(&run->pv);
	runners_free(&run->runners);
	naming_free(&run->naming);
	free(run->pcpu_list);
	tracefile_close(&run->file);
	return status;
}

int analysis_run(struct result *result, const char *path, const struct analysis_options *options)
{
	struct run run = { .result = result, .brief = options->brief, .demand = options->demand };

	*result = (struct result){ .brief = options->brief };
	return tracefile_open(&run.file, path) ? run_open(&run, options) : EXIT_FAILED;
}

int analysis_run_bytes(struct result *result, const char *name, const uint8_t *bytes, size_t size, const struct analysis_options *options)
{
	struct run run = { .result = result, .brief = options->brief, .demand = options->demand };

	*result = (struct result){ .brief = options->brief };
	return tracefile_open_bytes(&run.file, name, bytes, size) ? run_open(&run, options) : EXIT_FAILED;
}

double result_second(const struct result *result, uint64_t tsc)
{
	return (double)(tsc - result->begin_tsc) / (double)result->tsc_hz + result->from_s;
}

void analysis_free(struct result *result)
{
	for (size_t i = 0; i < result->verdict_count; i++)
		free(result->verdict[i]);
	for (size_t i = 0; i < result->domain_count; i++) {
		for (size_t v = 0; v < result->domains[i].vcpu_count; v++) {
			free(result->domains[i].vcpus[v].waited_tsc);
			free(result->domains[i].vcpus[v].credit.bins);
		}
		free(result->domains[i].vcpus);
		free(result->domains[i].waited_tsc);
		free(result->domains[i].lag_at_s);
		for (size_t c = 0; c < result->domains[i].cause_count; c++)
			free(result->domains[i].causes[c].at_s);
		for (size_t priority = 0; priority < WAKE_PRIORITIES; priority++)
			free(result->domains[i].wake[priority]);
	}
	free(result->domains);
	dom0_result_free(&result->dom0);
	free(result->xen_times);
	free(result->pv);
	free(result->pcpus);
	latency_free(&result->latency);
	blocks_free(&result->blocks);
	hostinfo_free(&result->host);
}
