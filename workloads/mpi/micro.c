/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * micro: SKaMPI's measurements between two processes, by message size, and of the clock that they are made with.
 *
 *     mpirun -np 2 … micro [SHARE [REPETITIONS [SECONDS]]]
 *
 * Prints one line for each measurement:
 *
 *     work=mpi-micro status=ok|wrong operation=send|sendrecv bytes=N mean_us=M stderr_us=E repetitions=N
 *     work=mpi-micro status=ok operation=wtime bytes=0 mean_us=M stderr_us=E repetitions=N resolution_us=R tick_us=T
 *
 *     send      half the time from a Send to the end of the Recv of its echo: one Send and the Recv that it meets
 *     sendrecv  one Sendrecv, while the other process calls it too
 *     wtime     one call of MPI_Wtime; R is the least step seen between two calls, T what MPI_Wtick says
 *
 * Each is repeated until the standard error of its mean is below SHARE of it (0.03), but at most REPETITIONS times (1000)
 * and, within one round of repetitions, for SECONDS (1).  The first repetition is not counted.  "wrong": a message came
 * over damaged.
 */
#include <math.h>
#include <mpi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BYTES_MAX (1 << 20)
#define ROUND 8           /* repetitions between two looks at the error */
#define WTIME_CALLS 1000  /* of a repetition */

struct limits {
	double share, repetitions, duration_s;
};

struct mean {
	int count;
	double mean, squares; /* squares: of the differences to the mean, summed */
};

struct buffers {
	char *out, *in;
};

/* One repetition, begun by process 0; returns its time there, in seconds. */
typedef double operation_fn(const struct buffers *buffers, int bytes, int rank);

static void add(struct mean *mean, double number)
{
	double difference = number - mean->mean;

	mean->count++;
	mean->mean += difference / mean->count;
	mean->squares += difference * (number - mean->mean);
}

static double standard_error(const struct mean *mean)
{
	return mean->count > 1 ? sqrt(mean->squares / (mean->count - 1) / mean->count) : INFINITY;
}

static bool enough(const struct mean *mean, const struct limits *limits, double start_s)
{
	return standard_error(mean) <= limits->share * mean->mean || mean->count >= limits->repetitions ||
	       MPI_Wtime() - start_s >= limits->duration_s;
}

static double send(const struct buffers *buffers, int bytes, int rank)
{
	double start_s = MPI_Wtime();
	MPI_Status status;

	if (rank)
		MPI_Recv(buffers->in, bytes, MPI_BYTE, 0, 1, MPI_COMM_WORLD, &status);
	MPI_Send(buffers->out, bytes, MPI_BYTE, !rank, 1, MPI_COMM_WORLD);
	if (!rank)
		MPI_Recv(buffers->in, bytes, MPI_BYTE, 1, 1, MPI_COMM_WORLD, &status);
	return (MPI_Wtime() - start_s) / 2;
}

static double sendrecv(const struct buffers *buffers, int bytes, int rank)
{
	double start_s = MPI_Wtime();
	MPI_Status status;

	MPI_Sendrecv(buffers->out, bytes, MPI_BYTE, !rank, 2, buffers->in, bytes, MPI_BYTE, !rank, 2, MPI_COMM_WORLD, &status);
	return MPI_Wtime() - start_s;
}

/* Both processes repeat the operation; process 0 tells the other after each round whether there is another. */
static struct mean repeat(operation_fn *operation, const struct buffers *buffers, int bytes, int rank, const struct limits *limits)
{
	double start_s = MPI_Wtime();
	struct mean mean = { 0 };
	int more = 1;

	operation(buffers, bytes, rank);
	while (more) {
		for (int i = 0; i < ROUND; i++)
			add(&mean, operation(buffers, bytes, rank));
		more = !enough(&mean, limits, start_s);
		MPI_Bcast(&more, 1, MPI_INT, 0, MPI_COMM_WORLD);
		MPI_Barrier(MPI_COMM_WORLD);
	}
	return mean;
}

static void print(const char *status, const char *operation, int bytes, const struct mean *mean)
{
	printf("work=mpi-micro status=%s operation=%s bytes=%d mean_us=%.4f stderr_us=%.4f repetitions=%d", status, operation,
	       bytes, mean->mean * 1e6, standard_error(mean) * 1e6, mean->count);
}

/* Returns whether all that came over is what was sent. */
static bool measure(const char *name, operation_fn *operation, int bytes, int rank, const struct limits *limits, struct buffers *buffers)
{
	int same, all_same;
	struct mean mean;

	for (int i = 0; i < bytes; i++)
		buffers->out[i] = (char)(i + bytes);
	memset(buffers->in, 0, (size_t)bytes);
	mean = repeat(operation, buffers, bytes, rank, limits);
	same = !memcmp(buffers->in, buffers->out, (size_t)bytes);
	MPI_Allreduce(&same, &all_same, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
	if (!rank) {
		print(all_same ? "ok" : "wrong", name, bytes, &mean);
		putchar('\n');
		fflush(stdout);
	}
	return all_same;
}

static double wtime_resolution_s(void)
{
	double least_s = INFINITY;

	for (int i = 0; i < WTIME_CALLS; i++) {
		double first_s = MPI_Wtime(), next_s = first_s;

		while (next_s <= first_s)
			next_s = MPI_Wtime();
		least_s = fmin(least_s, next_s - first_s);
	}
	return least_s;
}

static void measure_wtime(const struct limits *limits)
{
	double start_s = MPI_Wtime();
	struct mean mean = { 0 };

	do {
		for (int i = 0; i < ROUND; i++) {
			double round_start_s = MPI_Wtime();

			for (int k = 1; k < WTIME_CALLS; k++)
				MPI_Wtime();
			add(&mean, (MPI_Wtime() - round_start_s) / WTIME_CALLS);
		}
	} while (!enough(&mean, limits, start_s));
	print("ok", "wtime", 0, &mean);
	printf(" resolution_us=%.4f tick_us=%.4f\n", wtime_resolution_s() * 1e6, MPI_Wtick() * 1e6);
	fflush(stdout);
}

/* The I-th argument, or OTHERWISE when there is none; -1 when it is not a number greater than 0. */
static double number(int argc, char **argv, int i, double otherwise)
{
	char *end;
	double value;

	if (i >= argc)
		return otherwise;
	value = strtod(argv[i], &end);
	return end != argv[i] && !*end && value > 0 ? value : -1;
}

int main(int argc, char **argv)
{
	struct buffers buffers = { malloc(BYTES_MAX), malloc(BYTES_MAX) };
	struct limits limits;
	int rank, processes;
	bool good = buffers.out && buffers.in;

	MPI_Init(&argc, &argv);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	MPI_Comm_size(MPI_COMM_WORLD, &processes);
	limits = (struct limits){ number(argc, argv, 1, 0.03), number(argc, argv, 2, 1000), number(argc, argv, 3, 1) };
	if (processes != 2 || argc > 4 || limits.share < 0 || limits.repetitions < 0 || limits.duration_s < 0) {
		if (!rank)
			fprintf(stderr, "usage: micro [SHARE [REPETITIONS [SECONDS]]], with 2 processes\n");
		MPI_Finalize();
		return 2;
	}
	if (!good) {
		fprintf(stderr, "micro: no memory for two buffers of %d bytes\n", BYTES_MAX);
		MPI_Abort(MPI_COMM_WORLD, 1);
	}
	if (!rank)
		measure_wtime(&limits);
	for (int bytes = 1; bytes <= BYTES_MAX; bytes *= 2)
		good &= measure("send", send, bytes, rank, &limits, &buffers);
	for (int bytes = 1; bytes <= BYTES_MAX; bytes *= 2)
		good &= measure("sendrecv", sendrecv, bytes, rank, &limits, &buffers);
	free(buffers.out);
	free(buffers.in);
	MPI_Finalize();
	return good && !ferror(stdout) ? 0 : 1;
}
