/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/vcpu.h"

#include "analyzer/room.h"

#include <stdlib.h>
#include <string.h>

const char *const runstate_name[RUNSTATES] = { "running", "runnable", "blocked", "offline", "unknown" };

/* RUNSTATE_CHANGE: the states are in the id (event.c), the vCPU in word 0, vCPU low, domain high. */
static enum runstate rec_old(const struct rec *rec) { return (enum runstate)(rec->id >> 8 & 3); }
static enum runstate rec_new(const struct rec *rec) { return (enum runstate)(rec->id >> 4 & 3); }
static uint32_t rec_domain(const struct rec *rec) { return rec_word(rec, 0) >> 16; }
static uint32_t rec_vcpu(const struct rec *rec) { return rec_word(rec, 0) & 0xffff; }

static bool ids_valid(uint32_t domain, uint32_t vcpu)
{
	return domain < DOMID_MAX && vcpu < VCPU_ID_MAX;
}

static struct domain *domain_find(const struct vcpus *vcpus, uint32_t id)
{
	int32_t index = vcpus->domain_by_id[id];

	return index < 0 ? NULL : &vcpus->domains[index];
}

static struct vcpu *vcpu_find(const struct vcpus *vcpus, uint32_t domain_id, uint32_t id)
{
	const struct domain *domain;

	if (!ids_valid(domain_id, id))
		return NULL;
	domain = domain_find(vcpus, domain_id);
	if (!domain || id >= domain->vcpu_ids || domain->vcpu_by_id[id] == VCPU_NONE)
		return NULL;
	return &vcpus->vcpus[domain->vcpu_by_id[id]];
}

const struct domain *vcpus_domain(const struct vcpus *vcpus, uint32_t id, uint32_t generation)
{
	for (size_t i = 0; i < vcpus->domain_count; i++)
		if (vcpus->domains[i].id == id && vcpus->domains[i].generation == generation)
			return &vcpus->domains[i];
	return NULL;
}

int32_t vcpus_domain_index(const struct vcpus *vcpus, uint32_t id, uint32_t generation)
{
	const struct domain *domain = vcpus_domain(vcpus, id, generation);

	return domain ? (int32_t)(domain - vcpus->domains) : -1;
}

/* ---- the same vCPUs are named over and over, by a word: domain high, vCPU low ---- */

/* The vCPU of this word, if it was found lately; else NULL. */
static inline struct vcpu *vcpu_lately(const struct vcpus *vcpus, uint32_t word)
{
	const struct vcpu_found *found = &vcpus->found[vcpus_found_place(word)];

	return found->word == word && found->index != VCPU_NONE ? &vcpus->vcpus[found->index] : NULL;
}

/* The vCPU that a record names; NULL if no record named it yet. */
static inline struct vcpu *vcpu_named(const struct vcpus *vcpus, const struct rec *rec)
{
	struct vcpu *vcpu = vcpu_lately(vcpus, rec_word(rec, 0));

	return vcpu ? vcpu : vcpu_find(vcpus, rec_domain(rec), rec_vcpu(rec));
}

int32_t vcpus_index_of_any(const struct vcpus *vcpus, uint32_t domain_id, uint32_t id)
{
	const struct vcpu *vcpu = vcpu_find(vcpus, domain_id, id);

	return vcpu ? (int32_t)(vcpu - vcpus->vcpus) : VCPU_NONE;
}

static void keep_found(struct vcpus *vcpus, uint32_t word, const struct vcpu *vcpu)
{
	vcpus->found[vcpus_found_place(word)] = (struct vcpu_found){ word, (int32_t)(vcpu - vcpus->vcpus) };
}

/* Another domain has come by an id. */
static void forget_found(struct vcpus *vcpus)
{
	memset(vcpus->found, 0xff, sizeof(vcpus->found));
}

/* ---- intervals ---- */

/* Most lie within and are not copied: that would wait for what was just written. */
const struct interval *interval_within(const struct interval *interval, uint64_t from_tsc, uint64_t to_tsc, struct interval *room)
{
	if (interval->begin_tsc < from_tsc || interval->end_tsc > to_tsc) {
		*room = *interval;
		room->begin_seen &= interval->begin_tsc >= from_tsc;
		room->end_seen &= interval->end_tsc <= to_tsc;
		room->begin_tsc = interval->begin_tsc < from_tsc ? from_tsc : interval->begin_tsc;
		room->end_tsc = interval->end_tsc > to_tsc ? to_tsc : interval->end_tsc;
		interval = room;
	}
	return interval->begin_tsc < interval->end_tsc || (interval->begin_tsc == interval->end_tsc && interval->begin_seen) ? interval : NULL;
}

static inline struct interval interval_of(const struct vcpus *vcpus, const struct vcpu *vcpu, enum runstate state, uint64_t end_tsc, enum runstate after,
					   bool end_seen)
{
	return (struct interval){
		.vcpu = (size_t)(vcpu - vcpus->vcpus), .state = state, .before = vcpu->before, .after = after, .pcpu = vcpu->pcpu,
		.begin_tsc = vcpu->since_tsc, .end_tsc = end_tsc, .begin_seen = vcpu->since_seen, .end_seen = end_seen,
	};
}

static void emit(struct vcpus *vcpus, struct vcpu *vcpu, enum runstate state, uint64_t end_tsc, enum runstate after, bool end_seen)
{
	struct interval interval = interval_of(vcpus, vcpu, state, end_tsc, after, end_seen);

	if (state == UNKNOWN)
		interval.begin_seen = interval.end_seen = false;
	vcpus->sink(vcpus->sink_arg, &interval);
}

static void tell_change(struct vcpus *vcpus, const struct vcpu *vcpu, uint64_t tsc)
{
	if (vcpus->changed)
		vcpus->changed(vcpus->sink_arg, (size_t)(vcpu - vcpus->vcpus), tsc, vcpu->state);
}

static inline void set_state(struct vcpu *vcpu, enum knowledge knowledge, enum runstate state, enum runstate before, uint64_t since_tsc)
{
	vcpu->knowledge = knowledge;
	vcpu->state = state;
	vcpu->before = before;
	vcpu->since_tsc = since_tsc;
	vcpu->since_seen = before != UNKNOWN;
}

static void become(struct vcpus *vcpus, struct vcpu *vcpu, enum knowledge knowledge, enum runstate state, enum runstate before, uint64_t since_tsc)
{
	set_state(vcpu, knowledge, state, before, since_tsc);
	tell_change(vcpus, vcpu, since_tsc);
}

/* Closes what is not known up to now and begins anew without knowledge. */
static void forget(struct vcpus *vcpus, struct vcpu *vcpu, enum knowledge knowledge, uint64_t tsc)
{
	enum runstate state = vcpu->knowledge == KNOWN && knowledge == LOST ? vcpu->state : UNKNOWN;

	emit(vcpus, vcpu, state, tsc, UNKNOWN, false);
	become(vcpus, vcpu, knowledge, UNKNOWN, UNKNOWN, tsc);
}

/* ---- domains and vCPUs come up ---- */

/* NULL if there can be no more, or memory is short; nothing is known of that id then. */
static struct domain *domain_new(struct vcpus *vcpus, uint32_t id, uint32_t generation, uint64_t since_tsc)
{
	struct domain *domains;

	forget_found(vcpus);
	vcpus->domain_by_id[id] = -1;
	if (vcpus->domain_count >= DOMAINS_SEEN_MAX)
		return NULL;
	domains = room_for(vcpus->domains, &vcpus->domain_room, vcpus->domain_count + 1, sizeof(*domains));
	if (!domains) {
		vcpus->out_of_memory = true;
		return NULL;
	}
	vcpus->domains = domains;
	vcpus->domain_by_id[id] = (int32_t)vcpus->domain_count;
	domains[vcpus->domain_count] = (struct domain){ .id = id, .generation = generation, .since_tsc = since_tsc, .until_tsc = UINT64_MAX };
	return &domains[vcpus->domain_count++];
}

static bool domain_reserve(struct domain *domain, uint32_t vcpu_id)
{
	int32_t *by_id;

	if (vcpu_id < domain->vcpu_ids)
		return true;
	by_id = realloc(domain->vcpu_by_id, (vcpu_id + 1) * sizeof(*by_id));
	if (!by_id)
		return false;
	for (uint32_t i = domain->vcpu_ids; i <= vcpu_id; i++)
		by_id[i] = VCPU_NONE;
	domain->vcpu_by_id = by_id;
	domain->vcpu_ids = vcpu_id + 1;
	return true;
}

/* A vCPU seen for the first time was there since the begin, in a state that its record tells. */
static struct vcpu *vcpu_new(struct vcpus *vcpus, struct domain *domain, uint32_t id)
{
	struct vcpu *all, *vcpu;

	if (vcpus->vcpu_count >= VCPUS_MAX)
		return NULL;
	all = room_for(vcpus->vcpus, &vcpus->vcpu_room, vcpus->vcpu_count + 1, sizeof(*all));
	if (all)
		vcpus->vcpus = all;
	if (!all || !domain_reserve(domain, id)) {
		vcpus->out_of_memory = true;
		return NULL;
	}
	vcpu = &all[vcpus->vcpu_count];
	domain->vcpu_by_id[id] = (int32_t)vcpus->vcpu_count++;
	*vcpu = (struct vcpu){ .domain = (uint32_t)(domain - vcpus->domains), .id = id, .is_idle = domain->id == DOMID_IDLE };
	become(vcpus, vcpu, vcpus->losses_open ? LOST : UNRESOLVED, UNKNOWN, UNKNOWN, vcpus->begin_tsc);
	if (!vcpus->losses_open && vcpus->resolvable_tsc > vcpus->begin_tsc)
		forget(vcpus, vcpu, UNRESOLVED, vcpus->resolvable_tsc);
	return vcpu;
}

/* One that no record named yet; NULL if there can be none, or memory is short. */
static struct vcpu *vcpu_make(struct vcpus *vcpus, uint32_t domain_id, uint32_t id)
{
	struct domain *domain;

	if (!ids_valid(domain_id, id))
		return NULL;
	domain = domain_find(vcpus, domain_id);
	if (!domain)
		domain = domain_new(vcpus, domain_id, 0, 0);
	return domain ? vcpu_new(vcpus, domain, id) : NULL;
}

/* One that was not found lately; NULL and counted if there can be none. */
static struct vcpu *vcpu_of_any(struct vcpus *vcpus, const struct rec *rec)
{
	struct vcpu *vcpu = vcpu_find(vcpus, rec_domain(rec), rec_vcpu(rec));

	if (!vcpu)
		vcpu = vcpu_make(vcpus, rec_domain(rec), rec_vcpu(rec));
	if (vcpu) {
		keep_found(vcpus, rec_word(rec, 0), vcpu);
		return vcpu;
	}
	vcpus->trust->invalid_records++;
	trust_damage(vcpus->trust, rec->offset, 0, "pCPU %u: a record about domain %u vCPU %u, which cannot be", rec->pcpu, rec_domain(rec),
		     rec_vcpu(rec));
	return NULL;
}

/* The vCPU a record is about; NULL and counted if there can be none. */
static inline struct vcpu *vcpu_of(struct vcpus *vcpus, const struct rec *rec)
{
	struct vcpu *vcpu = vcpu_lately(vcpus, rec_word(rec, 0));

	return vcpu ? vcpu : vcpu_of_any(vcpus, rec);
}

void vcpus_preset(struct vcpus *vcpus, const struct rec *rec)
{
	struct vcpu *vcpu;

	if (!ids_valid(rec_domain(rec), rec_vcpu(rec)) || vcpu_named(vcpus, rec))
		return;
	vcpu = vcpu_of(vcpus, rec);
	if (!vcpu)
		return;
	vcpu->pcpu = rec->pcpu;
	become(vcpus, vcpu, KNOWN, rec->kind == REC_CONTINUE ? RUNNING : rec_old(rec), UNKNOWN, vcpus->begin_tsc);
}

/* ---- records ---- */

static void count_inconsistent(struct vcpus *vcpus)
{
	vcpus->trust->inconsistent_records++;
}

/* The state that a vCPU was in up to this record, which says that it was `old`. */
static enum runstate state_until(struct vcpus *vcpus, const struct vcpu *vcpu, enum runstate old)
{
	if (vcpu->knowledge == UNRESOLVED)
		return old;
	if (vcpu->knowledge == LOST)
		return UNKNOWN;
	if (vcpu->state == old)
		return old;
	count_inconsistent(vcpus);
	return UNKNOWN;
}

/* Xen named a vCPU as running at a loss's end; if another one starts there now, it had just left. */
static void check_assumed(struct vcpus *vcpus, uint32_t pcpu, const struct vcpu *starting)
{
	int32_t assumed = vcpus->pcpu_assumed[pcpu];

	if (assumed == VCPU_NONE)
		return;
	vcpus->pcpu_assumed[pcpu] = VCPU_NONE;
	if (&vcpus->vcpus[assumed] != starting && vcpus->vcpus[assumed].knowledge == KNOWN)
		vcpus->vcpus[assumed].knowledge = UNRESOLVED;
}

static void settle_assumed(struct vcpus *vcpus, uint32_t pcpu, const struct vcpu *vcpu, enum runstate old, enum runstate new)
{
	if (old == RUNNING && vcpus->pcpu_assumed[pcpu] == vcpu - vcpus->vcpus)
		vcpus->pcpu_assumed[pcpu] = VCPU_NONE;
	if (new == RUNNING)
		check_assumed(vcpus, pcpu, vcpu);
}

static void take_runstate(struct vcpus *vcpus, const struct rec *rec)
{
	struct vcpu *vcpu = vcpu_of(vcpus, rec);
	enum runstate old = rec_old(rec), new = rec_new(rec), until;

	if (!vcpu)
		return;
	if (vcpus->pcpu_assumed[rec->pcpu] != VCPU_NONE)
		settle_assumed(vcpus, rec->pcpu, vcpu, old, new);
	until = state_until(vcpus, vcpu, old);
	if (until == RUNNING && vcpu->knowledge == UNRESOLVED)
		vcpu->pcpu = rec->pcpu;
	emit(vcpus, vcpu, until, rec->tsc, new, true);
	if (new == RUNNING)
		vcpu->pcpu = rec->pcpu;
	if (vcpus->losses_open == 0 || (new == RUNNING && !vcpus->pcpu_lost[rec->pcpu]) ||
	    (vcpu->is_idle && !vcpus->pcpu_lost[rec->pcpu]))
		become(vcpus, vcpu, KNOWN, new, old, rec->tsc);
	else
		become(vcpus, vcpu, LOST, UNKNOWN, UNKNOWN, rec->tsc);
}

/* Nothing is in doubt. */
bool vcpus_plain(const struct vcpus *vcpus, const struct rec *rec, struct vcpu_change *change)
{
	const struct vcpu *vcpu = rec->kind == REC_RUNSTATE ? vcpu_lately(vcpus, rec_word(rec, 0)) : NULL;

	if (!vcpu || vcpu->knowledge != KNOWN || vcpu->state != rec_old(rec) || vcpus->losses_open > 0 ||
	    vcpus->pcpu_assumed[rec->pcpu] != VCPU_NONE || rec->tsc < vcpus->begin_tsc)
		return false;
	*change = (struct vcpu_change){ rec->tsc, (uint16_t)(vcpu - vcpus->vcpus), rec->pcpu, (uint8_t)rec_new(rec) };
	return true;
}

struct interval vcpus_closed_by(const struct vcpus *vcpus, const struct vcpu_change *change)
{
	const struct vcpu *vcpu = &vcpus->vcpus[change->vcpu];

	return interval_of(vcpus, vcpu, vcpu->state, change->tsc, (enum runstate)change->state, true);
}

void vcpus_pass(struct vcpus *vcpus, const struct vcpu_change *change)
{
	struct vcpu *vcpu = &vcpus->vcpus[change->vcpu];

	if (change->state == RUNNING)
		vcpu->pcpu = change->pcpu;
	set_state(vcpu, KNOWN, (enum runstate)change->state, vcpu->state, change->tsc);
}

/* A vCPU goes on running: the only record of one that never stops. */
static void take_continue(struct vcpus *vcpus, const struct rec *rec)
{
	struct vcpu *vcpu = vcpu_of(vcpus, rec);

	if (!vcpu)
		return;
	check_assumed(vcpus, rec->pcpu, vcpu);
	if (vcpu->knowledge == KNOWN && vcpu->state == RUNNING)
		return;
	vcpu->pcpu = rec->pcpu;
	if (vcpu->knowledge == UNRESOLVED) {
		vcpu->knowledge = KNOWN;
		vcpu->state = RUNNING;
		tell_change(vcpus, vcpu, rec->tsc);
	} else {
		if (vcpu->knowledge == KNOWN)
			count_inconsistent(vcpus);
		emit(vcpus, vcpu, UNKNOWN, rec->tsc, RUNNING, false);
		become(vcpus, vcpu, KNOWN, RUNNING, UNKNOWN, rec->tsc);
	}
}

/* Whether this loss leaves no doubt about the vCPU: it runs where nothing is lost, or is the idle
 * vCPU of another pCPU. */
static bool survives_loss(const struct vcpus *vcpus, const struct vcpu *vcpu)
{
	if (vcpu->is_idle)
		return !pcpu_valid(vcpu->id) || !vcpus->pcpu_lost[vcpu->id];
	return vcpu->knowledge == KNOWN && vcpu->state == RUNNING && !vcpus->pcpu_lost[vcpu->pcpu];
}

static void take_loss_begin(struct vcpus *vcpus, const struct rec *rec)
{
	vcpus->losses_open++;
	vcpus->pcpu_lost[rec->pcpu] = 1;
	for (size_t i = 0; i < vcpus->vcpu_count; i++) {
		struct vcpu *vcpu = &vcpus->vcpus[i];
		if (vcpu->knowledge != LOST && !vcpus->domains[vcpu->domain].removed && !survives_loss(vcpus, vcpu))
			forget(vcpus, vcpu, LOST, rec->tsc);
	}
}

static void take_loss_end(struct vcpus *vcpus, const struct rec *rec)
{
	struct vcpu *running = vcpu_find(vcpus, rec->id >> 16, rec->id & 0xffff);

	vcpus->losses_open--;
	vcpus->pcpu_lost[rec->pcpu] = 0;
	if (vcpus->losses_open == 0)
		vcpus->resolvable_tsc = rec->tsc;
	for (size_t i = 0; i < vcpus->vcpu_count; i++) {
		struct vcpu *vcpu = &vcpus->vcpus[i];
		if (vcpu->knowledge == LOST && (vcpus->losses_open == 0 || survives_loss(vcpus, vcpu)))
			forget(vcpus, vcpu, UNRESOLVED, rec->tsc);
	}
	if (!running || (running->knowledge == KNOWN && running->state == RUNNING))
		return;
	if (running->knowledge == LOST)
		emit(vcpus, running, UNKNOWN, rec->tsc, UNKNOWN, false);
	else if (running->since_tsc != rec->tsc)
		return;
	running->pcpu = rec->pcpu;
	become(vcpus, running, KNOWN, RUNNING, UNKNOWN, rec->tsc);
	vcpus->pcpu_assumed[rec->pcpu] = (int32_t)(running - vcpus->vcpus);
}

/* A domain ends: its vCPUs are offline for the rest of the trace. */
static void remove_domain(struct vcpus *vcpus, struct domain *domain, uint64_t tsc)
{
	if (domain->removed)
		return;
	domain->removed = true;
	domain->until_tsc = tsc;
	for (uint32_t i = 0; i < domain->vcpu_ids; i++) {
		struct vcpu *vcpu;
		if (domain->vcpu_by_id[i] == VCPU_NONE)
			continue;
		vcpu = &vcpus->vcpus[domain->vcpu_by_id[i]];
		emit(vcpus, vcpu, vcpu->knowledge == KNOWN ? vcpu->state : UNKNOWN, tsc, OFFLINE, false);
		become(vcpus, vcpu, KNOWN, OFFLINE, UNKNOWN, tsc);
	}
}

static void count_impossible(struct vcpus *vcpus, const struct rec *rec, const char *why)
{
	vcpus->trust->invalid_records++;
	trust_damage(vcpus->trust, rec->offset, 0, "pCPU %u: a domain %u comes or goes, %s", rec->pcpu, rec_word(rec, 0), why);
}

static void take_domain(struct vcpus *vcpus, const struct rec *rec)
{
	uint32_t id = rec_word(rec, 0);
	struct domain *domain = id < DOMID_MAX ? domain_find(vcpus, id) : NULL;

	if (id >= DOMID_MAX)
		count_impossible(vcpus, rec, "which cannot be");
	if (id >= DOMID_IDLE)
		return;
	if (!domain && rec->kind == REC_DOM_REM) /* it was there, and no record named it */
		domain = domain_new(vcpus, id, 0, 0);
	if (domain)
		remove_domain(vcpus, domain, rec->tsc);
	if (rec->kind == REC_DOM_ADD && !domain_new(vcpus, id, domain ? domain->generation + 1 : 0, rec->tsc) && !vcpus->out_of_memory)
		count_impossible(vcpus, rec, "one too many");
}

void vcpus_take(struct vcpus *vcpus, const struct rec *rec)
{
	static void (*const handlers[])(struct vcpus *, const struct rec *) = {
		[REC_RUNSTATE] = take_runstate,
		[REC_CONTINUE] = take_continue,
		[REC_LOSS_BEGIN] = take_loss_begin,
		[REC_LOSS_END] = take_loss_end,
		[REC_DOM_ADD] = take_domain,
		[REC_DOM_REM] = take_domain,
	};
	struct rec clamped;

	if (rec->tsc < vcpus->begin_tsc) {
		clamped = *rec;
		clamped.tsc = vcpus->begin_tsc;
		rec = &clamped;
	}
	handlers[rec->kind](vcpus, rec);
}

enum runstate vcpus_state(const struct vcpus *vcpus, uint32_t domain_id, uint32_t vcpu_id)
{
	const struct vcpu *vcpu = vcpu_find(vcpus, domain_id, vcpu_id);

	return vcpu && vcpu->knowledge == KNOWN ? vcpu->state : UNKNOWN;
}

bool vcpus_conflict(const struct vcpus *vcpus, const struct rec *rec)
{
	const struct vcpu *vcpu;

	if (rec->kind != REC_RUNSTATE)
		return false;
	vcpu = vcpu_named(vcpus, rec);
	return vcpu && vcpu->knowledge == KNOWN && vcpu->state != rec_old(rec);
}

bool vcpus_explains(const struct vcpus *vcpus, const struct rec *conflict, const struct rec *candidate)
{
	return candidate->kind == REC_RUNSTATE && rec_word(candidate, 0) == rec_word(conflict, 0) &&
	       rec_new(candidate) == rec_old(conflict) && !vcpus_conflict(vcpus, candidate);
}

void vcpus_finish(struct vcpus *vcpus, uint64_t end_tsc)
{
	for (size_t i = 0; i < vcpus->vcpu_count; i++) {
		struct vcpu *vcpu = &vcpus->vcpus[i];
		emit(vcpus, vcpu, vcpu->knowledge == KNOWN ? vcpu->state : UNKNOWN, end_tsc, UNKNOWN, false);
		vcpu->since_tsc = end_tsc;
	}
}

bool vcpus_init(struct vcpus *vcpus, uint64_t begin_tsc, struct trust *trust,
		void (*sink)(void *, const struct interval *), void *sink_arg)
{
	*vcpus = (struct vcpus){ .begin_tsc = begin_tsc, .resolvable_tsc = begin_tsc, .trust = trust, .sink = sink, .sink_arg = sink_arg };
	vcpus->domain_by_id = malloc(DOMID_MAX * sizeof(*vcpus->domain_by_id));
	vcpus->pcpu_lost = calloc(PCPU_MAX, sizeof(*vcpus->pcpu_lost));
	vcpus->pcpu_assumed = malloc(PCPU_MAX * sizeof(*vcpus->pcpu_assumed));
	if (!vcpus->domain_by_id || !vcpus->pcpu_lost || !vcpus->pcpu_assumed) {
		vcpus_free(vcpus);
		return false;
	}
	forget_found(vcpus);
	memset(vcpus->domain_by_id, 0xff, DOMID_MAX * sizeof(*vcpus->domain_by_id));
	memset(vcpus->pcpu_assumed, 0xff, PCPU_MAX * sizeof(*vcpus->pcpu_assumed));
	return true;
}

void vcpus_free(struct vcpus *vcpus)
{
	for (size_t i = 0; i < vcpus->domain_count; i++)
		free(vcpus->domains[i].vcpu_by_id);
	free(vcpus->domains);
	free(vcpus->vcpus);
	free(vcpus->domain_by_id);
	free(vcpus->pcpu_lost);
	free(vcpus->pcpu_assumed);
	*vcpus = (struct vcpus){ 0 };
}
