/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sharing cycles out by weights so that no cycle is lost: take each one's part of what is left, and both from what is
 * left.  The last one with a weight gets what rounding left over.
 */
#ifndef XTRACE_PROPORTION_H
#define XTRACE_PROPORTION_H

#include <stdint.h>

/* Its part of left_tsc for a weight out of left_weights, which it is one of; 0 where nobody has a weight. */
static inline uint64_t proportion_tsc(uint64_t left_tsc, uint64_t weight, uint64_t left_weights)
{
	__extension__ typedef unsigned __int128 wide;

	if (weight == 0 || left_weights == 0)
		return 0;
	return weight == left_weights ? left_tsc : (uint64_t)((wide)left_tsc * weight / left_weights); /* a division of 128 bits takes long */
}

#endif
