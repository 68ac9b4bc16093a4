/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The trace cut into blocks of equal length, and what each domain's totals grew by in each: from how they differ comes how
 * sure a figure is (spread.h).
 *
 * At the end of each block the running totals are written down; nothing is done in between.  When BLOCKS_MAX are full, each
 * two neighbours become one and blocks are twice as long from then on.  So there are BLOCKS_MAX / 2 to BLOCKS_MAX, whatever
 * the trace's length, and memory is bounded by the number of domains.
 *
 * Why that many: a block must be longer than what happens in it depends on what happened before, so as few as possible; and
 * their spread must be known well enough, for which 10 to 30 are enough (Schmeiser: Batch size effects in the analysis of
 * simulation output, Operations Research 30, 1982).
 */
#ifndef XTRACE_BLOCKS_H
#define XTRACE_BLOCKS_H

#include "analyzer/dom0.h"
#include "analyzer/fairness.h"
#include "analyzer/fluid.h"
#include "analyzer/metrics.h"
#include "analyzer/result_dom0.h"
#include "analyzer/why.h"

enum { BLOCKS_MAX = 32, BLOCKS_FIRST_MS = 10 };

/* What is added up for a domain, all in cycles. */
enum block_total {
	TOTAL_STATE,                                 /* a row for each runstate, over its vCPUs */
	TOTAL_ENTITLED = TOTAL_STATE + RUNSTATES,
	TOTAL_LAG,
	TOTAL_FELL,                                  /* fell behind, made up for or not */
	TOTAL_CHARGED,                               /* a row for each way to charge it for Dom0's time */
	TOTAL_SHARED_IO = TOTAL_CHARGED + CHARGE_WAYS,
	TOTAL_CAUSE,                                 /* a row for each cause */
	BLOCK_TOTALS = TOTAL_CAUSE + CAUSES
};

/* What is added up for the host. */
enum block_host_total {
	HOST_LENGTH,                                 /* cycles */
	HOST_DOM0_ROW,                               /* a row for each row of Dom0's ledger, cycles */
	HOST_JAIN_SUM = HOST_DOM0_ROW + DOM0_ROWS,   /* a row for each length of a window: of its windows' indices */
	HOST_JAIN_WINDOWS = HOST_JAIN_SUM + WINDOWS_LEVELS,
	BLOCK_HOST_TOTALS = HOST_JAIN_WINDOWS + WINDOWS_LEVELS
};

/* So many waits of a length of this bucket of a histogram. */
struct block_wait {
	uint32_t bucket, count;
};

struct block_waits {
	struct block_wait *waits;                    /* by bucket */
	size_t count;
};

struct block_domain {
	double (*totals)[BLOCK_TOTALS];              /* BLOCKS_MAX rows; up to the block's end, after blocks_finish() its own; NULL: none */
	struct block_waits wake[BLOCKS_MAX];         /* wakeup to running; the block's own */
	uint64_t wakes;                              /* in all of them */
};

struct blocks {
	struct block_domain *domains;                /* by index into vcpus.domains */
	size_t domain_room;
	double (*host)[BLOCK_HOST_TOTALS];           /* as totals */
	uint64_t begin_tsc, block_tsc;
	uint64_t end_tsc;                            /* of the block that goes on */
	size_t count;                                /* whole blocks */
};

/* Where the totals are read; those of what is NULL are 0.  Where two threads follow the same trace each has blocks of its own, which begin and end
 * alike: those of the one have no account nor fairness and Dom0, those of the other no fluid nor why. */
struct block_sources {
	const struct vcpus *vcpus;
	const struct account *account;
	const struct latency *latency;
	const struct fluid *fluid;
	const struct fairness *fairness;
	const struct dom0 *dom0;
	const struct why *why;
};

/* False when out of memory. */
bool blocks_init(struct blocks *blocks, uint64_t from_tsc, uint64_t tsc_hz);
void blocks_free(struct blocks *blocks);

/* The block ends at blocks->end_tsc; all sources are as at that time.  False when out of memory. */
bool blocks_close(struct blocks *blocks, const struct block_sources *from);

/* Before something that comes to pass at this time blocks_close() is due, for as long as this is so; to_tsc: where the window ends. */
static inline bool blocks_due(const struct blocks *blocks, uint64_t tsc, uint64_t to_tsc)
{
	return blocks->end_tsc < tsc && blocks->end_tsc < to_tsc;
}

/* The window ends and so do all sources; what is left is a block of its own, or part of the last one if it is less than half of one. */
bool blocks_finish(struct blocks *blocks, const struct block_sources *from, uint64_t end_tsc);

/* Adds the domains' totals of others that are finished, too, and of the same trace. */
void blocks_join(struct blocks *blocks, const struct blocks *others);

#endif
