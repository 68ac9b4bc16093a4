/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/trace.h"

#include "analyzer/deal.h"

#include <stdlib.h>

enum { CPUS = 8, LATE_CPU = 7, WINDOWS = 12000, FILE_BYTES = WINDOWS * 64 };

/* A file of many small windows, those of the last CPU all at its end, further than a deal keeps any; every so often
 * there is rubbish between two windows. */
struct image {
	uint32_t words[FILE_BYTES / 4];
	size_t count;
};

static void put_window(struct image *image, uint32_t cpu, uint32_t words)
{
	image->words[image->count++] = XENTRACE_CPU_CHANGE;
	image->words[image->count++] = cpu;
	image->words[image->count++] = words * 4;
	for (uint32_t i = 0; i < words; i++)
		image->words[image->count++] = i;
}

static struct image *make(unsigned seed, bool damaged)
{
	struct image *image = calloc(1, sizeof(*image));

	assert_non_null(image);
	for (size_t i = 0; i < WINDOWS; i++) {
		seed = seed * 1103515245 + 12345;
		put_window(image, i < WINDOWS - 10 ? seed >> 16 & 3 : LATE_CPU, seed >> 20 & 7);
		if (damaged && seed % 97 == 0)
			image->words[image->count++] = 0xdeadbeef;
	}
	return image;
}

static void open_image(const struct image *image, struct tracefile *file)
{
	static char path[64];
	int fd = memfd_create("image", 0);

	assert_true(fd >= 0 && write(fd, image->words, image->count * 4) == (ssize_t)(image->count * 4));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_true(tracefile_open(file, path));
	close(fd);
}

/* What a walk for this CPU alone finds next. */
static bool walk_alone(struct walk *walk, uint32_t cpu, struct chunk *chunk)
{
	bool damage = false, got;

	while ((got = walk_next(walk, chunk, NULL))) {
		damage |= chunk->after_damage;
		if (chunk->pcpu == cpu)
			break;
	}
	chunk->after_damage = damage;
	return got;
}

/* Each CPU is dealt what a walk of its own would find, whichever asks when.  Returns how many chunks that are. */
static size_t deal_all(const struct image *image, unsigned seed)
{
	struct tracefile file;
	struct walk walks[CPUS];
	bool ended[CPUS] = { false };
	struct deal *deal;
	size_t chunks = 0;

	open_image(image, &file);
	deal = deal_new(&file, deal_windows);
	assert_non_null(deal);
	for (size_t cpu = 0; cpu < CPUS; cpu++)
		walk_begin(&walks[cpu], &file, 0);
	for (size_t left = CPUS; left > 0;) {
		struct chunk dealt, wanted;
		uint32_t cpu;
		seed = seed * 1103515245 + 12345;
		cpu = seed >> 16 & (CPUS - 1);
		if (ended[cpu])
			continue;
		ended[cpu] = !walk_alone(&walks[cpu], cpu, &wanted);
		left -= ended[cpu];
		assert_int_equal(deal_next(deal, cpu, &dealt), !ended[cpu]);
		assert_int_equal(dealt.after_damage, wanted.after_damage);
		if (ended[cpu])
			continue;
		assert_int_equal(dealt.offset, wanted.offset);
		assert_int_equal(dealt.stored_bytes, wanted.stored_bytes);
		chunks++;
	}
	deal_free(deal);
	tracefile_close(&file);
	return chunks;
}

static void each_cpu_gets_its_own(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 8; seed++) {
		struct image *image = make(seed, false);
		assert_int_equal(deal_all(image, seed), WINDOWS);
		free(image);
	}
}

static void damage_is_told_to_all(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 8; seed++) {
		struct image *image = make(seed, true);
		assert_in_range(deal_all(image, seed), WINDOWS / 2, WINDOWS); /* rubbish before an empty window hides that */
		free(image);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_cpu_gets_its_own),
		cmocka_unit_test(damage_is_told_to_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
