/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/moments.h"

#include <sched.h>

bool moments_interval(struct moments *moments, const struct interval *interval)
{
	return why_interval(&moments->why, interval);
}

void moments_change(struct moments *moments, size_t vcpu, uint64_t tsc, enum runstate state)
{
	if (!moments->brief)
		why_change(&moments->why, vcpu, tsc, state);
	fluid_change(&moments->fluid, vcpu, tsc, state);
}

static void take_settings(struct moments *moments, uint64_t tsc)
{
	while (hostinfo_next_change(moments->host) <= tsc) {
		uint64_t change_tsc = hostinfo_next_change(moments->host);
		if (!moments->brief)
			why_settings(&moments->why, change_tsc);
		hostinfo_pass(moments->host, change_tsc);
		if (!moments->brief)
			credit_settings(&moments->why.credit, change_tsc);
		fluid_settings(&moments->fluid, change_tsc);
	}
	moments->due_tsc = hostinfo_next_change(moments->host);
}

/* ---- the second thread ---- */

static void interval_apart(void *arg, const struct interval *interval)
{
	struct moments *moments = arg;
	struct interval room;

	interval = interval_within(interval, moments->from_tsc, moments->to_tsc, &room);
	if (interval && !why_interval(&moments->why, interval))
		moments->failed = true;
}

static void changed_apart(void *arg, size_t vcpu, uint64_t tsc, enum runstate state)
{
	moments_change(arg, vcpu, tsc, state);
}

static void take_apart(void *arg, const struct rec *rec)
{
	struct moments *moments = arg;

	if (moments->failed || moments->apart.out_of_memory)
		return;
	if (rec->tsc >= moments->due_tsc)
		take_settings(moments, rec->tsc);
	if (rec->kind < REC_NOTES)
		vcpus_take(&moments->apart, rec);
	else
		why_note(&moments->why, rec);
}

static bool has_second_cpu(void)
{
	cpu_set_t cpus;

	return sched_getaffinity(0, sizeof(cpus), &cpus) == 0 && CPU_COUNT(&cpus) > 1;
}

static bool part(struct moments *moments, uint64_t begin_tsc)
{
	if (!vcpus_init(&moments->apart, begin_tsc, &moments->uncounted, interval_apart, moments))
		return false;
	moments->apart.changed = changed_apart;
	return true;
}

/* ---- in either ---- */

bool moments_init(struct moments *moments, enum moments_way way, const struct vcpus *vcpus, struct hostinfo *host, size_t pcpus,
		  const struct moments_window *window)
{
	*moments = (struct moments){
		.host = host, .from_tsc = window->from_tsc, .to_tsc = window->to_tsc, .due_tsc = hostinfo_next_change(host),
		.brief = way == MOMENTS_BRIEF, .uncounted = { .messages = UINT32_MAX },
	};
	if (way == MOMENTS_APART && has_second_cpu())
		moments->relay = relay_new(take_apart, moments);
	if (moments->relay && !part(moments, window->begin_tsc))
		return false;
	if (moments->relay)
		vcpus = &moments->apart;
	fluid_init(&moments->fluid, host, vcpus, pcpus);
	moments->fluid.from_tsc = window->from_tsc;
	moments->fluid.to_tsc = window->to_tsc;
	return why_init(&moments->why, vcpus, &moments->fluid, window->from_tsc, window->to_tsc, window->tsc_hz, host->tslice_ms);
}

void moments_free(struct moments *moments)
{
	relay_free(moments->relay);
	why_free(&moments->why);
	fluid_free(&moments->fluid);
	vcpus_free(&moments->apart);
}

void moments_preset(struct moments *moments, const struct rec *rec)
{
	if (moments->relay)
		vcpus_preset(&moments->apart, rec);
}

void moments_record(struct moments *moments, const struct rec *rec)
{
	if (rec->kind >= REC_DOM0)
		return;
	if (moments->relay)
		relay_put(moments->relay, rec);
	else if (rec->kind >= REC_NOTES && !moments->brief)
		why_note(&moments->why, rec);
}

uint64_t moments_due_tsc(const struct moments *moments)
{
	return moments->relay ? UINT64_MAX : moments->due_tsc;
}

void moments_reach(struct moments *moments, uint64_t tsc)
{
	if (moments->relay)
		relay_drain(moments->relay);
	take_settings(moments, tsc);
}

void moments_finish(struct moments *moments, uint64_t end_tsc, uint64_t to_tsc)
{
	moments->to_tsc = to_tsc;
	if (moments->relay)
		vcpus_finish(&moments->apart, end_tsc);
	if (!moments->brief)
		why_finish(&moments->why, to_tsc);
	fluid_finish(&moments->fluid, to_tsc);
}

bool moments_out_of_memory(const struct moments *moments)
{
	return moments->failed || moments->apart.out_of_memory || moments->fluid.out_of_memory || moments->why.out_of_memory;
}
