/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/fairness.h"

#include "analyzer/room.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double horizon_jain = 0.95;

/* Of a vCPU, beside the runstates: it was never known. */
static const uint8_t never_known = RUNSTATES;

/* A half's marks: a bit for each of the first places, two for all others, so that who has one bit only is one guest. */
enum { MARKED_PLACES = 60 };
#define MARK_OTHERS  (UINT64_C(3) << MARKED_PLACES)
#define MARK_NONE    (UINT64_C(1) << 62) /* it is none: before the trace */
#define MARK_UNKNOWN (UINT64_C(1) << 63) /* the state of some vCPU was not known */

/* A level's batch may be one short of full when the level below is passed up to it: half of what waits there, which is not more. */
static size_t stride_for(size_t batch)
{
	return 1 + 2 * batch;
}

bool fairness_init(struct fairness *fairness, const struct vcpus *vcpus, const struct fluid *fluid, uint64_t from_tsc, uint64_t to_tsc,
		   uint64_t tsc_hz)
{
	bool done;

	*fairness = (struct fairness){
		.vcpus = vcpus, .fluid = fluid, .from_tsc = from_tsc, .to_tsc = to_tsc, .now_tsc = from_tsc, .settled_tsc = from_tsc,
		.batch = FAIRNESS_BATCH, .levels = calloc(FAIRNESS_LEVELS, sizeof(*fairness->levels)), .half_tsc = tsc_hz / 2000,
	};
	fairness->half_end_tsc = from_tsc + fairness->half_tsc;
	done = fairness->levels != NULL;
	for (size_t at = 0; done && at < FAIRNESS_LEVELS; at++) {
		struct fairness_level *level = &fairness->levels[at];
		level->marks = calloc(stride_for(FAIRNESS_BATCH), sizeof(*level->marks));
		done = level->marks != NULL;
		if (done)
			level->marks[0] = MARK_NONE;
	}
	return done;
}

void fairness_free(struct fairness *fairness)
{
	for (size_t at = 0; fairness->levels && at < FAIRNESS_LEVELS; at++) {
		free(fairness->levels[at].halves);
		free(fairness->levels[at].marks);
	}
	free(fairness->levels);
	free(fairness->open);
	free(fairness->guests);
	free(fairness->states);
}

/* ---- windows ---- */

/* Two numbers at once, for which a CPU takes no longer than for one. */
typedef double pair __attribute__((vector_size(2 * sizeof(double))));
typedef int64_t pair_bits __attribute__((vector_size(2 * sizeof(int64_t))));

/* Of a tile's windows: how many guests ran; and Jain's index, 0 where there is none, for less than two wanted to run or none ran. */
struct verdict {
	int64_t ran[FAIRNESS_TILE];
	double jain[FAIRNESS_TILE];
};

static inline pair load(const struct fairness_half *half)
{
	pair loaded;

	memcpy(&loaded, half, sizeof(loaded));
	return loaded;
}

static inline void store(struct fairness_half *half, pair value)
{
	memcpy(half, &value, sizeof(value));
}

/* All bits, where it is more than 0. */
static inline pair_bits is_some(pair value)
{
	return (pair_bits)(value > (pair){ 0, 0 });
}

static inline pair only(pair_bits where, pair value)
{
	return (pair)(where & (pair_bits)value);
}

/* Two windows that follow each other: what is in the halves of each. */
static inline void load_windows(const struct fairness_half *first, pair *running_tsc, pair *entitled_tsc)
{
	pair middle = load(first + 1), window = load(first) + middle, next = middle + load(first + 2);

	*running_tsc = (pair){ window[0], next[0] };
	*entitled_tsc = (pair){ window[1], next[1] };
}

/* Two windows, from this one on, in which no more than one guest wanted to run; of so many places, none if nobody did. */
static inline void judge_ran(const struct fairness_level *level, size_t window, size_t places, struct verdict *out, size_t at)
{
	pair_bits ran = { 0, 0 };

	for (size_t place = 0; place < places; place++) {
		pair running_tsc, entitled_tsc;
		load_windows(level->halves + place * level->stride + window, &running_tsc, &entitled_tsc);
		ran -= is_some(running_tsc);
	}
	memcpy(&out->ran[at], &ran, sizeof(ran));
	memset(&out->jain[at], 0, sizeof(pair));
}

/* Jain's index is the square of the sum of what guests attained over what they were entitled to, over as many times the sum of its
 * squares as there are guests.  The sum of squares is 0, if none ran, or so much more than what is added that it stays what it is. */
static inline pair jain_of(pair wanted, pair sum, pair squares)
{
	pair one = { 1, 1 }, least = { DBL_MIN, DBL_MIN };

	return only(is_some(wanted - one), sum * sum / (wanted * squares + least));
}

static inline void judge_jain(const struct fairness *fairness, const struct fairness_level *level, size_t window, struct verdict *out, size_t at)
{
	pair one = { 1, 1 }, wanted = { 0, 0 }, sum = { 0, 0 }, squares = { 0, 0 }, jain;
	pair_bits ran = { 0, 0 };

	for (size_t place = 0; place < fairness->place_count; place++) {
		pair running_tsc, entitled_tsc, attained;
		pair_bits wants;
		load_windows(level->halves + place * level->stride + window, &running_tsc, &entitled_tsc);
		wants = is_some(entitled_tsc);
		attained = only(wants, running_tsc / entitled_tsc);
		ran -= is_some(running_tsc);
		wanted += only(wants, one);
		sum += attained;
		squares += attained * attained;
	}
	jain = jain_of(wanted, sum, squares);
	memcpy(&out->ran[at], &ran, sizeof(ran));
	memcpy(&out->jain[at], &jain, sizeof(jain));
}

static unsigned jain_step(double jain)
{
	static const double rounding = 1e-9; /* of equal shares that come out as 0.9999999999 */

	return (unsigned)((jain + rounding) * FAIRNESS_JAIN_STEPS);
}

static inline uint64_t marks_of(const struct fairness_level *level, size_t window)
{
	return level->marks[window] | level->marks[window + 1];
}

static inline uint64_t marks_of_tile(const struct fairness_level *level, size_t first)
{
	uint64_t marks = 0;

	for (size_t i = 0; i <= FAIRNESS_TILE; i++)
		marks |= level->marks[first + i];
	return marks;
}

/* A window, so many times. */
static inline void count_window(struct fairness_level *level, const struct verdict *verdict, size_t window, uint64_t times)
{
	uint64_t ran = (uint64_t)verdict->ran[window];
	double jain = verdict->jain[window];

	level->ran[ran < FAIRNESS_RAN_MAX ? ran : FAIRNESS_RAN_MAX - 1] += times;
	level->ran_sum += ran * times;
	if (jain <= 0)
		return;
	level->jain_windows += times;
	level->jain_sum += (double)(int64_t)times * jain;
	level->jain[jain_step(jain)] += times;
}

/* The same of a tile, where some of the windows are none, or not known. */
static void count_known(struct fairness_level *level, size_t first, const struct verdict *verdict, size_t count, uint64_t times)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t marks = marks_of(level, first + i);
		if (marks & MARK_NONE)
			level->windows -= times;
		else if (marks & MARK_UNKNOWN)
			level->unknown_windows += times;
		else
			count_window(level, verdict, i, times);
	}
}

/* So many windows from this one on, at most a tile, and each so many times; the marks are of all of them together. */
static inline void judge_tile(const struct fairness *fairness, struct fairness_level *level, size_t first, size_t count, uint64_t marks, uint64_t times)
{
	struct verdict verdict;

	for (size_t i = 0; i < count; i += 2) {
		uint64_t marked = marks_of(level, first + i) | level->marks[first + i + 2];
		if (marked & (marked - 1))
			judge_jain(fairness, level, first + i, &verdict, i);
		else
			judge_ran(level, first + i, marked != 0 ? fairness->place_count : 0, &verdict, i);
	}
	level->windows += count * times;
	if (marks & (MARK_NONE | MARK_UNKNOWN))
		count_known(level, first, &verdict, count, times);
	else
		for (size_t i = 0; i < count; i++)
			count_window(level, &verdict, i, times);
}

/* Of a tile's windows each second one is a half of the next longer ones: from the first one on, of which it is so many. */
static inline void pass_up(const struct fairness *fairness, const struct fairness_level *level, size_t first, struct fairness_level *longer, size_t at,
			   size_t count)
{
	for (size_t i = 0; i < count; i++)
		longer->marks[at + i] = marks_of(level, first + 2 * i);
	for (size_t place = 0; place < fairness->place_count; place++) {
		const struct fairness_half *from = level->halves + place * level->stride + first;
		struct fairness_half *to = longer->halves + place * longer->stride + at;
		for (size_t i = 0; i < count; i++)
			store(to + i, load(from + 2 * i) + load(from + 2 * i + 1));
	}
}

/* As many as a tile has. */
static inline void clear(struct fairness_half *halves)
{
	for (size_t i = 0; i < FAIRNESS_TILE; i++)
		store(halves + i, (pair){ 0, 0 });
}

/* A tile is done with, and is 0 again; but not its last half, which is in the next one, too. */
static inline void clear_tile(const struct fairness *fairness, struct fairness_level *level, size_t first)
{
	for (size_t place = 0; place < fairness->place_count; place++)
		clear(level->halves + place * level->stride + first);
}

/* Of the halves that waited only the last one is needed any more. */
static void keep_last(const struct fairness *fairness, struct fairness_level *level)
{
	size_t count = level->waiting, tile = (count - 1) / FAIRNESS_TILE * FAIRNESS_TILE;
	uint64_t marks = level->marks[count];

	for (size_t place = 0; place < fairness->place_count; place++) {
		struct fairness_half *halves = level->halves + place * level->stride, last = halves[count];
		clear(halves + tile);
		clear(halves + tile + 1);
		halves[0] = last;
	}
	memset(level->marks, 0, (count + 1) * sizeof(*level->marks));
	level->marks[0] = marks;
	level->waiting = 0;
}

static void judge_level(const struct fairness *fairness, size_t at)
{
	struct fairness_level *level = &fairness->levels[at], *longer = at + 1 < FAIRNESS_LEVELS ? level + 1 : NULL;
	size_t skip = level->judged % 2 == 0, waiting = level->waiting;

	for (size_t first = 0; first < waiting; first += FAIRNESS_TILE) {
		size_t left = waiting - first, count = left < FAIRNESS_TILE ? left : FAIRNESS_TILE;
		uint64_t marks = marks_of_tile(level, first);
		if (marks == 0) { /* no guest wanted to run: most are like this on an idle host */
			level->windows += count;
			level->ran[0] += count;
			continue;
		}
		judge_tile(fairness, level, first, count, marks, 1);
		if (longer)
			pass_up(fairness, level, first + skip, longer, longer->waiting + 1 + first / 2, (count + 1 - skip) / 2);
		if (count == FAIRNESS_TILE)
			clear_tile(fairness, level, first);
	}
	if (longer)
		longer->waiting += (waiting + 1 - skip) / 2;
	level->judged += waiting;
	keep_last(fairness, level);
}

static void judge_all_from(const struct fairness *fairness, size_t at)
{
	for (; at < FAIRNESS_LEVELS; at++)
		if (fairness->levels[at].waiting > 0)
			judge_level(fairness, at);
}

static void judge_all(const struct fairness *fairness)
{
	judge_all_from(fairness, 0);
}

/* Of the shortest halves, a batch of which may be full; and then one of each longer ones. */
static inline void judge_when_full(const struct fairness *fairness)
{
	for (size_t at = 0; at < FAIRNESS_LEVELS && fairness->levels[at].waiting >= fairness->batch; at++)
		judge_level(fairness, at);
}

/* One more half waits, which is like the last one that was judged. */
static void copy_last(const struct fairness *fairness, struct fairness_level *level)
{
	for (size_t place = 0; place < fairness->place_count; place++) {
		struct fairness_half *halves = level->halves + place * level->stride;
		halves[1] = halves[0];
	}
	level->marks[1] = level->marks[0];
	level->waiting = 1;
}

/* So many more halves like the last whole one, while none waits: their windows are alike, so they are judged together. */
static void repeat_half(const struct fairness *fairness, uint64_t count)
{
	for (size_t at = 0; count > 0; at++) {
		struct fairness_level *level = &fairness->levels[at];
		uint64_t pairs = (level->judged + count) / 2 - level->judged / 2;
		struct fairness_level *longer = pairs > 0 && at + 1 < FAIRNESS_LEVELS ? level + 1 : NULL;
		copy_last(fairness, level);
		judge_tile(fairness, level, 0, 1, marks_of(level, 0), count);
		if (longer)
			pass_up(fairness, level, 0, longer, 1, 1);
		level->judged += count;
		keep_last(fairness, level);
		if (!longer)
			return;
		longer->waiting = 1;
		judge_all_from(fairness, at + 1);
		count = pairs - 1;
	}
}

/* ---- places ---- */

static size_t batch_for(size_t places)
{
	size_t batch = FAIRNESS_BATCH;

	while (batch > FAIRNESS_TILE && batch * places > FAIRNESS_BATCH_HALVES)
		batch /= 2;
	return batch;
}

/* Of those that are there, whose halves are judged but for the last one. */
static bool move_halves(struct fairness_level *level, size_t places, size_t room, size_t stride)
{
	struct fairness_half *halves = calloc(room * stride, sizeof(*halves));

	if (!halves)
		return false;
	for (size_t place = 0; place < places; place++)
		halves[place * stride] = level->halves[place * level->stride];
	free(level->halves);
	level->halves = halves;
	level->stride = stride;
	return true;
}

static bool reserve_places(struct fairness *fairness)
{
	size_t room = fairness->place_room;
	struct fairness_open *open = room_for(fairness->open, &room, fairness->place_count + 1, sizeof(*open));

	if (!open)
		return false;
	fairness->open = open;
	judge_all(fairness);
	fairness->batch = batch_for(room);
	for (size_t at = 0; at < FAIRNESS_LEVELS; at++)
		if (!move_halves(&fairness->levels[at], fairness->place_count, room, stride_for(fairness->batch)))
			return false;
	fairness->place_room = room;
	return true;
}

/* For one who may want to run for the first time.  False when out of memory. */
static bool give_place(struct fairness *fairness, struct fairness_guest *guest)
{
	size_t place = fairness->place_count;

	if (place == fairness->place_room && !reserve_places(fairness))
		return false;
	fairness->open[place].mark = place < MARKED_PLACES ? UINT64_C(1) << place : MARK_OTHERS;
	guest->place = (int32_t)place;
	fairness->place_count++;
	return true;
}

/* ---- halves ---- */

static inline uint64_t mark_unknown(const struct fairness *fairness)
{
	return fairness->unknown_vcpus > 0 ? MARK_UNKNOWN : 0;
}

static inline uint64_t half_begin_tsc(const struct fairness *fairness)
{
	return fairness->half_end_tsc - fairness->half_tsc;
}

static inline int32_t place_of(const struct fairness *fairness, uint32_t domain)
{
	return domain < fairness->guest_count ? fairness->guests[domain].place : FAIRNESS_OUTSIDE;
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
		int32_t place = place_of(fairness, wanting->domain);
		if (place < 0)
			continue;
		fairness->open[place].entitled_tsc += wanting->rate * length;
		marks |= fairness->open[place].mark;
	}
	fairness->open_marks = marks | mark_unknown(fairness);
	fairness->settled_tsc = tsc;
}

/* One more of the guest's vCPUs runs from now on, or one less: until the half ends, unless that is taken back. */
static inline void turn(struct fairness *fairness, const struct fairness_guest *guest, int more)
{
	struct fairness_open *open = &fairness->open[guest->place];

	open->running += more;
	open->running_tsc -= more * (double)(int64_t)(fairness->now_tsc - half_begin_tsc(fairness));
}

static inline void put_open(struct fairness *fairness, size_t at)
{
	const struct fairness_level *shortest = &fairness->levels[0];
	double length = (double)(int64_t)fairness->half_tsc;

	for (size_t place = 0; place < fairness->place_count; place++) {
		struct fairness_open *open = &fairness->open[place];
		shortest->halves[place * shortest->stride + at] = (struct fairness_half){ open->running_tsc + open->running * length, open->entitled_tsc };
		open->running_tsc = open->entitled_tsc = 0;
	}
}

static void end_half(struct fairness *fairness)
{
	struct fairness_level *shortest = &fairness->levels[0];

	settle(fairness, fairness->half_end_tsc);
	shortest->waiting++;
	if (fairness->open_marks & ~MARK_UNKNOWN)
		put_open(fairness, shortest->waiting);
	shortest->marks[shortest->waiting] = fairness->open_marks;
	fairness->open_marks = 0;
	fairness->half_end_tsc += fairness->half_tsc;
	judge_when_full(fairness);
}

static inline void fill(struct fairness_half *halves, size_t count, double running_tsc, double entitled_tsc)
{
	for (size_t i = 0; i < count; i++)
		store(halves + i, (pair){ running_tsc, entitled_tsc });
}

/* So many whole halves, for which there is room in the batch, as things are. */
static void put_halves(struct fairness *fairness, size_t count)
{
	const struct fluid_moment *now = fairness->fluid->now;
	struct fairness_level *shortest = &fairness->levels[0];
	double length = (double)(int64_t)fairness->half_tsc;
	size_t first = shortest->waiting + 1;
	uint64_t marks = mark_unknown(fairness);

	for (size_t i = 0; i < now->domain_count; i++) {
		const struct fluid_domain *wanting = &now->domains[i];
		int32_t place = place_of(fairness, wanting->domain);
		if (place < 0)
			continue;
		fill(shortest->halves + (size_t)place * shortest->stride + first, count, fairness->open[place].running * length, wanting->rate * length);
		marks |= fairness->open[place].mark;
	}
	if (marks != 0)
		for (size_t i = 0; i < count; i++)
			shortest->marks[first + i] = marks;
	shortest->waiting += count;
	judge_when_full(fairness);
}

/* However long it is that nothing changes, it costs no more than some batches. */
static void pass_halves(struct fairness *fairness, uint64_t count)
{
	fairness->half_end_tsc += count * fairness->half_tsc;
	if (count > FAIRNESS_LONG_BATCHES * fairness->batch) {
		put_halves(fairness, 1);
		judge_all(fairness);
		repeat_half(fairness, count - 1);
		return;
	}
	while (count > 0) {
		size_t room = fairness->batch - fairness->levels[0].waiting, now = count < room ? (size_t)count : room;
		put_halves(fairness, now);
		count -= now;
	}
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

static bool reserve_vcpus(struct fairness *fairness)
{
	size_t old_room = fairness->vcpu_room;
	uint8_t *states = room_for(fairness->states, &fairness->vcpu_room, fairness->vcpus->vcpu_count, sizeof(*states));

	if (!states)
		return false;
	memset(states + old_room, never_known, fairness->vcpu_room - old_room);
	fairness->states = states;
	return true;
}

static bool reserve_guests(struct fairness *fairness)
{
	const struct vcpus *vcpus = fairness->vcpus;
	struct fairness_guest *guests = room_for(fairness->guests, &fairness->guest_room, vcpus->domain_count, sizeof(*guests));

	if (!guests)
		return false;
	for (; fairness->guest_count < vcpus->domain_count; fairness->guest_count++) {
		uint32_t id = vcpus->domains[fairness->guest_count].id;
		guests[fairness->guest_count].place = id == 0 || id == DOMID_IDLE ? FAIRNESS_OUTSIDE : FAIRNESS_NO_PLACE;
	}
	fairness->guests = guests;
	return true;
}

static inline bool has_room(struct fairness *fairness, size_t vcpu)
{
	return (vcpu < fairness->vcpu_room || reserve_vcpus(fairness)) &&
	       (fairness->vcpus->domain_count <= fairness->guest_count || reserve_guests(fairness));
}

/* Of one that is no guest: whether others are entitled to the same before and after, and as much is known. */
static inline bool is_all_the_same(const struct vcpu *vcpu, unsigned from, unsigned to)
{
	return from != UNKNOWN && to != UNKNOWN && (vcpu->is_idle || (runstate_wants(from) && runstate_wants(to)));
}

/* False when out of memory. */
static inline bool take_guest(struct fairness *fairness, struct fairness_guest *guest, unsigned from, unsigned to, uint64_t tsc)
{
	if (guest->place == FAIRNESS_NO_PLACE) {
		if (to == BLOCKED || to == UNKNOWN)
			return true;
		if (!give_place(fairness, guest))
			return false;
	}
	if (to == RUNNING)
		turn(fairness, guest, 1);
	else if (from == RUNNING)
		turn(fairness, guest, -1);
	guest->running += (unsigned)(to == RUNNING) - (unsigned)(from == RUNNING);
	guest->runnable += (unsigned)(to == RUNNABLE) - (unsigned)(from == RUNNABLE);
	note_starvation(fairness, guest, tsc);
	return true;
}

bool fairness_change(struct fairness *fairness, size_t vcpu, uint64_t tsc, enum runstate state)
{
	const struct vcpu *changed = &fairness->vcpus->vcpus[vcpu];
	struct fairness_guest *guest;
	unsigned from;

	if (!has_room(fairness, vcpu))
		return false;
	from = fairness->states[vcpu];
	guest = &fairness->guests[changed->domain];
	if (from == state || (from == never_known && state == UNKNOWN))
		return true;
	fairness->states[vcpu] = (uint8_t)state;
	if (guest->place == FAIRNESS_OUTSIDE && is_all_the_same(changed, from, state))
		return true;
	pass_time(fairness, tsc);
	if (!runstate_wants(from) || !runstate_wants(state))
		settle(fairness, fairness->now_tsc);
	fairness->unknown_vcpus += (size_t)(state == UNKNOWN) - (size_t)(from == UNKNOWN);
	return guest->place == FAIRNESS_OUTSIDE || take_guest(fairness, guest, from, state, tsc);
}

void fairness_settings(struct fairness *fairness, uint64_t tsc)
{
	pass_time(fairness, tsc);
	settle(fairness, fairness->now_tsc);
}

void fairness_reach(struct fairness *fairness, uint64_t tsc)
{
	pass_time(fairness, tsc);
	judge_all(fairness);
}

void fairness_finish(struct fairness *fairness, uint64_t end_tsc)
{
	fairness->to_tsc = end_tsc;
	pass_time(fairness, end_tsc);
	judge_all(fairness);
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
