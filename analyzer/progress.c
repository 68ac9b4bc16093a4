/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/progress.h"

#include <stdio.h>
#include <unistd.h>

enum { QUIET_S = 2 };

void progress_begin(struct progress *progress, uint64_t total_bytes)
{
	*progress = (struct progress){ .total_bytes = total_bytes, .on_terminal = isatty(STDERR_FILENO) };
	clock_gettime(CLOCK_MONOTONIC, &progress->begin);
}

void progress_show(struct progress *progress, uint64_t at_bytes)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec - progress->begin.tv_sec < QUIET_S)
		return;
	progress->shown = true;
	fprintf(stderr, "\rreading: %3.0f %%", 100.0 * (double)at_bytes / (double)progress->total_bytes);
}

void progress_end(struct progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
}
