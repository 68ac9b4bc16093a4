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
		fairness->levels[level].known[0] = true;
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

/* The place of one who wants to run for the first time; less than 0: it is no guest, or memory is short. */
static int32_t give_place(struct fairness *fairness, const struct scene *scene, uint32_t domain)
{
	struct fairness_guest *guest = &fairness->guests[domain];

	if (guest->place != FAIRNESS_NO_PLACE)
		return guest->place;
	if (scene->domain[domain].role != ROLE_GUEST)
		guest->place = FAIRNESS_OUTSIDE;
	else if (fairness->place_count == fairness->place_room && !reserve_places(fairness))
		fairness->out_of_memory = true;
	else
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
static const struct fairness_half *half_of(const struct fairness *fairness, const struct fairness_level *level, unsigned which)
{
	return level->any[which] ? level->half[which] : fairness->nothing;
}

/* Of the guests in a window: how many ran and wanted to run; sums of their attained over entitled, and of its squares. */
struct tally {
	unsigned ran, wanted;
	double attained, squares;
};

static inline struct tally sum_up(const struct fairness *fairness, const struct fairness_level *level, unsigned second, struct fairness_half *sums)
{
	const struct fairness_half *last = half_of(fairness, level, !level->filling), *this = half_of(fairness, level, second);
	struct tally tally = { 0 };

	for (size_t i = 0; i < fairness->place_count; i++) {
		uint64_t running_tsc = last[i].running_tsc + this[i].running_tsc;
		double entitled_tsc = last[i].entitled_tsc + this[i].entitled_tsc, attained;
		sums[i] = (struct fairness_half){ running_tsc, entitled_tsc };
		tally.ran += running_tsc > 0;
		if (entitled_tsc <= 0)
			continue;
		attained = (double)(int64_t)running_tsc / entitled_tsc;
		tally.wanted++;
		tally.attained += attained;
		tally.squares += attained * attained;
	}
	return tally;
}

static inline void judge_jain(struct fairness_level *row, const struct tally *tally, uint64_t count)
{
	double most = tally->wanted * tally->squares, jain;

	if (tally->squares <= 0)
		return;
	jain = tally->attained * tally->attained / most;
	row->jain_windows += count;
	row->jain_sum += count == 1 ? jain : (double)count * tally->attained * tally->attained / most;
	row->jain[jain_step(jain)] += count;
}

/* So many windows of the last whole half and a second one: the one that has just filled, or the last again.  Where some
 * guest wanted to run, `sums' is each one's of both. */
static void judge_windows(const struct fairness *fairness, struct fairness_level *row, unsigned second, uint64_t count, struct fairness_half *sums)
{
	unsigned last = !row->filling;
	struct tally tally = { 0 };

	if (row->any[last] || row->any[second])
		tally = sum_up(fairness, row, second, sums);
	row->windows += count;
	if (!row->known[last] || !row->known[second]) {
		row->unknown_windows += count;
		return;
	}
	row->ran[tally.ran < FAIRNESS_RAN_MAX ? tally.ran : FAIRNESS_RAN_MAX - 1] += count;
	row->ran_sum += tally.ran * count;
	if (tally.wanted >= 2)
		judge_jain(row, &tally, count);
}

/* Where a window's sums go: they are the half of the next longer window that fills, if it begins with this one. */
static struct fairness_half *sums_of(const struct fairness *fairness, const struct fairness_level *longer)
{
	return longer ? longer->half[longer->filling] : fairness->sums;
}

static inline void pass_up(const struct fairness_level *level, struct fairness_level *longer, unsigned second)
{
	longer->known[longer->filling] = level->known[!level->filling] && level->known[second];
	longer->any[longer->filling] = level->any[!level->filling] || level->any[second];
}

static void shift(struct fairness_level *level)
{
	level->filling = !level->filling;
	level->known[level->filling] = true;
	level->any[level->filling] = false;
}

/* A half of this length is whole, and with each second one also one of the next longer. */
static void close_half(const struct fairness *fairness, size_t at)
{
	struct fairness_level *longer;

	do {
		struct fairness_level *level = &fairness->levels[at++];
		longer = ++level->halves % 2 == 0 && at < FAIRNESS_LEVELS ? level + 1 : NULL;
		if (level->halves > 1)
			judge_windows(fairness, level, level->filling, 1, sums_of(fairness, longer));
		if (longer)
			pass_up(level, longer, level->filling);
		shift(level);
	} while (longer);
}

/* So many more halves like the last whole one: their windows are alike, so they are judged together. */
static void repeat_half(const struct fairness *fairness, uint64_t count)
{
	for (size_t at = 0; count > 0; at++) {
		struct fairness_level *level = &fairness->levels[at];
		uint64_t pairs = (level->halves + count) / 2 - level->halves / 2;
		struct fairness_level *longer = pairs > 0 && at + 1 < FAIRNESS_LEVELS ? level + 1 : NULL;
		judge_windows(fairness, level, !level->filling, count, sums_of(fairness, longer));
		level->halves += count;
		if (!longer)
			return;
		pass_up(level, longer, !level->filling);
		close_half(fairness, at + 1);
		count = pairs - 1;
	}
}

static void begin_half(const struct fairness *fairness, struct fairness_level *level)
{
	level->any[level->filling] = true;
	for (size_t i = 0; i < fairness->place_count; i++)
		level->half[level->filling][i] = (struct fairness_half){ 0 };
}

static void add(struct fairness *fairness, const struct scene *scene, uint64_t length_tsc)
{
	const struct fluid_domain *wanting = scene->fluid->now->domains, *end = wanting + scene->fluid->now->domain_count;
	struct fairness_level *shortest = &fairness->levels[0];
	double length = (double)(int64_t)length_tsc;

	for (; wanting < end; wanting++) {
		int32_t place = fairness->guests[wanting->domain].place;
		struct fairness_half *half;
		if (place < 0 && (place = give_place(fairness, scene, wanting->domain)) < 0)
			continue;
		if (!shortest->any[shortest->filling])
			begin_half(fairness, shortest);
		half = &shortest->half[shortest->filling][place];
		half->entitled_tsc += wanting->rate * length;
		half->running_tsc += scene->domain[wanting->domain].running * length_tsc;
	}
	shortest->known[shortest->filling] &= scene->unknown_vcpus == 0;
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
