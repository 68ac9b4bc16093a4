/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How far off a figure can be at most because records were lost: spread.least and spread.most (spread.h).
 *
 * Time that is unknown may have been spent in any state.  While some vCPU's state was unknown, for `lost' seconds, each
 * domain may have been entitled to anything that its vCPUs and the pCPUs allow, and may have got it or not.  Each lost
 * record ends or begins one wait at most, so no more waits than records are missing, of any length.  A figure of which
 * no such limit is known has NAN, and Jain's index the limits of its parts taken as if they were independent.
 */
#ifndef XTRACE_BOUNDS_H
#define XTRACE_BOUNDS_H

struct result;

/* Fills them where something was lost; else they are the figure itself already. */
void bounds_fill(struct result *result);

#endif
