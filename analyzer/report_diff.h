/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a comparison is shown.  Reports render and compute nothing but units. */
#ifndef XTRACE_REPORT_DIFF_H
#define XTRACE_REPORT_DIFF_H

#include "analyzer/diff_options.h"

/* NULL if there is no such format. */
const struct diff_format *diff_format_named(const char *name);

bool report_diff_text(FILE *out, const struct diff *diff);
bool report_diff_json(FILE *out, const struct diff *diff);
bool report_diff_csv(FILE *out, const struct diff *diff);

/* A domain's label as in other reports, "" for all of them together. */
void report_diff_subject(const struct diff_subject *subject, char *out, size_t out_size);

#endif
