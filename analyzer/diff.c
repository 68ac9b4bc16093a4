/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/diff.h"

#include "analyzer/diag.h"
#include "analyzer/report.h"
#include "analyzer/statistics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double level_p = 0.05;

const char *const diff_side_name[DIFF_SIDES] = { "A", "B" };

/* ---- which domains are the same ---- */

static size_t count_named(const struct result *result, const char *name)
{
	size_t count = 0;

	for (size_t d = 0; d < result->domain_count; d++)
		count += strcmp(result->domains[d].name, name) == 0;
	return count;
}

static const struct result_domain *find_named(const struct result *in, const struct result *of, const struct result_domain *domain)
{
	if (!domain->name[0] || count_named(in, domain->name) != 1 || count_named(of, domain->name) != 1)
		return NULL;
	for (size_t d = 0; d < in->domain_count; d++)
		if (strcmp(in->domains[d].name, domain->name) == 0)
			return &in->domains[d];
	return NULL;
}

/* By its id, but for one that has another name and is known by that. */
static const struct result_domain *find_by_id(const struct result *in, const struct result *of, const struct result_domain *domain)
{
	for (size_t d = 0; d < in->domain_count; d++) {
		const struct result_domain *other = &in->domains[d];
		bool both_named = domain->name[0] && other->name[0] && strcmp(domain->name, other->name) != 0;
		if (other->id == domain->id && other->generation == domain->generation && (!both_named || domain->id == 0))
			return find_named(of, in, other) ? NULL : other;
	}
	return NULL;
}

/* The domain of `in' that is the same as this one of `of'; NULL: none. */
static const struct result_domain *find(const struct result *in, const struct result *of, const struct result_domain *domain)
{
	const struct result_domain *found = find_named(in, of, domain);

	return found ? found : find_by_id(in, of, domain);
}

/* False if some run does not have it. */
static bool find_everywhere(const struct diff *diff, const struct result_domain *domain, struct diff_subject *subject)
{
	const struct result *of = &diff->sides[0].runs[0];

	for (size_t s = 0; s < DIFF_SIDES; s++)
		for (size_t r = 0; r < diff->sides[s].count; r++) {
			const struct result *in = &diff->sides[s].runs[r];
			subject->domains[s][r] = in == of ? domain : find(in, of, domain);
			if (!subject->domains[s][r])
				return false;
		}
	return true;
}

/* Some run of the side has this domain of the other side's first run. */
static bool is_in_side(const struct diff_side *side, const struct result *of, const struct result_domain *domain)
{
	for (size_t r = 0; r < side->count; r++)
		if (find(&side->runs[r], of, domain))
			return true;
	return false;
}

/* Of the first run of side s, and not of each run: it cannot be compared. */
static void set_aside(struct diff *diff, size_t s, const struct result_domain *domain)
{
	char label[LABEL_BYTES];

	if (!is_in_side(&diff->sides[1 - s], &diff->sides[s].runs[0], domain)) {
		diff->only[s][diff->only_count[s]++] = domain;
		return;
	}
	report_domain_label(domain, label, sizeof(label));
	diag_warn("%s is not in every run: it is not compared", label);
}

static void free_subject(struct diff_subject *subject)
{
	for (size_t s = 0; s < DIFF_SIDES; s++)
		free(subject->domains[s]);
	*subject = (struct diff_subject){ 0 };
}

static bool add_domain(struct diff *diff, const struct result_domain *domain)
{
	struct diff_subject *subject = &diff->subjects[diff->subject_count];
	bool roomy = true;

	for (size_t s = 0; s < DIFF_SIDES; s++) {
		subject->domains[s] = calloc(diff->sides[s].count, sizeof(*subject->domains[s]));
		roomy &= subject->domains[s] != NULL;
	}
	if (roomy && find_everywhere(diff, domain, subject)) {
		diff->subject_count++;
		return true;
	}
	free_subject(subject);
	set_aside(diff, 0, domain);
	return roomy;
}

static bool match_domains(struct diff *diff)
{
	const struct result *a = &diff->sides[0].runs[0], *b = &diff->sides[1].runs[0];
	bool roomy;

	diff->subjects = calloc(a->domain_count + 1, sizeof(*diff->subjects));
	diff->only[0] = calloc(a->domain_count + 1, sizeof(*diff->only[0]));
	diff->only[1] = calloc(b->domain_count + 1, sizeof(*diff->only[1]));
	roomy = diff->subjects && diff->only[0] && diff->only[1];
	diff->subject_count = roomy; /* all of them together */
	for (size_t d = 0; roomy && d < a->domain_count; d++)
		roomy = add_domain(diff, &a->domains[d]);
	for (size_t d = 0; roomy && d < b->domain_count; d++)
		if (!find(a, b, &b->domains[d]))
			set_aside(diff, 1, &b->domains[d]);
	return roomy;
}

/* ---- what was set differently ---- */

static void print_scheduler(const struct result *result, char *out, size_t size) { snprintf(out, size, "%s", result->host.scheduler); }
static void print_version(const struct result *result, char *out, size_t size) { snprintf(out, size, "%s", result->host.xen_version); }
static void print_pcpus(const struct result *result, char *out, size_t size) { snprintf(out, size, "%zu", result->pcpu_count); }

/* "": not told, or of no meaning for the scheduler. */
static void print_tslice(const struct result *result, char *out, size_t size)
{
	if (result->host.tslice_ms > 0)
		snprintf(out, size, "%g ms", result->host.tslice_ms);
}

static void print_ratelimit(const struct result *result, char *out, size_t size)
{
	if (result->host.ratelimit_told)
		snprintf(out, size, "%g us", result->host.ratelimit_us);
}

/* Who pays for running. */
static void print_accounting(const struct result *result, char *out, size_t size) { snprintf(out, size, "%s", result->credit.tick_debit ? "tick" : "exact"); }

static const struct {
	const char *name;
	void (*print)(const struct result *result, char *out, size_t size);
} host_settings[DIFF_HOST_SETTINGS] = {
	{ "scheduler", print_scheduler }, { "Xen", print_version }, { "tslice", print_tslice }, { "ratelimit", print_ratelimit },
	{ "accounting", print_accounting }, { "pCPUs", print_pcpus },
};

static void print_weight(const struct result_domain *domain, char *out, size_t size) { snprintf(out, size, "%u", domain->weight); }

static void print_cap(const struct result_domain *domain, char *out, size_t size)
{
	if (domain->cap_percent > 0)
		snprintf(out, size, "%u %%", domain->cap_percent);
	else
		snprintf(out, size, "none");
}

static const struct {
	const char *name;
	void (*print)(const struct result_domain *domain, char *out, size_t size);
} domain_settings[DIFF_DOMAIN_SETTINGS] = {
	{ "weight", print_weight }, { "cap", print_cap },
};

static void keep_if_different(struct diff *diff, struct diff_setting *setting)
{
	if (strcmp(setting->value[0], setting->value[1]) != 0)
		diff->settings[diff->setting_count++] = *setting;
}

static bool find_settings(struct diff *diff)
{
	diff->settings = calloc(DIFF_HOST_SETTINGS + DIFF_DOMAIN_SETTINGS * diff->subject_count, sizeof(*diff->settings));
	for (size_t i = 0; diff->settings && i < DIFF_HOST_SETTINGS; i++) {
		struct diff_setting setting = { .name = host_settings[i].name };
		for (size_t s = 0; s < DIFF_SIDES; s++)
			host_settings[i].print(&diff->sides[s].runs[0], setting.value[s], sizeof(setting.value[s]));
		keep_if_different(diff, &setting);
	}
	for (size_t i = 0; diff->settings && i < DIFF_DOMAIN_SETTINGS * (diff->subject_count - 1); i++) {
		const struct diff_subject *subject = &diff->subjects[1 + i / DIFF_DOMAIN_SETTINGS];
		struct diff_setting setting = { .domain = subject->domains[0][0], .name = domain_settings[i % DIFF_DOMAIN_SETTINGS].name };
		for (size_t s = 0; s < DIFF_SIDES; s++)
			domain_settings[i % DIFF_DOMAIN_SETTINGS].print(subject->domains[s][0], setting.value[s], sizeof(setting.value[s]));
		keep_if_different(diff, &setting);
	}
	return diff->settings != NULL;
}

/* ---- figures ---- */

static const struct spread *spread_of(const struct diff *diff, const struct diff_subject *subject, size_t side, size_t run, size_t id)
{
	return subject->domains[side] ? &subject->domains[side][run]->spread[id] : &diff->sides[side].runs[run].whole_spread[id];
}

/* A mean and how far it is to be trusted. */
struct estimate {
	double mean, squares;             /* squares: of the runs' differences from it */
	double variance, dof;             /* of the only run, from its blocks; NAN with more than one */
};

static struct estimate estimate(const struct diff *diff, const struct diff_subject *subject, const struct measure *measure, size_t side, size_t id)
{
	const struct diff_side *runs = &diff->sides[side];
	struct estimate out = { .variance = NAN, .dof = NAN };

	for (size_t r = 0; r < runs->count; r++)
		out.mean += spread_scale(measure->unit, spread_of(diff, subject, side, r, id)->value) / (double)runs->count;
	for (size_t r = 0; r < runs->count; r++) {
		double from_mean = spread_scale(measure->unit, spread_of(diff, subject, side, r, id)->value) - out.mean;
		out.squares += from_mean * from_mean;
	}
	if (runs->count == 1) {
		const struct noise *noise = &spread_of(diff, subject, side, 0, id)->noise;
		out.variance = noise->se * noise->se;
		out.dof = noise->dof;
	}
	return out;
}

/* The variance of the change, and how well it is known. */
static double noise_of_runs(const struct diff *diff, const struct measure *measure, const struct estimate *a, const struct estimate *b, double *dof)
{
	double runs_a = (double)diff->sides[0].count, runs_b = (double)diff->sides[1].count;

	*dof = runs_a + runs_b - 2;
	return ((a->squares + b->squares) / *dof + pow(spread_resolution(measure->unit), 2)) * (1 / runs_a + 1 / runs_b);
}

static double noise_of_blocks(const struct estimate *a, const struct estimate *b, double *dof)
{
	double sum = a->variance + b->variance;

	*dof = sum > 0 ? sum * sum / (a->variance * a->variance / a->dof + b->variance * b->variance / b->dof) : 1;
	return sum;
}

/* What rounding leaves of equal figures is no change. */
static bool is_none(double change, double a, double b)
{
	return fabs(change) <= 1e-9 * fmax(fabs(a), fabs(b));
}

/* Of a single run, what its blocks say of the value alone. */
static void fill_interval(const struct diff *diff, struct diff_figure *figure, size_t side)
{
	const struct spread *spread = spread_of(diff, figure->subject, side, 0, figure->id);
	bool single = diff->sides[side].count == 1;

	figure->value_low[side] = single ? spread->low : NAN;
	figure->value_high[side] = single ? spread->high : NAN;
}

static void compare(const struct diff *diff, struct diff_figure *figure)
{
	const struct measure *measure = &figure->measure;
	struct estimate a = estimate(diff, figure->subject, measure, 0, figure->id), b = estimate(diff, figure->subject, measure, 1, figure->id);
	double change = b.mean - a.mean, variance, dof, reach;

	figure->value[0] = spread_unscale(measure->unit, a.mean);
	figure->value[1] = spread_unscale(measure->unit, b.mean);
	figure->change = spread_unscale(measure->unit, change);
	fill_interval(diff, figure, 0);
	fill_interval(diff, figure, 1);
	variance = diff->by_runs ? noise_of_runs(diff, measure, &a, &b, &dof) : noise_of_blocks(&a, &b, &dof);
	if (isnan(change) || isnan(variance) || (figure->value[0] == 0 && figure->value[1] == 0))
		return;
	reach = student_t(level_p, dof) * sqrt(variance);
	figure->low = spread_unscale(measure->unit, change - reach);
	figure->high = spread_unscale(measure->unit, change + reach);
	figure->p = is_none(change, a.mean, b.mean) ? 1 : student_p(change / sqrt(variance), dof);
}

/* Ways to charge for Dom0's time that are not the same cannot be compared. */
static bool is_charged_alike(const struct diff *diff)
{
	const struct result_dom0 *first = &diff->sides[0].runs[0].dom0;

	for (size_t s = 0; s < DIFF_SIDES; s++)
		for (size_t r = 0; r < diff->sides[s].count; r++) {
			const struct result_dom0 *dom0 = &diff->sides[s].runs[r].dom0;
			if (!dom0->known || !first->known || dom0->best != first->best)
				return false;
		}
	return true;
}

static void compare_subject(struct diff *diff, const struct diff_subject *subject, bool charged_alike)
{
	bool whole = !subject->domains[0];

	for (size_t id = 0; id < (whole ? (size_t)WHOLES : (size_t)MEASURES); id++) {
		struct diff_figure figure = {
			.subject = subject, .id = id, .measure = whole ? whole_measures[id] : measure_of(id), .low = NAN, .high = NAN, .p = NAN,
		};
		bool charged = whole ? id >= WHOLE_ROW : id == MEASURE_DOM0;
		if (!figure.measure.compared || (charged && !charged_alike))
			continue;
		compare(diff, &figure);
		diff->figures[diff->figure_count++] = figure;
	}
}

static bool judge(struct diff *diff)
{
	double *p = calloc(diff->figure_count + 1, sizeof(*p));

	for (size_t i = 0; p && i < diff->figure_count; i++)
		p[i] = diff->figures[i].p;
	if (!p || !holm_adjust(p, diff->figure_count)) {
		free(p);
		return false;
	}
	for (size_t i = 0; i < diff->figure_count; i++) {
		diff->figures[i].p_all = p[i];
		diff->figures[i].differs = p[i] <= level_p;
		diff->compared += isnan(p[i]) ? 0 : 1;
		diff->differing += diff->figures[i].differs;
	}
	free(p);
	return true;
}

bool diff_compare(struct diff *diff)
{
	bool charged_alike = is_charged_alike(diff);

	diff->by_runs = diff->sides[0].count + diff->sides[1].count > DIFF_SIDES;
	if (!match_domains(diff) || !find_settings(diff))
		return false;
	diff->figures = calloc(WHOLES + MEASURES * diff->subject_count, sizeof(*diff->figures));
	if (!diff->figures)
		return false;
	for (size_t i = 0; i < diff->subject_count; i++)
		compare_subject(diff, &diff->subjects[i], charged_alike);
	return judge(diff);
}

const struct diff_figure *diff_figure_of(const struct diff *diff, const struct diff_subject *subject, size_t id)
{
	for (size_t i = 0; i < diff->figure_count; i++)
		if (diff->figures[i].subject == subject && diff->figures[i].id == id)
			return &diff->figures[i];
	return NULL;
}

bool diff_found(const struct diff *diff)
{
	return diff->differing + diff->only_count[0] + diff->only_count[1] > 0;
}

void diff_free(struct diff *diff)
{
	for (size_t i = 0; i < diff->subject_count; i++)
		free_subject(&diff->subjects[i]);
	for (size_t s = 0; s < DIFF_SIDES; s++)
		free(diff->only[s]);
	free(diff->subjects);
	free(diff->settings);
	free(diff->figures);
}
