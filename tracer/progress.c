/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tracer/progress.h"

#include "tracer/say.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { FIRST_AFTER_NS = 2000000000, EVERY_NS = 500000000 };

void progress_begin(struct progress *progress, bool quiet, double duration_s, uint64_t at_ns)
{
	*progress = (struct progress){ .shown = !quiet && isatty(STDERR_FILENO), .quiet = quiet, .duration_s = duration_s, .begin_ns = at_ns, .next_ns = at_ns + FIRST_AFTER_NS };
}

void progress_show(struct progress *progress, uint64_t at_ns, const struct lanes *lanes, uint64_t file_bytes)
{
	struct lanes_totals totals;

	if (!progress->shown || at_ns < progress->next_ns)
		return;
	progress->next_ns = at_ns + EVERY_NS;
	totals = lanes_totals(lanes);
	fprintf(stderr, "\r%.0f", (double)(at_ns - progress->begin_ns) / 1e9);
	if (progress->duration_s > 0)
		fprintf(stderr, " of %g", progress->duration_s);
	fprintf(stderr, " s, %" PRIu64 " records, %.1f MB, lost %" PRIu64 "\033[K", totals.records, (double)file_bytes / 1e6,
		totals.lost_records + totals.dropped_records);
}

void progress_end(const struct progress *progress, const char *path, const struct lanes *lanes, uint64_t file_bytes, uint64_t cpu_ns)
{
	struct lanes_totals totals = lanes_totals(lanes);

	if (!progress->quiet)
		say_note("%s: %" PRIu64 " records, %" PRIu64 " bytes, lost %" PRIu64 ", dropped %" PRIu64 ", own CPU time %.3f s", path,
			 totals.records, file_bytes, totals.lost_records, totals.dropped_records, (double)cpu_ns / 1e9);
}
