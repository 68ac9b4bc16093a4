/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A readable trace (tests/mktrace.c) of a made-up load:   load SEED SECONDS MOOD_MS BURST_US...
 *
 * A guest for each BURST_US, on two pCPUs.  Each thinks for a while and then wants to compute for a while, of BURST_US on average, both
 * drawn at random; how busy they all are changes at random, too, every MOOD_MS on average.  Whoever wants to run waits in
 * one queue, first come first served, and has slices of 10 ms.  Two traces of other seeds are two runs of the same load:
 * what differs between them is noise.
 */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { PCPUS = 2, GUESTS_MAX = 16, NOBODY = -1 };

static const double think_us = 6000, slice_us = 10000;

struct guest {
	double burst_us;         /* on average */
	double wakes_us;         /* INFINITY: does not think */
	double left_us;          /* of its burst */
};

struct load {
	uint64_t random;
	double now_us, mood, mood_us, mood_ends_us;
	struct guest guests[GUESTS_MAX];
	int count;
	int queue[GUESTS_MAX], queued;
	int runs[PCPUS];
	double began_us[PCPUS], stops_us[PCPUS]; /* INFINITY: idle */
};

static double uniform(struct load *load)
{
	uint64_t z = load->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return ((double)((z ^ z >> 31) >> 11) + 0.5) / 9007199254740992.0;
}

/* A whole number of microseconds, at least 1. */
static double about(struct load *load, double mean_us)
{
	return ceil(-mean_us * log(uniform(load)));
}

static void tell(const struct load *load, int pcpu, int guest, const char *from, const char *to)
{
	if (guest == NOBODY)
		printf("p%d %.0f RUNSTATE d32767v%d %s %s\n", pcpu, load->now_us, pcpu, from, to);
	else
		printf("p%d %.0f RUNSTATE d%dv0 %s %s\n", pcpu, load->now_us, guest + 1, from, to);
}

static void begin(struct load *load, int pcpu)
{
	int guest = load->queued > 0 ? load->queue[0] : NOBODY;

	load->runs[pcpu] = guest;
	load->began_us[pcpu] = load->now_us;
	load->stops_us[pcpu] = INFINITY;
	tell(load, pcpu, guest, "runnable", "running");
	if (guest == NOBODY)
		return;
	load->queued--;
	for (int i = 0; i < load->queued; i++)
		load->queue[i] = load->queue[i + 1];
	load->stops_us[pcpu] = load->now_us + fmin(load->guests[guest].left_us, slice_us);
}

/* Told by the pCPU where it begins to run, if there is an idle one. */
static void wake(struct load *load, int guest)
{
	int pcpu = 0;

	while (pcpu < PCPUS && load->runs[pcpu] != NOBODY)
		pcpu++;
	load->guests[guest].wakes_us = INFINITY;
	load->guests[guest].left_us = about(load, load->guests[guest].burst_us * load->mood);
	load->queue[load->queued++] = guest;
	tell(load, pcpu < PCPUS ? pcpu : 0, guest, "blocked", "runnable");
	if (pcpu == PCPUS)
		return;
	tell(load, pcpu, NOBODY, "running", "runnable");
	begin(load, pcpu);
}

static void stop(struct load *load, int pcpu)
{
	int index = load->runs[pcpu];
	struct guest *guest = &load->guests[index];

	guest->left_us -= load->now_us - load->began_us[pcpu];
	if (guest->left_us > 0) {
		load->queue[load->queued++] = index;
		tell(load, pcpu, index, "running", "runnable");
	} else {
		guest->wakes_us = load->now_us + about(load, think_us / load->mood);
		tell(load, pcpu, index, "running", "blocked");
	}
	begin(load, pcpu);
}

/* The next thing that happens, of all the same time the first of the list. */
static void step(struct load *load)
{
	double next_us = load->mood_ends_us;

	for (int i = 0; i < load->count; i++)
		next_us = fmin(next_us, load->guests[i].wakes_us);
	for (int pcpu = 0; pcpu < PCPUS; pcpu++)
		next_us = fmin(next_us, load->stops_us[pcpu]);
	next_us = fmax(next_us, load->now_us + 1); /* no two things at the same time */
	load->now_us = next_us;
	for (int pcpu = 0; pcpu < PCPUS; pcpu++)
		if (load->stops_us[pcpu] <= next_us) {
			stop(load, pcpu);
			return;
		}
	for (int i = 0; i < load->count; i++)
		if (load->guests[i].wakes_us <= next_us) {
			wake(load, i);
			return;
		}
	load->mood = 0.5 + 1.5 * uniform(load);
	load->mood_ends_us = next_us + about(load, load->mood_us);
}

int main(int argc, char **argv)
{
	struct load load = { .mood = 1 };
	double end_us;

	if (argc < 5 || argc > 4 + GUESTS_MAX)
		return 2;
	load.random = strtoull(argv[1], NULL, 10) << 32;
	end_us = 1e6 * strtod(argv[2], NULL);
	load.mood_us = 1e3 * strtod(argv[3], NULL);
	load.mood_ends_us = about(&load, load.mood_us);
	load.count = argc - 4;
	for (int i = 0; i < load.count; i++) {
		load.guests[i].burst_us = strtod(argv[4 + i], NULL);
		load.guests[i].wakes_us = about(&load, think_us);
	}
	for (int pcpu = 0; pcpu < PCPUS; pcpu++) {
		load.runs[pcpu] = NOBODY;
		load.stops_us[pcpu] = INFINITY;
		tell(&load, pcpu, NOBODY, "runnable", "running");
	}
	while (load.now_us < end_us)
		step(&load);
	return 0;
}
