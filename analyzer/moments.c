/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/moments.h"

/* ---- one side ---- */

enum { ASKED_FAIRNESS = 1 << 0, ASKED_WHY = 1 << 1 };

static bool side_init(struct moments_side *side, unsigned asked, const struct vcpus *vcpus, struct hostinfo *host, const struct moments_window *window)
{
	side->host = host;
	side->asked = asked;
	side->due_tsc = hostinfo_next_change(host);
	fluid_init(&side->fluid, host, vcpus, window->pcpus);
	side->fluid.from_tsc = window->from_tsc;
	side->fluid.to_tsc = window->to_tsc;
	return (!(asked & ASKED_FAIRNESS) ||
		fairness_init(&side->fairness, vcpus, &side->fluid, window->from_tsc, window->to_tsc, window->tsc_hz)) &&
	       (!(asked & ASKED_WHY) || why_init(&side->why, vcpus, &side->fluid, window->from_tsc, window->to_tsc, window->tsc_hz));
}

static void side_free(struct moments_side *side)
{
	fairness_free(&side->fairness);
	why_free(&side->why);
	fluid_free(&side->fluid);
}

static void side_change(struct moments_side *side, size_t vcpu, uint64_t tsc, enum runstate state)
{
	if (side->asked & ASKED_FAIRNESS && !fairness_change(&side->fairness, vcpu, tsc, state)) {
		side->out_of_memory = true;
		side->asked &= ~(unsigned)ASKED_FAIRNESS; /* the fluid hears of some for whom it has no room */
	}
	if (side->asked & ASKED_WHY)
		why_change(&side->why, vcpu, tsc, state);
	fluid_change(&side->fluid, vcpu, tsc, state);
}

static void pass_settings(struct moments_side *side, uint64_t tsc)
{
	if (side->asked & ASKED_FAIRNESS)
		fairness_settings(&side->fairness, tsc);
	if (side->asked & ASKED_WHY)
		why_reach(&side->why, tsc);
	hostinfo_pass(side->host, tsc);
	if (side->asked & ASKED_WHY)
		why_settings(&side->why, tsc);
	fluid_settings(&side->fluid, tsc);
	side->due_tsc = hostinfo_next_change(side->host);
}

static void side_settings(struct moments_side *side, uint64_t tsc)
{
	while (side->due_tsc <= tsc)
		pass_settings(side, side->due_tsc);
}

static void side_reach(struct moments_side *side, uint64_t tsc)
{
	side_settings(side, tsc);
	if (side->asked & ASKED_FAIRNESS)
		fairness_reach(&side->fairness, tsc);
	if (side->asked & ASKED_WHY)
		why_reach(&side->why, tsc);
}

static void side_finish(struct moments_side *side, uint64_t to_tsc)
{
	if (side->asked & ASKED_FAIRNESS)
		fairness_finish(&side->fairness, to_tsc);
	if (side->asked & ASKED_WHY)
		why_finish(&side->why, to_tsc);
	fluid_finish(&side->fluid, to_tsc);
}

/* What it is asked, for its blocks. */
static void side_sources(const struct moments_side *side, struct block_sources *sources)
{
	sources->fluid = side->fluid.is_for_rates ? NULL : &side->fluid;
	sources->fairness = side->asked & ASKED_FAIRNESS ? &side->fairness : NULL;
	sources->why = side->asked & ASKED_WHY ? &side->why : NULL;
}

static bool side_out_of_memory(const struct moments_side *side)
{
	return side->out_of_memory || side->fluid.out_of_memory || why_out_of_memory(&side->why);
}

/* ---- the second thread ---- */

static void interval_apart(void *arg, const struct interval *interval)
{
	struct moments *moments = arg;
	struct interval room;

	interval = interval_within(interval, moments->from_tsc, moments->to_tsc, &room);
	if (interval)
		why_interval(&moments->apart.why, interval);
}

static void changed_apart(void *arg, size_t vcpu, uint64_t tsc, enum runstate state)
{
	side_change(&((struct moments *)arg)->apart, vcpu, tsc, state);
}

static void take_record_apart(struct moments *moments, const struct rec *rec)
{
	struct note note;

	if (rec->kind < REC_NOTES) {
		vcpus_take(&moments->vcpus, rec);
		return;
	}
	note = note_of(&moments->vcpus, rec);
	why_note(&moments->apart.why, &note);
}

static void pass_apart(struct moments *moments, const struct vcpu_change *change)
{
	if (moments->vcpus.vcpus[change->vcpu].state == RUNNABLE) { /* of other intervals nothing is asked */
		const struct interval closed = vcpus_closed_by(&moments->vcpus, change);
		interval_apart(moments, &closed);
	}
	vcpus_pass(&moments->vcpus, change);
	changed_apart(moments, change->vcpu, change->tsc, (enum runstate)change->state);
}

static void take_item(struct moments *moments, const struct relay_item *item, const struct rec **rec)
{
	if (item->kind == RELAY_CHANGE)
		pass_apart(moments, &(const struct vcpu_change){ item->tsc, item->vcpu, item->pcpu, item->state });
	else if (item->kind >= REC_NOTES)
		why_note(&moments->apart.why, &(const struct note){
			.kind = (enum rec_kind)item->kind, .tsc = item->tsc, .pcpu = item->pcpu, .argument = item->argument,
			.vcpu = item->vcpu == RELAY_NOBODY ? VCPU_NONE : item->vcpu,
		});
	else
		take_record_apart(moments, (*rec)++);
}

static struct block_sources sources_apart(const struct moments *moments)
{
	struct block_sources sources = { .vcpus = &moments->vcpus };

	side_sources(&moments->apart, &sources);
	return sources;
}

static void pass_blocks_apart(struct moments *moments, uint64_t tsc)
{
	const struct block_sources sources = sources_apart(moments);

	while (blocks_due(&moments->blocks, tsc, moments->to_tsc) && !moments->apart.out_of_memory) {
		side_reach(&moments->apart, moments->blocks.end_tsc);
		moments->apart.out_of_memory = !blocks_close(&moments->blocks, &sources);
	}
}

static void pass_due_apart(struct moments *moments, uint64_t tsc)
{
	pass_blocks_apart(moments, tsc);
	side_settings(&moments->apart, tsc);
	moments->due_tsc = moments->apart.due_tsc < moments->blocks.end_tsc ? moments->apart.due_tsc : moments->blocks.end_tsc;
}

static void finish_apart(struct moments *moments, uint64_t to_tsc)
{
	const struct block_sources sources = sources_apart(moments);

	side_finish(&moments->apart, to_tsc);
	if (!blocks_finish(&moments->blocks, &sources, to_tsc))
		moments->apart.out_of_memory = true;
}

static void take_apart(void *arg, const struct relay_batch *batch)
{
	struct moments *moments = arg;
	const struct rec *rec = batch->recs;

	for (const struct relay_item *item = batch->items, *end = item + batch->count; item < end && !moments->vcpus.out_of_memory; item++) {
		if (item->tsc >= moments->due_tsc)
			pass_due_apart(moments, item->tsc);
		take_item(moments, item, &rec);
	}
}

static bool init_apart(struct moments *moments, const struct hostinfo *host, const struct moments_window *window)
{
	moments->from_tsc = window->from_tsc;
	moments->to_tsc = window->to_tsc;
	moments->uncounted = (struct trust){ .messages = UINT32_MAX };
	if (!hostinfo_copy(&moments->host, host) ||
	    !vcpus_init(&moments->vcpus, window->begin_tsc, &moments->uncounted, interval_apart, moments))
		return false;
	moments->vcpus.changed = changed_apart;
	return blocks_init(&moments->blocks, window->from_tsc, window->tsc_hz) &&
	       side_init(&moments->apart, ASKED_WHY, &moments->vcpus, &moments->host, window);
}

/* ---- both ---- */

bool moments_init(struct moments *moments, enum moments_way way, const struct vcpus *vcpus, struct hostinfo *host,
		  const struct moments_window *window)
{
	static const unsigned asked[] = {
		[MOMENTS_BRIEF] = 0, [MOMENTS_TOGETHER] = ASKED_FAIRNESS | ASKED_WHY, [MOMENTS_APART] = ASKED_FAIRNESS,
	};

	*moments = (struct moments){ 0 };
	if (way == MOMENTS_APART)
		moments->relay = relay_new(take_apart, moments);
	if (way == MOMENTS_APART && !moments->relay)
		way = MOMENTS_TOGETHER;
	if (!side_init(&moments->here, asked[way], vcpus, host, window))
		return false;
	moments->here.fluid.is_for_rates = moments->relay != NULL;
	return !moments->relay || init_apart(moments, host, window);
}

void moments_free(struct moments *moments)
{
	relay_free(moments->relay);
	side_free(&moments->here);
	side_free(&moments->apart);
	blocks_free(&moments->blocks);
	vcpus_free(&moments->vcpus);
	hostinfo_copy_free(&moments->host);
}

void moments_preset(struct moments *moments, const struct rec *rec)
{
	if (moments->relay)
		vcpus_preset(&moments->vcpus, rec);
}

void moments_record(struct moments *moments, const struct rec *rec)
{
	if (moments->relay)
		relay_put(moments->relay, rec);
}

void moments_note(struct moments *moments, const struct rec *rec)
{
	struct note note;

	if (rec->kind >= REC_DOM0)
		return;
	note = note_of(moments->here.fluid.vcpus, rec);
	if (!moments->relay)
		why_note(&moments->here.why, &note);
	else if (notes_tell_all(rec->kind))
		relay_put_note(moments->relay, &note);
	else
		relay_put(moments->relay, rec);
}

void moments_pass(struct moments *moments, const struct vcpu_change *change)
{
	if (moments->relay)
		relay_put_change(moments->relay, change);
}

void moments_interval(struct moments *moments, const struct interval *interval)
{
	if (moments->here.asked & ASKED_WHY)
		why_interval(&moments->here.why, interval);
}

void moments_change(struct moments *moments, size_t vcpu, uint64_t tsc, enum runstate state)
{
	side_change(&moments->here, vcpu, tsc, state);
}

uint64_t moments_due_tsc(const struct moments *moments)
{
	return moments->here.due_tsc;
}

void moments_settings(struct moments *moments, uint64_t tsc)
{
	side_settings(&moments->here, tsc);
}

void moments_reach(struct moments *moments, uint64_t tsc)
{
	side_reach(&moments->here, tsc);
}

void moments_meet(struct moments *moments, uint64_t tsc)
{
	side_reach(&moments->here, tsc);
	if (!moments->relay)
		return;
	relay_drain(moments->relay);
	pass_blocks_apart(moments, tsc);
	side_reach(&moments->apart, tsc);
}

void moments_finish(struct moments *moments, uint64_t end_tsc, uint64_t to_tsc)
{
	side_finish(&moments->here, to_tsc);
	if (!moments->relay)
		return;
	moments->to_tsc = to_tsc;
	vcpus_finish(&moments->vcpus, end_tsc);
	finish_apart(moments, to_tsc);
}

const struct fluid *moments_fluid(const struct moments *moments)
{
	return moments->relay ? &moments->apart.fluid : &moments->here.fluid;
}

void moments_sources(const struct moments *moments, struct block_sources *sources)
{
	side_sources(&moments->here, sources);
}

void moments_join_blocks(const struct moments *moments, struct blocks *blocks)
{
	blocks_join(blocks, &moments->blocks);
}

bool moments_fill(const struct moments *moments, struct result *result)
{
	fairness_fill(&moments->here.fairness, result);
	return why_fill(moments->relay ? &moments->apart.why : &moments->here.why, result);
}

bool moments_out_of_memory(const struct moments *moments)
{
	return moments->vcpus.out_of_memory || side_out_of_memory(&moments->here) || side_out_of_memory(&moments->apart);
}
