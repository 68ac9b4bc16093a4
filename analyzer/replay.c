/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/replay.h"

#include <stdlib.h>
#include <string.h>

enum { ROUND_TRIP_US = 1000 };

/* Alarms: these of each pCPU, then one of each task, which ends its absence, then those of the whole. */
enum { AT_WORK, AT_SLICE, AT_TICKLE, AT_TICK, PCPU_ALARMS };
enum { AT_ACCOUNT, AT_CHANGE, OTHER_ALARMS };

enum { TASK_ALARMS = REPLAY_PCPUS_MAX * PCPU_ALARMS };

/* xen/include/public/trace.h, as in the event table. */
enum { EVENT_RUNSTATE = 0x00021001, EVENT_CONTINUE = 0x00021002 };

static uint32_t pcpu_alarm(uint32_t pcpu, uint32_t kind)
{
	return pcpu * PCPU_ALARMS + kind;
}

static uint32_t task_alarm(size_t task)
{
	return TASK_ALARMS + (uint32_t)task;
}

static uint32_t other_alarm(const struct replay *replay, uint32_t kind)
{
	return TASK_ALARMS + (uint32_t)replay->task_count + kind;
}

static size_t index_of(const struct replay *replay, const struct replay_task *task)
{
	return (size_t)(task - replay->tasks);
}

/* ---- records ---- */

static void tell(struct replay *replay, uint32_t pcpu, uint32_t event, uint32_t domain_id, uint32_t vcpu_id)
{
	replay->stamp_tsc = replay->now_tsc > replay->stamp_tsc ? replay->now_tsc : replay->stamp_tsc + 1;
	replay->emit(replay->emit_arg, pcpu, event, replay->stamp_tsc, domain_id, vcpu_id);
}

static uint32_t change_event(enum runstate from, enum runstate to)
{
	return EVENT_RUNSTATE | (uint32_t)from << 8 | (uint32_t)to << 4;
}

static void become(struct replay *replay, struct replay_task *task, enum runstate state)
{
	tell(replay, task->pcpu, change_event(task->state, state), task->demand->domain_id, task->demand->id);
	task->state = state;
	task->since_tsc = replay->now_tsc;
	task->told = true;
}

static void idle_becomes(struct replay *replay, uint32_t pcpu, enum runstate state)
{
	tell(replay, pcpu, change_event(state == RUNNING ? RUNNABLE : RUNNING, state), DOMID_IDLE, pcpu);
}

/* ---- alarms ---- */

/* Delays as the trace had them, in their order and over again. */
static uint64_t next_delay(struct replay *replay, int kind)
{
	const struct demand_delays *delays = &replay->plan->demand->delays[kind];

	return delays->count ? delays->delays_tsc[replay->delays_used[kind]++ % delays->count] : 0;
}

void replay_tickle(struct replay *replay, uint32_t pcpu)
{
	uint32_t alarm = pcpu_alarm(pcpu, AT_TICKLE);
	int kind = (replay->pcpus[pcpu].task == REPLAY_IDLE ? DELAY_IDLE : 0) | (replay->here == pcpu ? DELAY_HERE : 0);

	if (!agenda_is_set(&replay->agenda, alarm))
		agenda_set(&replay->agenda, alarm, replay->now_tsc + next_delay(replay, kind));
}

void replay_tick_at(struct replay *replay, uint32_t pcpu, uint64_t tsc)
{
	agenda_set(&replay->agenda, pcpu_alarm(pcpu, AT_TICK), tsc);
}

void replay_account_at(struct replay *replay, uint64_t tsc)
{
	agenda_set(&replay->agenda, other_alarm(replay, AT_ACCOUNT), tsc);
}

/* ---- steps ---- */

static const struct demand_step *step_of(const struct replay_task *task)
{
	return &task->demand->steps[task->step];
}

static void begin_step(struct replay_task *task)
{
	const struct demand_step *step = step_of(task);

	task->left_tsc = step->end == DEMAND_ENDLESS ? UINT64_MAX : step->run_tsc;
}

/* When the task that runs here has something to do next. */
static void set_work(struct replay *replay, uint32_t pcpu)
{
	const struct replay_task *task = &replay->tasks[replay->pcpus[pcpu].task];
	uint64_t left_tsc = task->left_tsc, to_signal_tsc;

	if (task->signal < task->demand->signal_count) {
		to_signal_tsc = task->demand->signals[task->signal].progress_tsc - task->progress_tsc;
		left_tsc = to_signal_tsc < left_tsc ? to_signal_tsc : left_tsc;
	}
	if (left_tsc == UINT64_MAX)
		agenda_clear(&replay->agenda, pcpu_alarm(pcpu, AT_WORK));
	else
		agenda_set(&replay->agenda, pcpu_alarm(pcpu, AT_WORK), replay->pcpus[pcpu].paid_tsc + left_tsc);
}

static void wake(struct replay *replay, struct replay_task *task)
{
	task->away = false;
	agenda_clear(&replay->agenda, task_alarm(index_of(replay, task)));
	task->step++;
	begin_step(task);
	if (task->state == RUNNING) /* its pCPU has not come to let it go yet */
		return;
	if (task->parked) {
		if (task->state != OFFLINE)
			become(replay, task, OFFLINE);
		return;
	}
	become(replay, task, RUNNABLE);
	replay->plan->model->wake(replay, index_of(replay, task), true);
}

static void deliver(struct replay *replay, const struct demand_signal *signal)
{
	struct replay_task *task = &replay->tasks[signal->row];

	if (task->away && task->step == signal->step)
		wake(replay, task);
	else
		task->signalled[signal->step] = 1;
}

/* The progress of whom runs here, up to now, and the signals that it sends on its way. */
static void advance(struct replay *replay, uint32_t pcpu)
{
	struct replay_task *task = &replay->tasks[replay->pcpus[pcpu].task];
	uint64_t ran_tsc = replay->now_tsc - replay->pcpus[pcpu].paid_tsc;

	replay->pcpus[pcpu].paid_tsc = replay->now_tsc;
	task->progress_tsc += ran_tsc;
	if (task->left_tsc != UINT64_MAX)
		task->left_tsc -= ran_tsc < task->left_tsc ? ran_tsc : task->left_tsc;
	while (task->signal < task->demand->signal_count && task->demand->signals[task->signal].progress_tsc <= task->progress_tsc)
		deliver(replay, &task->demand->signals[task->signal++]);
}

/* ---- who runs ---- */

/* What a task that stops to run here is from now on. */
static enum runstate state_after(const struct replay_task *task)
{
	if (task->away)
		return step_of(task)->end == DEMAND_PAUSES ? OFFLINE : BLOCKED;
	return replay_runnable(task) ? RUNNABLE : OFFLINE;
}

static void stop_here(struct replay *replay, uint32_t pcpu)
{
	struct replay_task *task = &replay->tasks[replay->pcpus[pcpu].task];

	agenda_clear(&replay->agenda, pcpu_alarm(pcpu, AT_WORK));
	become(replay, task, state_after(task));
}

static void run_here(struct replay *replay, uint32_t pcpu, int32_t next)
{
	replay->pcpus[pcpu] = (struct replay_pcpu){ .task = next, .paid_tsc = replay->now_tsc };
	if (next == REPLAY_IDLE) {
		idle_becomes(replay, pcpu, RUNNING);
		return;
	}
	replay->tasks[next].pcpu = pcpu;
	become(replay, &replay->tasks[next], RUNNING);
	set_work(replay, pcpu);
}

static void finish_migration(struct replay *replay, struct replay_task *task)
{
	replay->plan->model->pick(replay, index_of(replay, task));
	task->migrating = false;
	if (!replay_runnable(task))
		return;
	become(replay, task, RUNNABLE);
	replay->plan->model->wake(replay, index_of(replay, task), false);
}

static void switch_to(struct replay *replay, uint32_t pcpu, int32_t next)
{
	int32_t last = replay->pcpus[pcpu].task;

	if (last == REPLAY_IDLE)
		idle_becomes(replay, pcpu, RUNNABLE);
	else
		stop_here(replay, pcpu);
	run_here(replay, pcpu, next);
	if (last != REPLAY_IDLE && replay->plan->model->saved)
		replay->plan->model->saved(replay, (size_t)last);
	if (last != REPLAY_IDLE && replay->tasks[last].migrating)
		finish_migration(replay, &replay->tasks[last]);
}

static void go_on(struct replay *replay, uint32_t pcpu)
{
	const struct replay_task *task = &replay->tasks[replay->pcpus[pcpu].task];

	tell(replay, pcpu, EVENT_CONTINUE, task->demand->domain_id, task->demand->id);
	set_work(replay, pcpu);
}

static void reschedule(struct replay *replay, uint32_t pcpu, bool yields)
{
	int32_t last = replay->pcpus[pcpu].task;
	struct replay_choice choice;

	agenda_clear(&replay->agenda, pcpu_alarm(pcpu, AT_TICKLE));
	if (last != REPLAY_IDLE)
		advance(replay, pcpu);
	choice = replay->plan->model->schedule(replay, pcpu, last != REPLAY_IDLE && replay_runnable(&replay->tasks[last]), yields);
	if (choice.task == REPLAY_IDLE)
		agenda_clear(&replay->agenda, pcpu_alarm(pcpu, AT_SLICE));
	else
		agenda_set(&replay->agenda, pcpu_alarm(pcpu, AT_SLICE), replay->now_tsc + choice.slice_tsc);
	if (choice.task != last)
		switch_to(replay, pcpu, choice.task);
	else if (last != REPLAY_IDLE)
		go_on(replay, pcpu);
}

/* ---- parking ---- */

void replay_park(struct replay *replay, size_t index)
{
	struct replay_task *task = &replay->tasks[index];

	task->parked = true;
	if (task->state == RUNNING) {
		replay_tickle(replay, task->pcpu);
	} else if (task->state == RUNNABLE) {
		replay->plan->model->leave(replay, index);
		become(replay, task, OFFLINE);
	}
}

void replay_unpark(struct replay *replay, size_t index)
{
	struct replay_task *task = &replay->tasks[index];

	task->parked = false;
	if (task->away || task->state == RUNNING)
		return;
	become(replay, task, RUNNABLE);
	replay->plan->model->wake(replay, index, false);
}

/* ---- what happens ---- */

static void end_no_later(struct replay *replay, size_t task, uint64_t tsc)
{
	if (!replay->plan->whole && tsc < replay->end.end_tsc)
		replay->end = (struct replay_end){ .end_tsc = tsc, .done = (int32_t)task };
}

/* The task is away from now on, unless what it waits for was there before.  A short absence is a round trip, not a queue's doing: it takes
 * as long again. */
static bool goes_away(struct replay *replay, struct replay_task *task)
{
	const struct demand_step *step = step_of(task);
	bool signalled = step->waker != DEMAND_NOBODY && task->signalled[task->step];

	if (signalled && step->away_tsc >= replay_us(replay, ROUND_TRIP_US)) {
		task->step++;
		begin_step(task);
		return false;
	}
	task->away = true;
	if (step->away_tsc == DEMAND_FOR_GOOD)
		end_no_later(replay, index_of(replay, task), replay->now_tsc + task->demand->tail_tsc);
	else if (signalled || step->waker == DEMAND_NOBODY)
		agenda_set(&replay->agenda, task_alarm(index_of(replay, task)), replay->now_tsc + step->away_tsc);
	return true;
}

static void end_step(struct replay *replay, uint32_t pcpu, struct replay_task *task)
{
	if (step_of(task)->end == DEMAND_YIELDS) {
		task->step++;
		begin_step(task);
		reschedule(replay, pcpu, true);
	} else if (goes_away(replay, task)) {
		reschedule(replay, pcpu, false);
	} else {
		set_work(replay, pcpu);
	}
}

static void do_work(struct replay *replay, uint32_t pcpu)
{
	struct replay_task *task = &replay->tasks[replay->pcpus[pcpu].task];

	advance(replay, pcpu);
	if (task->left_tsc == 0)
		end_step(replay, pcpu, task);
	else
		set_work(replay, pcpu);
}

static void do_slice(struct replay *replay, uint32_t pcpu) { reschedule(replay, pcpu, false); }
static void do_tick(struct replay *replay, uint32_t pcpu) { replay->plan->model->tick(replay, pcpu); }

static void (*const do_pcpu[PCPU_ALARMS])(struct replay *, uint32_t) = {
	[AT_WORK] = do_work, [AT_SLICE] = do_slice, [AT_TICKLE] = do_slice, [AT_TICK] = do_tick,
};

static void set_next_change(struct replay *replay)
{
	if (replay->changes_passed < replay->plan->change_count)
		agenda_set(&replay->agenda, other_alarm(replay, AT_CHANGE), replay->plan->changes[replay->changes_passed].at_tsc);
}

/* It must not be on its pCPU any more. */
static void move_away(struct replay *replay, struct replay_task *task)
{
	task->migrating = true;
	if (task->state == RUNNING) {
		replay_tickle(replay, task->pcpu);
		return;
	}
	if (task->state == RUNNABLE) {
		replay->plan->model->leave(replay, index_of(replay, task));
		become(replay, task, OFFLINE);
	}
	finish_migration(replay, task);
}

static void change_affinity(struct replay *replay, const struct replay_change *change)
{
	struct replay_task *task = &replay->tasks[change->task];

	task->allowed = change->allowed;
	if (!(task->allowed >> task->pcpu & 1))
		move_away(replay, task);
}

static void do_change(struct replay *replay)
{
	const struct replay_change *change = &replay->plan->changes[replay->changes_passed++];

	if (change->task != REPLAY_TASK_NONE) {
		change_affinity(replay, change);
	} else {
		replay->domains[change->domain].weight = change->weight;
		replay->domains[change->domain].cap_percent = change->cap_percent;
		replay->plan->model->settings(replay, change->domain);
	}
	set_next_change(replay);
}

/* A vCPU's timers are on its pCPU, and so are its interrupts as a rule. */
static void end_absence(struct replay *replay, struct replay_task *task)
{
	replay->here = task->pcpu;
	wake(replay, task);
}

static void happen_on(struct replay *replay, uint32_t pcpu, uint32_t kind)
{
	replay->here = pcpu;
	do_pcpu[kind](replay, pcpu);
}

static void happen(struct replay *replay, uint32_t alarm)
{
	if (alarm < TASK_ALARMS)
		happen_on(replay, alarm / PCPU_ALARMS, alarm % PCPU_ALARMS);
	else if (alarm < other_alarm(replay, 0))
		end_absence(replay, &replay->tasks[alarm - TASK_ALARMS]);
	else if (alarm == other_alarm(replay, AT_ACCOUNT))
		replay->plan->model->account(replay);
	else
		do_change(replay);
}

/* ---- begin and end ---- */

static bool make_tasks(struct replay *replay)
{
	const struct replay_plan *plan = replay->plan;

	replay->task_count = plan->demand->row_count;
	replay->tasks = calloc(replay->task_count + 1, sizeof(*replay->tasks));
	replay->domains = calloc(plan->domain_count + 1, sizeof(*replay->domains));
	if (!replay->tasks || !replay->domains)
		return false;
	memcpy(replay->domains, plan->domains, plan->domain_count * sizeof(*replay->domains));
	for (size_t i = 0; i < replay->task_count; i++) {
		const struct demand_row *row = &plan->demand->rows[i];
		replay->tasks[i] = (struct replay_task){ .demand = row, .domain = plan->domain_of[i], .allowed = plan->allowed[i], .state = OFFLINE,
							 .signalled = calloc(row->step_count + 1, 1) };
		if (!replay->tasks[i].signalled)
			return false;
	}
	return true;
}

/* A pCPU that the task may use: the one wanted, or the next that it may. */
static uint32_t pcpu_near(const struct replay *replay, const struct replay_task *task, uint32_t wanted)
{
	uint64_t may = task->allowed & replay->plan->pcpus;

	return wanted < REPLAY_PCPUS_MAX && may >> wanted & 1 ? wanted : replay_cycle(wanted % REPLAY_PCPUS_MAX, may);
}

/* Those who ran at the begin come first in their queues. */
static void place_task(struct replay *replay, struct replay_task *task, enum runstate state)
{
	if (task->demand->step_count == 0 || task->demand->first_state != state)
		return;
	begin_step(task);
	if (runstate_wants(state)) {
		task->state = RUNNABLE;
		replay->plan->model->wake(replay, index_of(replay, task), false);
		return;
	}
	task->left_tsc = 0;
	task->state = state;
	goes_away(replay, task);
	become(replay, task, state);
}

static void begin(struct replay *replay)
{
	for (int kind = 0; kind < DELAY_KINDS; kind++)
		replay->delays_used[kind] = (size_t)(replay->plan->phase * (double)replay->plan->demand->delays[kind].count);
	for (uint32_t pcpu = 0; pcpu < REPLAY_PCPUS_MAX; pcpu++) {
		replay->pcpus[pcpu].task = REPLAY_IDLE;
		if (replay->plan->pcpus >> pcpu & 1)
			idle_becomes(replay, pcpu, RUNNING);
	}
	for (size_t i = 0; i < replay->task_count; i++)
		replay->tasks[i].pcpu = pcpu_near(replay, &replay->tasks[i], replay->tasks[i].demand->first_pcpu);
	for (int state = 0; state < RUNSTATES; state++)
		for (size_t i = 0; i < replay->task_count; i++)
			place_task(replay, &replay->tasks[i], (enum runstate)state);
	set_next_change(replay);
	for (uint32_t pcpu = 0; pcpu < REPLAY_PCPUS_MAX; pcpu++)
		if (replay->plan->pcpus >> pcpu & 1)
			reschedule(replay, pcpu, false);
}

/* Who was named by no record until the end is named now, in its state. */
static void tell_silent(struct replay *replay)
{
	for (size_t i = 0; i < replay->task_count; i++) {
		struct replay_task *task = &replay->tasks[i];
		if (!task->told && task->demand->step_count > 0)
			become(replay, task, task->state);
	}
}

static void measure_progress(const struct replay *replay, struct replay_progress *progress)
{
	for (size_t i = 0; i < replay->task_count; i++) {
		const struct replay_task *task = &replay->tasks[i];
		progress[i].done_tsc = task->progress_tsc;
		if (task->state == RUNNING)
			progress[i].done_tsc += replay->now_tsc - replay->pcpus[task->pcpu].paid_tsc;
		progress[i].asked_tsc = task->demand->progress_tsc;
	}
}

static void free_replay(struct replay *replay)
{
	replay->plan->model->free(replay);
	agenda_free(&replay->agenda);
	for (size_t i = 0; replay->tasks && i < replay->task_count; i++)
		free(replay->tasks[i].signalled);
	free(replay->tasks);
	free(replay->domains);
}

bool replay_run(const struct replay_plan *plan, void (*emit)(void *, uint32_t, uint32_t, uint64_t, uint32_t, uint32_t), void *emit_arg,
		struct replay_progress *progress, struct replay_end *end)
{
	struct replay replay = { .plan = plan, .emit = emit, .emit_arg = emit_arg, .end = { plan->demand->length_tsc, REPLAY_TASK_NONE } };
	bool ready = make_tasks(&replay) && agenda_init(&replay.agenda, TASK_ALARMS + replay.task_count + OTHER_ALARMS) &&
		     plan->model->init(&replay);

	if (ready) {
		uint32_t alarm;
		begin(&replay);
		while ((alarm = agenda_next(&replay.agenda, &replay.now_tsc)) != AGENDA_OFF && replay.now_tsc < replay.end.end_tsc)
			happen(&replay, alarm);
		*end = replay.end;
		replay.now_tsc = end->end_tsc;
		tell_silent(&replay);
		measure_progress(&replay, progress);
	}
	free_replay(&replay);
	return ready;
}
