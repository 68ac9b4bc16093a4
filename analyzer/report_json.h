/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the JSON report share: values of which null stands for "not known". */
#ifndef XTRACE_REPORT_JSON_H
#define XTRACE_REPORT_JSON_H

#include "analyzer/report.h"

#include <jansson.h>
#include <math.h>

static inline json_t *number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static inline json_t *count(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static inline json_t *text_or_null(const char *text)
{
	json_t *value = *text ? json_string(text) : NULL;

	return value ? value : json_null();
}

/* The parts of report_json_why.c: members of the objects given. */
void report_json_starvation(json_t *domain_object, const struct result_domain *domain);
void report_json_windows(json_t *fairness_object, const struct result *result);
void report_json_boosts(json_t *domain_object, const struct result *result, const struct result_domain *domain);
json_t *report_json_causes(const struct result *result, const struct report_options *options);
json_t *report_json_verdict(const struct result *result);

/* Count and percentiles; wait may be NULL. */
json_t *report_json_wait(const struct result *result, const struct histogram *wait);
void report_json_lag(json_t *domain_object, const struct result_domain *domain);
void report_json_waited(json_t *object, const struct result *result, const uint64_t *waited_tsc, uint64_t elsewhere_tsc);

/* The parts of report_json_credit.c. */
json_t *report_json_credit(const struct result *result);
void report_json_vcpu_credit(json_t *vcpu_object, const struct result_vcpu *vcpu);

/* The parts of report_json_spread.c. */
json_t *report_json_spread(const struct result *result, const struct spread *spread, enum measure_unit unit);
json_t *report_json_domain_spread(const struct result *result, const struct result_domain *domain);
json_t *report_json_whole_spread(const struct result *result, size_t first, size_t end); /* whole_id */
json_t *report_json_blocks(const struct result *result);

/* The parts of report_json_dom0.c. */
json_t *report_json_dom0(const struct result *result);
json_t *report_json_xen_time(const struct result *result, const struct report_options *options);

/* The parts of report_json_pv.c. */
json_t *report_json_pv(const struct result *result, const struct report_options *options);
json_t *report_json_symbols(const struct result *result);

#endif
