/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/demand.h"

#include "analyzer/notes.h"
#include "analyzer/room.h"

#include <stdlib.h>
#include <string.h>

enum {
	DELAYS_MAX = 1 << 16,
	CELLS_MAX = 1 << 20,      /* vCPUs times domains; of more, no wakeup's cause is looked for */
	CAUSE_WAKES_MIN = 5,
	CAUSE_RATIO = 3,
	MIGRATION_US = 1000,      /* offline for less, uncapped: Xen moved it to another pCPU */
	BASE_MS = 100,            /* of running time, to tell how often chance wakes somebody */
};

bool demand_begin(struct demand *demand, const struct vcpus *vcpus, const struct hostinfo *host, uint64_t from_tsc, uint64_t to_tsc,
		  uint64_t tsc_hz)
{
	*demand = (struct demand){ .vcpus = vcpus, .host = host, .from_tsc = from_tsc, .to_tsc = to_tsc, .tsc_hz = tsc_hz };
	demand->holder = malloc(PCPU_MAX * sizeof(*demand->holder));
	demand->tickled_tsc = calloc(PCPU_MAX, sizeof(*demand->tickled_tsc));
	demand->tickled_kind = calloc(PCPU_MAX, sizeof(*demand->tickled_kind));
	demand->sent_to = malloc(PCPU_MAX * sizeof(*demand->sent_to));
	if (!demand->holder || !demand->tickled_tsc || !demand->tickled_kind || !demand->sent_to)
		return false;
	memset(demand->holder, 0xff, PCPU_MAX * sizeof(*demand->holder));
	memset(demand->sent_to, 0xff, PCPU_MAX * sizeof(*demand->sent_to));
	return true;
}

static void free_reading(struct demand *demand)
{
	for (size_t i = 0; i < demand->row_count; i++) {
		free(demand->rows[i].cells);
		demand->rows[i].cells = NULL;
	}
	free(demand->vcpu);
	free(demand->domains);
	free(demand->holder);
	free(demand->tickled_tsc);
	free(demand->tickled_kind);
	free(demand->sent_to);
	demand->vcpu = NULL;
	demand->holder = demand->sent_to = NULL;
	demand->domains = NULL;
	demand->tickled_tsc = NULL;
	demand->tickled_kind = NULL;
}

void demand_free(struct demand *demand)
{
	free_reading(demand);
	for (size_t i = 0; i < demand->row_count; i++) {
		free(demand->rows[i].steps);
		free(demand->rows[i].signals);
	}
	free(demand->rows);
	for (int kind = 0; kind < DELAY_KINDS; kind++)
		free(demand->delays[kind].delays_tsc);
	*demand = (struct demand){ 0 };
}

/* ---- how long domains ran ---- */

static struct demand_domain *domain_at(struct demand *demand, size_t domain)
{
	struct demand_domain *domains = room_for(demand->domains, &demand->domain_room, domain + 1, sizeof(*domains));

	if (!domains) {
		demand->out_of_memory = true;
		return NULL;
	}
	demand->domains = domains;
	return &domains[domain];
}

/* The running time of all its vCPUs up to now. */
static uint64_t ran_tsc(const struct demand_domain *domain, uint64_t tsc)
{
	return domain->ran_tsc + domain->running * (tsc - domain->since_tsc);
}

static void count_running(struct demand *demand, size_t domain, uint64_t tsc, bool begins)
{
	struct demand_domain *row = domain_at(demand, domain);

	if (!row)
		return;
	row->ran_tsc = ran_tsc(row, tsc);
	row->since_tsc = tsc;
	row->running += begins ? 1u : -1u;
}

/* ---- rows ---- */

/* Another generation of a domain goes on with the rows of the one before. */
static struct demand_row *row_of_earlier(struct demand *demand, uint32_t domain_id, uint32_t id)
{
	for (size_t i = 0; i < demand->row_count; i++)
		if (demand->rows[i].domain_id == domain_id && demand->rows[i].id == id)
			return &demand->rows[i];
	return NULL;
}

static struct demand_row *row_new(struct demand *demand, uint32_t domain_id, uint32_t id)
{
	struct demand_row *rows = room_for(demand->rows, &demand->row_room, demand->row_count + 1, sizeof(*rows));

	if (!rows) {
		demand->out_of_memory = true;
		return NULL;
	}
	demand->rows = rows;
	rows[demand->row_count] = (struct demand_row){ .domain_id = domain_id, .id = id, .state = UNKNOWN, .first_pcpu = PCPU_MAX };
	return &rows[demand->row_count++];
}

static struct demand_vcpu *vcpu_at(struct demand *demand, size_t vcpu)
{
	size_t old_room = demand->vcpu_room;
	struct demand_vcpu *rows = room_for(demand->vcpu, &demand->vcpu_room, vcpu + 1, sizeof(*rows));

	if (!rows) {
		demand->out_of_memory = true;
		return NULL;
	}
	memset(rows + old_room, 0xff, (demand->vcpu_room - old_room) * sizeof(*rows));
	demand->vcpu = rows;
	return &rows[vcpu];
}

/* NULL: out of memory, or an idle vCPU, which wants nothing. */
static struct demand_row *row_at(struct demand *demand, size_t vcpu)
{
	const struct vcpu *source = &demand->vcpus->vcpus[vcpu];
	const struct domain *domain = &demand->vcpus->domains[source->domain];
	struct demand_row *row = NULL;

	if (domain->id == DOMID_IDLE)
		return NULL;
	if (demand->vcpu[vcpu].row >= 0)
		return &demand->rows[demand->vcpu[vcpu].row];
	if (domain->generation > 0)
		row = row_of_earlier(demand, domain->id, source->id);
	if (!row)
		row = row_new(demand, domain->id, source->id);
	if (row)
		demand->vcpu[vcpu].row = (int32_t)(row - demand->rows);
	return row;
}

/* ---- who was woken while whom ran ---- */

static bool reserve_cells(struct demand *demand, struct demand_row *row, size_t count)
{
	struct demand_cell *cells = room_for(row->cells, &row->cell_room, count, sizeof(*cells));

	if (!cells) {
		demand->out_of_memory = true;
		return false;
	}
	row->cells = cells;
	return true;
}

/* Each domain's running time up to now is taken off when the vCPU blocks, and added when it wakes: unsigned, the
 * difference of the two is what remains. */
static void expose(struct demand *demand, struct demand_row *row, uint64_t tsc, bool begins)
{
	size_t count = demand->domain_room;

	if (count == 0 || demand->row_count * demand->vcpus->domain_count > CELLS_MAX || !reserve_cells(demand, row, count))
		return;
	for (size_t i = 0; i < count && i < demand->vcpus->domain_count; i++) {
		uint64_t so_far_tsc = ran_tsc(&demand->domains[i], tsc);
		row->cells[i].exposed_tsc += begins ? -so_far_tsc : so_far_tsc;
	}
}

/* Who ran where the record at hand was written; the index of an idle vCPU, too; -1: not known. */
static int32_t holder_here(const struct demand *demand)
{
	return demand->holder[demand->record_pcpu];
}

static bool add_signal(struct demand *demand, struct demand_row *waker, uint64_t progress_tsc, const struct demand_row *row)
{
	struct demand_signal *signals = room_for(waker->signals, &waker->signal_room, waker->signal_count + 1, sizeof(*signals));

	if (!signals)
		return false;
	waker->signals = signals;
	signals[waker->signal_count++] = (struct demand_signal){ .progress_tsc = progress_tsc, .row = (uint32_t)(row - demand->rows),
								 .step = (uint32_t)row->step_count };
	return true;
}

static uint64_t progress_tsc(const struct demand_row *row, uint64_t tsc)
{
	return row->progress_tsc + (row->state == RUNNING ? tsc - row->since_tsc : 0);
}

/* Who may have woken the vCPU that wakes now; counted.  Its row, or DEMAND_NOBODY. */
static int32_t note_waker(struct demand *demand, struct demand_row *row, size_t vcpu, uint64_t tsc)
{
	int32_t holder = holder_here(demand), waker;
	size_t domain;

	expose(demand, row, tsc, false);
	demand->wakes++;
	if (holder < 0)
		return DEMAND_NOBODY;
	domain = demand->vcpus->vcpus[holder].domain;
	if (domain < row->cell_room)
		row->cells[domain].wakes++;
	if (demand->sends_told && demand->sent_to[demand->record_pcpu] != (int32_t)vcpu)
		return DEMAND_NOBODY;
	waker = demand->vcpu[holder].row;
	if (waker == DEMAND_NOBODY || &demand->rows[waker] == row)
		return DEMAND_NOBODY;
	if (!add_signal(demand, &demand->rows[waker], progress_tsc(&demand->rows[waker], tsc), row))
		demand->out_of_memory = true;
	return waker;
}

/* ---- steps ---- */

static void add_step(struct demand *demand, struct demand_row *row, struct demand_step step)
{
	struct demand_step *steps = room_for(row->steps, &row->step_room, row->step_count + 1, sizeof(*steps));

	if (!steps) {
		demand->out_of_memory = true;
		return;
	}
	row->steps = steps;
	steps[row->step_count++] = step;
	if (row->run_tsc > row->longest_tsc)
		row->longest_tsc = row->run_tsc;
	row->run_tsc = 0;
}

static void leave(struct demand *demand, struct demand_row *row, uint64_t tsc, enum demand_end by)
{
	row->away = true;
	row->away_by = by;
	row->away_since_tsc = tsc;
	if (by == DEMAND_BLOCKS)
		expose(demand, row, tsc, true);
}

static void come_back(struct demand *demand, struct demand_row *row, size_t vcpu, uint64_t tsc)
{
	uint64_t away_tsc = tsc - row->away_since_tsc;
	struct demand_step step = { .run_tsc = row->run_tsc, .away_tsc = away_tsc, .waker = DEMAND_NOBODY, .end = row->away_by };

	row->away = false;
	if (row->away_by == DEMAND_PAUSES && away_tsc < demand->tsc_hz / 1000000 * MIGRATION_US)
		return;
	if (row->away_by == DEMAND_BLOCKS)
		step.waker = note_waker(demand, row, vcpu, tsc);
	add_step(demand, row, step);
}

static bool is_capped(const struct demand *demand, size_t vcpu)
{
	const struct domain *domain = &demand->vcpus->domains[demand->vcpus->vcpus[vcpu].domain];
	const struct domain_info *info = hostinfo_domain(demand->host, domain->id, domain->since_tsc, domain->until_tsc, NULL);

	return info && info->cap_percent > 0 && !domain->removed;
}

/* What a state says of demand: a capped vCPU that is offline wants to run, as far as can be known. */
static void take_state(struct demand *demand, struct demand_row *row, size_t vcpu, uint64_t tsc, enum runstate state)
{
	bool wants = runstate_wants(state) || (state == OFFLINE && is_capped(demand, vcpu));

	if (row->away && wants)
		come_back(demand, row, vcpu, tsc);
	else if (!row->away && !wants)
		leave(demand, row, tsc, state == OFFLINE ? DEMAND_PAUSES : DEMAND_BLOCKS);
	else if (row->yielded && row->state == RUNNING && state == RUNNABLE)
		add_step(demand, row, (struct demand_step){ .run_tsc = row->run_tsc, .waker = DEMAND_NOBODY, .end = DEMAND_YIELDS });
}

/* Its first step begins with the window. */
static void begin_row(struct demand *demand, struct demand_row *row, size_t vcpu)
{
	const struct vcpu *source = &demand->vcpus->vcpus[vcpu];
	enum runstate first = row->state;

	if (first == UNKNOWN) /* then the change that comes tells */
		first = source->before == UNKNOWN ? BLOCKED : source->before;
	if (row->first_pcpu == PCPU_MAX)
		row->first_pcpu = source->pcpu;
	row->begun = true;
	row->first_state = first;
	row->since_tsc = demand->from_tsc;
	take_state(demand, row, vcpu, demand->from_tsc, first);
	row->state = first;
}

static void change_row(struct demand *demand, struct demand_row *row, size_t vcpu, uint64_t tsc, enum runstate state)
{
	if (tsc <= demand->from_tsc && !row->begun) {
		row->state = state;
		row->since_tsc = demand->from_tsc;
		if (state == RUNNING)
			row->first_pcpu = demand->vcpus->vcpus[vcpu].pcpu;
		return;
	}
	if (!row->begun && state == UNKNOWN)
		return;
	if (!row->begun)
		begin_row(demand, row, vcpu);
	if (tsc < row->since_tsc) /* a vCPU that comes up now: told from the trace's begin on */
		return;
	if (row->state == RUNNING) {
		row->run_tsc += tsc - row->since_tsc;
		row->progress_tsc += tsc - row->since_tsc;
	}
	take_state(demand, row, vcpu, tsc, state);
	row->yielded = false;
	row->state = state;
	row->since_tsc = tsc;
}

static void hold(struct demand *demand, size_t vcpu, uint64_t tsc, enum runstate state)
{
	struct demand_vcpu *row = &demand->vcpu[vcpu];
	size_t domain = demand->vcpus->vcpus[vcpu].domain;
	uint32_t pcpu = demand->vcpus->vcpus[vcpu].pcpu;

	if (row->held_pcpu >= 0) {
		count_running(demand, domain, tsc, false);
		if (demand->holder[row->held_pcpu] == (int32_t)vcpu)
			demand->holder[row->held_pcpu] = -1;
	}
	row->held_pcpu = state == RUNNING ? (int32_t)pcpu : -1;
	if (state == RUNNING) {
		count_running(demand, domain, tsc, true);
		demand->holder[pcpu] = (int32_t)vcpu;
	}
}

void demand_change(struct demand *demand, size_t vcpu, uint64_t tsc, enum runstate state)
{
	struct demand_row *row;

	if (demand->out_of_memory || tsc > demand->to_tsc || !vcpu_at(demand, vcpu))
		return;
	row = row_at(demand, vcpu);
	if (row)
		change_row(demand, row, vcpu, tsc, state);
	hold(demand, vcpu, tsc < demand->from_tsc ? demand->from_tsc : tsc, state);
}

/* ---- records ---- */

static void add_delay(struct demand *demand, struct demand_delays *delays, uint64_t delay_tsc)
{
	uint64_t *grown = delays->count < DELAYS_MAX ? room_for(delays->delays_tsc, &delays->room, delays->count + 1, sizeof(*grown)) : NULL;

	if (delays->count == DELAYS_MAX)
		return;
	if (!grown) {
		demand->out_of_memory = true;
		return;
	}
	delays->delays_tsc = grown;
	grown[delays->count++] = delay_tsc;
}

static void note_tickle(struct demand *demand, const struct rec *rec)
{
	uint32_t pcpu = note_of(demand->vcpus, rec).argument;
	int32_t holder = pcpu_valid(pcpu) ? demand->holder[pcpu] : -1;

	if (holder < 0 || demand->tickled_tsc[pcpu] != 0)
		return;
	demand->tickled_tsc[pcpu] = rec->tsc;
	demand->tickled_kind[pcpu] = rec->pcpu == pcpu ? DELAY_HERE : 0;
	if (demand->vcpus->domains[demand->vcpus->vcpus[holder].domain].id == DOMID_IDLE)
		demand->tickled_kind[pcpu] |= DELAY_IDLE;
}

/* This pCPU's scheduler came to a decision. */
static void note_decision(struct demand *demand, const struct rec *rec)
{
	uint64_t *tickled_tsc = &demand->tickled_tsc[rec->pcpu];

	if (*tickled_tsc != 0 && rec->tsc >= *tickled_tsc)
		add_delay(demand, &demand->delays[demand->tickled_kind[rec->pcpu]], rec->tsc - *tickled_tsc);
	*tickled_tsc = 0;
}

/* Kinds of event channels in patches/events.tsv: interdomain and IPI; the others are interrupts, which met whoever ran. */
enum { KIND_INTERDOMAIN = 2, KIND_IPI = 5, KIND_AT = 28 };

/* EVTCHN_SEND: its sender, whom it is for (u16 vCPU, u16 domain), and its kind. */
static void note_send(struct demand *demand, const struct rec *rec)
{
	uint32_t to = rec_word(rec, 1), kind = rec_word(rec, 2) >> KIND_AT;
	bool by_holder = kind == KIND_INTERDOMAIN || kind == KIND_IPI;

	demand->sends_told = true;
	demand->sent_to[rec->pcpu] = by_holder ? vcpus_index(demand->vcpus, to >> 16, to & 0xffff) : VCPU_NONE;
}

/* RUNSTATE_CHANGE: the states are in the id. */
static bool from_or_to_running(const struct rec *rec)
{
	return (rec->id >> 8 & 3) == RUNNING || (rec->id >> 4 & 3) == RUNNING;
}

void demand_record(struct demand *demand, const struct rec *rec)
{
	int32_t holder = demand->holder[rec->pcpu];

	demand->record_pcpu = rec->pcpu;
	if (rec->tsc < demand->from_tsc || rec->tsc > demand->to_tsc)
		return;
	if (rec->kind == REC_TICKLE)
		note_tickle(demand, rec);
	else if (rec->kind == REC_EVTCHN_SEND)
		note_send(demand, rec);
	else if (rec->kind == REC_RATELIMIT || rec->kind == REC_CONTINUE || (rec->kind == REC_RUNSTATE && from_or_to_running(rec)))
		note_decision(demand, rec);
	else if (rec->kind == REC_YIELD && holder >= 0 && demand->vcpu[holder].row >= 0)
		demand->rows[demand->vcpu[holder].row].yielded = true;
}

/* ---- the window ends ---- */

/* What is still open when the trace ends.  Who then has run for longer at a time than ever before may go on for ever; of
 * others the trace tells no more. */
static void close_row(struct demand *demand, struct demand_row *row, uint64_t tsc)
{
	struct demand_step last = { .run_tsc = row->run_tsc, .away_tsc = DEMAND_FOR_GOOD, .waker = DEMAND_NOBODY, .end = row->away_by };

	if (row->state == RUNNING) {
		last.run_tsc += tsc - row->since_tsc;
		row->progress_tsc += tsc - row->since_tsc;
	}
	if (!row->away)
		last.end = last.run_tsc > row->longest_tsc || row->step_count == 0 ? DEMAND_ENDLESS : DEMAND_BLOCKS;
	if (row->away && row->away_by == DEMAND_BLOCKS)
		expose(demand, row, tsc, false);
	row->tail_tsc = row->away ? tsc - row->away_since_tsc : 0;
	add_step(demand, row, last);
}

static void close_rows(struct demand *demand, uint64_t tsc)
{
	for (size_t vcpu = 0; vcpu < demand->vcpu_room; vcpu++) {
		struct demand_row *row = demand->vcpu[vcpu].row >= 0 ? &demand->rows[demand->vcpu[vcpu].row] : NULL;
		if (row && !row->begun && row->state != UNKNOWN)
			begin_row(demand, row, vcpu);
	}
	for (size_t i = 0; i < demand->row_count; i++)
		if (demand->rows[i].begun)
			close_row(demand, &demand->rows[i], tsc);
}

static double wakes_per_tsc(const struct demand_cell *cell, uint64_t more)
{
	return cell->exposed_tsc > 0 ? (double)(cell->wakes + more) / (double)cell->exposed_tsc : 0;
}

/* Domains send each other events only by way of Dom0. */
static bool may_wake(const struct demand *demand, const struct demand_row *row, size_t domain)
{
	uint32_t id = demand->vcpus->domains[domain].id;

	return id != DOMID_IDLE && (id == 0 || row->domain_id == 0 || id == row->domain_id);
}

/* How often chance wakes it: as while that domain, or idle, ran during which it woke least often, of those of which enough was
 * seen.  0: not known. */
static double chance_of(const struct demand *demand, const struct demand_row *row)
{
	double least = 0;

	for (size_t i = 0; i < row->cell_room && i < demand->vcpus->domain_count; i++) {
		double rate = wakes_per_tsc(&row->cells[i], 1);
		uint32_t id = demand->vcpus->domains[i].id;
		if (id == 0 || id == row->domain_id || row->cells[i].exposed_tsc < demand->tsc_hz / 1000 * BASE_MS)
			continue;
		if (least == 0 || rate < least)
			least = rate;
	}
	return least;
}

static bool is_cause(const struct demand *demand, const struct demand_row *row, size_t domain, double chance)
{
	return chance > 0 && domain < row->cell_room && may_wake(demand, row, domain) && row->cells[domain].wakes >= CAUSE_WAKES_MIN &&
	       wakes_per_tsc(&row->cells[domain], 0) > CAUSE_RATIO * chance;
}

static size_t domain_of(const struct demand *demand, uint32_t id)
{
	return (size_t)demand->vcpus->domain_by_id[id];
}

/* Wakeups that chance explains as well have no waker, unless records told of each. */
static void judge_wakers(struct demand *demand, struct demand_row *row)
{
	double chance = chance_of(demand, row);

	for (size_t i = 0; i < row->step_count; i++) {
		struct demand_step *step = &row->steps[i];
		if (step->waker == DEMAND_NOBODY)
			continue;
		if (demand->sends_told || is_cause(demand, row, domain_of(demand, demand->rows[step->waker].domain_id), chance))
			demand->coupled_wakes++;
		else
			step->waker = DEMAND_NOBODY;
	}
}

static void drop_signals(struct demand *demand, struct demand_row *waker)
{
	size_t kept = 0;

	for (size_t i = 0; i < waker->signal_count; i++) {
		const struct demand_signal *signal = &waker->signals[i];
		if (demand->rows[signal->row].steps[signal->step].waker == (int32_t)(waker - demand->rows))
			waker->signals[kept++] = *signal;
	}
	waker->signal_count = kept;
}

bool demand_finish(struct demand *demand, uint64_t end_tsc)
{
	demand->length_tsc = end_tsc - demand->from_tsc;
	close_rows(demand, end_tsc);
	if (!demand->out_of_memory) {
		for (size_t i = 0; i < demand->row_count; i++)
			judge_wakers(demand, &demand->rows[i]);
		for (size_t i = 0; i < demand->row_count; i++)
			drop_signals(demand, &demand->rows[i]);
	}
	free_reading(demand);
	return !demand->out_of_memory;
}
