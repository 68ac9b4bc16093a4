/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/verdict.h"

#include "analyzer/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SENTENCE_BYTES = 2048 };

static const double fair_jain = 0.95, negligible_share = 0.01;

/* ---- what the sentences are about ---- */

static bool is_wanting_guest(const struct result_domain *domain)
{
	return domain->id != 0 && !isnan(domain->attained_over_entitled);
}

static size_t wanting_guests(const struct result *result)
{
	size_t count = 0;

	for (size_t d = 0; d < result->domain_count; d++)
		count += is_wanting_guest(&result->domains[d]);
	return count;
}

static const struct result_domain *least_attained(const struct result *result)
{
	const struct result_domain *least = NULL;

	for (size_t d = 0; d < result->domain_count; d++)
		if (is_wanting_guest(&result->domains[d]) &&
		    (!least || result->domains[d].attained_over_entitled < least->attained_over_entitled))
			least = &result->domains[d];
	return least;
}

static const struct result_domain *longest_starved(const struct result *result)
{
	const struct result_domain *longest = NULL;

	for (size_t d = 0; d < result->domain_count; d++)
		if (!isnan(result->domains[d].starved_at_s) && (!longest || result->domains[d].starved_s > longest->starved_s))
			longest = &result->domains[d];
	return longest;
}

static const struct result_domain *longest_waiting(const struct result *result)
{
	const struct result_domain *longest = NULL;

	for (size_t d = 0; d < result->domain_count; d++)
		if (!longest || result->domains[d].state_s[RUNNABLE] > longest->state_s[RUNNABLE])
			longest = &result->domains[d];
	return longest;
}

/* How long the vCPUs of a capped domain were offline and came back: parked.  After the last record one may be gone. */
static double parked_s(const struct result *result, const struct result_domain *domain)
{
	uint64_t sum_tsc = 0;

	for (size_t v = 0; domain->cap_percent > 0 && v < domain->vcpu_count; v++) {
		const struct result_vcpu *vcpu = &domain->vcpus[v];
		if (vcpu->entitled_s > 0)
			sum_tsc += vcpu->state_tsc[OFFLINE] - (vcpu->after_last.state == OFFLINE ? vcpu->after_last.length_tsc : 0);
	}
	return (double)sum_tsc / (double)result->tsc_hz;
}

/* Of all guests. */
static double guests_parked_s(const struct result *result)
{
	double sum_s = 0;

	for (size_t d = 0; d < result->domain_count; d++)
		sum_s += result->domains[d].id != 0 ? parked_s(result, &result->domains[d]) : 0;
	return sum_s;
}

/* ---- the claims: false where the data does not carry it ---- */

static bool claim_fairness(const struct result *result, char *out)
{
	const struct result_domain *least = least_attained(result);
	char label[LABEL_BYTES];

	if (wanting_guests(result) < 2)
		return false;
	if (isnan(result->jain_weighted)) {
		snprintf(out, SENTENCE_BYTES, "None of the %zu guests that wanted to run ever did.", wanting_guests(result));
		return true;
	}
	report_domain_label(least, label, sizeof(label));
	snprintf(out, SENTENCE_BYTES,
		 "Over the whole the %zu guests that wanted to run %s what they were entitled to: Jain's index of attained/entitled is %.4f, and %s has "
		 "least with %.2f.",
		 wanting_guests(result), result->jain_weighted >= fair_jain ? "got nearly equal parts of" : "did not get equal parts of",
		 result->jain_weighted, label, least->attained_over_entitled);
	return true;
}

/* No window longer than the horizon, up to the whole, is less fair. */
static bool stays_fair(const struct result *result)
{
	for (size_t w = 0; w < result->window_count; w++)
		if (result->windows[w].window_ms > result->horizon_ms && result->windows[w].jain_mean < fair_jain)
			return false;
	return true;
}

static bool claim_horizon(const struct result *result, char *out)
{
	const struct fairness_window *first = result->window_count > 0 ? &result->windows[0] : NULL;
	char longer[128] = "less than 0.95 in some that are longer";
	bool at_once;

	if (!first || isnan(first->jain_mean) || result->window_count < 2)
		return false;
	if (isnan(result->horizon_ms)) {
		snprintf(out, SENTENCE_BYTES, "No window is fair: the index is %.2f in %.0f ms and reaches 0.95 in none up to %.1f s.", first->jain_mean,
			 first->window_ms, result->duration_s);
		return true;
	}
	at_once = result->horizon_ms <= first->window_ms;
	if (stays_fair(result))
		snprintf(longer, sizeof(longer), "0.95 or more from %.0f ms on", result->horizon_ms);
	else if (!at_once)
		snprintf(longer, sizeof(longer), "0.95 or more in %.0f ms, but not in all that are longer", result->horizon_ms);
	snprintf(out, SENTENCE_BYTES, "A short while is %s: the index is %.2f in windows of %.0f ms and %s; in %.0f ms %.2f guests ran on average.",
		 at_once ? "no worse" : "another matter", first->jain_mean, first->window_ms, longer, first->window_ms, first->ran_mean);
	return true;
}

static bool claim_starvation(const struct result *result, char *out)
{
	const struct result_domain *longest = longest_starved(result);
	char label[LABEL_BYTES];

	if (!longest)
		return false;
	report_domain_label(longest, label, sizeof(label));
	snprintf(out, SENTENCE_BYTES, "The longest that a guest wanted to run and did not%s is %.1f ms (%s, at %.6f s).",
		 guests_parked_s(result) > 0 ? ", but for being parked by its cap," : "", 1e3 * longest->starved_s, label, longest->starved_at_s);
	return true;
}

static bool claim_waiting(const struct result *result, char *out)
{
	static const char *const others[WAITED_OTHERS] = {
		"for a pCPU that was idle", "while Xen switched", "for nobody that is known",
	};
	const struct result_domain *longest = longest_waiting(result);
	size_t holders = result->domain_count + WAITED_OTHERS, most = 0;
	char label[LABEL_BYTES], holder[LABEL_BYTES + 8];
	double waited_s = longest ? longest->state_s[RUNNABLE] : 0;

	if (waited_s < negligible_share * result->duration_s)
		return false;
	for (size_t h = 1; h < holders; h++)
		if (longest->waited_tsc[h] > longest->waited_tsc[most])
			most = h;
	report_domain_label(longest, label, sizeof(label));
	if (most < result->domain_count) {
		snprintf(holder, sizeof(holder), "for ");
		report_domain_label(&result->domains[most], holder + 4, sizeof(holder) - 4);
	} else {
		snprintf(holder, sizeof(holder), "%s", others[most - result->domain_count]);
	}
	snprintf(out, SENTENCE_BYTES, "%s waited most, %.3f s, and %.0f %% of that %s.", label, waited_s,
		 100 * (double)longest->waited_tsc[most] / (double)result->tsc_hz / waited_s, holder);
	return true;
}

static bool claim_cause(const struct result *result, char *out)
{
	const struct result_domain *domain = result->domain_count > 0 ? &result->domains[result->furthest_behind] : NULL;
	const struct result_cause *cause = NULL;
	char label[LABEL_BYTES];

	for (size_t c = 0; domain && c < domain->cause_count && !cause; c++)
		if (domain->causes[c].name != &cause_names[CAUSE_BLOCKED])
			cause = &domain->causes[c];
	if (!cause || cause->lag_s < negligible_share * result->duration_s)
		return false;
	report_domain_label(domain, label, sizeof(label));
	snprintf(out, SENTENCE_BYTES, "The scheduler kept most from %s; first among the causes is %s (%s): %.3f s, of which %.3f s were made up for.", label,
		 cause->name->id, cause->name->title, cause->lag_s, cause->made_up_s);
	return true;
}

/* What a domain lacks may be nobody's doing. */
static bool claim_blocked(const struct result *result, char *out)
{
	double blocked_s = 0, runnable_s = 0, capped_s = guests_parked_s(result);
	char parked[64] = "";

	for (size_t d = 0; d < result->domain_count; d++) {
		bool guest = result->domains[d].id != 0;
		blocked_s += guest ? result->domains[d].state_s[BLOCKED] : 0;
		runnable_s += guest ? result->domains[d].state_s[RUNNABLE] : 0;
	}
	if (blocked_s <= runnable_s + capped_s || blocked_s < negligible_share * result->duration_s)
		return false;
	if (capped_s > 0)
		snprintf(parked, sizeof(parked), ", and were parked by caps for %.3f s", capped_s);
	snprintf(out, SENTENCE_BYTES,
		 "Most of what the guests did not use is not the scheduler's doing: their vCPUs were blocked for %.3f s and waited for %.3f s%s.",
		 blocked_s, runnable_s, parked);
	return true;
}

static bool claim_largest(const struct result *result, char *out)
{
	const struct result_domain *largest = result->domains;
	char label[LABEL_BYTES];

	if (result->domain_count == 0)
		return false;
	for (size_t d = 1; d < result->domain_count; d++)
		if (result->domains[d].state_s[RUNNING] > largest->state_s[RUNNING])
			largest = &result->domains[d];
	report_domain_label(largest, label, sizeof(label));
	snprintf(out, SENTENCE_BYTES, "%s ran most, %.3f s, which is %.1f %% of all pCPUs' time.", label, largest->state_s[RUNNING], 100 * largest->share);
	return true;
}

static bool claim_pcpus(const struct result *result, char *out)
{
	double busy_s = 0;

	for (size_t i = 0; i < result->pcpu_count; i++)
		busy_s += result->pcpus[i].busy_s;
	snprintf(out, SENTENCE_BYTES, "The host's %zu pCPUs were busy for %.0f %% of the time.", result->pcpu_count,
		 100 * busy_s / (result->duration_s * (double)result->pcpu_count));
	return result->pcpu_count > 0;
}

static bool claim_knowledge(const struct result *result, char *out)
{
	snprintf(out, SENTENCE_BYTES, "Of the vCPUs' time %.2f %% is known, and everything above rests on that part alone.", 100 * result->known_share);
	return true;
}

/* ---- all ---- */

/* In the order of what a reader asks for; the first that hold are said. */
static bool (*const claims[])(const struct result *, char *) = {
	claim_fairness, claim_horizon, claim_cause, claim_waiting, claim_blocked, claim_starvation, claim_largest, claim_pcpus,
};

static bool say(struct result *result, bool (*claim)(const struct result *, char *))
{
	char sentence[SENTENCE_BYTES];

	if (!claim(result, sentence))
		return true;
	result->verdict[result->verdict_count] = strdup(sentence);
	return result->verdict[result->verdict_count++] != NULL;
}

/* The last place belongs to what is not known, where that is more than a rounding error or little else can be said. */
bool verdict_fill(struct result *result)
{
	bool unknown = result->known_share < 1 - negligible_share;
	size_t room = unknown ? VERDICT_MAX - 1 : VERDICT_MAX;

	for (size_t c = 0; c < sizeof(claims) / sizeof(claims[0]) && result->verdict_count < room; c++)
		if (!say(result, claims[c]))
			return false;
	return (!unknown && result->verdict_count >= VERDICT_MIN) || say(result, claim_knowledge);
}
