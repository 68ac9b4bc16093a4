/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What guests got in windows of doubling length, each of which slides by half its length over the trace.
 *
 * A half of the shortest window is put after the other; two halves of a window are one half of the next longer one.  Halves that
 * are alike and follow each other are two rows, however many they are: the first one, and one for all others, for the windows that
 * those close are alike, too.  Rows are collected and judged in batches, a length at a time, so memory is a few numbers per guest
 * and length, and what is alike for two windows is done to both at once.
 *
 * Sums are whole numbers: it makes no difference where batches end.
 */
#ifndef XTRACE_WINDOWS_H
#define XTRACE_WINDOWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	WINDOWS_LEVELS = 22, WINDOWS_JAIN_STEPS = 1000, WINDOWS_RAN_MAX = 256, WINDOWS_JAIN_BITS = 32,
	WINDOWS_BATCH = 512,             /* rows of one length that are judged together, while there are few guests */
	WINDOWS_BATCH_LEAST = 8,
	WINDOWS_BATCH_HALVES = 1 << 11,  /* in a batch of all guests: the more there are, the shorter it is, down to the least */
};

/* The marks of a half: who wanted to run in it, a bit for each of the first places, two for all others, so that who has one bit only is one
 * guest; and whether all is known. */
enum { WINDOWS_MARKED_PLACES = 60 };
#define WINDOWS_MARK_UNKNOWN (UINT64_C(1) << 63) /* the state of some vCPU was not known */

static inline uint64_t windows_mark(size_t place)
{
	return place < WINDOWS_MARKED_PLACES ? UINT64_C(1) << place : UINT64_C(3) << WINDOWS_MARKED_PLACES;
}

/* What one guest got, and was entitled to; both 0 unless it is marked. */
struct windows_half {
	double running_tsc, entitled_tsc;
};

/* So many halves that are alike, as is the one before them if it is more than one. */
struct windows_row {
	uint64_t marks, times;
};

/* Of more windows than a number of 64 bits could tell the sum of indices. */
__extension__ typedef unsigned __int128 windows_sum;

/* Of one length. */
struct windows_level {
	struct windows_row *rows;     /* the last one that was judged, those that wait for it, and one more */
	struct windows_half *halves;  /* of each row, those of all places */
	size_t waiting;               /* rows */
	bool odd;                     /* the last one that was judged is the first half of a longer half */
	uint64_t unknown_windows, jain_windows; /* jain: of those that are known, with two guests or more that wanted to run, and one that did */
	windows_sum jain_sum;         /* in units of 1 / (1 << WINDOWS_JAIN_BITS) */
	uint64_t more_ran;            /* guests that ran, beyond WINDOWS_RAN_MAX - 1 in each window */
	uint64_t jain[WINDOWS_JAIN_STEPS + 1]; /* windows by index, rounded down */
	uint64_t ran[WINDOWS_RAN_MAX];         /* windows by how many guests ran; the last: or more */
};

struct windows {
	size_t place_count, place_room;
	size_t batch;                 /* how many rows of one length are judged together */
	struct windows_level *levels; /* WINDOWS_LEVELS, from the shortest on */
};

/* False when out of memory, which windows_free() takes, too. */
bool windows_init(struct windows *windows);
void windows_free(struct windows *windows);

/* One more guest has a place, the last one.  False when out of memory. */
bool windows_add_place(struct windows *windows);

/* The row where all places of the next half of the shortest window are to be written, and that it is: so many times. */
struct windows_half *windows_next(struct windows *windows);
void windows_put(struct windows *windows, uint64_t marks, uint64_t times);

/* All windows of the halves that were put are judged, so that the levels' sums may be read. */
void windows_judge(struct windows *windows);

/* Windows of this length that are known; and how many guests ran in them, added up. */
uint64_t windows_known(const struct windows_level *level);
uint64_t windows_ran_sum(const struct windows_level *level);

/* The sum of Jain's index over a length's windows. */
static inline double windows_jain_sum(const struct windows_level *level)
{
	return (double)level->jain_sum / (double)(UINT64_C(1) << WINDOWS_JAIN_BITS);
}

#endif
