/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who should have got what: the entitled share by water filling, and fairness indices.
 * Pure arithmetic on numbers; knows no trace.
 */
#ifndef XTRACE_SHARE_H
#define XTRACE_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHARE_MASKS_MAX = 6 };

/* One who may run: a vCPU of a domain.  Times in seconds. */
struct claimant {
	size_t domain;      /* claimants of one domain share its cap */
	double weight;      /* > 0 */
	double demand_s;    /* running + runnable: what it would have used if nobody were in its way */
	double limit_s;     /* one pCPU for the window's length, or less by a cap */
	double cap_s;       /* of its domain, 0: none; for its owner: share_cap_domain() is what lowers limits */
	uint64_t allowed;   /* bit p: may use pCPU p; all ones: any.  Only share_entitle_bound() looks at it */
	double entitled_s;  /* out */
	double free_s;      /* for its owner: entitled_s if there were neither caps nor affinities */
};

/*
 * Hands out capacity_s in proportion to the weights; nobody gets more than the lesser of demand and
 * limit, and what somebody leaves goes to the rest in proportion again (Xen 4.17 credit and credit2:
 * a domain's weight counts once for each of its active vCPUs).
 */
void share_entitle(struct claimant *claimants, size_t count, double capacity_s);

/*
 * The same where claimants are bound to some of the pCPUs: max-min fair by weight, for each set of pCPUs goes to those
 * who may use no others before somebody else gets of it.  More than SHARE_MASKS_MAX different masks: as if
 * there were none.  scratch has room for count claimants.
 */
void share_entitle_bound(struct claimant *claimants, size_t count, uint64_t pcpus, struct claimant *scratch);

/* Lowers the limits of one domain's claimants so that together they stay within its cap. */
void share_cap_domain(struct claimant *claimants, size_t count, size_t domain, double cap_s);

/* Jain's index (sum x)^2 / (n sum x^2); 1 if all are equal, 1/n if one has all.  NAN without any. */
double share_jain(const double *values, size_t count);

/* Greatest over least; NAN without any, INFINITY if the least is 0. */
double share_max_over_min(const double *values, size_t count);

#endif
