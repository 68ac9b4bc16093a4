/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * cg: NAS kernel CG: the smallest eigenvalue of a large sparse matrix by inverse iteration, each step of it 25 steps of
 * the conjugate gradient method.
 *
 *     mpirun … cg S|W|A
 *
 * The truth it creates: irregular reads of memory, and in each step two sums and a vector that all processes need.
 *
 * Each process has some rows of the matrix and the same part of the vectors (NASA's programs share out blocks: what is
 * sent is as much, the partners are others).
 */
#include "workloads/mpi/nas.h"
#include <math.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>

#define CG_STEPS 25
#define CONDITION 0.1 /* the matrix's smallest eigenvalue by its greatest, before the shift */
#define NONZERO_MAX 11

static const struct {
	int n, nonzero, iterations;
	double shift, zeta;
} classes[NAS_CLASSES] = {
	{ 1400, 7, 15, 10, 8.5971775078648 },
	{ 7000, 8, 15, 12, 10.362595087124 },
	{ 14000, 11, 15, 20, 17.130235054029 },
};

/* An element of a sparse vector.  All those of one place are a list. */
struct element {
	double value;
	int at;
	int vector; /* it is one of this vector's */
	const struct element *next; /* at the same place, of the next vector that has one; NULL: none */
};

/* A vector that is zero but for a few elements. */
struct sparse {
	int count;
	struct element element[NONZERO_MAX + 1];
};

/* Rows first to first + rows - 1 of the matrix; those elements that are not zero, row after row. */
struct matrix {
	int n, rows, first;
	size_t *row_end;
	int *column;
	double *value;
};

/* The vectors of one solution: this process's part of each, and one whole one. */
struct vectors {
	double *x, *z, *r, *p, *q, *whole;
};

static struct element *find(struct sparse *vector, int at)
{
	for (int k = 0; k < vector->count; k++) {
		if (vector->element[k].at == at)
			return &vector->element[k];
	}
	return NULL;
}

/* Random elements at random places, and a half at place I. */
static void make_vector(struct sparse *vector, int i, int n, int nonzero, uint64_t *x)
{
	int places = 1;
	struct element *own;

	while (places < n)
		places *= 2;
	while (vector->count < nonzero) {
		double value = nas_random(x);
		int at = (int)(places * nas_random(x));

		if (at < n && !find(vector, at))
			vector->element[vector->count++] = (struct element){ .value = value, .at = at, .vector = i };
	}
	own = find(vector, i);
	if (!own)
		own = &vector->element[vector->count++];
	*own = (struct element){ .value = 0.5, .at = i, .vector = i };
}

static struct sparse *make_vectors(int n, int nonzero)
{
	struct sparse *vectors = nas_room((size_t)n, sizeof(*vectors));
	uint64_t x = NAS_SEED;

	nas_random(&x);
	for (int i = 0; i < n; i++)
		make_vector(&vectors[i], i, n, nonzero, &x);
	return vectors;
}

/* Lists the elements of each of the matrix's rows, and says how many the matrix has at most. */
static size_t list_by_row(const struct matrix *matrix, struct sparse *vectors, const struct element **rows)
{
	size_t elements = 0;

	for (int i = matrix->n - 1; i >= 0; i--) {
		for (int k = 0; k < vectors[i].count; k++) {
			struct element *element = &vectors[i].element[k];
			int row = element->at - matrix->first;

			if (row < 0 || row >= matrix->rows)
				continue;
			element->next = rows[row];
			rows[row] = element;
			elements += (size_t)vectors[i].count;
		}
	}
	return elements;
}

/* Adds a multiple of a vector to ROW, which has 0 where it has no element yet (none is negative), and the columns that
 * are new to the matrix. */
static void add_to_row(double *row, const struct sparse *vector, double factor, struct matrix *matrix, size_t *end)
{
	for (int k = 0; k < vector->count; k++) {
		int at = vector->element[k].at;

		if (row[at] == 0)
			matrix->column[(*end)++] = at;
		row[at] += factor * vector->element[k].value;
	}
}

static void fill_row(struct matrix *matrix, int i, const struct sparse *vectors, const struct element *list, double shift, double *row)
{
	size_t begin = i ? matrix->row_end[i - 1] : 0, end = begin;

	for (; list; list = list->next) {
		double weight = pow(CONDITION, (double)list->vector / matrix->n);

		add_to_row(row, &vectors[list->vector], weight * list->value, matrix, &end);
	}
	row[matrix->first + i] += CONDITION - shift;
	for (size_t k = begin; k < end; k++) {
		matrix->value[k] = row[matrix->column[k]];
		row[matrix->column[k]] = 0;
	}
	matrix->row_end[i] = end;
}

/* The matrix is the sum over all vectors of their outer products with themselves, that of the i-th of n weighted by
 * CONDITION^(i/n), and on the diagonal CONDITION less the shift. */
static struct matrix make_matrix(const struct nas *run)
{
	int n = classes[run->class].n, rows = n / run->processes;
	struct matrix matrix = { .n = n, .rows = rows, .first = rows * run->rank };
	struct sparse *vectors = make_vectors(n, classes[run->class].nonzero);
	const struct element **lists = nas_room((size_t)rows, sizeof(*lists));
	size_t elements = list_by_row(&matrix, vectors, lists);
	double *row = nas_room((size_t)n, sizeof(*row));

	matrix.row_end = nas_room((size_t)rows, sizeof(*matrix.row_end));
	matrix.column = nas_room(elements, sizeof(*matrix.column));
	matrix.value = nas_room(elements, sizeof(*matrix.value));
	for (int i = 0; i < rows; i++)
		fill_row(&matrix, i, vectors, lists[i], classes[run->class].shift, row);
	free(vectors);
	free(lists);
	free(row);
	return matrix;
}

/* q = A p; WHOLE gets all of p, from all processes. */
static void multiply(const struct matrix *matrix, double *p, double *whole, double *q)
{
	MPI_Allgather(p, matrix->rows, MPI_DOUBLE, whole, matrix->rows, MPI_DOUBLE, MPI_COMM_WORLD);
	for (int i = 0; i < matrix->rows; i++) {
		double sum = 0;

		for (size_t k = i ? matrix->row_end[i - 1] : 0; k < matrix->row_end[i]; k++)
			sum += matrix->value[k] * whole[matrix->column[k]];
		q[i] = sum;
	}
}

static double dot(const double *a, const double *b, int count)
{
	double sum = 0;

	for (int i = 0; i < count; i++)
		sum += a[i] * b[i];
	return nas_sum(sum);
}

/* Solves A z = x, nearly. */
static void solve(const struct matrix *matrix, struct vectors *v)
{
	int rows = matrix->rows;
	double rho = dot(v->x, v->x, rows);

	memset(v->z, 0, (size_t)rows * sizeof(double));
	memcpy(v->r, v->x, (size_t)rows * sizeof(double));
	memcpy(v->p, v->x, (size_t)rows * sizeof(double));
	for (int step = 0; step < CG_STEPS; step++) {
		double alpha, rho_before = rho;

		multiply(matrix, v->p, v->whole, v->q);
		alpha = rho / dot(v->p, v->q, rows);
		for (int i = 0; i < rows; i++) {
			v->z[i] += alpha * v->p[i];
			v->r[i] -= alpha * v->q[i];
		}
		rho = dot(v->r, v->r, rows);
		for (int i = 0; i < rows; i++)
			v->p[i] = v->r[i] + rho / rho_before * v->p[i];
	}
}

/* |x - A z|: the reports compute and print it, so it belongs to the work. */
static double residual(const struct matrix *matrix, struct vectors *v)
{
	multiply(matrix, v->z, v->whole, v->q);
	for (int i = 0; i < matrix->rows; i++)
		v->r[i] = v->x[i] - v->q[i];
	return sqrt(dot(v->r, v->r, matrix->rows));
}

/* One step of the inverse iteration: returns the estimate of the eigenvalue. */
static double iterate(const struct matrix *matrix, struct vectors *v, double shift, double *residual_norm)
{
	double zeta, norm;

	solve(matrix, v);
	*residual_norm = residual(matrix, v);
	zeta = shift + 1 / dot(v->x, v->z, matrix->rows);
	norm = sqrt(dot(v->z, v->z, matrix->rows));
	for (int i = 0; i < matrix->rows; i++)
		v->x[i] = v->z[i] / norm;
	return zeta;
}

static void all_ones(double *x, int count)
{
	for (int i = 0; i < count; i++)
		x[i] = 1;
}

static struct vectors new_vectors(const struct matrix *matrix)
{
	size_t rows = (size_t)matrix->rows;

	return (struct vectors){
		.x = nas_room(rows, sizeof(double)), .z = nas_room(rows, sizeof(double)), .r = nas_room(rows, sizeof(double)),
		.p = nas_room(rows, sizeof(double)), .q = nas_room(rows, sizeof(double)),
		.whole = nas_room((size_t)matrix->n, sizeof(double)),
	};
}

static void release(struct matrix *matrix, struct vectors *v)
{
	free(matrix->row_end);
	free(matrix->column);
	free(matrix->value);
	free(v->x);
	free(v->z);
	free(v->r);
	free(v->p);
	free(v->q);
	free(v->whole);
}

static double operations(int class)
{
	double in_row = classes[class].nonzero * (classes[class].nonzero + 1);

	return 2.0 * classes[class].iterations * classes[class].n * (3 + in_row + CG_STEPS * (5 + in_row) + 3);
}

int main(int argc, char **argv)
{
	struct nas run = nas_begin("cg", argc, argv);
	struct matrix matrix = make_matrix(&run);
	struct vectors vectors = new_vectors(&matrix);
	double zeta = 0, residual_norm = 0, shift = classes[run.class].shift;

	all_ones(vectors.x, matrix.rows);
	iterate(&matrix, &vectors, shift, &residual_norm);
	all_ones(vectors.x, matrix.rows);
	nas_clock_start(&run);
	for (int i = 0; i < classes[run.class].iterations; i++)
		zeta = iterate(&matrix, &vectors, shift, &residual_norm);
	nas_clock_stop(&run);
	release(&matrix, &vectors);
	return nas_end(&run, nas_near(zeta, classes[run.class].zeta, 1e-10) && residual_norm < 1e-10, operations(run.class));
}
