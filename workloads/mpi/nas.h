/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the NAS kernels share: the class on the command line, the random numbers, the clock, and the line they print.
 *
 * The kernels are written from their definition (NASA reports RNR-94-007 and NAS-95-020); what they compute must come
 * out as the published verification values say.  They call nothing that MPI 1.1 does not have, so that LAM runs them.
 */
#ifndef XTRACE_WORKLOADS_MPI_NAS_H
#define XTRACE_WORKLOADS_MPI_NAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Rows of each kernel's table of classes. */
enum { NAS_S, NAS_W, NAS_A, NAS_CLASSES };

/* More processes are refused: every size of every class can be shared by so many. */
#define NAS_PROCESSES_MAX 8

struct nas {
	const char *kernel;
	int class;           /* NAS_S… */
	int rank, processes; /* processes: a power of two */
	double wall_s, cpu_s; /* of this process in the timed part; while the clock runs: less what it showed at the start */
};

/* Starts MPI and reads the class.  Does not return when the command line or the number of processes is none: says so on
 * standard error and exits with 2. */
struct nas nas_begin(const char *kernel, int argc, char **argv);

/* The timed part, begun by all processes together. */
void nas_clock_start(struct nas *run);
void nas_clock_stop(struct nas *run);

/* Prints the result (process 0 does) and ends MPI.  OPERATIONS: as the reports count them; VERIFIED: as this process
 * sees it.  Returns the exit code, the same in all processes: 0 only if all see it verified and the line is out. */
int nas_end(struct nas *run, bool verified, double operations);

/* Zeroed memory; ends the whole run when there is none. */
void *nas_room(size_t count, size_t size);

/* The sum over all processes, known to all. */
double nas_sum(double part);

/* Within SHARE of what it should be. */
bool nas_near(double is, double should, double share);

/* Random numbers: x[k+1] = 5^13 x[k] mod 2^46, of which x / 2^46 is the k-th number in (0, 1). */
#define NAS_SEED UINT64_C(314159265)
#define NAS_FACTOR UINT64_C(1220703125)
#define NAS_MASK ((UINT64_C(1) << 46) - 1)

static inline double nas_random(uint64_t *x)
{
	*x = *x * NAS_FACTOR & NAS_MASK;
	return (double)*x * 0x1p-46;
}

/* X after so many steps. */
uint64_t nas_after(uint64_t x, uint64_t steps);

#endif
