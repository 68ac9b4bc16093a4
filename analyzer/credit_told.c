/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/credit_told.h"

enum { CREDIT_BOUND = 1 << 20 }; /* no credit is more, or less than its negative */

bool told_read(struct credit_told *told, uint32_t credit, uint16_t priority)
{
	int32_t value = (int32_t)credit;
	int16_t level = (int16_t)priority;

	value = value < -CREDIT_BOUND ? -CREDIT_BOUND : value > CREDIT_BOUND ? CREDIT_BOUND : value;
	*told = (struct credit_told){ .known = true, .priority = (enum credit_priority)level, .credit = value, .last_credit = value };
	return level >= CREDIT_OVER && level <= CREDIT_BOOST;
}

void told_pay_credits(struct credit_told *told, uint64_t credits)
{
	uint64_t most = (uint64_t)(told->credit + CREDIT_BOUND);

	told->credit -= (int32_t)(credits < most ? credits : most);
}

void told_pay(struct credit_told *told, uint64_t ran, uint64_t credit_time)
{
	uint64_t owed = told->unpaid + ran;

	told_pay_credits(told, owed / credit_time);
	told->unpaid = owed % credit_time;
}

void credit_error_add(struct credit_error *error, const struct credit_unit *reconstructed, const struct credit_told *told)
{
	int64_t difference = (int64_t)reconstructed->credit - told->credit;
	uint64_t distance = (uint64_t)(difference < 0 ? -difference : difference);

	error->decisions++;
	error->agreed += reconstructed->priority == told->priority;
	error->sum += distance;
	error->greatest = distance > error->greatest ? distance : error->greatest;
	error->counts[distance < CREDIT_ERROR_MAX ? distance : CREDIT_ERROR_MAX - 1]++;
}

uint64_t credit_error_quantile(const struct credit_error *error, double fraction)
{
	uint64_t seen = 0, difference = 0;

	for (; difference < CREDIT_ERROR_MAX - 1; difference++) {
		seen += error->counts[difference];
		if ((double)seen >= fraction * (double)error->decisions)
			break;
	}
	return difference;
}
