/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/lottery.h"

#include "analyzer/room.h"

#include <math.h>
#include <stdlib.h>

void lottery_init(struct lottery *lottery, uint64_t slice_tsc)
{
	*lottery = (struct lottery){ .slice_tsc = slice_tsc };
}

void lottery_free(struct lottery *lottery)
{
	free(lottery->claimants);
}

static int64_t bounded(const struct lottery *lottery, int64_t credit_tsc)
{
	int64_t most_tsc = (int64_t)lottery->slice_tsc;

	return credit_tsc > most_tsc ? most_tsc : credit_tsc < -most_tsc ? -most_tsc : credit_tsc;
}

void lottery_pass(const struct lottery *lottery, struct lottery_account *account, uint64_t passed_tsc, bool ran)
{
	uint64_t most_tsc = 4 * lottery->slice_tsc; /* more makes no difference in the end */
	uint64_t counted_tsc = passed_tsc < most_tsc ? passed_tsc : most_tsc;

	account->wanted_tsc += counted_tsc;
	if (ran && account->credit_tsc > -(int64_t)most_tsc)
		account->credit_tsc -= (int64_t)counted_tsc;
}

bool lottery_claim(struct lottery *lottery, const struct lottery_account *account, uint32_t weight)
{
	struct claimant *claimants;

	if (account->wanted_tsc == 0)
		return true;
	claimants = room_for(lottery->claimants, &lottery->claimant_room, lottery->claimant_count + 1, sizeof(*claimants));
	if (!claimants)
		return false;
	lottery->claimants = claimants;
	claimants[lottery->claimant_count++] = (struct claimant){ .weight = weight, .demand_s = (double)account->wanted_tsc, .limit_s = INFINITY };
	return true;
}

/* Times in cycles, whatever the members of struct claimant are called. */
void lottery_share(struct lottery *lottery, uint32_t pcpus, uint64_t round_tsc)
{
	const struct claimant *claimants = lottery->claimants;

	lottery->round_tsc = round_tsc;
	lottery->per_weight_tsc = -INFINITY;
	share_entitle(lottery->claimants, lottery->claimant_count, (double)pcpus * (double)round_tsc);
	for (size_t i = 0; i < lottery->claimant_count; i++)
		if (claimants[i].entitled_s < claimants[i].demand_s)
			lottery->per_weight_tsc = fmax(lottery->per_weight_tsc, claimants[i].entitled_s / claimants[i].weight);
	if (lottery->per_weight_tsc < 0)
		lottery->per_weight_tsc = INFINITY;
	lottery->claimant_count = 0;
}

void lottery_earn(const struct lottery *lottery, struct lottery_account *account, uint32_t weight)
{
	double earned_tsc = fmin(lottery->per_weight_tsc * weight, fmin((double)lottery->round_tsc, 4 * (double)lottery->slice_tsc));

	account->credit_tsc = bounded(lottery, account->credit_tsc + (int64_t)earned_tsc);
	account->over = account->credit_tsc < 0;
	account->wanted_tsc = 0;
}
