/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/dom0_words.h"

#include "analyzer/diag.h"
#include "analyzer/report.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { NAMED_GUESTS = 4, NAMED_THINGS = 3, SENTENCE_BYTES = 4096 };

struct sentence {
	char text[SENTENCE_BYTES];
	size_t used;
};

__attribute__((format(printf, 2, 3))) static void add(struct sentence *out, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(out->text + out->used, SENTENCE_BYTES - out->used, format, args);
	va_end(args);
	if (length > 0)
		out->used += (size_t)length < SENTENCE_BYTES - out->used ? (size_t)length : SENTENCE_BYTES - out->used - 1;
}

static double percent(double part, double whole)
{
	return whole > 0 ? 100 * part / whole : 0;
}

static void say_busy(struct sentence *out, const struct result *result)
{
	const struct result_dom0 *dom0 = &result->dom0;

	add(out, "The pCPUs were busy for %.3f s, of which Dom0 had %.1f %%", dom0->busy_s, percent(dom0->running_s, dom0->busy_s));
	if (isnan(dom0->xen_in_guests_s))
		add(out, " and the guests the rest, what the hypervisor used of it included.");
	else
		add(out, ", the hypervisor in the guests' time %.1f %% (together %.1f %%), and the guests themselves the rest.",
			percent(dom0->xen_in_guests_s, dom0->busy_s), percent(dom0->running_s + dom0->xen_in_guests_s, dom0->busy_s));
}

/* The order in which they are said. */
static bool comes_before(const struct result_dom0_guest *a, const struct result_dom0_guest *b)
{
	return a->served_s > b->served_s || (a->served_s == b->served_s && a->domain < b->domain);
}

/* The first, or the one after `last'; NULL if there is none. */
static const struct result_dom0_guest *next_guest(const struct result_dom0 *dom0, const struct result_dom0_guest *last)
{
	const struct result_dom0_guest *next = NULL;

	for (size_t i = 0; i < dom0->guest_count; i++) {
		const struct result_dom0_guest *guest = &dom0->guests[i];
		if ((!last || comes_before(last, guest)) && (!next || comes_before(guest, next)))
			next = guest;
	}
	return next;
}

/* Guests with their part of the shared I/O. */
static void say_guests(struct sentence *out, const struct result *result)
{
	const struct result_dom0 *dom0 = &result->dom0;
	const struct result_dom0_guest *guest = NULL;
	size_t said = 0;
	double served_s = dom0->strangers_s;

	for (size_t i = 0; i < dom0->guest_count; i++)
		served_s += dom0->guests[i].served_s;
	add(out, "Dom0 spent %.1f %% of its %.3f s on guests", percent(served_s, dom0->running_s), dom0->running_s);
	while (said < NAMED_GUESTS && (guest = next_guest(dom0, guest))) {
		char label[LABEL_BYTES];
		report_domain_label(&result->domains[guest->domain], label, sizeof(label));
		add(out, "%s%s %.1f", said++ ? ", " : " (", label, percent(guest->served_s, dom0->running_s));
	}
	if (dom0->guest_count > said)
		add(out, ", %zu others", dom0->guest_count - said);
	if (dom0->strangers_s > 0)
		add(out, "%sguests without a name %.1f", said++ ? ", " : " (", percent(dom0->strangers_s, dom0->running_s));
	add(out, "%s", said ? ")" : "");
}

static void say_names(struct sentence *out, const struct result_dom0 *dom0, enum dom0_row row)
{
	unsigned said = 0;

	for (size_t i = 0; i < dom0->name_count && said < NAMED_THINGS; i++) {
		char escaped[5 * DOM0_NAME_BYTES];
		if (dom0->names[i].row != row)
			continue;
		diag_escape(dom0->names[i].name, escaped, sizeof(escaped));
		add(out, "%s%s %s %.1f", said++ ? ", " : " (most: ", dom0_part_name[dom0->names[i].part], escaped,
			percent(dom0->names[i].seconds, dom0->running_s));
	}
	add(out, "%s", said ? ")" : "");
}

static void say_rows(struct sentence *out, const struct result *result)
{
	const struct result_dom0 *dom0 = &result->dom0;

	if (!dom0->way_known[dom0->best]) {
		add(out, "Nothing in the trace tells for whom Dom0 worked in its %.3f s.", dom0->running_s);
		return;
	}
	say_guests(out, result);
	if (dom0->best != BY_KERNEL) {
		add(out, " by %s; nothing tells what the rest was.", charge_way_name[dom0->best]);
		return;
	}
	add(out, ", %.1f %% on its toolstack, %.1f %% on the tracer and %.1f %% on other things", percent(dom0->row_s[DOM0_TOOLSTACK], dom0->running_s),
		percent(dom0->row_s[DOM0_TRACER], dom0->running_s), percent(dom0->row_s[DOM0_OTHER] + dom0->unshared_s, dom0->running_s));
	say_names(out, dom0, DOM0_OTHER);
	add(out, "; %.1f %% has a name.", percent(dom0->running_s - dom0->row_s[DOM0_UNATTRIBUTED], dom0->running_s));
}

bool dom0_words_fill(struct result *result)
{
	static void (*const says[DOM0_WORDS])(struct sentence *, const struct result *) = { say_busy, say_rows };

	for (size_t i = 0; result->dom0.known && result->dom0.running_s > 0 && i < DOM0_WORDS; i++) {
		struct sentence sentence = { .text = "" };
		says[i](&sentence, result);
		result->dom0.words[i] = strdup(sentence.text);
		if (!result->dom0.words[i])
			return false;
	}
	return true;
}
