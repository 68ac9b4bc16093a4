/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must hold for any bytes whatsoever: no crash, no leak (the sanitizers see to that), and if there is a result,
 * every vCPU's states add up to its length in cycles and its waits to its runnable time, no figure is absurd, every
 * report can be rendered, and it does not differ from itself.
 */
#include "tests/fuzz/analysis.h"

#include "analyzer/analysis.h"
#include "analyzer/report.h"
#include "analyzer/report_diff.h"
#include "analyzer/whatif.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define MUST(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: must hold: %s\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

static void check_vcpu(const struct result *result, const struct result_vcpu *vcpu)
{
	uint64_t sum_tsc = 0, waited_tsc = 0;

	for (int state = 0; state < RUNSTATES; state++) {
		sum_tsc += vcpu->state_tsc[state];
		MUST(vcpu->before_dispatch_tsc[state] <= vcpu->state_tsc[state]);
	}
	MUST(sum_tsc == result->length_tsc);
	MUST(vcpu->after_last.length_tsc <= result->length_tsc);
	MUST(vcpu->entitled_s >= 0 && vcpu->entitled_s <= result->duration_s * 1.000001);
	for (size_t i = 0; vcpu->waited_tsc && i < result->domain_count + WAITED_OTHERS; i++)
		waited_tsc += vcpu->waited_tsc[i];
	MUST(!vcpu->waited_tsc || waited_tsc == vcpu->state_tsc[RUNNABLE]);
	MUST(vcpu->elsewhere_tsc <= vcpu->state_tsc[RUNNABLE]);
}

/* Written so that what is not known, a NAN, holds. */
static void check_spread(const struct spread *spread)
{
	MUST(!(spread->low > spread->high) && !(spread->least > spread->most));
	MUST(!(spread->noise.se < 0) && !(spread->noise.dof <= 0));
}

static void check_domain(const struct result *result, const struct result_domain *domain)
{
	for (size_t m = 0; m < MEASURES; m++)
		check_spread(&domain->spread[m]);
	for (size_t v = 0; v < domain->vcpu_count; v++)
		check_vcpu(result, &domain->vcpus[v]);
	MUST(domain->share >= 0 && domain->entitled_share >= 0);
}

static void check_pv(const struct result *result, const struct result_pv *pv)
{
	uint64_t calls = 0, subcalls = 0, entries = 0, at_places = 0;

	for (size_t i = 0; i < pv->call_count; i++) {
		calls += pv->call[i].count;
		subcalls += pv->call[i].subcalls;
	}
	for (int entry = 0; entry < PV_ENTRIES; entry++)
		entries += pv->by_entry[entry];
	for (size_t i = 0; i < pv->place_count; i++)
		at_places += pv->places[i].count;
	MUST(pv->domain < result->domain_count && calls == pv->calls && subcalls == pv->subcalls && entries == pv->entries);
	MUST(at_places + pv->further <= entries && (pv->place_count > 0) == (entries > pv->further));
}

static void check_dom0(const struct result_dom0 *dom0)
{
	uint64_t sum_tsc = 0;

	for (int row = 0; row < DOM0_ROWS; row++)
		sum_tsc += dom0->row_tsc[row];
	MUST(!dom0->known || sum_tsc >= dom0->running_tsc);
	MUST(!dom0->known || (dom0->strangers_s >= 0 && dom0->strangers_s <= dom0->row_s[DOM0_GUEST]));
}

static void check_result(const struct result *result)
{
	MUST(result->length_tsc > 0 && result->tsc_hz > 0);
	MUST(result->known_share >= 0 && result->known_share <= 1);
	for (size_t d = 0; d < result->domain_count; d++)
		check_domain(result, &result->domains[d]);
	for (size_t i = 0; i < result->pv_count; i++)
		check_pv(result, &result->pv[i]);
	check_dom0(&result->dom0);
	for (size_t p = 0; p < result->pcpu_count; p++)
		MUST(result->pcpus[p].busy_s >= 0 && result->pcpus[p].idle_s >= 0);
}

/* Whatever it is, it does not differ from itself. */
static void check_diff(FILE *out, struct result *result)
{
	static const char *const formats[] = { "text", "json", "csv" };
	struct diff diff = { .sides = { { result, 1 }, { result, 1 } } };

	MUST(diff_compare(&diff));
	MUST(diff.differing == 0 && diff.setting_count == 0);
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		MUST(diff_format_named(formats[i])->render(out, &diff));
	diff_free(&diff);
}

static void render(FILE *out, const struct result *result)
{
	static const char *const formats[] = { "text", "json", "csv" };
	const struct report_options options = { 0 };

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		MUST(report_format_named(formats[i])->render(out, result, &options));
}

static void analyse(const char *path, const struct analysis_options *options)
{
	struct result result;
	FILE *out = fopen("/dev/null", "w");

	MUST(out);
	if (analysis_run(&result, path, options) == 0) {
		check_result(&result);
		render(out, &result);
		check_diff(out, &result);
	}
	analysis_free(&result);
	fclose(out);
}

static void check_answer(const struct whatif *whatif)
{
	for (int run = 0; run < whatif->runs; run++)
		MUST(whatif->wholes[run].median_s <= whatif->trace.duration_s + 0.001); /* each record has a time of its own */
	for (size_t i = 0; i < whatif->domain_count; i++)
		for (int run = RUN_REPLAY; run < whatif->runs; run++) /* a trace whose records contradict each other may tell more */
			MUST(!(whatif->domains[i].rows[run].most[ANSWER_SHARE] > 1));
	MUST(whatif->demand.coupled_wakes <= whatif->demand.wakes);
}

/* A replay of half a second under both schedulers, with and without a cap for Dom0. */
static void replay(const char *path)
{
	static const char *const formats[] = { "text", "json", "csv" };
	struct whatif_options options = {
		.input = path, .analysis = { .tsc_hz = 1000000000, .from_s = 0.0001, .to_s = 0.5, .timeline_from_s = NAN, .timeline_to_s = NAN },
		.overrides = { { OVERRIDE_CAP, "0", "20", 20 } }, .changes = true, .tslice_ms = 2, .ratelimit_us = 100, .boost = false, .tick_debit = true,
	};
	FILE *out = fopen("/dev/null", "w");

	MUST(out);
	for (int credit2 = 0; credit2 < 2; credit2++) {
		struct whatif whatif;
		options.scheduler = credit2 ? &replay_credit2 : &replay_credit;
		options.override_count = credit2 ? 0 : 1;
		if (whatif_run(&whatif, &options) == 0) {
			check_answer(&whatif);
			for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
				MUST(whatif_format_named(formats[i])->render(out, &whatif));
		}
		whatif_free(&whatif);
	}
	fclose(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const struct analysis_options variants[] = {
		{ .to_s = INFINITY, .timeline_from_s = NAN, .timeline_to_s = NAN },
		{ .tsc_hz = 1000000000, .from_s = 0.0001, .to_s = 0.5, .timeline_from_s = NAN, .timeline_to_s = NAN },
	};
	char path[64];
	int fd = memfd_create("trace", 0);

	MUST(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++)
		analyse(path, &variants[i]);
	replay(path);
	close(fd);
	return 0;
}
