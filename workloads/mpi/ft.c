/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ft: NAS kernel FT: a diffusion equation on a periodic box by Fourier transforms in three dimensions.
 *
 *     mpirun … ft S|W|A
 *
 * The truth it creates: in each iteration computing over all the memory it has, and then an exchange of half of that,
 * all with all.
 *
 * In space each process has some planes z, in frequencies some rows y; the transforms in x and y are done in the former,
 * those in z in the latter, and an exchange leads from one to the other.
 */
#include "workloads/mpi/nas.h"
#include <math.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>

#define ITERATIONS 6
#define ALPHA 1e-6
#define SAMPLES 1024
#define SIDE_MAX 256
#define LINES 16 /* transformed at a time; each dimension of each class's box is a multiple of it */

struct number {
	double re, im;
};

enum { X, Y, Z, DIMENSIONS };

static const struct {
	int side[DIMENSIONS];
	struct number sum[ITERATIONS];
} classes[NAS_CLASSES] = {
	{ { 64, 64, 64 },
	  { { 5.546087004964e2, 4.845363331978e2 }, { 5.546385409189e2, 4.865304269511e2 },
	    { 5.546148406171e2, 4.883910722336e2 }, { 5.545423607415e2, 4.901273169046e2 },
	    { 5.544255039624e2, 4.917475857993e2 }, { 5.542683411902e2, 4.932597244941e2 } } },
	{ { 128, 128, 32 },
	  { { 5.673612178944e2, 5.293246849175e2 }, { 5.631436885271e2, 5.282149986629e2 },
	    { 5.594024089970e2, 5.270996558037e2 }, { 5.560698047020e2, 5.260027904925e2 },
	    { 5.530898991250e2, 5.249400845633e2 }, { 5.504159734538e2, 5.239212247086e2 } } },
	{ { 256, 256, 128 },
	  { { 5.046735008193e2, 5.114047905510e2 }, { 5.059412319734e2, 5.098809666433e2 },
	    { 5.069376896287e2, 5.098144042213e2 }, { 5.077892868474e2, 5.101336130759e2 },
	    { 5.085233095391e2, 5.104914655194e2 }, { 5.091487099959e2, 5.107917842803e2 } } },
};

/* The box.  In space an array is [planes][side Y][side X], in frequencies [side Z][rows][side X]. */
struct box {
	struct nas run;
	const int *side;
	int planes, rows;
	size_t points;                      /* of this process */
	struct number root[SIDE_MAX];       /* exp(2 pi i k / SIDE_MAX) */
	double decay[DIMENSIONS][SIDE_MAX]; /* of a frequency in one iteration is the product over the dimensions */
	struct number *frequencies, *space, *spare; /* points of each */
	struct number *lines, *lines_spare;         /* SIDE_MAX times LINES of each */
};

enum direction { TO_FREQUENCIES = -1, TO_SPACE = 1 };

static inline struct number times(struct number a, struct number b)
{
	return (struct number){ a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re };
}

/* One stage of Stockham's transform: DONE transforms, each of N numbers of LINES lines and mingled with the others, become
 * twice as many of half the length. */
static void split(const struct number *from, struct number *to, int n, int done, const struct number *root, enum direction direction)
{
	size_t width = (size_t)done * LINES, half = width * (size_t)n / 2;

	for (int k = 0; k < n / 2; k++) {
		const struct number *a = from + (size_t)k * width, *b = a + half;
		struct number *sum = to + 2 * (size_t)k * width, *difference = sum + width;
		struct number turn = root[k * (SIDE_MAX / n)];

		turn.im *= (int)direction;
		for (size_t i = 0; i < width; i++) {
			sum[i] = (struct number){ a[i].re + b[i].re, a[i].im + b[i].im };
			difference[i] = times((struct number){ a[i].re - b[i].re, a[i].im - b[i].im }, turn);
		}
	}
}

/* Transforms LINES lines of N numbers in box->lines; returns where the result is. */
static const struct number *transform_block(const struct box *box, int n, enum direction direction)
{
	struct number *from = box->lines, *to = box->lines_spare;

	for (int length = n, done = 1; length > 1; length /= 2, done *= 2) {
		struct number *swap = from;

		split(from, to, length, done, box->root, direction);
		from = to;
		to = swap;
	}
	return from;
}

/* Transforms COUNT lines in place, each of N numbers that lie STEP apart; the lines begin LINE_STEP apart. */
static void transform_lines(const struct box *box, struct number *a, int n, size_t step, size_t count, size_t line_step, enum direction direction)
{
	for (size_t first = 0; first < count; first += LINES) {
		struct number *block = a + first * line_step;
		const struct number *result;

		for (size_t i = 0; i < (size_t)n; i++) {
			for (size_t line = 0; line < LINES; line++)
				box->lines[i * LINES + line] = block[i * step + line * line_step];
		}
		result = transform_block(box, n, direction);
		for (size_t i = 0; i < (size_t)n; i++) {
			for (size_t line = 0; line < LINES; line++)
				block[i * step + line * line_step] = result[i * LINES + line];
		}
	}
}

/* In x and y, of an array in space. */
static void transform_planes(const struct box *box, struct number *a, enum direction direction)
{
	size_t side_x = (size_t)box->side[X], side_y = (size_t)box->side[Y];

	for (size_t z = 0; z < (size_t)box->planes; z++) {
		struct number *plane = a + z * side_x * side_y;

		transform_lines(box, plane, box->side[X], 1, side_y, side_x, direction);
		transform_lines(box, plane, box->side[Y], side_x, side_x, 1, direction);
	}
}

/* In z, of an array in frequencies. */
static void transform_columns(const struct box *box, struct number *a, enum direction direction)
{
	size_t plane = (size_t)box->rows * (size_t)box->side[X];

	transform_lines(box, a, box->side[Z], plane, plane, 1, direction);
}

/* Between an array in space and the same with the parts for each process together. */
static void pack(const struct box *box, struct number *space, struct number *parts, enum direction direction)
{
	size_t run = (size_t)box->rows * (size_t)box->side[X], planes = (size_t)box->planes, processes = (size_t)box->run.processes;

	for (size_t process = 0; process < processes; process++) {
		for (size_t z = 0; z < planes; z++) {
			struct number *in_space = space + (z * processes + process) * run, *in_part = parts + (process * planes + z) * run;

			if (direction == TO_FREQUENCIES)
				memcpy(in_part, in_space, run * sizeof(*parts));
			else
				memcpy(in_space, in_part, run * sizeof(*parts));
		}
	}
}

static void exchange(const struct box *box, struct number *from, struct number *to)
{
	int part = (int)(2 * box->points) / box->run.processes;

	MPI_Alltoall(from, part, MPI_DOUBLE, to, part, MPI_DOUBLE, MPI_COMM_WORLD);
}

static void to_frequencies(const struct box *box)
{
	transform_planes(box, box->space, TO_FREQUENCIES);
	pack(box, box->space, box->spare, TO_FREQUENCIES);
	exchange(box, box->spare, box->frequencies);
	transform_columns(box, box->frequencies, TO_FREQUENCIES);
}

/* The frequencies stay. */
static void to_space(const struct box *box)
{
	memcpy(box->space, box->frequencies, box->points * sizeof(*box->space));
	transform_columns(box, box->space, TO_SPACE);
	exchange(box, box->space, box->spare);
	pack(box, box->space, box->spare, TO_SPACE);
	transform_planes(box, box->space, TO_SPACE);
}

/* One step of time. */
static void decay(const struct box *box)
{
	struct number *at = box->frequencies;

	for (int z = 0; z < box->side[Z]; z++) {
		for (int y = 0; y < box->rows; y++) {
			double of_row = box->decay[Z][z] * box->decay[Y][box->rows * box->run.rank + y];

			for (int x = 0; x < box->side[X]; x++, at++) {
				at->re *= of_row * box->decay[X][x];
				at->im *= of_row * box->decay[X][x];
			}
		}
	}
}

/* The mean of some points in space. */
static struct number checksum(const struct box *box)
{
	double points = (double)box->points * box->run.processes;
	struct number sum = { 0, 0 };

	for (int i = 1; i <= SAMPLES; i++) {
		int x = i % box->side[X], y = 3 * i % box->side[Y], z = 5 * i % box->side[Z] - box->planes * box->run.rank;
		const struct number *at;

		if (z < 0 || z >= box->planes)
			continue;
		at = box->space + ((size_t)z * (size_t)box->side[Y] + (size_t)y) * (size_t)box->side[X] + x;
		sum.re += at->re;
		sum.im += at->im;
	}
	return (struct number){ nas_sum(sum.re) / points, nas_sum(sum.im) / points };
}

static void fill(const struct box *box)
{
	uint64_t random = nas_after(NAS_SEED, 2 * box->points * (uint64_t)box->run.rank);

	for (size_t i = 0; i < box->points; i++) {
		box->space[i].re = nas_random(&random);
		box->space[i].im = nas_random(&random);
	}
}

static void make_tables(struct box *box)
{
	for (int k = 0; k < SIDE_MAX; k++)
		box->root[k] = (struct number){ cos(2 * M_PI * k / SIDE_MAX), sin(2 * M_PI * k / SIDE_MAX) };
	for (int dimension = 0; dimension < DIMENSIONS; dimension++) {
		int side = box->side[dimension];

		for (int i = 0; i < side; i++) {
			int frequency = i < side / 2 ? i : i - side;

			box->decay[dimension][i] = exp(-4 * ALPHA * M_PI * M_PI * frequency * frequency);
		}
	}
}

static struct box new_box(struct nas run)
{
	const int *side = classes[run.class].side;
	struct box box = { .run = run, .side = side, .planes = side[Z] / run.processes, .rows = side[Y] / run.processes };

	box.points = (size_t)(side[X] * side[Y] * box.planes);
	box.frequencies = nas_room(box.points, sizeof(struct number));
	box.space = nas_room(box.points, sizeof(struct number));
	box.spare = nas_room(box.points, sizeof(struct number));
	box.lines = nas_room((size_t)SIDE_MAX * LINES, sizeof(struct number));
	box.lines_spare = nas_room((size_t)SIDE_MAX * LINES, sizeof(struct number));
	make_tables(&box);
	return box;
}

static void release(struct box *box)
{
	free(box->frequencies);
	free(box->space);
	free(box->spare);
	free(box->lines);
	free(box->lines_spare);
}

/* As the reports count them for radix 2. */
static double operations(const struct box *box)
{
	double points = (double)box->points * box->run.processes, log_points = log(points);

	return points * (14.8157 + 7.19641 * log_points + (5.23518 + 7.21113 * log_points) * ITERATIONS);
}

int main(int argc, char **argv)
{
	struct box box = new_box(nas_begin("ft", argc, argv));
	bool verified = true;

	nas_clock_start(&box.run);
	fill(&box);
	to_frequencies(&box);
	for (int i = 0; i < ITERATIONS; i++) {
		struct number sum, should = classes[box.run.class].sum[i];

		decay(&box);
		to_space(&box);
		sum = checksum(&box);
		verified &= nas_near(sum.re, should.re, 1e-12) && nas_near(sum.im, should.im, 1e-12);
	}
	nas_clock_stop(&box.run);
	release(&box);
	return nas_end(&box.run, verified, operations(&box));
}
