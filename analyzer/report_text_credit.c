/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/report_text.h"

#include <inttypes.h>
#include <string.h>

static void print_vcpu(FILE *out, int width, const char *label, const struct result_vcpu *vcpu)
{
	const struct result_vcpu_credit *credit = &vcpu->credit;
	char name[LABEL_BYTES + 16];

	snprintf(name, sizeof(name), "%s v%" PRIu32, label, vcpu->id);
	fprintf(out, "%-*s", width, name);
	for (int waits = 0; waits < 2; waits++)
		for (int level = LEVEL_BOOST; level >= LEVEL_OVER; level--)
			fprintf(out, " %11.3f", credit->level_s[level][waits]);
	fprintf(out, " %7d %6d\n", credit->least, credit->most);
}

static void print_source(FILE *out, const struct result_credit *credit)
{
	const char *debit = credit->tick_debit ? "by tick: whom a tick meets pays for all of it" : "by the time each ran";

	if (!credit->told) {
		fprintf(out, "Credit (10 are 1 ms) as reconstructed, debited %s: %" PRIu64 " accountings, of which records showed %" PRIu64 "; %" PRIu64
			" corrections.\n", debit, credit->accountings, credit->shown_accountings, credit->corrections);
		return;
	}
	fprintf(out, "Credit (10 are 1 ms) as the hypervisor told it, debited %s.\n", debit);
	if (credit->decisions > 0)
		fprintf(out, "Reconstructed without these records it would be off by %.1f on average, %.0f for 95 %%, %.0f at most, of %" PRIu64
			" decisions; the priority would be right for %.1f %%.\n",
			credit->error_mean, credit->error_p95, credit->error_most, credit->decisions, 100 * credit->agreed);
}

void report_text_credit(FILE *out, const struct result *result, const struct report_options *options)
{
	int width = report_text_width(result, (int)strlen(" v0"));
	char label[LABEL_BYTES];

	if (!result->credit.known)
		return;
	fprintf(out, "\n%-*s %11s %11s %11s %11s %11s %11s %7s %6s\n", width, "seconds, credit", "ran BOOST", "UNDER", "OVER", "waited BOOST",
		"UNDER", "OVER", "least", "most");
	for (size_t d = 0; d < result->domain_count; d++) {
		report_domain_label(&result->domains[d], label, sizeof(label));
		for (size_t v = 0; v < result->domains[d].vcpu_count && report_shows(options, &result->domains[d]); v++)
			if (result->domains[d].vcpus[v].credit.known)
				print_vcpu(out, width, label, &result->domains[d].vcpus[v]);
	}
	print_source(out, &result->credit);
}
