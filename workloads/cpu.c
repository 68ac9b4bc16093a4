/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * cpu: a counted integer loop, a workload that wants one CPU and nothing else.
 *
 *     cpu SECONDS [RUN_MS PERIOD_MS [BUSY_MS PAUSE_MS]]
 *
 * Runs for SECONDS of wall time and prints one line:
 *
 *     loops=N wall_s=W user_s=U system_s=S
 *
 * The truth it creates: from its start to its end its vCPU is running or
 * runnable, never blocked, and hardly ever enters its kernel.  The loops counted are
 * proportional to the CPU time it got, so a scheduler that shares by weight shows in
 * the ratio of the counts.  U + S is what the guest's kernel believes: Linux as a PV
 * guest charges stolen time to the process, so it comes to W whatever Xen gave.
 *
 * With RUN_MS and PERIOD_MS it computes for the first part of each period and sleeps for the rest, and the line ends
 * with late=N.  With a period as long as the tick by which a scheduler samples, it sleeps over the ticks: it cannot see
 * them, but while they do not meet it the scheduler wakes it in time.  When it is woken late a tick must have met it, and
 * it moves its periods against them: N times.
 *
 * With BUSY_MS and PAUSE_MS it does so for the first of the two and then sleeps for the second, over and over.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

/* The clock is read once per so many loops, a few milliseconds: in a PV guest reading it is a
 * system call, and that a trap into Xen.  With periods it is read more often. */
#define LOOPS_PER_LOOK 5000000u
#define LOOPS_PER_PERIODIC_LOOK 100000u

/* Woken so much late: the periods move by so much. */
#define LATE_S 0.002
#define MOVE_S 0.003

static double wall_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec * 1e-6;
}

/* One step of an LCG: the compiler can neither skip nor fold it. */
static uint64_t work(uint64_t x, unsigned loops)
{
	for (unsigned i = 0; i < loops; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		__asm__ volatile("" : "+r"(x));
	}
	return x;
}

static void sleep_until(double then_s)
{
	struct timespec t = { .tv_sec = (time_t)then_s, .tv_nsec = (long)((then_s - (double)(time_t)then_s) * 1e9) };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

/* -1: not a number of at least 0. */
static double number(const char *word)
{
	char *end;
	double value = strtod(word, &end);

	return end != word && !*end && value >= 0 ? value : -1;
}

int main(int argc, char **argv)
{
	bool periodic = argc >= 4, pauses = argc == 6;
	double duration_s = argc == 2 || argc == 4 || argc == 6 ? number(argv[1]) : -1;
	double run_s = periodic ? number(argv[2]) / 1e3 : 1, period_s = periodic ? number(argv[3]) / 1e3 : 0;
	double busy_s = pauses ? number(argv[4]) / 1e3 : 0, pause_s = pauses ? number(argv[5]) / 1e3 : 0;
	unsigned loops_per_look = periodic ? LOOPS_PER_PERIODIC_LOOK : LOOPS_PER_LOOK;
	struct rusage used;
	uint64_t x = 1, loops = 0, late = 0;
	double start_s, period_start_s, busy_start_s, now_s;

	if (duration_s < 0 || run_s <= 0 || period_s < 0 || busy_s < 0 || pause_s < 0) {
		fprintf(stderr, "usage: cpu SECONDS [RUN_MS PERIOD_MS [BUSY_MS PAUSE_MS]]\n");
		return 2;
	}
	start_s = period_start_s = busy_start_s = wall_s();
	do {
		x = work(x, loops_per_look);
		loops += loops_per_look;
		now_s = wall_s();
		if (!periodic || now_s < period_start_s + run_s)
			continue;
		if (pauses && now_s >= busy_start_s + busy_s) {
			sleep_until(now_s + pause_s);
			period_start_s = busy_start_s = wall_s();
			continue;
		}
		period_start_s += period_s;
		sleep_until(period_start_s);
		now_s = wall_s();
		if (now_s > period_start_s + LATE_S) {
			period_start_s = now_s - MOVE_S;
			late++;
		}
	} while (now_s - start_s < duration_s);
	getrusage(RUSAGE_SELF, &used);
	printf("loops=%" PRIu64 " wall_s=%.3f user_s=%.3f system_s=%.3f", loops, now_s - start_s, seconds(used.ru_utime),
	       seconds(used.ru_stime));
	if (periodic)
		printf(" late=%" PRIu64, late);
	putchar('\n');
	return fflush(stdout) ? 1 : 0;
}
