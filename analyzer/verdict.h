/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The result in three to six sentences that a person can quote.  Each is a claim with the numbers that it rests on,
 * and is left out where the data does not carry it.  To add one: a function and its place in the table of verdict.c.
 */
#ifndef XTRACE_VERDICT_H
#define XTRACE_VERDICT_H

#include "analyzer/analysis.h"

/* Fills result->verdict; names in it are escaped.  False when out of memory. */
bool verdict_fill(struct result *result);

#endif
