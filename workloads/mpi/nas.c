/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "workloads/mpi/nas.h"
#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const char class_letters[NAS_CLASSES + 1] = "SWA";

static int class_of(int argc, char **argv)
{
	const char *letter = argc == 2 && argv[1][0] && !argv[1][1] ? strchr(class_letters, argv[1][0]) : NULL;

	return letter ? (int)(letter - class_letters) : -1;
}

struct nas nas_begin(const char *kernel, int argc, char **argv)
{
	struct nas run = { .kernel = kernel };

	MPI_Init(&argc, &argv);
	MPI_Comm_rank(MPI_COMM_WORLD, &run.rank);
	MPI_Comm_size(MPI_COMM_WORLD, &run.processes);
	run.class = class_of(argc, argv);
	if (run.class < 0 || run.processes & (run.processes - 1) || run.processes > NAS_PROCESSES_MAX) {
		if (!run.rank)
			fprintf(stderr, "usage: %s S|W|A, with 1, 2, 4 or 8 processes\n", kernel);
		MPI_Finalize();
		exit(2);
	}
	return run;
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec * 1e-6;
}

static double cpu_s(void)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	return seconds(used.ru_utime) + seconds(used.ru_stime);
}

void nas_clock_start(struct nas *run)
{
	MPI_Barrier(MPI_COMM_WORLD);
	run->cpu_s = -cpu_s();
	run->wall_s = -MPI_Wtime();
}

void nas_clock_stop(struct nas *run)
{
	run->wall_s += MPI_Wtime();
	run->cpu_s += cpu_s();
}

int nas_end(struct nas *run, bool verified, double operations)
{
	int mine = verified, all;
	double wall_s, sum_cpu_s;

	MPI_Allreduce(&mine, &all, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
	MPI_Reduce(&run->wall_s, &wall_s, 1, MPI_DOUBLE, MPI_MAX, 0, MPI_COMM_WORLD);
	MPI_Reduce(&run->cpu_s, &sum_cpu_s, 1, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);
	if (!run->rank) {
		printf("work=%s.%c status=%s processes=%d wall_s=%.6f cpu_s=%.6f mops=%.3f\n", run->kernel,
		       class_letters[run->class], all ? "ok" : "wrong", run->processes, wall_s, sum_cpu_s,
		       wall_s > 0 ? operations / wall_s * 1e-6 : 0.0);
		if (fflush(stdout))
			all = 0;
	}
	MPI_Bcast(&all, 1, MPI_INT, 0, MPI_COMM_WORLD);
	MPI_Finalize();
	return all ? 0 : 1;
}

void *nas_room(size_t count, size_t size)
{
	void *room = calloc(count ? count : 1, size);

	if (!room) {
		fprintf(stderr, "no memory for %zu times %zu bytes\n", count, size);
		MPI_Abort(MPI_COMM_WORLD, 1);
		exit(1);
	}
	return room;
}

double nas_sum(double part)
{
	double sum;

	MPI_Allreduce(&part, &sum, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
	return sum;
}

bool nas_near(double is, double should, double share)
{
	return fabs(is - should) <= share * fabs(should);
}

uint64_t nas_after(uint64_t x, uint64_t steps)
{
	for (uint64_t factor = NAS_FACTOR; steps; steps >>= 1) {
		if (steps & 1)
			x = x * factor & NAS_MASK;
		factor = factor * factor & NAS_MASK;
	}
	return x;
}
