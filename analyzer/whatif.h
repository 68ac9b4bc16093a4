/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xtrace-fair whatif: what a trace would have been under other settings of the scheduler, by replaying the demands seen in it
 * (demand.h) through a model (replay.h).  The same demands are also replayed under the trace's own settings: how far that is
 * from the trace is the least error to expect, and is part of every answer.
 */
#ifndef XTRACE_WHATIF_H
#define XTRACE_WHATIF_H

#include "analyzer/analysis.h"
#include "analyzer/replay.h"

enum override_kind { OVERRIDE_WEIGHT, OVERRIDE_CAP, OVERRIDE_AFFINITY, OVERRIDE_KINDS };

extern const char *const override_name[OVERRIDE_KINDS];

/* Another value for the domains of this name or id. */
struct override {
	enum override_kind kind;
	const char *domain;
	const char *text;         /* as given */
	uint64_t value;           /* weight, percent, or bit p: pCPU p */
};

enum { OVERRIDES_MAX = 256, AS_IT_WAS = -1 };

struct whatif_options {
	const char *input;
	const struct whatif_format *format;
	struct analysis_options analysis;
	struct override overrides[OVERRIDES_MAX];
	size_t override_count;
	bool changes;             /* something is to be other */
	int tslice_ms, ratelimit_us, boost, tick_debit; /* or AS_IT_WAS */
	const struct replay_model *scheduler;           /* NULL: as it was */
};

enum { RUN_TRACE, RUN_REPLAY, RUN_WHATIF, RUNS };

extern const char *const whatif_run_name[RUNS];

/* What is said of a domain in a run; NAN where there is none. */
enum whatif_measure {
	ANSWER_SHARE,            /* of all pCPUs' time */
	ANSWER_ATTAINED,         /* over entitled */
	ANSWER_BEHIND,           /* seconds that it fell behind, made up for or not, per second */
	ANSWER_WAKE_P50, ANSWER_WAKE_P99, /* us from wakeup to running: median, and what 99 % do not exceed */
	ANSWER_PREEMPTED_P50, ANSWER_PREEMPTED_P99,
	ANSWER_DONE,             /* of its work in the trace, by CPU time; of work that ends; not of the trace itself */
	ANSWERS,
};

extern const char *const whatif_measure_key[ANSWERS]; /* of JSON and CSV */

enum { REPLICATES = 5 };

/* A replay is made several times, with the unknown phases of Xen's clocks others, so chance shows. */
struct whatif_row {
	double replicates[REPLICATES][ANSWERS];
	double median[ANSWERS], least[ANSWERS], most[ANSWERS];
};

/* What is said of a run as a whole; medians. */
struct whatif_whole {
	struct replay_settings settings;
	const struct replay_model *model;
	double duration_s[REPLICATES], jain[REPLICATES], horizon_ms[REPLICATES];
	double median_s, median_jain, median_horizon_ms;
	int32_t done;             /* of replays that ended early: row of the demand that was used up; REPLAY_TASK_NONE: none ended early */
};

struct whatif_domain {
	uint32_t id, generation;
	char label[5 * NAME_MAX_BYTES]; /* escaped */
	struct whatif_row rows[RUNS];
};

struct whatif {
	const struct whatif_options *options;
	int runs;                 /* RUNS, or RUN_WHATIF where nothing is to be other */
	struct demand demand;
	struct result trace;
	struct whatif_whole wholes[RUNS];
	struct whatif_domain *domains; /* as in the trace's result */
	size_t domain_count;
	double share_error;       /* the greatest difference of a share, of the replay from the trace */
	size_t share_error_at;    /* whose it is: index into domains */
};

/* An answer is not to be trusted where the self-check is off by a greater share, or what a vCPU wants is known for a lesser
 * part of the trace's length. */
#define WHATIF_SHARE_ERROR_MAX 0.02
#define WHATIF_LENGTH_MIN 0.5

/* Reads the trace and replays it.  On failure says why and returns an exit code of diag.h.  whatif_free() in any case; the options
 * must last as long. */
int whatif_run(struct whatif *whatif, const struct whatif_options *options);
void whatif_free(struct whatif *whatif);

bool whatif_is_sound(const struct whatif *whatif);

/* How an answer is shown. */
struct whatif_format {
	const char *name;
	bool (*render)(FILE *out, const struct whatif *whatif);
};

bool whatif_text(FILE *out, const struct whatif *whatif);
bool whatif_json(FILE *out, const struct whatif *whatif);
bool whatif_csv(FILE *out, const struct whatif *whatif);

/* NULL if there is no such format. */
const struct whatif_format *whatif_format_named(const char *name);

/* Fills the options or exits with EXIT_USAGE, as argp does. */
void whatif_options_parse(struct whatif_options *options, int argc, char **argv);

/* What is to be other, in the options' order, as a word and what it is from now on: how many, at most WHATIF_CHANGES_MAX.  domain:
 * as the option says, "" for the scheduler's settings. */
struct whatif_change {
	const char *what, *domain;
	char value[64];
};

enum { WHATIF_CHANGES_MAX = OVERRIDES_MAX + 5 };

size_t whatif_changes(const struct whatif *whatif, struct whatif_change *changes);

/* The subcommand.  Returns an exit code of diag.h. */
int whatif_main(int argc, char **argv);

#endif
