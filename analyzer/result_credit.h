/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a report says of credit's accounting; part of struct result. */
#ifndef XTRACE_RESULT_CREDIT_H
#define XTRACE_RESULT_CREDIT_H

#include "analyzer/credit.h"

/* Of one vCPU.  Credits: 10 are a millisecond. */
struct result_vcpu_credit {
	bool known;
	double level_s[LEVELS][2];       /* in the window at each priority: running; runnable */
	int32_t least, most;
	struct credit_bin *bins;         /* result.credit.bins of them */
};

struct result_credit {
	bool known;                      /* the trace is one of the credit scheduler */
	bool told;                       /* by a patched hypervisor; else reconstructed */
	bool debit_known, tick_debit;    /* whom a tick meets pays for all of it, and nobody else */
	uint64_t accountings, shown_accountings; /* of these a record showed when they were */
	uint64_t corrections;            /* of the reconstruction, by what contradicted it */
	/* Of the reconstruction at each decision that was told; NAN: none was. */
	uint64_t decisions;
	double error_mean, error_p50, error_p95, error_most; /* credits */
	double agreed;                   /* share with the same priority */
	size_t bins;
	double bin_s;
};

struct result;

/* Fills what is known into a result whose domains are there already.  False when out of memory. */
bool credit_fill(const struct credit *credit, struct result *result);

#endif
