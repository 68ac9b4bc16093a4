/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/fairness.h"

#include "analyzer/room.h"

#include <math.h>
#include <stdlib.h>

static const double horizon_jain = 0.95;

bool fairness_init(struct fairness *fairness, uint64_t from_tsc, uint64_t tsc_hz)
{
	*fairness = (struct fairness){ .levels = calloc(FAIRNESS_LEVELS, sizeof(*fairness->levels)), .half_tsc = tsc_hz / 2000 };
	fairness->half_end_tsc = from_tsc + fairness->half_tsc;
	for (size_t level = 0; fairness->levels && level < FAIRNESS_LEVELS; level++)
		fairness->levels[level].known[1] = true;
	return fairness->levels != NULL;
}

void fairness_free(struct fairness *fairness)
{
	for (size_t level = 0; fairness->levels && level < FAIRNESS_LEVELS; level++) {
		free(fairness->levels[level].half[0]);
		free(fairness->levels[level].half[1]);
	}
	free(fairness->sums);
	free(fairness->nothing);
	free(fairness->guests);
	free(fairness->levels);
}

/* ---- guests ---- */

static bool reserve(struct fairness *fairness, size_t domains)
{
	size_t old_room = fairness->guest_room;
	struct fairness_guest *guests = room_for(fairness->guests, &fairness->guest_room, domains, sizeof(*guests));

	if (!guests)
		return false;
	for (size_t i = old_room; i < fairness->guest_room; i++)
		guests[i] = (struct fairness_guest){ .place = FAIRNESS_NO_PLACE };
	fairness->guests = guests;
	return true;
}

static bool grow_places(const struct fairness *fairness, struct fairness_half **halves, size_t *room)
{
	struct fairness_half *grown;

	*room = fairness->place_room;
	grown = room_for(*halves, room, fairness->place_count + 1, sizeof(*grown));
	if (!grown)
		return false;
	*halves = grown;
	return true;
}

static bool reserve_places(struct fairness *fairness)
{
	size_t room;
	bool done = grow_places(fairness, &fairness->sums, &room) && grow_places(fairness, &fairness->nothing, &room);

	for (size_t i = 0; done && i < 2 * FAIRNESS_LEVELS; i++)
		done = grow_places(fairness, &fairness->levels[i / 2].half[i % 2], &room);
	if (done)
		fairness->place_room = room;
	return done;
}

/* The place of one who wants to run: a guest is given one when it first does; FAIRNESS_NO_PLACE: it is none, or memory
 * is short. */
static inline int32_t place_of(struct fairness *fairness, const struct scene *scene, uint32_t domain)
{
	struct fairness_guest *guest = &fairness->guests[domain];

	if (guest->place != FAIRNESS_NO_PLACE || scene->domain[domain].role != ROLE_GUEST)
		return guest->place;
	if (fairness->place_count == fairness->place_room && !reserve_places(fairness)) {
		fairness->out_of_memory = true;
		return FAIRNESS_NO_PLACE;
	}
	guest->place = (int32_t)fairness->place_count++;
	return guest->place;
}

/* ---- windows ---- */

static unsigned jain_step(double jain)
{
	static const double rounding = 1e-9; /* of equal shares that come out as 0.9999999999 */

	return (unsigned)((jain + rounding) * FAIRNESS_JAIN_STEPS);
}

/* A half in which no guest wanted to run is not written. */
static const struct fairness_half *half_of(const struct fairness *fairness, const struct fairness_level *level, int which)
{
	return level->any[which] ? level->half[which] : fairness->nothing;
}

struct tally {
	size_t ran, wanted;
};

/* Sums each guest's two halves of a window up. */
static struct tally sum_up(struct fairness *fairness, const struct fairness_level *level, int second)
{
	const struct fairness_half *last = half_of(fairness, level, 0), *this = half_of(fairness, level, second);
	struct fairness_half *sums = fairness->sums;
	struct tally tally = { 0 };

	for (size_t i = 0; i < fairness->place_count; i++) {
		sums[i] = (struct fairness_half){ last[i].running_tsc + this[i].running_tsc, last[i].entitled_tsc + this[i].entitled_tsc };
		tally.ran += sums[i].running_tsc > 0;
		tally.wanted += sums[i].entitled_tsc > 0;
	}
	return tally;
}

static void judge_jain(const struct fairness *fairness, struct fairness_level *row, size_t wanted, uint64_t count)
{
	double sum = 0, squares = 0, jain;

	for (size_t i = 0; i < fairness->place_count; i++) {
		double entitled_tsc = fairness->sums[i].entitled_tsc, attained;
		if (entitled_tsc <= 0)
			continue;
		attained = (double)(int64_t)fairness->sums[i].running_tsc / entitled_tsc;
		sum += attained;
		squares += attained * attained;
	}
	if (squares <= 0)
		return;
	jain = sum * sum / ((double)wanted * squares);
	row->jain_windows += count;
	row->jain_sum += count == 1 ? jain : (double)count * sum * sum / ((double)wanted * squares);
	row->jain[jain_step(jain)] += count;
}

/* So many windows of the last whole half and this one: 1, the one that has just filled, or 0, the last again.  Leaves their
 * sums for pass_up(). */
static void judge_windows(struct fairness *fairness, struct fairness_level *row, int second, uint64_t count)
{
	bool any = row->any[0] || row->any[second];
	struct tally tally = { 0 };

	if (any)
		tally = sum_up(fairness, row, second);
	row->windows += count;
	if (!row->known[0] || !row->known[second]) {
		row->unknown_windows += count;
		return;
	}
	if (!any) {
		row->ran[0] += (uint32_t)count;
		return;
	}
	row->ran[tally.ran < FAIRNESS_RAN_MAX ? tally.ran : FAIRNESS_RAN_MAX - 1] += count;
	row->ran_sum += tally.ran * count;
	if (tally.wanted >= 2)
		judge_jain(fairness, row, tally.wanted, count);
}

/* The sums of judge_windows() become the half of the next longer that fills. */
static void pass_up(struct fairness *fairness, const struct fairness_level *level, struct fairness_level *up, int second)
{
	struct fairness_half *sums = fairness->sums;

	up->known[1] = level->known[0] && level->known[second];
	up->any[1] = level->any[0] || level->any[second];
	if (!up->any[1])
		return;
	fairness->sums = up->half[1];
	up->half[1] = sums;
}

static void shift(struct fairness_level *level)
{
	struct fairness_half *whole = level->half[1];

	level->half[1] = level->half[0];
	level->half[0] = whole;
	level->known[0] = level->known[1];
	level->known[1] = true;
	level->any[0] = level->any[1];
	level->any[1] = false;
}

/* A half of this length is whole, and with each second one also one of the next longer. */
static void close_half(struct fairness *fairness, size_t at)
{
	bool even = true;

	for (; even && at < FAIRNESS_LEVELS; at++) {
		struct fairness_level *level = &fairness->levels[at];
		even = ++level->halves % 2 == 0;
		if (level->halves > 1)
			judge_windows(fairness, level, 1, 1);
		if (even && at + 1 < FAIRNESS_LEVELS)
			pass_up(fairness, level, level + 1, 1);
		shift(level);
	}
}

/* So many more halves like the last whole one: their windows are alike, so they are judged together. */
static void repeat_half(struct fairness *fairness, uint64_t count)
{
	for (size_t at = 0; count > 0; at++) {
		struct fairness_level *level = &fairness->levels[at];
		uint64_t pairs = (level->halves + count) / 2 - level->halves / 2;
		judge_windows(fairness, level, 0, count);
		level->halves += count;
		if (at + 1 == FAIRNESS_LEVELS || pairs == 0)
			return;
		pass_up(fairness, level, level + 1, 0);
		close_half(fairness, at + 1);
		count = pairs - 1;
	}
}

static void begin_half(const struct fairness *fairness, struct fairness_level *level)
{
	level->any[1] = true;
	for (size_t i = 0; i < fairness->place_count; i++)
		level->half[1][i] = (struct fairness_half){ 0 };
}

static void add(struct fairness *fairness, const struct scene *scene, uint64_t length_tsc)
{
	const struct fluid_domain *wanting = scene->fluid->now->domains, *end = wanting + scene->fluid->now->domain_count;
	struct fairness_level *shortest = &fairness->levels[0];
	double length = (double)(int64_t)length_tsc;

	for (; wanting < end; wanting++) {
		int32_t place = place_of(fairness, scene, wanting->domain);
		struct fairness_half *filling;
		if (place == FAIRNESS_NO_PLACE)
			continue;
		if (!shortest->any[1])
			begin_half(fairness, shortest);
		filling = &shortest->half[1][place];
		filling->entitled_tsc += wanting->rate * length;
		filling->running_tsc += scene->domain[wanting->domain].running * length_tsc;
	}
	shortest->known[1] &= scene->unknown_vcpus == 0;
}

static void end_half(struct fairness *fairness)
{
	close_half(fairness, 0);
	fairness->half_end_tsc += fairness->half_tsc;
}

/* The first half of a stretch began with others; what is whole after it is alike. */
static void pass_halves(struct fairness *fairness, const struct scene *scene, uint64_t begin_tsc, uint64_t end_tsc)
{
	uint64_t more;

	add(fairness, scene, fairness->half_end_tsc - begin_tsc);
	end_half(fairness);
	if (end_tsc < fairness->half_end_tsc)
		return;
	add(fairness, scene, fairness->half_tsc);
	end_half(fairness);
	more = end_tsc < fairness->half_end_tsc ? 0 : (end_tsc - fairness->half_end_tsc) / fairness->half_tsc + 1;
	repeat_half(fairness, more);
	fairness->half_end_tsc += more * fairness->half_tsc;
}

bool fairness_stretch(struct fairness *fairness, const struct scene *scene, uint64_t begin_tsc, uint64_t end_tsc)
{
	if (scene->vcpus->domain_count > fairness->guest_room && !reserve(fairness, scene->vcpus->domain_count))
		return false;
	if (end_tsc >= fairness->half_end_tsc) {
		pass_halves(fairness, scene, begin_tsc, end_tsc);
		begin_tsc = fairness->half_end_tsc - fairness->half_tsc;
	}
	if (begin_tsc < end_tsc)
		add(fairness, scene, end_tsc - begin_tsc);
	return !fairness->out_of_memory;
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

bool fairness_change(struct fairness *fairness, const struct scene *scene, const struct scene_change *change)
{
	const struct scene_vcpu *vcpu = &scene->vcpu[change->vcpu];
	const struct scene_domain *domain = &scene->domain[vcpu->domain];
	bool starves = domain->runnable > 0 && domain->running == 0;
	struct fairness_guest *guest;

	if (vcpu->role != ROLE_GUEST)
		return true;
	if (scene->vcpus->domain_count > fairness->guest_room && !reserve(fairness, scene->vcpus->domain_count))
		return false;
	guest = &fairness->guests[vcpu->domain];
	if (guest->starving && !starves)
		end_starvation(guest, change->tsc < scene->to_tsc ? change->tsc : scene->to_tsc);
	if (starves && !guest->starving)
		guest->starving_since_tsc = change->tsc > scene->from_tsc ? change->tsc : scene->from_tsc;
	guest->starving = starves;
	return true;
}

void fairness_finish(struct fairness *fairness, uint64_t end_tsc)
{
	for (size_t i = 0; i < fairness->guest_room; i++)
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

	for (size_t level = 0; level < FAIRNESS_LEVELS && fairness->levels[level].windows > 0; level++) {
		const struct fairness_level *row = &fairness->levels[level];
		uint64_t known = row->windows - row->unknown_windows;
		bool judged = row->jain_windows > 0;
		out[count++] = (struct fairness_window){
			.window_ms = ldexp(2e3 * (double)fairness->half_tsc / (double)tsc_hz, (int)level),
			.windows = row->windows, .unknown_windows = row->unknown_windows, .jain_windows = row->jain_windows,
			.jain_mean = judged ? row->jain_sum / (double)row->jain_windows : NAN,
			.jain_p5 = judged ? quantile(row->jain, FAIRNESS_JAIN_STEPS + 1, row->jain_windows, 0.05) / (double)FAIRNESS_JAIN_STEPS : NAN,
			.ran_mean = known > 0 ? (double)row->ran_sum / (double)known : NAN,
			.ran_p5 = quantile(row->ran, FAIRNESS_RAN_MAX, known, 0.05),
			.ran_p50 = quantile(row->ran, FAIRNESS_RAN_MAX, known, 0.5),
			.ran_p95 = quantile(row->ran, FAIRNESS_RAN_MAX, known, 0.95),
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
