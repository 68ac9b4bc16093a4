/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/bootstrap.h"

#include "analyzer/statistics.h"

#include <math.h>
#include <string.h>

#define SEED UINT64_C(0x787472616365) /* "xtrace" */

/* The last long block has what is left over, too. */
static void draw_one(struct boot_draw *draw, size_t blocks, size_t length, uint64_t *random)
{
	size_t count = blocks / length;

	for (size_t i = 0; i < count; i++) {
		size_t drawn = random_below(random, (uint32_t)count);
		size_t end = drawn + 1 == count ? blocks : (drawn + 1) * length;
		for (size_t block = drawn * length; block < end; block++)
			draw->times[block]++;
	}
}

void bootstrap_fill(struct bootstrap *boot, size_t blocks)
{
	uint64_t random = SEED;

	memset(boot, 0, sizeof(*boot));
	boot->blocks = blocks;
	memset(boot->draws[0].times, 1, blocks);
	for (size_t r = 1; blocks >= BOOT_BLOCKS_MIN && r < BOOT_ALL; r++)
		draw_one(&boot->draws[r], blocks, r <= BOOT_DRAWS ? 1 : BOOT_LONG, &random);
}

void bootstrap_sum(const struct bootstrap *boot, size_t draw, const double *rows, size_t width, double *sums)
{
	for (size_t t = 0; t < width; t++)
		sums[t] = 0;
	for (size_t i = 0; i < boot->blocks; i++, rows += width) {
		double times = boot->draws[draw].times[i];
		for (size_t t = 0; times > 0 && t < width; t++)
			sums[t] += times * rows[t];
	}
}

static struct noise noise_of(const double *values, size_t blocks)
{
	double known[BOOT_DRAWS], n = (double)blocks;
	size_t count = 0;

	for (size_t r = 0; r < BOOT_DRAWS; r++)
		if (!isnan(values[r]))
			known[count++] = values[r];
	if (count < BOOT_DRAWS * 19 / 20)
		return (struct noise){ NAN, NAN };
	return (struct noise){ sqrt(n / (n - 1)) * deviation_of(known, count), n - 1 };
}

struct noise bootstrap_noise(const struct bootstrap *boot, const double *values)
{
	struct noise blocks, longer;
	double part;

	if (boot->blocks < BOOT_BLOCKS_MIN || isnan(values[0]))
		return (struct noise){ NAN, NAN };
	blocks = noise_of(values + 1, boot->blocks);
	longer = noise_of(values + 1 + BOOT_DRAWS, boot->blocks / BOOT_LONG);
	if (isnan(longer.se))
		return longer;
	if (!(longer.se > blocks.se))
		return blocks;
	part = blocks.se * blocks.se / (longer.se * longer.se);
	return (struct noise){ longer.se, 1 / (part * part / blocks.dof + (1 - part) * (1 - part) / longer.dof) };
}
