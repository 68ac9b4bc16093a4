/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Xen's credit2 scheduler as xen/common/sched/credit2.c of 4.17.7 has it, with its default options, but with one run queue
 * for all pCPUs: Xen makes one for each socket, of up to 16 pCPUs, and balances their loads.  No soft affinities.
 *
 * Credits are cycles here, as they are nanoseconds there.
 */
#include "analyzer/replay.h"

#include <stdlib.h>

enum {
	CREDIT_INIT_US = 10000, MIN_TIMER_US = 500, MAX_TIMER_US = CREDIT_INIT_US, CARRYOVER_US = MIN_TIMER_US, MIGRATE_RESIST_US = 500,
	MIGRATE_COMPENSATION_US = 50, TICKLE_TOLERANCE_US = 50, REPLENISH_US = 10000,
	NO_PCPU = -1, QUEUE_END = REPLAY_IDLE,
};

#define NO_CAP INT64_MAX

struct credit2_task {
	int32_t prev, next;       /* in the queue */
	bool queued;
	int64_t credit, residual;
	int64_t budget, quota;    /* NO_CAP: its domain has none */
	uint64_t start_tsc;       /* it paid up to here */
	int32_t tickled_pcpu;     /* that was told of it */
};

struct credit2_domain {
	uint32_t tasks;
	int64_t budget, full;     /* what is left of its cap for this period; full: for a whole one */
};

struct credit2_model {
	struct credit2_task *tasks;
	struct credit2_domain *domains;
	int32_t first, last;      /* of the queue, by credit */
	uint64_t idle, tickled;   /* pCPUs */
	uint32_t max_weight;
};

static int64_t us(const struct replay *replay, unsigned microseconds)
{
	return (int64_t)replay_us(replay, microseconds);
}

static uint32_t weight_of(const struct replay *replay, int32_t task)
{
	return replay->domains[replay->tasks[task].domain].weight;
}

static bool has_cap(const struct credit2_task *task)
{
	return task->budget != NO_CAP;
}

/* ---- the queue ---- */

static void insert(struct credit2_model *model, int32_t task)
{
	struct credit2_task *row = &model->tasks[task];

	row->next = model->first;
	while (row->next != QUEUE_END && row->credit <= model->tasks[row->next].credit)
		row->next = model->tasks[row->next].next;
	row->prev = row->next == QUEUE_END ? model->last : model->tasks[row->next].prev;
	*(row->prev == QUEUE_END ? &model->first : &model->tasks[row->prev].next) = task;
	*(row->next == QUEUE_END ? &model->last : &model->tasks[row->next].prev) = task;
	row->queued = true;
}

static void unqueue(struct credit2_model *model, int32_t task)
{
	struct credit2_task *row = &model->tasks[task];

	*(row->prev == QUEUE_END ? &model->first : &model->tasks[row->prev].next) = row->next;
	*(row->next == QUEUE_END ? &model->last : &model->tasks[row->next].prev) = row->prev;
	row->queued = false;
}

/* ---- credit ---- */

static void burn(struct replay *replay, int32_t task)
{
	struct credit2_model *model = replay->model;
	struct credit2_task *row = &model->tasks[task];
	int64_t ran = (int64_t)(replay->now_tsc - row->start_tsc), weight = weight_of(replay, task);
	int64_t owed = ran * model->max_weight + row->residual, least = -us(replay, CREDIT_INIT_US);

	row->residual = owed % weight;
	row->credit = row->credit - owed / weight < least ? least : row->credit - owed / weight;
	if (has_cap(row))
		row->budget -= ran;
	row->start_tsc = replay->now_tsc;
}

static void tickle(struct replay *replay, uint32_t pcpu)
{
	struct credit2_model *model = replay->model;

	model->tickled |= UINT64_C(1) << pcpu;
	replay_tickle(replay, pcpu);
}

/* An epoch ends: all get credit anew. */
static void reset_credits(struct replay *replay, int32_t next)
{
	struct credit2_model *model = replay->model;
	int64_t whole = us(replay, CREDIT_INIT_US), most = whole + us(replay, CARRYOVER_US);
	int64_t more = model->tasks[next].credit == -whole ? 2 * whole : whole;

	for (size_t i = 0; i < replay->task_count; i++) {
		struct credit2_task *row = &model->tasks[i];
		if (replay->pcpus[replay->tasks[i].pcpu].task == (int32_t)i) {
			burn(replay, (int32_t)i);
			if (row->budget <= 0)
				tickle(replay, replay->tasks[i].pcpu);
		}
		row->credit = row->credit + more > most ? most : row->credit + more;
		row->start_tsc = replay->now_tsc;
	}
}

/* ---- who wakes ---- */

/* Those of these pCPUs that belong to cores of which all are idle and not told of work. */
static uint64_t idle_cores(const struct replay *replay, uint64_t pcpus)
{
	const struct credit2_model *model = replay->model;
	uint64_t free = model->idle & ~model->tickled, cores = 0;

	for (uint64_t left = pcpus & free; left; left &= left - 1) {
		uint64_t core = replay_group((uint32_t)__builtin_ctzll(left), replay->plan->threads_per_core) & replay->plan->pcpus;
		if ((core & ~free) == 0)
			cores |= left & -left;
	}
	return cores;
}

static bool ran_for_rate_limit(const struct replay *replay, int32_t task)
{
	int64_t limit = us(replay, replay->plan->settings.ratelimit_us), tolerance = us(replay, TICKLE_TOLERANCE_US);

	return limit <= tolerance || (int64_t)(replay->now_tsc - replay->tasks[task].since_tsc) > limit - tolerance;
}

/* How much better it is to run the task on this pCPU than who runs there; not more than 0: it is not. */
static int64_t score(struct replay *replay, int32_t task, uint32_t pcpu)
{
	struct credit2_model *model = replay->model;
	int32_t current = replay->pcpus[pcpu].task;
	int64_t better;

	if (current == REPLAY_IDLE || !ran_for_rate_limit(replay, current))
		return -1;
	burn(replay, current);
	better = model->tasks[task].credit - model->tasks[current].credit;
	return replay->tasks[task].pcpu == pcpu ? better : better - us(replay, MIGRATE_RESIST_US);
}

/* Where whom runs is worth least beside the task; NO_PCPU: nowhere less. */
static int32_t pcpu_to_take(struct replay *replay, int32_t task, uint64_t allowed)
{
	struct credit2_model *model = replay->model;
	uint64_t busy = allowed & ~model->idle & ~model->tickled;
	uint32_t here = replay->tasks[task].pcpu;
	int64_t most = 0;
	int32_t best = NO_PCPU;

	if (busy >> here & 1 && score(replay, task, here) > 0)
		return (int32_t)here;
	for (uint64_t left = busy & ~(UINT64_C(1) << here); left; left &= left - 1) {
		uint32_t pcpu = (uint32_t)__builtin_ctzll(left);
		int64_t better = score(replay, task, pcpu);
		if (better > most) {
			most = better;
			best = (int32_t)pcpu;
		}
	}
	return best;
}

static uint32_t here_or_next(uint32_t pcpu, uint64_t set)
{
	return set >> pcpu & 1 ? pcpu : replay_cycle(pcpu, set);
}

static void tickle_for(struct replay *replay, int32_t task)
{
	struct credit2_model *model = replay->model;
	uint64_t allowed = replay->tasks[task].allowed, cores = idle_cores(replay, allowed), idle = allowed & model->idle & ~model->tickled;
	uint32_t here = replay->tasks[task].pcpu;
	int32_t pcpu;

	if (replay_count(allowed) == 1 && idle >> here & 1)
		pcpu = (int32_t)here;
	else if (cores)
		pcpu = (int32_t)here_or_next(here, cores);
	else if (idle)
		pcpu = (int32_t)here_or_next(here, idle);
	else
		pcpu = pcpu_to_take(replay, task, allowed);
	if (pcpu == NO_PCPU)
		return;
	tickle(replay, (uint32_t)pcpu);
	model->tasks[task].tickled_pcpu = pcpu;
}

static void wake(struct replay *replay, size_t index, bool woken)
{
	(void)woken;
	insert(replay->model, (int32_t)index);
	tickle_for(replay, (int32_t)index);
}

static void leave(struct replay *replay, size_t index)
{
	unqueue(replay->model, (int32_t)index);
}

/* ---- caps ---- */

/* Budget of its domain's for a task that has none; without any it is parked, which leaves its runstate as it is. */
static bool grab_budget(struct replay *replay, int32_t task)
{
	struct credit2_model *model = replay->model;
	struct credit2_task *row = &model->tasks[task];
	struct credit2_domain *domain = &model->domains[replay->tasks[task].domain];

	if (row->budget > 0)
		return true;
	domain->budget += row->budget;
	row->budget = domain->budget <= 0 ? 0 : domain->budget < row->quota ? domain->budget : row->quota;
	domain->budget -= row->budget;
	if (row->budget > 0)
		return true;
	replay->tasks[task].parked = true;
	if (row->queued)
		unqueue(model, task);
	return false;
}

static void unpark_tasks(struct replay *replay, size_t domain)
{
	for (size_t i = 0; i < replay->task_count; i++) {
		struct replay_task *task = &replay->tasks[i];
		if (task->domain != domain || !task->parked)
			continue;
		task->parked = false;
		if (!task->away && replay->pcpus[task->pcpu].task != (int32_t)i)
			wake(replay, i, false);
	}
}

static void return_budget(struct replay *replay, int32_t task)
{
	struct credit2_model *model = replay->model;
	size_t domain = replay->tasks[task].domain;

	model->domains[domain].budget += model->tasks[task].budget;
	model->tasks[task].budget = 0;
	if (model->domains[domain].budget > 0)
		unpark_tasks(replay, domain);
}

/* Another period of all caps.  Each domain has a clock of its own in Xen, from when it was capped on. */
static void account(struct replay *replay)
{
	struct credit2_model *model = replay->model;

	for (size_t i = 0; i < replay->plan->domain_count; i++) {
		struct credit2_domain *domain = &model->domains[i];
		if (domain->full == 0)
			continue;
		domain->budget = domain->budget + domain->full > domain->full ? domain->full : domain->budget + domain->full;
		if (domain->budget > 0)
			unpark_tasks(replay, i);
	}
	replay_account_at(replay, replay->now_tsc + replay_us(replay, REPLENISH_US));
}

/* ---- who runs ---- */

static int64_t credit_of(const struct replay *replay, int32_t task)
{
	const struct credit2_model *model = replay->model;

	return task == REPLAY_IDLE ? -us(replay, CREDIT_INIT_US) - 1 : model->tasks[task].credit;
}

/* True if another pCPU was told of it and has not looked yet. */
static bool is_expected(const struct credit2_model *model, const struct credit2_task *row, uint32_t pcpu)
{
	return row->tickled_pcpu != NO_PCPU && row->tickled_pcpu != (int32_t)pcpu && model->tickled >> row->tickled_pcpu & 1;
}

/* The best of the queue for this pCPU, if it is better than this one. */
static int32_t candidate(struct replay *replay, uint32_t pcpu, int32_t current, bool yields)
{
	struct credit2_model *model = replay->model;
	int64_t credit = credit_of(replay, current);
	int32_t next;

	for (int32_t task = model->first; task != QUEUE_END; task = next) {
		const struct credit2_task *row = &model->tasks[task];
		next = row->next;
		if (!yields && row->credit <= credit)
			break;
		if (!(replay->tasks[task].allowed >> pcpu & 1) || is_expected(model, row, pcpu))
			continue;
		if (replay->tasks[task].pcpu != pcpu && credit + us(replay, MIGRATE_RESIST_US) > row->credit)
			continue;
		if (has_cap(row) && !grab_budget(replay, task))
			continue;
		return task;
	}
	return current;
}

static uint64_t run_for(const struct replay *replay, int32_t task, bool was_running)
{
	const struct credit2_model *model = replay->model;
	const struct credit2_task *row = &model->tasks[task];
	int64_t limit = us(replay, replay->plan->settings.ratelimit_us), least = us(replay, MIN_TIMER_US), most = us(replay, MAX_TIMER_US);
	int64_t credit = row->credit, time;

	if (was_running)
		limit -= (int64_t)(replay->now_tsc - replay->tasks[task].since_tsc);
	least = limit > least ? limit : least;
	if (model->first != QUEUE_END && model->tasks[model->first].credit > 0)
		credit -= model->tasks[model->first].credit;
	time = credit > 0 ? credit * weight_of(replay, task) / model->max_weight : 0;
	if (has_cap(row) && row->budget < time)
		time = row->budget;
	return (uint64_t)(time < least ? least : time > most ? most : time);
}

/* The task runs here from now on, or goes on to. */
static void take_pcpu(struct replay *replay, uint32_t pcpu, int32_t task, bool was_running)
{
	struct credit2_model *model = replay->model;
	struct credit2_task *row = &model->tasks[task];

	if (!was_running)
		unqueue(model, task);
	model->idle &= ~(UINT64_C(1) << pcpu);
	if (row->credit <= 0 && (model->first == QUEUE_END || model->tasks[model->first].credit <= 0))
		reset_credits(replay, task);
	row->start_tsc = replay->now_tsc;
	row->tickled_pcpu = NO_PCPU;
	if (replay->tasks[task].pcpu != pcpu)
		row->credit += us(replay, MIGRATE_COMPENSATION_US);
}

static struct replay_choice schedule(struct replay *replay, uint32_t pcpu, bool runnable, bool yields)
{
	struct credit2_model *model = replay->model;
	int32_t current = replay->pcpus[pcpu].task;
	struct replay_choice choice = { .task = current };
	int64_t limit = us(replay, replay->plan->settings.ratelimit_us);

	model->tickled &= ~(UINT64_C(1) << pcpu);
	if (current != REPLAY_IDLE) {
		burn(replay, current);
		if (model->tasks[current].budget <= 0 && !grab_budget(replay, current))
			runnable = false;
	}
	if (current == REPLAY_IDLE || !runnable || yields || (int64_t)(replay->now_tsc - replay->tasks[current].since_tsc) >= limit)
		choice.task = candidate(replay, pcpu, runnable ? current : REPLAY_IDLE, yields);
	if (choice.task == REPLAY_IDLE) {
		model->idle |= UINT64_C(1) << pcpu;
		return choice;
	}
	take_pcpu(replay, pcpu, choice.task, choice.task == current);
	choice.slice_tsc = run_for(replay, choice.task, choice.task == current);
	return choice;
}

static void saved(struct replay *replay, size_t index)
{
	struct credit2_model *model = replay->model;

	if (has_cap(&model->tasks[index]) && model->tasks[index].budget > 0)
		return_budget(replay, (int32_t)index);
	if (replay_runnable(&replay->tasks[index]) && !model->tasks[index].queued)
		wake(replay, index, false);
}

static void pick(struct replay *replay, size_t index)
{
	struct replay_task *task = &replay->tasks[index];

	task->pcpu = here_or_next(task->pcpu, task->allowed);
}

/* It has no clock that ticks. */
static void tick(struct replay *replay, uint32_t pcpu)
{
	(void)replay;
	(void)pcpu;
}

/* ---- begin and end ---- */

static void set_max_weight(struct replay *replay)
{
	struct credit2_model *model = replay->model;

	model->max_weight = 1;
	for (size_t i = 0; i < replay->task_count; i++)
		if (weight_of(replay, (int32_t)i) > model->max_weight)
			model->max_weight = weight_of(replay, (int32_t)i);
}

static void set_budget(struct replay *replay, size_t index, bool was_capped)
{
	struct credit2_model *model = replay->model;
	struct credit2_task *row = &model->tasks[index];
	const struct credit2_domain *domain = &model->domains[replay->tasks[index].domain];
	int64_t quota = domain->full / domain->tasks, least = us(replay, MIN_TIMER_US);
	bool runs = replay->pcpus[replay->tasks[index].pcpu].task == (int32_t)index;

	if (domain->full > 0 && !was_capped && runs) {
		burn(replay, (int32_t)index);
		tickle(replay, replay->tasks[index].pcpu);
	}
	if (domain->full == 0)
		row->budget = NO_CAP;
	else if (!was_capped)
		row->budget = 0;
	row->quota = quota > least ? quota : least;
}

static void settings(struct replay *replay, size_t index)
{
	struct credit2_model *model = replay->model;
	struct credit2_domain *domain = &model->domains[index];
	bool was_capped = domain->full > 0;

	domain->full = us(replay, REPLENISH_US) * replay->domains[index].cap_percent / 100;
	if (!was_capped)
		domain->budget = domain->full;
	set_max_weight(replay);
	for (size_t i = 0; i < replay->task_count; i++)
		if (replay->tasks[i].domain == index)
			set_budget(replay, i, was_capped);
	if (domain->full == 0)
		unpark_tasks(replay, index);
}

static bool init(struct replay *replay)
{
	struct credit2_model *model = calloc(1, sizeof(*model));

	replay->model = model;
	if (!model)
		return false;
	*model = (struct credit2_model){
		.tasks = calloc(replay->task_count + 1, sizeof(*model->tasks)), .first = QUEUE_END, .last = QUEUE_END,
		.domains = calloc(replay->plan->domain_count + 1, sizeof(*model->domains)), .idle = replay->plan->pcpus,
	};
	if (!model->tasks || !model->domains)
		return false;
	for (size_t i = 0; i < replay->task_count; i++) {
		model->tasks[i] = (struct credit2_task){ .credit = us(replay, CREDIT_INIT_US), .budget = NO_CAP, .tickled_pcpu = NO_PCPU };
		model->domains[replay->tasks[i].domain].tasks++;
	}
	for (size_t i = 0; i < replay->plan->domain_count; i++)
		settings(replay, i);
	replay_account_at(replay, (uint64_t)((1 + replay->plan->phase) * (double)replay_us(replay, REPLENISH_US)));
	return true;
}

static void free_model(struct replay *replay)
{
	struct credit2_model *model = replay->model;

	if (!model)
		return;
	free(model->tasks);
	free(model->domains);
	free(model);
}

const struct replay_model replay_credit2 = {
	.name = "credit2", .init = init, .free = free_model, .wake = wake, .leave = leave, .schedule = schedule, .saved = saved, .pick = pick,
	.tick = tick, .account = account, .settings = settings,
};
