/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xtrace-fair: read, order, follow the vCPUs, account, say why, report; or one of the subcommands. */
#include "analyzer/analysis.h"
#include "analyzer/convert.h"
#include "analyzer/diag.h"
#include "analyzer/diff.h"
#include "analyzer/dom0_words.h"
#include "analyzer/figures.h"
#include "analyzer/options.h"
#include "analyzer/report.h"
#include "analyzer/verdict.h"
#include "analyzer/whatif.h"

#include <stdlib.h>
#include <string.h>

static int report(const struct options *options, const struct result *result, const struct plot *plot)
{
	if (options->report.domain && !report_shows_any(&options->report, result)) {
		diag_error("%s: no domain `%s' in it", result->input_name, options->report.domain);
		return EXIT_USAGE;
	}
	if (!options->format->render(stdout, result, &options->report) || fflush(stdout) != 0) {
		diag_error("write standard output:");
		return EXIT_FAILED;
	}
	if (options->figures && !figures_write(plot, result))
		return EXIT_FAILED;
	if (result->known_share < options->min_known)
		diag_warn("%s: only %.2f %% of the vCPUs' time is known", result->input_name, 100 * result->known_share);
	return trust_is_sound(&result->trust) && result->known_share >= options->min_known ? EXIT_OK : EXIT_UNTRUSTED;
}

static int report_main(int argc, char **argv)
{
	struct options options;
	struct result result;
	struct plot plot;
	int status;

	options_parse(&options, argc, argv);
	plot = (struct plot){ options.figures, options.terminal, argc, argv };
	options.analysis.with_crc32 = options.figures != NULL;
	if (options.figures && !(options.analysis.timeline = figures_open_timeline(&plot)))
		return EXIT_FAILED;
	status = analysis_run(&result, options.input, &options.analysis);
	if (options.analysis.timeline && fclose(options.analysis.timeline) != 0) {
		diag_error("write the timeline:");
		status = EXIT_FAILED;
	}
	if (status == EXIT_OK && !result.brief && !(verdict_fill(&result) && dom0_words_fill(&result))) {
		diag_error("out of memory");
		status = EXIT_FAILED;
	}
	if (status == EXIT_OK)
		status = report(&options, &result, &plot);
	analysis_free(&result);
	return status;
}

/* The first argument may be one of these; it sees the arguments from there on. */
static const struct {
	const char *name;
	char *full_name;          /* what it calls itself */
	int (*run)(int argc, char **argv);
} subcommands[] = {
	{ "convert", "xtrace-fair convert", convert_main },
	{ "diff", "xtrace-fair diff", diff_main },
	{ "whatif", "xtrace-fair whatif", whatif_main },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(subcommands) / sizeof(subcommands[0]); i++) {
		if (strcmp(argv[1], subcommands[i].name) != 0)
			continue;
		argv[1] = subcommands[i].full_name;
		return subcommands[i].run(argc - 1, argv + 1);
	}
	return report_main(argc, argv);
}
