/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the text report share. */
#ifndef XTRACE_REPORT_TEXT_H
#define XTRACE_REPORT_TEXT_H

#include "analyzer/report.h"

enum { LABEL_WIDTH_MIN = 16, LABEL_WIDTH_MAX = 40 };

/* How wide a table's first column is, within these: the longest label, and so much more. */
int report_text_width(const struct result *result, int more);

/* The parts of report_text_why.c. */
void report_text_verdict(FILE *out, const struct result *result);
void report_text_windows(FILE *out, const struct result *result, const struct report_options *options);
void report_text_waits(FILE *out, const struct result *result, const struct report_options *options);
void report_text_lag(FILE *out, const struct result *result, const struct report_options *options);
void report_text_causes(FILE *out, const struct result *result, const struct report_options *options);
void report_text_boosts(FILE *out, const struct result *result, const struct report_options *options);

/* The part of report_text_credit.c. */
void report_text_credit(FILE *out, const struct result *result, const struct report_options *options);

/* The part of report_text_spread.c. */
void report_text_spread(FILE *out, const struct result *result, const struct report_options *options);

/* The part of report_text_dom0.c. */
void report_text_dom0(FILE *out, const struct result *result, const struct report_options *options);

/* The part of report_text_pv.c. */
void report_text_pv(FILE *out, const struct result *result, const struct report_options *options);

#endif
