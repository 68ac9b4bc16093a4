/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * mg: NAS kernel MG: Poisson's equation on a periodic cube, by V-cycles of a multigrid method.
 *
 *     mpirun … mg S|W|A
 *
 * The truth it creates: passes over large arrays, and messages of all sizes between neighbours: the faces of grids that
 * get finer and coarser.
 *
 * Each process has a slab of the cube's planes.  Grids too coarse to give each process two planes are with every process
 * whole, and every process does the same work on them.
 */
#include "workloads/mpi/nas.h"
#include <math.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>

#define LEVELS_MAX 8
#define CHARGES 10 /* of each sign */

static const struct {
	int levels, iterations; /* the finest grid has 2^levels points a side */
	double residual;
} classes[NAS_CLASSES] = {
	{ 5, 4, 0.5307707005734e-4 },
	{ 7, 4, 0.6467329375339e-5 },
	{ 8, 4, 0.2433365309069e-5 },
};

/* What an operator gives a point: of itself, and of its neighbours by face, by edge and by corner. */
struct stencil {
	double self, face, edge, corner;
};

static const struct stencil minus_laplace = { 8.0 / 3, 0, -1.0 / 6, -1.0 / 12 };
static const struct stencil smoother = { -3.0 / 8, 1.0 / 32, -1.0 / 64, 0 };
static const struct stencil restriction = { 1.0 / 2, 1.0 / 4, 1.0 / 8, 1.0 / 16 };

/* One grid.  Its arrays have points 0 to side + 1 in x and y and planes 0 to planes + 1; the first and the last of each
 * repeat those of the other side, or of the next process. */
struct grid {
	int side, planes;
	bool whole;   /* with every process */
	int neighbour_below, neighbour_above; /* processes; itself: none */
	double *u, *r;
};

struct multigrid {
	struct nas run;
	int levels;
	struct grid grid[LEVELS_MAX + 1]; /* from 1 on; grid[i] has 2^i points a side */
	double *v;                        /* the right side, of the finest */
	double *near, *far;               /* of a row of points: sums of their neighbours in y and z, and of those across */
};

static size_t row_at(const struct grid *grid, int y, int z)
{
	size_t row = (size_t)grid->side + 2;

	return ((size_t)z * row + (size_t)y) * row;
}

static size_t grid_points(const struct grid *grid)
{
	return row_at(grid, 0, grid->planes + 2);
}

static void swap_planes(const struct grid *grid, double *a)
{
	int points = (grid->side + 2) * (grid->side + 2);
	MPI_Status status;

	MPI_Sendrecv(a + row_at(grid, 0, grid->planes), points, MPI_DOUBLE, grid->neighbour_above, 1, a, points, MPI_DOUBLE,
		     grid->neighbour_below, 1, MPI_COMM_WORLD, &status);
	MPI_Sendrecv(a + row_at(grid, 0, 1), points, MPI_DOUBLE, grid->neighbour_below, 2,
		     a + row_at(grid, 0, grid->planes + 1), points, MPI_DOUBLE, grid->neighbour_above, 2, MPI_COMM_WORLD, &status);
}

/* Sets the points around from what they repeat. */
static void wrap(const struct grid *grid, double *a)
{
	int side = grid->side, planes = grid->planes;
	size_t plane_size = row_at(grid, 0, 1) * sizeof(double), row_size = row_at(grid, 1, 0) * sizeof(double);

	for (int z = 1; z <= planes; z++) {
		for (int y = 1; y <= side; y++) {
			double *row = a + row_at(grid, y, z);

			row[0] = row[side];
			row[side + 1] = row[1];
		}
		memcpy(a + row_at(grid, 0, z), a + row_at(grid, side, z), row_size);
		memcpy(a + row_at(grid, side + 1, z), a + row_at(grid, 1, z), row_size);
	}
	if (!grid->whole) {
		swap_planes(grid, a);
		return;
	}
	memcpy(a, a + row_at(grid, 0, planes), plane_size);
	memcpy(a + row_at(grid, 0, planes + 1), a + row_at(grid, 0, 1), plane_size);
}

/* The sums of each point's neighbours in y and z, for a row: four share a face with it, four an edge.  What an operator
 * needs of the other 18 are these sums of its neighbours in x. */
static void add_around(const struct multigrid *mg, const struct grid *grid, const double *a, int y, int z)
{
	const double *low = a + row_at(grid, y - 1, z), *high = a + row_at(grid, y + 1, z);
	const double *below = a + row_at(grid, y, z - 1), *above = a + row_at(grid, y, z + 1);
	const double *low_below = a + row_at(grid, y - 1, z - 1), *high_below = a + row_at(grid, y + 1, z - 1);
	const double *low_above = a + row_at(grid, y - 1, z + 1), *high_above = a + row_at(grid, y + 1, z + 1);

	for (int x = 0; x <= grid->side + 1; x++) {
		mg->near[x] = low[x] + high[x] + below[x] + above[x];
		mg->far[x] = low_below[x] + high_below[x] + low_above[x] + high_above[x];
	}
}

static inline double at_point(const struct multigrid *mg, const double *row, int x, struct stencil s)
{
	return s.self * row[x] + s.face * (row[x - 1] + row[x + 1] + mg->near[x]) +
	       s.edge * (mg->near[x - 1] + mg->near[x + 1] + mg->far[x]) + s.corner * (mg->far[x - 1] + mg->far[x + 1]);
}

/* out = base + S a.  OUT may be BASE. */
static void apply(const struct multigrid *mg, const struct grid *grid, double *out, const double *base, const double *a, struct stencil s)
{
	for (int z = 1; z <= grid->planes; z++) {
		for (int y = 1; y <= grid->side; y++) {
			size_t at = row_at(grid, y, z);

			add_around(mg, grid, a, y, z);
			for (int x = 1; x <= grid->side; x++)
				out[at + (size_t)x] = base[at + (size_t)x] + at_point(mg, a + at, x, s);
		}
	}
	wrap(grid, out);
}

/* Where a process's part of a coarse grid begins that it has whole while it has a slab of the finer one. */
static int part_begins(const struct multigrid *mg, const struct grid *coarse, const struct grid *fine)
{
	return coarse->whole && !fine->whole ? mg->run.rank * fine->planes / 2 : 0;
}

/* Collects the parts of a coarse grid, each of PLANES planes. */
static void gather(const struct grid *grid, double *a, int begin, int planes)
{
	size_t plane = row_at(grid, 0, 1);
	double *part = nas_room((size_t)planes * plane, sizeof(double));

	memcpy(part, a + row_at(grid, 0, begin + 1), (size_t)planes * plane * sizeof(double));
	MPI_Allgather(part, planes * (int)plane, MPI_DOUBLE, a + plane, planes * (int)plane, MPI_DOUBLE, MPI_COMM_WORLD);
	free(part);
}

/* The residual on the coarse grid, of that on the fine one: point c of it is point 2 c. */
static void restrict_residual(const struct multigrid *mg, const struct grid *fine, const struct grid *coarse)
{
	int begin = part_begins(mg, coarse, fine);

	for (int z = 1; z <= fine->planes / 2; z++) {
		for (int y = 1; y <= coarse->side; y++) {
			const double *row = fine->r + row_at(fine, 2 * y, 2 * z);
			double *to = coarse->r + row_at(coarse, y, begin + z);

			add_around(mg, fine, fine->r, 2 * y, 2 * z);
			for (int x = 1; x <= coarse->side; x++)
				to[x] = at_point(mg, row, 2 * x, restriction);
		}
	}
	if (coarse->whole && !fine->whole)
		gather(coarse, coarse->r, begin, fine->planes / 2);
	wrap(coarse, coarse->r);
}

/* Adds the coarse grid's correction to the fine one's, interpolated. */
static void prolong(const struct multigrid *mg, const struct grid *coarse, const struct grid *fine)
{
	int begin = part_begins(mg, coarse, fine);

	for (int z = 1; z <= fine->planes; z++) {
		for (int y = 1; y <= fine->side; y++) {
			const double *a = coarse->u + row_at(coarse, y / 2, begin + z / 2);
			const double *b = coarse->u + row_at(coarse, (y + 1) / 2, begin + z / 2);
			const double *c = coarse->u + row_at(coarse, y / 2, begin + (z + 1) / 2);
			const double *d = coarse->u + row_at(coarse, (y + 1) / 2, begin + (z + 1) / 2);
			double *to = fine->u + row_at(fine, y, z), *row = mg->near;

			for (int x = 0; x <= coarse->side; x++)
				row[x] = (a[x] + b[x] + c[x] + d[x]) / 4;
			for (int x = 1; x <= coarse->side; x++) {
				to[2 * x - 1] += (row[x - 1] + row[x]) / 2;
				to[2 * x] += row[x];
			}
		}
	}
	wrap(fine, fine->u);
}

static void clear(const struct grid *grid, double *a)
{
	memset(a, 0, grid_points(grid) * sizeof(double));
}

/* One V-cycle: the residual down to the coarsest grid, the correction up again. */
static void cycle(const struct multigrid *mg)
{
	const struct grid *grid = mg->grid, *top = &grid[mg->levels];

	for (int i = mg->levels; i > 1; i--)
		restrict_residual(mg, &grid[i], &grid[i - 1]);
	clear(&grid[1], grid[1].u);
	apply(mg, &grid[1], grid[1].u, grid[1].u, grid[1].r, smoother);
	for (int i = 2; i < mg->levels; i++) {
		clear(&grid[i], grid[i].u);
		prolong(mg, &grid[i - 1], &grid[i]);
		apply(mg, &grid[i], grid[i].r, grid[i].r, grid[i].u, minus_laplace);
		apply(mg, &grid[i], grid[i].u, grid[i].u, grid[i].r, smoother);
	}
	prolong(mg, top - 1, top);
	apply(mg, top, top->r, mg->v, top->u, minus_laplace);
	apply(mg, top, top->u, top->u, top->r, smoother);
}

/* Solves from u = 0; returns the residual's norm. */
static double solve(const struct multigrid *mg, int iterations)
{
	const struct grid *top = &mg->grid[mg->levels];
	double sum = 0;

	clear(top, top->u);
	apply(mg, top, top->r, mg->v, top->u, minus_laplace);
	for (int i = 0; i < iterations; i++) {
		cycle(mg);
		apply(mg, top, top->r, mg->v, top->u, minus_laplace);
	}
	for (int z = 1; z <= top->planes; z++) {
		for (int y = 1; y <= top->side; y++) {
			const double *row = top->r + row_at(top, y, z);

			for (int x = 1; x <= top->side; x++)
				sum += row[x] * row[x];
		}
	}
	return sqrt(nas_sum(sum) / pow(top->side, 3));
}

/* A random number and the point that it was drawn for, of all points in the order of x, y, z. */
struct draw {
	double number, point;
};

static int lower_first(const void *a, const void *b)
{
	const struct draw *one = a, *other = b;

	return (one->number > other->number) - (one->number < other->number);
}

/* Keeps the CHARGES highest numbers, the highest last. */
static void keep(struct draw *draws, double number, double point)
{
	int i = 0;

	if (number <= draws[0].number)
		return;
	for (; i + 1 < CHARGES && draws[i + 1].number < number; i++)
		draws[i] = draws[i + 1];
	draws[i] = (struct draw){ number, point };
}

/* Charges of one sign, at the points with the highest numbers of all processes' DRAWS. */
static void put_charges(const struct multigrid *mg, struct draw *draws, double charge)
{
	const struct grid *top = &mg->grid[mg->levels];
	int count = CHARGES * mg->run.processes;
	struct draw all[CHARGES * NAS_PROCESSES_MAX];

	MPI_Allgather(draws, 2 * CHARGES, MPI_DOUBLE, all, 2 * CHARGES, MPI_DOUBLE, MPI_COMM_WORLD);
	qsort(all, (size_t)count, sizeof(*all), lower_first);
	for (int i = count - CHARGES; i < count; i++) {
		int point = (int)all[i].point, side = top->side;
		int z = point / side / side - mg->run.rank * top->planes;

		if (z >= 0 && z < top->planes)
			mg->v[row_at(top, point / side % side + 1, z + 1) + (size_t)(point % side) + 1] = charge;
	}
}

/* The right side: 0, but 1 where the highest and -1 where the lowest of all points' random numbers are. */
static void charge(const struct multigrid *mg)
{
	const struct grid *top = &mg->grid[mg->levels];
	int points = top->side * top->side * top->planes, first = points * mg->run.rank;
	uint64_t random = nas_after(NAS_SEED, (uint64_t)first);
	struct draw high[CHARGES], low[CHARGES];

	for (int i = 0; i < CHARGES; i++)
		high[i] = low[i] = (struct draw){ -1, 0 };
	for (int i = first; i < first + points; i++) {
		double number = nas_random(&random);

		keep(high, number, i);
		keep(low, 1 - number, i);
	}
	put_charges(mg, high, 1);
	put_charges(mg, low, -1);
	wrap(top, mg->v);
}

static struct grid new_grid(const struct nas *run, int side)
{
	bool whole = run->processes == 1 || side / run->processes < 2;
	struct grid grid = {
		.side = side, .planes = whole ? side : side / run->processes, .whole = whole,
		.neighbour_below = (run->rank + run->processes - 1) % run->processes,
		.neighbour_above = (run->rank + 1) % run->processes,
	};

	grid.u = nas_room(grid_points(&grid), sizeof(double));
	grid.r = nas_room(grid_points(&grid), sizeof(double));
	return grid;
}

static struct multigrid new_multigrid(struct nas run)
{
	struct multigrid mg = { .run = run, .levels = classes[run.class].levels };
	size_t row = ((size_t)1 << mg.levels) + 2;

	for (int i = 1; i <= mg.levels; i++)
		mg.grid[i] = new_grid(&run, 1 << i);
	mg.v = nas_room(grid_points(&mg.grid[mg.levels]), sizeof(double));
	mg.near = nas_room(row, sizeof(double));
	mg.far = nas_room(row, sizeof(double));
	return mg;
}

static void release(struct multigrid *mg)
{
	for (int i = 1; i <= mg->levels; i++) {
		free(mg->grid[i].u);
		free(mg->grid[i].r);
	}
	free(mg->v);
	free(mg->near);
	free(mg->far);
}

int main(int argc, char **argv)
{
	struct multigrid mg = new_multigrid(nas_begin("mg", argc, argv));
	int iterations = classes[mg.run.class].iterations;
	double residual;

	charge(&mg);
	solve(&mg, 1);
	nas_clock_start(&mg.run);
	residual = solve(&mg, iterations);
	nas_clock_stop(&mg.run);
	release(&mg);
	return nas_end(&mg.run, nas_near(residual, classes[mg.run.class].residual, 1e-8),
		       58.0 * iterations * ldexp(1, 3 * mg.levels));
}
