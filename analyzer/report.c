/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/report.h"

#include "analyzer/diag.h"

#include <stdlib.h>
#include <string.h>

static const struct report_format formats[] = {
	{ "text", report_text },
	{ "json", report_json },
	{ "csv", report_csv },
};

const struct report_format *report_format_named(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL;
}

bool report_shows(const struct report_options *options, const struct result_domain *domain)
{
	char *end, label[LABEL_BYTES];
	unsigned long id;

	if (!options->domain || strcmp(options->domain, domain->name) == 0)
		return true;
	report_domain_label(domain, label, sizeof(label));
	if (strcmp(options->domain, label) == 0)
		return true;
	id = strtoul(options->domain, &end, 10);
	return *options->domain && *end == '\0' && id == domain->id;
}

bool report_shows_any(const struct report_options *options, const struct result *result)
{
	for (size_t d = 0; d < result->domain_count; d++)
		if (report_shows(options, &result->domains[d]))
			return true;
	return false;
}

void report_domain_label(const struct result_domain *domain, char *out, size_t out_size)
{
	char name[4 * NAME_MAX_BYTES + 1];

	if (domain->name[0])
		diag_escape(domain->name, name, sizeof(name));
	else if (domain->id == 0)
		snprintf(name, sizeof(name), "Domain-0");
	else
		snprintf(name, sizeof(name), "d%u", domain->id);
	if (domain->generation > 0)
		snprintf(out, out_size, "%s~%u", name, domain->generation);
	else
		snprintf(out, out_size, "%s", name);
}

double report_us(const struct result *result, uint64_t duration_tsc)
{
	return (double)duration_tsc * 1e6 / (double)result->tsc_hz;
}

void report_domain_wait(const struct result_domain *domain, enum wait_kind kind, struct histogram *out)
{
	memset(out, 0, sizeof(*out));
	for (size_t v = 0; v < domain->vcpu_count; v++)
		if (domain->vcpus[v].wait[kind])
			histogram_merge(out, domain->vcpus[v].wait[kind]);
}
