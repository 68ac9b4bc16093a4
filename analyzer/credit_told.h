/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a patched hypervisor tells of a vCPU's credit (patches/events.tsv: credit:DECISION, credit:EARN), and how far a
 * reconstruction without it is off.
 */
#ifndef XTRACE_CREDIT_TOLD_H
#define XTRACE_CREDIT_TOLD_H

#include "analyzer/credit_rules.h"

struct credit_told {
	bool known;
	enum credit_priority priority;
	int32_t credit;            /* now: less what it ran since */
	int32_t last_credit;       /* as it was told */
	uint64_t unpaid;           /* as in struct credit_unit */
};

/* From a record's fields.  False if no vCPU of a domain can have that priority. */
bool told_read(struct credit_told *told, uint32_t credit, uint16_t priority);

/* It ran for so long since; credit_time: as in struct credit_pool. */
void told_pay(struct credit_told *told, uint64_t ran, uint64_t credit_time);
void told_pay_credits(struct credit_told *told, uint64_t credits);

enum { CREDIT_ERROR_MAX = 1024 };

/* In credits, whatever the sign. */
struct credit_error {
	uint64_t decisions, agreed;        /* that the priority was the same */
	uint64_t sum, greatest;
	uint32_t counts[CREDIT_ERROR_MAX]; /* by difference; the last: that or more */
};

void credit_error_add(struct credit_error *error, const struct credit_unit *reconstructed, const struct credit_told *told);

/* The smallest difference that at least this part of the decisions does not exceed. */
uint64_t credit_error_quantile(const struct credit_error *error, double fraction);

#endif
