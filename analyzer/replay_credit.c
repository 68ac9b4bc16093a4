/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Xen's credit scheduler as xen/common/sched/credit.c of 4.17.7 has it: a queue for each pCPU, kept by priority; what is paid
 * and earned is in credit_rules.h.  No soft affinities, one NUMA node, cores and threads of one pCPU numbered side by side.
 */
#include "analyzer/credit_rules.h"
#include "analyzer/replay.h"

#include <stdlib.h>

enum { MIN_TIMER_US = 100, QUEUE_END = REPLAY_IDLE };

struct queued {
	int32_t prev, next;       /* in its pCPU's queue */
	uint64_t start_tsc;       /* it paid up to here */
};

struct queue {
	int32_t first, last;
	uint32_t runnable;        /* tasks that wait or run here */
	uint32_t sorted_epoch;
	uint32_t idle_bias, last_tickled;
};

struct credit_model {
	struct credit_pool pool;
	struct queued *tasks;
	struct queue queues[REPLAY_PCPUS_MAX];
	uint64_t idlers;          /* pCPUs that are idle and not tickled */
	uint32_t balance_bias, epoch;
};

static int priority_of(const struct credit_model *model, int32_t task)
{
	return task == REPLAY_IDLE ? CREDIT_IDLE : (int)model->pool.units[task].priority;
}

/* ---- queues ---- */

static void link_before(struct credit_model *model, struct queue *queue, int32_t task, int32_t next)
{
	int32_t prev = next == QUEUE_END ? queue->last : model->tasks[next].prev;

	model->tasks[task].prev = prev;
	model->tasks[task].next = next;
	*(prev == QUEUE_END ? &queue->first : &model->tasks[prev].next) = task;
	*(next == QUEUE_END ? &queue->last : &model->tasks[next].prev) = task;
}

static void unlink_task(struct credit_model *model, struct queue *queue, int32_t task)
{
	int32_t prev = model->tasks[task].prev, next = model->tasks[task].next;

	*(prev == QUEUE_END ? &queue->first : &model->tasks[prev].next) = next;
	*(next == QUEUE_END ? &queue->last : &model->tasks[next].prev) = prev;
}

/* Behind those of its priority; who yields lets one of lower priority pass, too. */
static void insert(struct credit_model *model, struct queue *queue, int32_t task, bool yields)
{
	int32_t at = queue->first;

	while (at != QUEUE_END && priority_of(model, task) <= priority_of(model, at))
		at = model->tasks[at].next;
	if (yields && at != QUEUE_END)
		at = model->tasks[at].next;
	link_before(model, queue, task, at);
}

/* After accounting: those who are not OVER go before those who are. */
static void sort_queue(struct credit_model *model, struct queue *queue)
{
	int32_t last_under = QUEUE_END, next;

	if (queue->sorted_epoch == model->epoch)
		return;
	queue->sorted_epoch = model->epoch;
	for (int32_t task = queue->first; task != QUEUE_END; task = next) {
		next = model->tasks[task].next;
		if (priority_of(model, task) < CREDIT_UNDER)
			continue;
		if (model->tasks[task].prev != last_under) {
			unlink_task(model, queue, task);
			link_before(model, queue, task, last_under == QUEUE_END ? queue->first : model->tasks[last_under].next);
		}
		last_under = task;
	}
}

/* ---- which pCPU ---- */

/* Of idle pCPUs the one with the most idle neighbours; on another socket only if it has twice as many.  moves: the next one to ask begins
 * behind it. */
static uint32_t most_idle(struct credit_model *model, const struct replay_plan *plan, uint32_t pcpu, uint64_t idlers, uint64_t others, bool moves)
{
	unsigned threads = plan->threads_per_core, cores = plan->cores_per_socket * threads;
	uint32_t chosen_by = REPLAY_PCPUS_MAX;

	while (others) {
		uint32_t next = replay_cycle(pcpu, others);
		bool near = replay_group(pcpu, cores) >> next & 1;
		uint64_t idle_here = idlers & replay_group(pcpu, near ? threads : cores), idle_there = idlers & replay_group(next, near ? threads : cores);
		if (replay_count(idle_here) * (near ? 1 : 2) < replay_count(idle_there)) {
			chosen_by = next;
			pcpu = replay_cycle(model->queues[next].idle_bias, idle_there & others);
			others &= ~replay_group(pcpu, threads);
		} else {
			others &= ~idle_there;
		}
	}
	if (moves && chosen_by != REPLAY_PCPUS_MAX)
		model->queues[chosen_by].idle_bias = pcpu;
	return pcpu;
}

static uint32_t pick_pcpu(struct replay *replay, const struct replay_task *task, bool moves)
{
	struct credit_model *model = replay->model;
	uint32_t pcpu = task->allowed >> task->pcpu & 1 ? task->pcpu : replay_cycle(task->pcpu, task->allowed);
	uint64_t idlers = model->idlers, may;

	if (pcpu == task->pcpu && model->queues[pcpu].first == QUEUE_END)
		idlers |= UINT64_C(1) << pcpu;
	may = idlers & task->allowed;
	if (may != 0 && !(may >> pcpu & 1))
		pcpu = replay_cycle(pcpu, may);
	return most_idle(model, replay->plan, pcpu, idlers, may & ~(UINT64_C(1) << pcpu), moves);
}

static void pick(struct replay *replay, size_t index)
{
	replay->tasks[index].pcpu = pick_pcpu(replay, &replay->tasks[index], true);
}

/* ---- who wakes ---- */

/* The pCPU that is told of a task that waits now; REPLAY_PCPUS_MAX: none. */
static uint32_t pcpu_to_tickle(struct replay *replay, const struct replay_task *task, int priority)
{
	struct credit_model *model = replay->model;
	struct queue *here = &model->queues[replay->here]; /* where it was woken */
	int current = priority_of(model, replay->pcpus[task->pcpu].task);
	uint64_t idle = model->idlers & task->allowed;

	if (replay_count(task->allowed) == 1 && idle != 0)
		return task->pcpu;
	if (current == CREDIT_IDLE || (model->idlers == 0 && priority > current))
		return task->pcpu;
	if (idle != 0)
		return here->last_tickled = replay_cycle(here->last_tickled, idle);
	return model->idlers != 0 && priority > current ? task->pcpu : REPLAY_PCPUS_MAX;
}

static void wake(struct replay *replay, size_t index, bool woken)
{
	struct credit_model *model = replay->model;
	const struct replay_task *task = &replay->tasks[index];
	uint32_t pcpu;

	if (woken && replay->plan->settings.boost)
		credit_wake(&model->pool, index, false);
	insert(model, &model->queues[task->pcpu], (int32_t)index, false);
	model->queues[task->pcpu].runnable++;
	pcpu = pcpu_to_tickle(replay, task, priority_of(model, (int32_t)index));
	if (pcpu == REPLAY_PCPUS_MAX)
		return;
	model->idlers &= ~(UINT64_C(1) << pcpu);
	replay_tickle(replay, pcpu);
}

static void leave(struct replay *replay, size_t index)
{
	struct credit_model *model = replay->model;
	struct queue *queue = &model->queues[replay->tasks[index].pcpu];

	unlink_task(model, queue, (int32_t)index);
	queue->runnable--;
}

/* ---- who runs ---- */

static int32_t steal_from(struct replay *replay, uint32_t peer, uint32_t pcpu, int priority)
{
	struct credit_model *model = replay->model;
	struct queue *queue = &model->queues[peer];

	if (queue->runnable <= 1 || replay->pcpus[peer].task == REPLAY_IDLE)
		return REPLAY_IDLE;
	for (int32_t task = queue->first; task != QUEUE_END && priority_of(model, task) > priority; task = model->tasks[task].next) {
		if (!(replay->tasks[task].allowed >> pcpu & 1))
			continue;
		leave(replay, (size_t)task);
		model->queues[pcpu].runnable++;
		return task;
	}
	return REPLAY_IDLE;
}

/* Somebody of higher priority who waits elsewhere; REPLAY_IDLE: nobody. */
static int32_t balance(struct replay *replay, uint32_t pcpu, int priority)
{
	struct credit_model *model = replay->model;
	uint64_t workers = replay->plan->pcpus & ~model->idlers & ~(UINT64_C(1) << pcpu);
	uint32_t first = replay_cycle(model->balance_bias, workers), peer = first;

	if (workers == 0)
		return REPLAY_IDLE;
	do {
		int32_t task = steal_from(replay, peer, pcpu, priority);
		if (task != REPLAY_IDLE) {
			model->balance_bias = peer;
			return task;
		}
		peer = replay_cycle(peer, workers);
	} while (peer != first);
	return REPLAY_IDLE;
}

/* The first of the queue, or somebody better of another pCPU's; in no queue any more. */
static int32_t choose(struct replay *replay, uint32_t pcpu)
{
	struct credit_model *model = replay->model;
	struct queue *queue = &model->queues[pcpu];
	int32_t first = queue->first, other = REPLAY_IDLE;

	if (priority_of(model, first) <= CREDIT_OVER)
		other = balance(replay, pcpu, priority_of(model, first));
	if (other != REPLAY_IDLE)
		return other;
	if (first != REPLAY_IDLE)
		unlink_task(model, queue, first);
	return first;
}

static void pay(struct replay *replay, int32_t task)
{
	struct credit_model *model = replay->model;

	credit_burn(&model->pool, (size_t)task, replay->now_tsc - model->tasks[task].start_tsc);
	model->tasks[task].start_tsc = replay->now_tsc;
}

/* Who ran for less than the rate limit goes on up to it. */
static bool rate_limited(const struct replay *replay, int32_t task, uint64_t *slice_tsc)
{
	uint64_t limit_tsc = replay_us(replay, replay->plan->settings.ratelimit_us), least_tsc = replay_us(replay, MIN_TIMER_US);
	uint64_t ran_tsc = replay->now_tsc - replay->tasks[task].since_tsc;

	if (ran_tsc >= limit_tsc)
		return false;
	*slice_tsc = ran_tsc < least_tsc ? least_tsc : limit_tsc - ran_tsc;
	return true;
}

static struct replay_choice schedule(struct replay *replay, uint32_t pcpu, bool runnable, bool yields)
{
	struct credit_model *model = replay->model;
	int32_t current = replay->pcpus[pcpu].task;
	struct replay_choice choice = { .task = current, .slice_tsc = replay_ms(replay, replay->plan->settings.tslice_ms) };

	if (current != REPLAY_IDLE) {
		pay(replay, current);
		if (runnable && !yields && rate_limited(replay, current, &choice.slice_tsc))
			return choice;
		if (runnable)
			insert(model, &model->queues[pcpu], current, yields);
		else
			model->queues[pcpu].runnable--;
	}
	choice.task = choose(replay, pcpu);
	if (choice.task == REPLAY_IDLE)
		model->idlers |= UINT64_C(1) << pcpu;
	else
		model->idlers &= ~(UINT64_C(1) << pcpu);
	if (choice.task != REPLAY_IDLE)
		model->tasks[choice.task].start_tsc = replay->now_tsc;
	return choice;
}

/* ---- clocks ---- */

static uint64_t tick_tsc(const struct replay *replay)
{
	unsigned tslice_ms = replay->plan->settings.tslice_ms;

	return replay_us(replay, tslice_ms * 1000 / (tslice_ms < CREDIT_TICKS_PER_TSLICE ? 1 : CREDIT_TICKS_PER_TSLICE));
}

/* A tick meets whom runs: it loses its boost, and moves to where there is more room. */
static void meet(struct replay *replay, uint32_t pcpu, int32_t current)
{
	struct credit_model *model = replay->model;
	struct replay_task *task = &replay->tasks[current];
	bool was_active = model->pool.units[current].active;

	pay(replay, current);
	credit_tick(&model->pool, (size_t)current);
	if (!was_active || pick_pcpu(replay, task, false) == pcpu)
		return;
	task->migrating = true;
	replay_tickle(replay, pcpu);
}

static void tick(struct replay *replay, uint32_t pcpu)
{
	struct credit_model *model = replay->model;

	if (replay->pcpus[pcpu].task != REPLAY_IDLE)
		meet(replay, pcpu, replay->pcpus[pcpu].task);
	sort_queue(model, &model->queues[pcpu]);
	replay_tick_at(replay, pcpu, replay->now_tsc + tick_tsc(replay));
}

static void settled(void *arg, size_t unit, int32_t earned)
{
	struct replay *replay = arg;
	struct credit_model *model = replay->model;
	bool parked = model->pool.units[unit].parked;

	(void)earned;
	if (parked && !replay->tasks[unit].parked)
		replay_park(replay, unit);
	else if (!parked && replay->tasks[unit].parked)
		replay_unpark(replay, unit);
}

static void account(struct replay *replay)
{
	struct credit_model *model = replay->model;

	credit_account(&model->pool, settled, replay);
	model->epoch++;
	replay_account_at(replay, replay->now_tsc + replay_ms(replay, replay->plan->settings.tslice_ms));
}

/* ---- begin and end ---- */

static void settings(struct replay *replay, size_t domain)
{
	struct credit_model *model = replay->model;

	if (domain < model->pool.domain_room && model->pool.domains[domain].known)
		credit_pool_settings(&model->pool, domain, replay->domains[domain].weight, replay->domains[domain].cap_percent);
}

static bool add_tasks(struct replay *replay, struct credit_model *model)
{
	for (size_t i = 0; i < replay->task_count; i++) {
		if (!credit_pool_add(&model->pool, i, replay->tasks[i].domain))
			return false;
		settings(replay, replay->tasks[i].domain);
	}
	return true;
}

/* When pCPUs tick is not told: evenly one after the other. */
static void set_clocks(struct replay *replay)
{
	unsigned pcpus = replay_count(replay->plan->pcpus), nth = 0;
	uint64_t on_tsc = (uint64_t)(replay->plan->phase * (double)tick_tsc(replay));

	for (uint32_t pcpu = 0; pcpu < REPLAY_PCPUS_MAX; pcpu++)
		if (replay->plan->pcpus >> pcpu & 1)
			replay_tick_at(replay, pcpu, tick_tsc(replay) * ++nth / pcpus + on_tsc);
	replay_account_at(replay, replay_ms(replay, replay->plan->settings.tslice_ms) + on_tsc);
}

static bool init(struct replay *replay)
{
	struct credit_model *model = calloc(1, sizeof(*model));

	replay->model = model;
	if (!model)
		return false;
	model->tasks = calloc(replay->task_count + 1, sizeof(*model->tasks));
	credit_pool_init(&model->pool, replay_count(replay->plan->pcpus), replay->plan->settings.tslice_ms, replay->plan->settings.tick_debit,
			 replay_us(replay, 1000 / CREDITS_PER_MS));
	if (!model->tasks || !add_tasks(replay, model))
		return false;
	model->idlers = replay->plan->pcpus;
	for (uint32_t pcpu = 0; pcpu < REPLAY_PCPUS_MAX; pcpu++)
		model->queues[pcpu] = (struct queue){ .first = QUEUE_END, .last = QUEUE_END, .idle_bias = REPLAY_PCPUS_MAX - 1 };
	set_clocks(replay);
	return true;
}

static void free_model(struct replay *replay)
{
	struct credit_model *model = replay->model;

	if (!model)
		return;
	credit_pool_free(&model->pool);
	free(model->tasks);
	free(model);
}

const struct replay_model replay_credit = {
	.name = "credit", .init = init, .free = free_model, .wake = wake, .leave = leave, .schedule = schedule, .pick = pick, .tick = tick,
	.account = account, .settings = settings,
};
