/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/fairness.h"

#include "analyzer/room.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double horizon_jain = 0.95;

/* Of a vCPU, beside the runstates: it was never known. */
static const uint8_t never_known = RUNSTATES;

bool fairness_init(struct fairness *fairness, const struct vcpus *vcpus, const struct fluid *fluid, uint64_t from_tsc, uint64_t to_tsc,
		   uint64_t tsc_hz)
{
	*fairness = (struct fairness){
		.vcpus = vcpus, .fluid = fluid, .from_tsc = from_tsc, .to_tsc = to_tsc, .now_tsc = from_tsc, .settled_tsc = from_tsc,
		.half_tsc = tsc_hz / 2000,
	};
	fairness->half_end_tsc = from_tsc + fairness->half_tsc;
	fairness->open = room_for(NULL, &fairness->open_room, 1, sizeof(*fairness->open));
	return windows_init(&fairness->windows) && fairness->open;
}

void fairness_free(struct fairness *fairness)
{
	windows_free(&fairness->windows);
	free(fairness->open);
	free(fairness->open_of);
	free(fairness->guests);
	free(fairness->rows);
}

/* ---- places ---- */

/* For one who may want to run for the first time.  False when out of memory. */
static bool give_place(struct fairness *fairness, uint32_t domain)
{
	size_t place = fairness->windows.place_count;
	struct fairness_open *open = room_for(fairness->open, &fairness->open_room, 1 + place + 1, sizeof(*open));

	if (!open)
		return false;
	fairness->open = open;
	if (!windows_add_place(&fairness->windows))
		return false;
	open[1 + place].mark = windows_mark(place);
	fairness->open_of[domain] = (uint32_t)(1 + place);
	return true;
}

/* ---- halves ---- */

static inline uint64_t mark_unknown(const struct fairness *fairness)
{
	return fairness->unknown_vcpus > 0 ? WINDOWS_MARK_UNKNOWN : 0;
}

static inline uint64_t half_begin_tsc(const struct fairness *fairness)
{
	return fairness->half_end_tsc - fairness->half_tsc;
}

/* What those who want to run are entitled to up to now, since it was settled last. */
static inline void settle(struct fairness *fairness, uint64_t tsc)
{
	const struct fluid_moment *now = fairness->fluid->now;
	double length = (double)(int64_t)(tsc - fairness->settled_tsc);
	uint64_t marks = fairness->open_marks;

	if (tsc <= fairness->settled_tsc)
		return;
	for (size_t i = 0; i < now->domain_count; i++) {
		const struct fluid_domain *wanting = &now->domains[i];
		struct fairness_open *open = &fairness->open[fairness->open_of[wanting->domain]];
		open->got.entitled_tsc += wanting->rate * length;
		marks |= open->mark;
	}
	fairness->open_marks = marks | mark_unknown(fairness);
	fairness->settled_tsc = tsc;
}

/* One more of the guest's vCPUs runs from now on, or one less: until the half ends, unless that is taken back. */
static inline void turn(const struct fairness *fairness, struct fairness_open *open, int more)
{
	open->running += more;
	open->got.running_tsc -= more * (double)(int64_t)(fairness->now_tsc - half_begin_tsc(fairness));
}

static void end_half(struct fairness *fairness)
{
	struct windows_half *half = windows_next(&fairness->windows);
	double length = (double)(int64_t)fairness->half_tsc;

	settle(fairness, fairness->half_end_tsc);
	for (size_t place = 0; place < fairness->windows.place_count; place++) {
		struct fairness_open *open = &fairness->open[1 + place];
		half[place].running_tsc = open->got.running_tsc + open->running * length;
		half[place].entitled_tsc = open->got.entitled_tsc;
		open->got.running_tsc = open->got.entitled_tsc = 0;
	}
	windows_put(&fairness->windows, fairness->open_marks, 1);
	fairness->open_marks = 0;
	fairness->half_end_tsc += fairness->half_tsc;
}

/* So many whole halves, as things are. */
static void pass_halves(struct fairness *fairness, uint64_t count)
{
	const struct fluid_moment *now = fairness->fluid->now;
	struct windows_half *half = windows_next(&fairness->windows);
	double length = (double)(int64_t)fairness->half_tsc;
	uint64_t marks = mark_unknown(fairness);

	memset(half, 0, fairness->windows.place_count * sizeof(*half));
	for (size_t i = 0; i < now->domain_count; i++) {
		const struct fluid_domain *wanting = &now->domains[i];
		uint32_t at = fairness->open_of[wanting->domain];
		const struct fairness_open *open = &fairness->open[at];
		if (open->mark == 0)
			continue;
		half[at - 1] = (struct windows_half){ open->running * length, wanting->rate * length };
		marks |= open->mark;
	}
	windows_put(&fairness->windows, marks, count);
	fairness->half_end_tsc += count * fairness->half_tsc;
}

static void pass_half_end(struct fairness *fairness, uint64_t tsc)
{
	end_half(fairness);
	if (tsc >= fairness->half_end_tsc)
		pass_halves(fairness, (tsc - fairness->half_end_tsc) / fairness->half_tsc + 1);
	fairness->settled_tsc = half_begin_tsc(fairness);
}

/* All is as it was since the last change. */
static inline void pass_time(struct fairness *fairness, uint64_t tsc)
{
	if (tsc > fairness->to_tsc)
		tsc = fairness->to_tsc;
	if (tsc <= fairness->now_tsc)
		return;
	if (tsc >= fairness->half_end_tsc)
		pass_half_end(fairness, tsc);
	fairness->now_tsc = tsc;
}

/* ---- starvation: some vCPU of the guest waits and none runs ---- */

static void end_starvation(struct fairness_guest *guest, uint64_t tsc)
{
	guest->starving = false;
	if (tsc <= guest->starving_since_tsc || tsc - guest->starving_since_tsc <= guest->longest_tsc)
		return;
	guest->longest_tsc = tsc - guest->starving_since_tsc;
	guest->longest_at_tsc = guest->starving_since_tsc;
}

static void note_starvation(const struct fairness *fairness, struct fairness_guest *guest, uint64_t tsc)
{
	bool starves = guest->runnable > 0 && guest->running == 0;

	if (guest->starving && !starves)
		end_starvation(guest, tsc < fairness->to_tsc ? tsc : fairness->to_tsc);
	if (starves && !guest->starving)
		guest->starving_since_tsc = tsc > fairness->from_tsc ? tsc : fairness->from_tsc;
	guest->starving = starves;
}

/* ---- changes ---- */

static bool reserve_rows(struct fairness *fairness)
{
	const struct vcpus *vcpus = fairness->vcpus;
	struct fairness_vcpu *rows = room_for(fairness->rows, &fairness->row_room, vcpus->vcpu_count, sizeof(*rows));

	if (!rows)
		return false;
	for (; fairness->vcpu_count < vcpus->vcpu_count; fairness->vcpu_count++) {
		const struct vcpu *vcpu = &vcpus->vcpus[fairness->vcpu_count];
		uint32_t id = vcpus->domains[vcpu->domain].id;
		rows[fairness->vcpu_count] = (struct fairness_vcpu){ vcpu->domain, never_known, vcpu->is_idle, id != 0 && id != DOMID_IDLE };
	}
	fairness->rows = rows;
	return true;
}

static bool reserve_guests(struct fairness *fairness)
{
	const struct vcpus *vcpus = fairness->vcpus;
	uint32_t *open_of = room_for(fairness->open_of, &fairness->open_of_room, vcpus->domain_count, sizeof(*open_of));
	struct fairness_guest *guests = room_for(fairness->guests, &fairness->guest_room, vcpus->domain_count, sizeof(*guests));

	fairness->open_of = open_of ? open_of : fairness->open_of;
	fairness->guests = guests ? guests : fairness->guests;
	if (!open_of || !guests)
		return false;
	fairness->guest_count = vcpus->domain_count;
	return true;
}

/* A new domain is only heard of by its first vCPU. */
static inline bool has_room(struct fairness *fairness)
{
	return fairness->vcpu_count == fairness->vcpus->vcpu_count || (reserve_guests(fairness) && reserve_rows(fairness));
}

/* No guest wants to run, so that others may come and go. */
static inline bool is_nobodys_time(const struct fairness *fairness)
{
	const struct fluid_moment *now = fairness->fluid->now;

	return now->domain_count == 0 || (now->domain_count == 1 && fairness->open_of[now->domains->domain] == 0);
}

/* Of one that is no guest: whether guests are entitled to the same before and after, and as much is known. */
static inline bool is_all_the_same(const struct fairness *fairness, const struct fairness_vcpu *row, unsigned from, unsigned to)
{
	return from != UNKNOWN && to != UNKNOWN && (row->is_idle || (runstate_wants(from) && runstate_wants(to)) || is_nobodys_time(fairness));
}

/* False when out of memory. */
static inline bool take_guest(struct fairness *fairness, uint32_t domain, unsigned from, unsigned to, uint64_t tsc)
{
	struct fairness_guest *guest = &fairness->guests[domain];

	if (fairness->open_of[domain] == 0) {
		if (to == BLOCKED || to == UNKNOWN)
			return true;
		if (!give_place(fairness, domain))
			return false;
	}
	if (to == RUNNING)
		turn(fairness, &fairness->open[fairness->open_of[domain]], 1);
	else if (from == RUNNING)
		turn(fairness, &fairness->open[fairness->open_of[domain]], -1);
	guest->running += (unsigned)(to == RUNNING) - (unsigned)(from == RUNNING);
	guest->runnable += (unsigned)(to == RUNNABLE) - (unsigned)(from == RUNNABLE);
	note_starvation(fairness, guest, tsc);
	return true;
}

bool fairness_change(struct fairness *fairness, size_t vcpu, uint64_t tsc, enum runstate state)
{
	struct fairness_vcpu *row;
	unsigned from;

	if (!has_room(fairness))
		return false;
	row = &fairness->rows[vcpu];
	from = row->state;
	if (from == state || (from == never_known && state == UNKNOWN))
		return true;
	row->state = (uint8_t)state;
	if (!row->is_guests && is_all_the_same(fairness, row, from, state))
		return true;
	pass_time(fairness, tsc);
	if (!runstate_wants(from) || !runstate_wants(state))
		settle(fairness, fairness->now_tsc);
	if (from == UNKNOWN || state == UNKNOWN)
		fairness->unknown_vcpus += state == UNKNOWN ? 1 : SIZE_MAX;
	return !row->is_guests || take_guest(fairness, row->domain, from, state, tsc);
}

void fairness_settings(struct fairness *fairness, uint64_t tsc)
{
	pass_time(fairness, tsc);
	settle(fairness, fairness->now_tsc);
}

void fairness_reach(struct fairness *fairness, uint64_t tsc)
{
	pass_time(fairness, tsc);
	windows_judge(&fairness->windows);
}

void fairness_finish(struct fairness *fairness, uint64_t end_tsc)
{
	fairness->to_tsc = end_tsc;
	pass_time(fairness, end_tsc);
	windows_judge(&fairness->windows);
	for (size_t i = 0; i < fairness->guest_count; i++)
		if (fairness->guests[i].starving)
			end_starvation(&fairness->guests[i], end_tsc);
}

/* ---- what comes of it ---- */

/* The smallest index that at least this share of the windows do not exceed. */
static unsigned quantile(const uint64_t *windows, size_t steps, uint64_t count, double fraction)
{
	uint64_t seen = 0;

	for (unsigned step = 0; step < steps; step++) {
		seen += windows[step];
		if (seen > 0 && (double)seen >= fraction * (double)count)
			return step;
	}
	return 0;
}

size_t fairness_windows(const struct fairness *fairness, uint64_t tsc_hz, struct fairness_window *out)
{
	size_t count = 0;

	for (size_t at = 0; at < WINDOWS_LEVELS; at++) {
		const struct windows_level *level = &fairness->windows.levels[at];
		uint64_t known = windows_known(level);
		bool judged = level->jain_windows > 0;
		if (known + level->unknown_windows == 0)
			break;
		out[count++] = (struct fairness_window){
			.window_ms = ldexp(2e3 * (double)fairness->half_tsc / (double)tsc_hz, (int)at),
			.windows = known + level->unknown_windows, .unknown_windows = level->unknown_windows, .jain_windows = level->jain_windows,
			.jain_mean = judged ? windows_jain_sum(level) / (double)level->jain_windows : NAN,
			.jain_p5 = judged ? quantile(level->jain, WINDOWS_JAIN_STEPS + 1, level->jain_windows, 0.05) / (double)WINDOWS_JAIN_STEPS : NAN,
			.ran_mean = known > 0 ? (double)windows_ran_sum(level) / (double)known : NAN,
			.ran_p5 = quantile(level->ran, WINDOWS_RAN_MAX, known, 0.05),
			.ran_p50 = quantile(level->ran, WINDOWS_RAN_MAX, known, 0.5),
			.ran_p95 = quantile(level->ran, WINDOWS_RAN_MAX, known, 0.95),
		};
	}
	return count;
}

double fairness_horizon_ms(const struct fairness_window *windows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (windows[i].jain_mean >= horizon_jain)
			return windows[i].window_ms;
	return NAN;
}
