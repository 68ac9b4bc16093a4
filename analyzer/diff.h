/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xtrace-fair diff: what is other in one trace than in another, and which of it is more than noise.
 *
 * A figure's change is held against how much it varies: with one trace a side, by the spread over the blocks of each
 * (spread.h), Student's t with Welch's degrees of freedom; with more than one on some side, by how much the traces of one side
 * differ, the variance being the same for both.  Latencies are compared by their logarithms.  Of all figures compared,
 * those differ whose p is 5 % or less after Holm's correction for so many (statistics.h): so two sides of the same kind
 * are said to differ in any figure no more often than once in twenty times.
 *
 * Domains are the same if their names are, where both are told and the name is no other's, else if their ids are.
 */
#ifndef XTRACE_DIFF_H
#define XTRACE_DIFF_H

#include "analyzer/analysis.h"

enum { DIFF_SIDES = 2 };

extern const char *const diff_side_name[DIFF_SIDES]; /* "A", "B" */

struct diff_side {
	struct result *runs;
	size_t count;
};

/* A domain of both sides, or all of them together. */
struct diff_subject {
	const struct result_domain **domains[DIFF_SIDES]; /* of each run; NULL: all of them together */
};

struct diff_figure {
	const struct diff_subject *subject;
	size_t id;                        /* measure_id or whole_id */
	struct measure measure;
	double value[DIFF_SIDES];         /* in the measure's unit; the mean of the runs, of a latency the geometric one */
	double value_low[DIFF_SIDES], value_high[DIFF_SIDES]; /* its own 95 % interval; NAN with several runs */
	double change;                    /* of B from A: difference, of a latency the ratio */
	double low, high;                 /* 95 % interval of that */
	double p;                         /* by itself; NAN: nothing to compare */
	double p_all;                     /* with all others */
	bool differs;
};

/* Something that was set differently: of the first runs. */
struct diff_setting {
	const struct result_domain *domain; /* of A; NULL: of the host */
	const char *name;
	char value[DIFF_SIDES][64];       /* hostile */
};

enum { DIFF_HOST_SETTINGS = 6, DIFF_DOMAIN_SETTINGS = 2 };

struct diff {
	struct diff_side sides[DIFF_SIDES];
	struct diff_subject *subjects;    /* all of them together first */
	size_t subject_count;
	const struct result_domain **only[DIFF_SIDES]; /* domains of the first run that no run of the other side has */
	size_t only_count[DIFF_SIDES];
	struct diff_setting *settings;
	size_t setting_count;
	struct diff_figure *figures;      /* by subject */
	size_t figure_count;
	size_t compared, differing;       /* figures with a p, and of them those that differ */
	bool by_runs;                     /* the noise is that between runs */
};

/* The figure of a subject; NULL: it is none of those that are compared. */
const struct diff_figure *diff_figure_of(const struct diff *diff, const struct diff_subject *subject, size_t id);

/* Compares what is in the sides, which stay the caller's.  False when out of memory; diff_free() in any case. */
bool diff_compare(struct diff *diff);
void diff_free(struct diff *diff);

/* True if the sides are not the same: some figure differs, or some domain is only in one. */
bool diff_found(const struct diff *diff);

/* The subcommand: argv[1] is the first word after it.  Returns an exit code of diff_options.h. */
int diff_main(int argc, char **argv);

#endif
