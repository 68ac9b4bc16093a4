/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host and the settings of a trace as a plan for a replay, with what is to be other. */
#ifndef XTRACE_WHATIF_PLAN_H
#define XTRACE_WHATIF_PLAN_H

#include "analyzer/whatif.h"

/* The scheduler that the trace was taken under, or the one asked for; NULL: there is no model of it. */
const struct replay_model *whatif_plan_model(const struct whatif *whatif, bool changed);

/* The pool's settings, or those asked for. */
struct replay_settings whatif_plan_settings(const struct whatif *whatif, bool changed);

/* changed: with what the options say.  False when out of memory.  whatif_plan_free() in any case. */
bool whatif_plan_make(struct replay_plan *plan, struct whatif *whatif, bool changed);
void whatif_plan_free(struct replay_plan *plan);

/* True if an override is about this domain. */
bool whatif_plan_matches(const struct override *override, const struct result_domain *domain);

#endif
