/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xtrace-fair diff: read both sides, compare, report. */
#include "analyzer/diff_options.h"

#include "analyzer/diag.h"
#include "analyzer/figures_diff.h"
#include "analyzer/report_diff.h"

#include <math.h>
#include <stdlib.h>

static bool read_side(struct diff_side *side, const char **inputs, size_t count, const struct analysis_options *analysis)
{
	side->runs = calloc(count, sizeof(*side->runs));
	if (!side->runs)
		diag_error("out of memory");
	for (; side->runs && side->count < count; side->count++)
		if (analysis_run(&side->runs[side->count], inputs[side->count], analysis) != EXIT_OK) {
			analysis_free(&side->runs[side->count]);
			return false;
		}
	return side->runs != NULL;
}

static void free_side(struct diff_side *side)
{
	for (size_t r = 0; r < side->count; r++)
		analysis_free(&side->runs[r]);
	free(side->runs);
}

/* True if it is sound, known well enough and long enough to tell noise from more. */
static bool is_trusted(const struct result *run, bool by_runs, double min_known)
{
	bool trusted = trust_is_sound(&run->trust) && run->known_share >= min_known;

	if (run->known_share < min_known)
		diag_warn("%s: only %.2f %% of the vCPUs' time is known", run->input_name, 100 * run->known_share);
	if (by_runs || run->blocks.count >= BOOT_BLOCKS_MIN)
		return trusted;
	diag_warn("%s: %.3f s are too short to tell noise from more; give several runs of each side", run->input_name, run->duration_s);
	return false;
}

static bool are_trusted(const struct diff *diff, double min_known)
{
	bool trusted = true;

	for (size_t s = 0; s < DIFF_SIDES; s++)
		for (size_t r = 0; r < diff->sides[s].count; r++)
			trusted &= is_trusted(&diff->sides[s].runs[r], diff->by_runs, min_known);
	return trusted;
}

static int report(const struct diff *diff, const struct diff_options *options, const struct plot *plot)
{
	bool trusted = are_trusted(diff, options->min_known);

	if (!options->format->render(stdout, diff) || fflush(stdout) != 0) {
		diag_error("write standard output:");
		return DIFF_TROUBLE;
	}
	if (options->figures && !figures_diff_write(plot, diff))
		return DIFF_TROUBLE;
	if (!trusted)
		return DIFF_UNTRUSTED;
	return diff_found(diff) ? DIFF_DIFFERENT : DIFF_SAME;
}

static int run(struct diff *diff, const struct diff_options *options, const struct plot *plot)
{
	for (size_t s = 0; s < DIFF_SIDES; s++)
		if (!read_side(&diff->sides[s], options->inputs[s], options->count[s], &options->analysis))
			return DIFF_TROUBLE;
	if (!diff_compare(diff)) {
		diag_error("out of memory");
		return DIFF_TROUBLE;
	}
	return report(diff, options, plot);
}

int diff_main(int argc, char **argv)
{
	struct diff_options options;
	struct diff diff = { 0 };
	struct plot plot;
	int status;

	diff_options_parse(&options, argc, argv);
	options.analysis.with_crc32 = options.figures != NULL;
	plot = (struct plot){ options.figures, options.terminal, argc, argv };
	status = run(&diff, &options, &plot);
	diff_free(&diff);
	for (size_t s = 0; s < DIFF_SIDES; s++)
		free_side(&diff.sides[s]);
	diff_options_free(&options);
	return status;
}
