/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a trace file to a result: the stages in their order, and the numbers that a report renders.
 * A report computes nothing; all that it shows is in struct result.
 */
#ifndef XTRACE_ANALYSIS_H
#define XTRACE_ANALYSIS_H

#include "analyzer/blocks.h"
#include "analyzer/causes.h"
#include "analyzer/demand.h"
#include "analyzer/dom0_kernel.h"
#include "analyzer/fairness.h"
#include "analyzer/hostinfo.h"
#include "analyzer/lag.h"
#include "analyzer/metrics.h"
#include "analyzer/result_credit.h"
#include "analyzer/result_dom0.h"
#include "analyzer/result_pv.h"
#include "analyzer/spread.h"
#include "analyzer/trust.h"
#include "analyzer/waits.h"

#include <stdbool.h>
#include <stdio.h>

struct analysis_options {
	uint64_t tsc_hz;          /* 0: as the trace tells */
	double from_s, to_s;      /* of the trace; to_s INFINITY: to its end */
	bool brief;               /* leaves out the questions of why.h and dom0.h */
	bool with_crc32;          /* of the file, for the comment of a figure */
	FILE *timeline;           /* NULL, or where the runs of the timeline's window are written */
	double timeline_from_s, timeline_to_s; /* NAN: a stretch in the middle is chosen */
	struct demand *demand;    /* NULL, or where what the vCPUs wanted is kept */
	const char *xen_syms, *dom0_syms; /* files with symbols; NULL: none */
};

/* Who held the pCPU that a vCPU waited for, in whole cycles: the domains in the result's order, then these. */
enum { WAITED_IDLE, WAITED_SWITCH, WAITED_UNKNOWN, WAITED_OTHERS };

struct result_vcpu {
	uint32_t id;
	uint64_t state_tsc[RUNSTATES];   /* their sum is result.length_tsc, exactly */
	double state_s[RUNSTATES];
	uint64_t before_dispatch_tsc[RUNSTATES]; /* of state_tsc: before it was first seen to begin to run */
	struct stretch after_last;       /* after its last record */
	double entitled_s;
	uint64_t wakeups, preemptions, migrations, dispatches;
	const struct histogram *wait[WAIT_KINDS]; /* NULL: no such wait */
	uint64_t *waited_tsc;            /* result.domain_count + WAITED_OTHERS; they add up to state_tsc[RUNNABLE] */
	uint64_t elsewhere_tsc;          /* of it: while a domain held that pCPU and another, allowed one was idle */
	struct result_vcpu_credit credit;
};

struct result_interval {
	double begin_s, end_s;
};

/* A cause for which the domain fell behind, or missed time. */
struct result_cause {
	const struct cause_name *name;
	double lag_s, made_up_s;
	double share;                    /* of all the domain's */
	struct result_interval evidence[EVIDENCE_MAX];
	size_t evidence_count;
	double *at_s;                    /* lag_s at the end of each of result.cause_bins */
};

struct result_domain {
	uint32_t id, generation;
	char name[NAME_MAX_BYTES];       /* hostile; "" if not told */
	bool weight_known;
	uint32_t weight, cap_percent;    /* weight 256 where it is not known */
	bool weight_changed;             /* during the capture */
	size_t merged_domains;           /* more of its id that the snapshots saw and no record tells apart: all is of them together */
	double state_s[RUNSTATES];       /* sums over its vCPUs */
	double share;                    /* running, of the host's CPU time */
	double entitled_share;
	double attained_over_entitled;   /* NAN if it was entitled to nothing */
	double xen_running_s;            /* by Xen's own counter between the first and last snapshot; NAN if none */
	double xen_window_s;             /* between those two */
	double running_in_xen_window_s;  /* by the records, between the first and last snapshot; NAN if not all of the trace was read, or it is in only one of them */
	double starved_s, starved_at_s;  /* longest time in which it wanted to run and none of its vCPUs ran; NAN: Dom0, or never */
	double lag_s;                    /* entitled less received, at the end; less than 0: ahead */
	double most_lag_s, most_lag_at_s, least_lag_s; /* at: NAN if it never was behind */
	double fell_behind_s;            /* in all, made up for or not */
	double *lag_at_s;                /* at the end of each of result.lag_bins */
	struct result_cause causes[CAUSES]; /* the one that cost most first */
	size_t cause_count;
	struct boost_counts boosts;
	struct histogram *wake[WAKE_PRIORITIES]; /* wake to run by priority at the wakeup; NULL: none */
	uint64_t *waited_tsc;            /* sums over its vCPUs */
	uint64_t elsewhere_tsc;
	struct result_vcpu *vcpus;       /* by id */
	size_t vcpu_count;
	const struct block_domain *blocks; /* of result.blocks; NULL: no record named it */
	struct spread spread[MEASURES];
};

struct result_pcpu {
	uint32_t id;
	double busy_s, idle_s, unknown_s;
};

/* What Dom0's kernel says, and how it fits what Xen says. */
struct result_kernel {
	struct dom0_kernel_info info;
	struct dom0_kernel_tally tally;
	uint64_t outside_events;         /* on a CPU whose vCPU did not run then, says Xen */
	uint64_t unplaced_events;        /* whose vCPU's state then is not known */
};

struct result_class {
	const char *name;
	uint64_t records;
};

enum { CLASSES_MAX = 16 };

enum { VERDICT_MIN = 3, VERDICT_MAX = 6 };

struct result {
	bool brief;                      /* nothing is there of why.h and dom0.h */
	enum trace_format format;
	const char *input_name;
	uint32_t input_crc32;            /* of the whole file; only where it was asked for */
	struct hostinfo host;
	struct trust trust;
	struct result_kernel kernel;
	uint64_t tsc_hz;
	const char *tsc_hz_source;       /* "the capture", "--tsc-hz" or "the trace's own switch records" */
	uint64_t begin_tsc, length_tsc;  /* of the window that the numbers are about */
	double from_s, duration_s;
	bool whole;                      /* of the trace, and not a part that was asked for */
	double known_share;              /* of all vCPUs' time */
	bool cut_off;                    /* a container without an end block */
	struct result_domain *domains;   /* Domain-0 first, then by id; without the idle one */
	size_t domain_count;
	struct result_pcpu *pcpus;
	size_t pcpu_count;
	struct result_class classes[CLASSES_MAX];
	size_t class_count;
	double jain;                     /* of the guests' running times */
	double jain_weighted;            /* of their attained over entitled */
	double max_over_min;             /* of the same */
	struct fairness_window windows[WINDOWS_LEVELS + 1]; /* by length; the last is the whole */
	size_t window_count;
	double lag_bin_s;
	size_t lag_bins;
	double cause_bin_s;
	size_t cause_bins;
	size_t furthest_behind;          /* the domain from which the scheduler took most for good */
	struct result_credit credit;
	bool boosts_known;               /* the trace has records of credit's boosts */
	double horizon_ms;               /* of fairness; NAN: none */
	char *verdict[VERDICT_MAX];      /* sentences, of verdict_fill() */
	size_t verdict_count;
	struct result_dom0 dom0;
	struct result_xen_time *xen_times; /* by domain; none unless a patched hypervisor told */
	size_t xen_time_count;
	struct result_pv *pv;            /* by domain; none without records of class pv, or a patched hypervisor's */
	size_t pv_count;
	uint64_t pv_unplaced_records;    /* of class pv: it is not known who ran */
	struct result_symbols symbols[SYMBOLS_SOURCES];
	double timeline_from_s, timeline_to_s;
	struct latency latency;          /* owns the histograms */
	struct blocks blocks;
	struct spread whole_spread[WHOLES];
};

/* Reads the whole file.  On failure says why and returns an exit code of diag.h, else EXIT_OK; a
 * result whose data is damaged is EXIT_OK too, its trust tells.  analysis_free() in any case. */
int analysis_run(struct result *result, const char *path, const struct analysis_options *options);

/* The same of a trace in memory, which stays the caller's. */
int analysis_run_bytes(struct result *result, const char *name, const uint8_t *bytes, size_t size, const struct analysis_options *options);
void analysis_free(struct result *result);

/* A moment as seconds of the trace. */
double result_second(const struct result *result, uint64_t tsc);

#endif
