/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The JSON of credit's accounting. */
#include "analyzer/report_json.h"

#include <math.h>

static json_t *error_json(const struct result_credit *credit)
{
	json_t *object = json_object();

	json_object_set_new(object, "decisions", count(credit->decisions));
	json_object_set_new(object, "mean", number(credit->error_mean));
	json_object_set_new(object, "p50", number(credit->error_p50));
	json_object_set_new(object, "p95", number(credit->error_p95));
	json_object_set_new(object, "max", number(credit->error_most));
	json_object_set_new(object, "same_priority", number(credit->agreed));
	return object;
}

json_t *report_json_credit(const struct result *result)
{
	const struct result_credit *credit = &result->credit;
	json_t *object;

	if (!credit->known)
		return json_null();
	object = json_object();
	json_object_set_new(object, "by", json_string(credit->told ? "records" : "reconstruction"));
	json_object_set_new(object, "debit", credit->debit_known ? json_string(credit->tick_debit ? "tick" : "exact") : json_null());
	json_object_set_new(object, "accountings", count(credit->accountings));
	json_object_set_new(object, "accountings_shown", count(credit->shown_accountings));
	json_object_set_new(object, "corrections", count(credit->corrections));
	json_object_set_new(object, "reconstruction_error", error_json(credit));
	return object;
}

void report_json_vcpu_credit(json_t *vcpu_object, const struct result_vcpu *vcpu)
{
	static const char *const states[2] = { "running_s", "runnable_s" };
	json_t *object;

	if (!vcpu->credit.known) {
		json_object_set_new(vcpu_object, "credit", json_null());
		return;
	}
	object = json_object();
	json_object_set_new(object, "least", json_integer(vcpu->credit.least));
	json_object_set_new(object, "most", json_integer(vcpu->credit.most));
	for (size_t level = 0; level < LEVELS; level++) {
		json_t *times = json_object();
		for (size_t waits = 0; waits < 2; waits++)
			json_object_set_new(times, states[waits], number(vcpu->credit.level_s[level][waits]));
		json_object_set_new(object, credit_level_name[level], times);
	}
	json_object_set_new(vcpu_object, "credit", object);
}
