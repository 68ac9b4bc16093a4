/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose priority the ticks decided, where Xen debits by tick: what each vCPU's credit would be if everybody paid for exactly
 * what he ran.
 *
 * Time goes in rounds, Xen's accountings.  In each the pCPUs are shared out by weight among the vCPUs that wanted to run; what
 * a unit of weight gets of those who did not get all that they wanted is what everybody of that weight earns, whether he
 * wanted to run or not and whether a tick met him or not, but never more than he can run.  As with Xen's own credit no more than a slice is kept or
 * owed, and who owes at the end of a round is OVER.
 */
#ifndef XTRACE_LOTTERY_H
#define XTRACE_LOTTERY_H

#include "analyzer/share.h"

/* Of one vCPU. */
struct lottery_account {
	int64_t credit_tsc;
	uint64_t wanted_tsc;   /* in this round: it ran, or waited to run */
	bool over;             /* at the end of the last round */
};

struct lottery {
	uint64_t slice_tsc;
	uint64_t round_tsc;    /* how long this round was */
	double per_weight_tsc; /* what a unit of weight earns in it; INFINITY: all got what they wanted */
	struct claimant *claimants; /* those who wanted to run in it */
	size_t claimant_count, claimant_room;
};

/* slice_tsc: of a credit that nobody exceeds. */
void lottery_init(struct lottery *lottery, uint64_t slice_tsc);
void lottery_free(struct lottery *lottery);

/* Time passed in which it ran, or waited to run. */
void lottery_pass(const struct lottery *lottery, struct lottery_account *account, uint64_t passed_tsc, bool ran);

/* A round ends: all claim, what is there is shared out, all earn.  False when out of memory. */
bool lottery_claim(struct lottery *lottery, const struct lottery_account *account, uint32_t weight);
void lottery_share(struct lottery *lottery, uint32_t pcpus, uint64_t round_tsc);
void lottery_earn(const struct lottery *lottery, struct lottery_account *account, uint32_t weight);

#endif
