/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/whatif.h"

#include "analyzer/diag.h"
#include "analyzer/replay_trace.h"
#include "analyzer/whatif_plan.h"
#include "analyzer/whatif_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TICKS_MAX = 1 << 28 }; /* of all pCPUs together: as many steps at least has a replay */

const char *const override_name[OVERRIDE_KINDS] = { "weight", "cap", "affinity" };
const char *const whatif_run_name[RUNS] = { "trace", "replay", "what if" };
const char *const whatif_measure_key[ANSWERS] = {
	"share", "attained_over_entitled", "behind", "wake_to_run_p50_us", "wake_to_run_p99_us", "preempted_to_run_p50_us",
	"preempted_to_run_p99_us", "done",
};

/* ---- what can be replayed ---- */

static bool overrides_fit(const struct whatif *whatif)
{
	const struct result *trace = &whatif->trace;

	for (size_t i = 0; i < whatif->options->override_count; i++) {
		size_t domain = 0;
		while (domain < trace->domain_count && !whatif_plan_matches(&whatif->options->overrides[i], &trace->domains[domain]))
			domain++;
		if (domain == trace->domain_count) {
			diag_error("%s: no domain `%s' in it", trace->input_name, whatif->options->overrides[i].domain);
			return false;
		}
	}
	return true;
}

/* What is not asked for is as it was, so only the trace tells.  Credit2 has no time slice. */
static bool settings_fit(const struct whatif *whatif)
{
	const struct whatif_options *options = whatif->options;
	struct replay_settings settings = whatif_plan_settings(whatif, true);

	if ((options->ratelimit_us == AS_IT_WAS && options->tslice_ms == AS_IT_WAS) || whatif_plan_model(whatif, true) != &replay_credit ||
	    settings.ratelimit_us <= settings.tslice_ms * 1000)
		return true;
	diag_error("a rate limit of %u us is more than a time slice of %u ms: Xen refuses that", settings.ratelimit_us, settings.tslice_ms);
	return false;
}

static bool host_fits(const struct whatif *whatif)
{
	const struct result *trace = &whatif->trace;

	for (size_t i = 0; i < trace->pcpu_count; i++)
		if (trace->pcpus[i].id >= REPLAY_PCPUS_MAX) {
			diag_error("%s: pCPU %u: only hosts of up to %d pCPUs can be replayed", trace->input_name, trace->pcpus[i].id, REPLAY_PCPUS_MAX);
			return false;
		}
	if (!whatif_plan_model(whatif, false)) {
		diag_error("%s: there is no model of the scheduler %s", trace->input_name, trace->host.scheduler);
		return false;
	}
	return true;
}

/* The shortest tick is a third of a millisecond at least. */
static bool length_fits(const struct whatif *whatif)
{
	const struct result *trace = &whatif->trace;
	double tick_s = 0.001 * whatif_plan_settings(whatif, true).tslice_ms / 3;

	if (trace->duration_s / tick_s * (double)trace->pcpu_count <= TICKS_MAX)
		return true;
	diag_error("%s: %.0f s on %zu pCPUs are too many to replay: use --from and --to", trace->input_name, trace->duration_s, trace->pcpu_count);
	return false;
}

/* ---- runs ---- */

static int replay_once(struct whatif *whatif, struct replay_plan *plan, int run, int replicate)
{
	static const struct analysis_options whole = { .to_s = INFINITY, .timeline_from_s = NAN, .timeline_to_s = NAN };
	struct replay_progress *progress = calloc(whatif->demand.row_count + 1, sizeof(*progress));
	struct replay_end end;
	struct result result = { 0 };
	uint8_t *bytes = NULL;
	size_t size = 0;
	int status = EXIT_FAILED;

	plan->phase = (double)replicate / REPLICATES;
	if (progress && replay_trace_make(plan, &whatif->trace.host, whatif->trace.begin_tsc, &bytes, &size, progress, &end))
		status = analysis_run_bytes(&result, "the replay", bytes, size, &whole);
	else
		diag_error("out of memory");
	if (status == EXIT_OK)
		whatif_rows_take(whatif, run, replicate, &result, progress, &end);
	analysis_free(&result);
	free(progress);
	free(bytes);
	return status;
}

static int replay(struct whatif *whatif, int run)
{
	struct replay_plan plan;
	int status = EXIT_OK;

	if (!whatif_plan_make(&plan, whatif, run == RUN_WHATIF)) {
		diag_error("out of memory");
		status = EXIT_FAILED;
	}
	plan.whole = run == RUN_REPLAY;
	whatif->wholes[run].settings = plan.settings;
	whatif->wholes[run].model = plan.model;
	for (int replicate = 0; replicate < REPLICATES && status == EXIT_OK; replicate++)
		status = replay_once(whatif, &plan, run, replicate);
	whatif_plan_free(&plan);
	return status;
}

static void check_self(struct whatif *whatif)
{
	for (size_t i = 0; i < whatif->domain_count; i++) {
		double trace = whatif->domains[i].rows[RUN_TRACE].median[ANSWER_SHARE];
		double replayed = whatif->domains[i].rows[RUN_REPLAY].median[ANSWER_SHARE];
		double error = isnan(replayed) ? trace : fabs(replayed - trace);
		if (error > whatif->share_error) {
			whatif->share_error = error;
			whatif->share_error_at = i;
		}
	}
}

static int replay_all(struct whatif *whatif)
{
	int status = EXIT_OK;

	if (!overrides_fit(whatif) || !settings_fit(whatif))
		return EXIT_USAGE;
	if (!host_fits(whatif) || !length_fits(whatif))
		return EXIT_FAILED;
	if (!whatif_rows_make(whatif)) {
		diag_error("out of memory");
		return EXIT_FAILED;
	}
	for (int run = RUN_REPLAY; run < whatif->runs && status == EXIT_OK; run++)
		status = replay(whatif, run);
	if (status != EXIT_OK)
		return status;
	whatif_rows_finish(whatif);
	check_self(whatif);
	return status;
}

int whatif_run(struct whatif *whatif, const struct whatif_options *options)
{
	struct analysis_options analysis = options->analysis;
	int status;

	*whatif = (struct whatif){ .options = options, .runs = options->changes ? RUNS : RUN_WHATIF };
	analysis.demand = &whatif->demand;
	status = analysis_run(&whatif->trace, options->input, &analysis);
	return status == EXIT_OK ? replay_all(whatif) : status;
}

void whatif_free(struct whatif *whatif)
{
	analysis_free(&whatif->trace);
	demand_free(&whatif->demand);
	free(whatif->domains);
}

bool whatif_is_sound(const struct whatif *whatif)
{
	for (int run = RUN_REPLAY; run < whatif->runs; run++)
		if (whatif->wholes[run].median_s < WHATIF_LENGTH_MIN * whatif->trace.duration_s)
			return false;
	return whatif->share_error <= WHATIF_SHARE_ERROR_MAX;
}

static int report(const struct whatif *whatif)
{
	const struct result *trace = &whatif->trace;

	if (!whatif->options->format->render(stdout, whatif) || fflush(stdout) != 0) {
		diag_error("write standard output:");
		return EXIT_FAILED;
	}
	return trust_is_sound(&trace->trust) && whatif_is_sound(whatif) ? EXIT_OK : EXIT_UNTRUSTED;
}

int whatif_main(int argc, char **argv)
{
	struct whatif_options options;
	struct whatif whatif;
	int status;

	whatif_options_parse(&options, argc, argv);
	status = whatif_run(&whatif, &options);
	if (status == EXIT_OK)
		status = report(&whatif);
	whatif_free(&whatif);
	return status;
}
