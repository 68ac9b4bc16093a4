/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/windows.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_PLACES = 4 };

/* The half before the first one is none. */
#define MARK_NONE (UINT64_C(1) << 62)

/* Before those that wait is the last one that was judged, and behind them one more, so that windows are judged by twos. */
static size_t rows_of(size_t batch)
{
	return 1 + batch + 1;
}

static size_t batch_for(size_t places)
{
	size_t batch = WINDOWS_BATCH;

	while (batch > WINDOWS_BATCH_LEAST && batch * places > WINDOWS_BATCH_HALVES)
		batch /= 2;
	return batch;
}

/* All are judged, so that of each length only the last one is kept. */
static bool widen(struct windows_level *level, size_t places, size_t room, size_t batch)
{
	struct windows_half *halves = calloc(room * rows_of(batch), sizeof(*halves));

	if (!halves)
		return false;
	if (places > 0)
		memcpy(halves, level->halves, places * sizeof(*halves));
	free(level->halves);
	level->halves = halves;
	return true;
}

static bool reserve_places(struct windows *windows, size_t room)
{
	size_t batch = batch_for(room);

	for (size_t at = 0; at < WINDOWS_LEVELS; at++)
		if (!widen(&windows->levels[at], windows->place_count, room, batch))
			return false;
	windows->place_room = room;
	windows->batch = batch;
	return true;
}

static bool level_init(struct windows_level *level)
{
	level->rows = calloc(rows_of(WINDOWS_BATCH), sizeof(*level->rows));
	if (level->rows)
		level->rows[0].marks = MARK_NONE;
	return level->rows != NULL;
}

bool windows_init(struct windows *windows)
{
	bool done;

	*windows = (struct windows){ .levels = calloc(WINDOWS_LEVELS, sizeof(*windows->levels)) };
	done = windows->levels != NULL;
	for (size_t at = 0; done && at < WINDOWS_LEVELS; at++)
		done = level_init(&windows->levels[at]);
	return done && reserve_places(windows, FIRST_PLACES);
}

void windows_free(struct windows *windows)
{
	for (size_t at = 0; windows->levels && at < WINDOWS_LEVELS; at++) {
		free(windows->levels[at].halves);
		free(windows->levels[at].rows);
	}
	free(windows->levels);
}

/* ---- one window, or two ---- */

/* Two numbers at once, for which a CPU takes no longer than for one. */
typedef double pair __attribute__((vector_size(2 * sizeof(double)), aligned(sizeof(double))));
typedef int64_t pair_bits __attribute__((vector_size(2 * sizeof(int64_t))));

/* Of two windows: how many guests ran; and Jain's index, 0 where there is none, for less than two wanted to run or none ran. */
struct verdict {
	pair_bits ran;
	pair jain;
};

/* running_tsc and entitled_tsc of one guest. */
static inline pair load(const struct windows_half *half)
{
	return *(const pair *)half;
}

static inline void store(struct windows_half *half, pair value)
{
	*(pair *)half = value;
}

static inline struct windows_half *row_of(const struct windows *windows, const struct windows_level *level, size_t row)
{
	return level->halves + row * windows->place_count;
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

/* What one got in two windows that follow each other, of which the middle half is given; the others are as many places away. */
static inline void load_windows(const struct windows_half *middle_half, size_t places, pair *running_tsc, pair *entitled_tsc)
{
	pair middle = load(middle_half), window = load(middle_half - places) + middle, next = middle + load(middle_half + places);

	*running_tsc = (pair){ window[0], next[0] };
	*entitled_tsc = (pair){ window[1], next[1] };
}

/* No more than one guest wanted to run. */
static inline struct verdict judge_ran(const struct windows_half *middle, size_t places)
{
	struct verdict verdict = { 0 };

	for (size_t place = 0; place < places; place++) {
		pair running_tsc, entitled_tsc;
		load_windows(middle + place, places, &running_tsc, &entitled_tsc);
		verdict.ran -= is_some(running_tsc);
	}
	return verdict;
}

/* Jain's index is the square of the sum of what guests attained over what they were entitled to, over as many times the sum of its
 * squares as there are guests.  The sum of squares is 0, if none ran, or so much more than what is added that it stays what it is. */
static inline pair jain_of(pair wanted, pair sum, pair squares)
{
	pair one = { 1, 1 }, least = { DBL_MIN, DBL_MIN };

	return only(is_some(wanted - one), sum * sum / (wanted * squares + least));
}

static inline struct verdict judge_jain(const struct windows_half *middle, size_t places)
{
	pair one = { 1, 1 }, wanted = { 0, 0 }, sum = { 0, 0 }, squares = { 0, 0 };
	struct verdict verdict = { 0 };

	for (size_t place = 0; place < places; place++) {
		pair running_tsc, entitled_tsc, attained;
		pair_bits wants;
		load_windows(middle + place, places, &running_tsc, &entitled_tsc);
		wants = is_some(entitled_tsc);
		attained = only(wants, running_tsc / entitled_tsc);
		verdict.ran -= is_some(running_tsc);
		wanted += only(wants, one);
		sum += attained;
		squares += attained * attained;
	}
	verdict.jain = jain_of(wanted, sum, squares);
	return verdict;
}

/* Equal shares may come out as 0.9999999999. */
static inline size_t jain_step(uint64_t jain)
{
	static const uint64_t rounding = (UINT64_C(1) << WINDOWS_JAIN_BITS) / 1000000000;

	return (size_t)((jain + rounding) * WINDOWS_JAIN_STEPS >> WINDOWS_JAIN_BITS);
}

static inline void count_jain(struct windows_level *level, double index, uint64_t times)
{
	uint64_t jain = (uint64_t)(int64_t)(index * (double)(INT64_C(1) << WINDOWS_JAIN_BITS) + 0.5);

	level->jain_windows += times;
	level->jain_sum += (windows_sum)jain * times;
	level->jain[jain_step(jain)] += times;
}

static inline void count_known(struct windows_level *level, uint64_t ran, double index, uint64_t times)
{
	if (ran < WINDOWS_RAN_MAX)
		level->ran[ran] += times;
	else {
		level->ran[WINDOWS_RAN_MAX - 1] += times;
		level->more_ran += (ran - (WINDOWS_RAN_MAX - 1)) * times;
	}
	if (index > 0)
		count_jain(level, index, times);
}

static void count_doubtful(struct windows_level *level, uint64_t marks, uint64_t ran, double index, uint64_t times)
{
	if (marks & MARK_NONE)
		return;
	if (marks & WINDOWS_MARK_UNKNOWN)
		level->unknown_windows += times;
	else
		count_known(level, ran, index, times);
}

/* The window of this row and the one before, and that of the next one and this. */
static inline void judge_two(struct windows_level *level, const struct windows_row *row, const struct windows_half *middle, size_t places)
{
	uint64_t first = row[-1].marks | row->marks, second = row->marks | row[1].marks, both = first | second;
	struct verdict verdict;

	if (both == 0) {
		level->ran[0] += row->times + row[1].times;
		return;
	}
	verdict = both & (both - 1) ? judge_jain(middle, places) : judge_ran(middle, places);
	if (both & (MARK_NONE | WINDOWS_MARK_UNKNOWN)) {
		count_doubtful(level, first, (uint64_t)verdict.ran[0], verdict.jain[0], row->times);
		count_doubtful(level, second, (uint64_t)verdict.ran[1], verdict.jain[1], row[1].times);
		return;
	}
	count_known(level, (uint64_t)verdict.ran[0], verdict.jain[0], row->times);
	count_known(level, (uint64_t)verdict.ran[1], verdict.jain[1], row[1].times);
}

/* ---- a length ---- */

static void judge_level(const struct windows *windows, size_t at);

/* Two halves are so many of the next longer ones. */
static inline void put_sum(const struct windows *windows, size_t at, uint64_t marks, const struct windows_half *first, const struct windows_half *second,
			   uint64_t times)
{
	struct windows_level *longer = &windows->levels[at];
	struct windows_half *sum;

	if (longer->waiting == windows->batch)
		judge_level(windows, at);
	longer->waiting++;
	longer->rows[longer->waiting] = (struct windows_row){ marks, times };
	sum = row_of(windows, longer, longer->waiting);
	for (const struct windows_half *end = first + windows->place_count; first < end; first++, second++, sum++)
		store(sum, load(first) + load(second));
}

/* Of halves that are alike, as is the one before. */
static bool pass_up_alike(const struct windows *windows, size_t longer, const struct windows_row *row, const struct windows_half *half, bool odd)
{
	uint64_t left = row->times - odd, longer_halves = left / 2;

	if (odd || longer_halves > 0)
		put_sum(windows, longer, row->marks, half, half, 1);
	if (!odd && longer_halves > 0)
		longer_halves--;
	if (longer_halves > 0)
		put_sum(windows, longer, row->marks, half, half, longer_halves);
	return left % 2 != 0;
}

/* The halves that waited; the first one may be the second of a longer half. */
static void pass_up(const struct windows *windows, size_t longer, struct windows_level *level)
{
	const struct windows_row *row = level->rows + 1, *end = row + level->waiting;
	const struct windows_half *half = row_of(windows, level, 1);
	size_t places = windows->place_count;
	bool odd = level->odd;

	for (; row < end; row++, half += places) {
		if (row->times > 1) {
			odd = pass_up_alike(windows, longer, row, half, odd);
			continue;
		}
		if (odd)
			put_sum(windows, longer, row[-1].marks | row->marks, half - places, half, 1);
		odd = !odd;
	}
	level->odd = odd;
}

/* Of the rows that waited only the last one is needed any more. */
static void keep_last(const struct windows *windows, struct windows_level *level)
{
	level->rows[0] = level->rows[level->waiting];
	memcpy(row_of(windows, level, 0), row_of(windows, level, level->waiting), windows->place_count * sizeof(*level->halves));
	level->waiting = 0;
}

static void judge_level(const struct windows *windows, size_t at)
{
	struct windows_level *level = &windows->levels[at];
	const struct windows_row *row = level->rows + 1, *end = row + level->waiting;
	const struct windows_half *middle = row_of(windows, level, 1);
	size_t places = windows->place_count;

	level->rows[1 + level->waiting] = (struct windows_row){ 0, 0 };
	for (; row < end; row += 2, middle += 2 * places)
		judge_two(level, row, middle, places);
	if (at + 1 < WINDOWS_LEVELS)
		pass_up(windows, at + 1, level);
	keep_last(windows, level);
}

void windows_judge(struct windows *windows)
{
	for (size_t at = 0; at < WINDOWS_LEVELS; at++)
		if (windows->levels[at].waiting > 0)
			judge_level(windows, at);
}

/* ---- sums ---- */

uint64_t windows_known(const struct windows_level *level)
{
	uint64_t sum = 0;

	for (size_t ran = 0; ran < WINDOWS_RAN_MAX; ran++)
		sum += level->ran[ran];
	return sum;
}

uint64_t windows_ran_sum(const struct windows_level *level)
{
	uint64_t sum = level->more_ran;

	for (size_t ran = 0; ran < WINDOWS_RAN_MAX; ran++)
		sum += ran * level->ran[ran];
	return sum;
}

/* ---- halves come ---- */

struct windows_half *windows_next(struct windows *windows)
{
	struct windows_level *shortest = windows->levels;

	if (shortest->waiting == windows->batch)
		judge_level(windows, 0);
	return row_of(windows, shortest, shortest->waiting + 1);
}

static inline void put(struct windows_level *shortest, uint64_t marks, uint64_t times)
{
	shortest->rows[++shortest->waiting] = (struct windows_row){ marks, times };
}

void windows_put(struct windows *windows, uint64_t marks, uint64_t times)
{
	struct windows_level *shortest = windows->levels;
	struct windows_half *alike;

	put(shortest, marks, 1);
	if (times == 1)
		return;
	alike = windows_next(windows);
	memcpy(alike, row_of(windows, shortest, shortest->waiting), windows->place_count * sizeof(*alike));
	put(shortest, marks, times - 1);
}

/* ---- places ---- */

bool windows_add_place(struct windows *windows)
{
	windows_judge(windows);
	if (windows->place_count == windows->place_room && !reserve_places(windows, 2 * windows->place_room))
		return false;
	for (size_t at = 0; at < WINDOWS_LEVELS; at++)
		windows->levels[at].halves[windows->place_count] = (struct windows_half){ 0, 0 };
	windows->place_count++;
	return true;
}
