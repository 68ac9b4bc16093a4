/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * ep: NAS kernel EP, "embarrassingly parallel": pairs of Gaussian deviates, counted by square rings.
 *
 *     mpirun … ep S|W|A
 *
 * The truth it creates: nothing but computing; the processes meet once, at the end.
 */
#include "workloads/mpi/nas.h"
#include <math.h>
#include <mpi.h>

#define RINGS 10
#define SEED UINT64_C(271828183)

/* Pairs are made in batches of so many: what the processes share out. */
#define BATCH_LOG2 16

struct deviates {
	double sum_x, sum_y;
	double count[RINGS]; /* pairs with the greater of |x| and |y| in [ring, ring + 1) */
};

/* Of class W only the number of all pairs is published. */
static const struct {
	int pairs_log2;
	double accepted;
	struct deviates deviates;
} classes[NAS_CLASSES] = {
	{ 24, 13176389, { -3.247834652034740e3, -6.958407078382297e3, { 6140517, 5865300, 1100361, 68546, 1648, 17 } } },
	{ 25, 26354769, { -2.863319731645753e3, -6.320053679109499e3, { -1 } } },
	{ 28, 210832767, { -4.295875165629892e3, -1.580732573678431e4, { 98257395, 93827014, 17611549, 1110028, 26536, 245 } } },
};

/* One pair of uniform numbers: inside the unit circle it makes one of Gaussian ones (Marsaglia's polar method). */
static void add_pair(struct deviates *sum, uint64_t *x)
{
	double u = 2 * nas_random(x) - 1, v = 2 * nas_random(x) - 1;
	double square = u * u + v * v, scale;

	if (square > 1)
		return;
	scale = sqrt(-2 * log(square) / square);
	sum->sum_x += u * scale;
	sum->sum_y += v * scale;
	sum->count[(int)fmax(fabs(u * scale), fabs(v * scale))]++;
}

static void add_batch(struct deviates *sum, uint64_t batch)
{
	uint64_t x = nas_after(SEED, batch << (BATCH_LOG2 + 1));

	for (int i = 0; i < 1 << BATCH_LOG2; i++)
		add_pair(sum, &x);
}

static bool verified(const struct deviates *is, int class)
{
	const struct deviates *should = &classes[class].deviates;
	double accepted = 0;

	for (int ring = 0; ring < RINGS; ring++) {
		accepted += is->count[ring];
		if (should->count[0] >= 0 && is->count[ring] != should->count[ring])
			return false;
	}
	return accepted == classes[class].accepted && nas_near(is->sum_x, should->sum_x, 1e-8) &&
	       nas_near(is->sum_y, should->sum_y, 1e-8);
}

int main(int argc, char **argv)
{
	struct nas run = nas_begin("ep", argc, argv);
	int pairs_log2 = classes[run.class].pairs_log2;
	uint64_t batches = UINT64_C(1) << (pairs_log2 - BATCH_LOG2), share = batches / (uint64_t)run.processes;
	struct deviates mine = { 0 }, all = { 0 };

	nas_clock_start(&run);
	for (uint64_t batch = share * (uint64_t)run.rank; batch < share * (uint64_t)(run.rank + 1); batch++)
		add_batch(&mine, batch);
	all.sum_x = nas_sum(mine.sum_x);
	all.sum_y = nas_sum(mine.sum_y);
	MPI_Allreduce(mine.count, all.count, RINGS, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
	nas_clock_stop(&run);
	return nas_end(&run, verified(&all, run.class), ldexp(1, pairs_log2 + 1));
}
