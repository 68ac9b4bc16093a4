/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a result is shown.  Reports render and compute nothing but units. */
#ifndef XTRACE_REPORT_H
#define XTRACE_REPORT_H

#include "analyzer/analysis.h"

#include <stdio.h>

enum { LABEL_BYTES = 4 * NAME_MAX_BYTES + 16 }; /* room for report_domain_label() */

struct report_options {
	const char *domain;   /* NULL: all; else only the domain of this name, label or id */
};

struct report_format {
	const char *name;     /* as --format takes it */
	bool (*render)(FILE *out, const struct result *result, const struct report_options *options);
};

/* NULL if there is no such format. */
const struct report_format *report_format_named(const char *name);

/* True if the options let this domain through. */
bool report_shows(const struct report_options *options, const struct result_domain *domain);

/* True if there is a domain that they let through. */
bool report_shows_any(const struct report_options *options, const struct result *result);

/* "Domain-0", the escaped name, or "d5" where the trace tells no name; "~1" follows for the next
 * domain of a reused id. */
void report_domain_label(const struct result_domain *domain, char *out, size_t out_size);

double report_us(const struct result *result, uint64_t duration_tsc);

/* The waits of a domain's vCPUs together. */
void report_domain_wait(const struct result_domain *domain, enum wait_kind kind, struct histogram *out);

bool report_text(FILE *out, const struct result *result, const struct report_options *options);
bool report_json(FILE *out, const struct result *result, const struct report_options *options);
bool report_csv(FILE *out, const struct result *result, const struct report_options *options);

#endif
