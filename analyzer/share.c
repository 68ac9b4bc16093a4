/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/share.h"

#include <math.h>

static double wanted_s(const struct claimant *claimant)
{
	return claimant->demand_s < claimant->limit_s ? claimant->demand_s : claimant->limit_s;
}

/* One round: fills up all who want no more than their part of what is left.  Returns how many. */
static size_t fill_satisfied(struct claimant *claimants, size_t count, double *left_s, double *weights)
{
	double per_weight_s = *left_s / *weights, filled_s = 0, filled_weights = 0;
	size_t filled = 0;

	for (size_t i = 0; i < count; i++) {
		struct claimant *claimant = &claimants[i];
		if (!isnan(claimant->entitled_s) || wanted_s(claimant) > claimant->weight * per_weight_s)
			continue;
		claimant->entitled_s = wanted_s(claimant);
		filled_s += claimant->entitled_s;
		filled_weights += claimant->weight;
		filled++;
	}
	*left_s -= filled_s;
	*weights -= filled_weights;
	return filled;
}

void share_entitle(struct claimant *claimants, size_t count, double capacity_s)
{
	double left_s = capacity_s, weights = 0;
	size_t open = count;

	for (size_t i = 0; i < count; i++) {
		claimants[i].entitled_s = NAN;
		weights += claimants[i].weight;
	}
	while (open > 0) {
		size_t filled = fill_satisfied(claimants, count, &left_s, &weights);
		if (filled == 0)
			break;
		open -= filled;
	}
	for (size_t i = 0; i < count; i++)
		if (isnan(claimants[i].entitled_s))
			claimants[i].entitled_s = claimants[i].weight * left_s / weights;
}

/* ---- claimants that are bound to some of the pCPUs ---- */

/* The different masks of those who have nothing yet; more than SHARE_MASKS_MAX: returns that and one. */
static size_t find_masks(const struct claimant *claimants, size_t count, uint64_t left, uint64_t *masks)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		size_t at = 0;
		if (!isnan(claimants[i].entitled_s))
			continue;
		while (at < found && masks[at] != (claimants[i].allowed & left))
			at++;
		if (at < found)
			continue;
		if (found == SHARE_MASKS_MAX)
			return SHARE_MASKS_MAX + 1;
		masks[found++] = claimants[i].allowed & left;
	}
	return found;
}

static bool is_within(const struct claimant *claimant, uint64_t left, uint64_t set)
{
	return isnan(claimant->entitled_s) && (claimant->allowed & left & ~set) == 0;
}

/* Shares a set of pCPUs out among those who may use no others; what they get is in scratch, in order.  Returns what a
 * unit of weight gets, INFINITY if all get what they want. */
static double share_set(const struct claimant *claimants, size_t count, uint64_t left, uint64_t set, struct claimant *scratch)
{
	double level_s = -INFINITY;
	size_t members = 0;

	for (size_t i = 0; i < count; i++)
		if (is_within(&claimants[i], left, set))
			scratch[members++] = claimants[i];
	if (members == 0)
		return INFINITY;
	share_entitle(scratch, members, (double)__builtin_popcountll(set));
	for (size_t i = 0; i < members; i++)
		if (scratch[i].entitled_s < wanted_s(&scratch[i]))
			level_s = fmax(level_s, scratch[i].entitled_s / scratch[i].weight);
	return level_s > 0 ? level_s : INFINITY;
}

/* The set of pCPUs, a union of masks, that is short first when all get more by their weights; 0: none is. */
static uint64_t find_bottleneck(const struct claimant *claimants, size_t count, uint64_t left, const uint64_t *masks, size_t mask_count,
				struct claimant *scratch)
{
	double least_s = INFINITY;
	uint64_t bottleneck = 0;

	for (uint32_t members = 1; members < 1u << mask_count; members++) {
		uint64_t set = 0;
		double level_s;
		for (size_t i = 0; i < mask_count; i++)
			set |= members >> i & 1 ? masks[i] : 0;
		level_s = share_set(claimants, count, left, set, scratch);
		if (level_s < least_s) {
			least_s = level_s;
			bottleneck = set;
		}
	}
	return bottleneck;
}

static void settle(struct claimant *claimants, size_t count, uint64_t left, uint64_t set, struct claimant *scratch)
{
	size_t member = 0;

	share_set(claimants, count, left, set, scratch);
	for (size_t i = 0; i < count; i++)
		if (is_within(&claimants[i], left, set))
			claimants[i].entitled_s = scratch[member++].entitled_s;
}

void share_entitle_bound(struct claimant *claimants, size_t count, uint64_t pcpus, struct claimant *scratch)
{
	uint64_t masks[SHARE_MASKS_MAX], left = pcpus, set;
	size_t mask_count;

	for (size_t i = 0; i < count; i++)
		claimants[i].entitled_s = NAN;
	while ((mask_count = find_masks(claimants, count, left, masks)) > 0) {
		if (mask_count > SHARE_MASKS_MAX) {
			share_entitle(claimants, count, (double)__builtin_popcountll(pcpus));
			return;
		}
		set = find_bottleneck(claimants, count, left, masks, mask_count, scratch);
		settle(claimants, count, left, set ? set : left, scratch);
		left &= ~set;
	}
}

void share_cap_domain(struct claimant *claimants, size_t count, size_t domain, double cap_s)
{
	double demand_s = 0;

	for (size_t i = 0; i < count; i++)
		if (claimants[i].domain == domain)
			demand_s += wanted_s(&claimants[i]);
	if (demand_s <= cap_s)
		return;
	for (size_t i = 0; i < count; i++)
		if (claimants[i].domain == domain)
			claimants[i].limit_s = wanted_s(&claimants[i]) * cap_s / demand_s;
}

double share_jain(const double *values, size_t count)
{
	double sum = 0, squares = 0;

	for (size_t i = 0; i < count; i++) {
		sum += values[i];
		squares += values[i] * values[i];
	}
	return squares > 0 ? sum * sum / ((double)count * squares) : NAN;
}

double share_max_over_min(const double *values, size_t count)
{
	double least = INFINITY, greatest = 0;

	for (size_t i = 0; i < count; i++) {
		least = fmin(least, values[i]);
		greatest = fmax(greatest, values[i]);
	}
	return count == 0 || greatest == 0 ? NAN : greatest / least;
}
