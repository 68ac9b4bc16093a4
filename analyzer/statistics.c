/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/statistics.h"

#include <math.h>
#include <stdlib.h>

/* ---- random numbers ---- */

uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

uint32_t random_below(uint64_t *state, uint32_t limit)
{
	return (uint32_t)((random_next(state) >> 32) * limit >> 32);
}

/* ---- Student's distribution ---- */

enum { FRACTION_TERMS = 500 };

/* Lentz: what is divided by must not be 0. */
static double not_zero(double value)
{
	return fabs(value) < 1e-300 ? 1e-300 : value;
}

/* The continued fraction of I_x(a, b), by Lentz's method; converges fast for x < (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x)
{
	double c = 1, d = 1 / (1 - (a + b) * x / (a + 1)), product = d;

	for (int m = 1; m <= FRACTION_TERMS; m++) {
		double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
		d = 1 / not_zero(1 + even * d);
		c = not_zero(1 + even / c);
		product *= c * d;
		d = 1 / not_zero(1 + odd * d);
		c = not_zero(1 + odd / c);
		product *= c * d;
		if (fabs(c * d - 1) < 1e-14)
			break;
	}
	return product;
}

static double incomplete_beta(double a, double b, double x)
{
	double front;

	if (x <= 0 || x >= 1)
		return x <= 0 ? 0 : 1;
	front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
	if (x < (a + 1) / (a + b + 2))
		return front * beta_fraction(a, b, x) / a;
	return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double student_p(double t, double dof)
{
	return isinf(t) ? 0 : incomplete_beta(dof / 2, 0.5, dof / (dof + t * t));
}

double student_t(double p, double dof)
{
	double low = 0, high = 1;

	while (student_p(high, dof) > p && high < 1e150)
		high *= 2;
	for (int i = 0; i < 100; i++) {
		double middle = (low + high) / 2;
		if (student_p(middle, dof) > p)
			low = middle;
		else
			high = middle;
	}
	return high;
}

/* ---- of many values ---- */

double mean_of(const double *values, size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += values[i];
	return count > 0 ? sum / (double)count : NAN;
}

double deviation_of(const double *values, size_t count)
{
	double mean = mean_of(values, count), squares = 0;

	for (size_t i = 0; i < count; i++)
		squares += (values[i] - mean) * (values[i] - mean);
	return count > 1 ? sqrt(squares / (double)(count - 1)) : NAN;
}

/* ---- many comparisons ---- */

struct comparison {
	double p;
	size_t index;
};

static int compare_comparisons(const void *a, const void *b)
{
	const struct comparison *x = a, *y = b;

	return (x->p > y->p) - (x->p < y->p);
}

bool holm_adjust(double *p, size_t count)
{
	struct comparison *sorted = calloc(count + 1, sizeof(*sorted));
	size_t compared = 0;
	double level = 0;

	if (!sorted)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!isnan(p[i]))
			sorted[compared++] = (struct comparison){ p[i], i };
	qsort(sorted, compared, sizeof(*sorted), compare_comparisons);
	for (size_t i = 0; i < compared; i++) {
		level = fmax(level, fmin(1, (double)(compared - i) * sorted[i].p));
		p[sorted[i].index] = level;
	}
	free(sorted);
	return true;
}
