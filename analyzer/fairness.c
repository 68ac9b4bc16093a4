/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/fairness.h"

#include "analyzer/room.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

static bool reserve_places(struct fairness *fairness)
{
	size_t old_room = fairness->place_room, room = old_room;

	for (size_t i = 0; i < 2 * FAIRNESS_LEVELS; i++) {
		struct fairness_half **half = &fairness->levels[i / 2].half[i % 2], *grown;
		room = old_room;
		grown = room_for(*half, &room, fairness->place_count + 1, sizeof(*grown));
		if (!grown)
			return false;
		memset(grown + old_room, 0, (room - old_room) * sizeof(*grown));
		*half = grown;
	}
	fairness->place_room = room;
	return true;
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

/* What is summed up over those who wanted to run in a window. */
struct jain_sum {
	double sum, squares;
	size_t wanted;
};

static void sum_attained(struct jain_sum *sum, uint64_t running_tsc, double entitled_tsc)
{
	double attained = (double)(int64_t)running_tsc / entitled_tsc;

	sum->sum += attained;
	sum->squares += attained * attained;
}

static void judge_jain(struct fairness_level *row, const struct jain_sum *sum, uint64_t count)
{
	double divisor = (double)sum->wanted * sum->squares, jain;

	if (sum->wanted < 2 || sum->squares <= 0)
		return;
	jain = sum->sum * sum->sum / divisor;
	row->jain_windows += count;
	row->jain_sum += count == 1 ? jain : (double)count * sum->sum * sum->sum / divisor;
	row->jain[jain_step(jain)] += count;
}

/* So many windows of the last whole half and this one: 1, the one that has just filled, or 0, the last again.  In many
 * only one guest wants to run: the first one's part is worked out when there is a second. */
static void judge_guests(const struct fairness *fairness, struct fairness_level *row, int second, uint64_t count)
{
	const struct fairness_half *halves = row->half[0], *others = row->half[second];
	uint64_t first_tsc = 0;
	double first_entitled_tsc = 0;
	struct jain_sum sum = { 0 };
	size_t ran = 0;

	for (size_t i = 0; i < fairness->place_count; i++) {
		uint64_t running_tsc = halves[i].running_tsc + others[i].running_tsc;
		double entitled_tsc = halves[i].entitled_tsc + others[i].entitled_tsc;
		ran += running_tsc > 0;
		if (entitled_tsc <= 0)
			continue;
		if (sum.wanted++ == 0) {
			first_tsc = running_tsc;
			first_entitled_tsc = entitled_tsc;
			continue;
		}
		if (sum.wanted == 2)
			sum_attained(&sum, first_tsc, first_entitled_tsc);
		sum_attained(&sum, running_tsc, entitled_tsc);
	}
	row->ran[ran < FAIRNESS_RAN_MAX ? ran : FAIRNESS_RAN_MAX - 1] += count;
	row->ran_sum += ran * count;
	judge_jain(row, &sum, count);
}

static void judge_windows(const struct fairness *fairness, struct fairness_level *row, int second, uint64_t count)
{
	row->windows += count;
	if (!row->known[0] || !row->known[second])
		row->unknown_windows += count;
	else if (!row->any[0] && !row->any[second])
		row->ran[0] += (uint32_t)count;
	else
		judge_guests(fairness, row, second, count);
}

/* The last whole half and this one, as with judge_windows(), go into the half of the next longer that fills. */
static void pass_up(const struct fairness *fairness, const struct fairness_level *level, struct fairness_level *up, int second)
{
	up->known[1] = level->known[0] && level->known[second];
	up->any[1] = level->any[0] || level->any[second];
	for (size_t i = 0; up->any[1] && i < fairness->place_count; i++)
		up->half[1][i] = (struct fairness_half){
			level->half[0][i].running_tsc + level->half[second][i].running_tsc,
			level->half[0][i].entitled_tsc + level->half[second][i].entitled_tsc,
		};
}

static void shift(struct fairness *fairness, struct fairness_level *level)
{
	struct fairness_half *whole = level->half[1];

	for (size_t i = 0; level->any[0] && i < fairness->place_count; i++)
		level->half[0][i] = (struct fairness_half){ 0 };
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
		shift(fairness, level);
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

static void add(struct fairness *fairness, const struct scene *scene, uint64_t length_tsc)
{
	const struct fluid_domain *wanting = scene->fluid->now->domains, *end = wanting + scene->fluid->now->domain_count;
	struct fairness_level *shortest = &fairness->levels[0];
	double length = (double)(int64_t)length_tsc;
	bool any = false;

	for (; wanting < end; wanting++) {
		int32_t place = place_of(fairness, scene, wanting->domain);
		struct fairness_half *filling;
		if (place == FAIRNESS_NO_PLACE)
			continue;
		filling = &shortest->half[1][place];
		filling->entitled_tsc += wanting->rate * length;
		filling->running_tsc += scene->domain[wanting->domain].running * length_tsc;
		any = true;
	}
	shortest->any[1] |= any;
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
