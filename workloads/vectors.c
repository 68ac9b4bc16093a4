/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * vectors: do the vector registers of this machine stay ours?
 *
 *     vectors SECONDS SEED
 *
 * Emulators have been seen to leak vector registers between domains (QEMU 7.2 with
 * AVX: half of all hashes and ciphers came out wrong).  This loads every vector
 * register with a pattern of its own that depends on SEED, computes without touching
 * them for far longer than a scheduler's slice, stores them and compares.  Run it in
 * several domains at once, each with another SEED.  It prints one line,
 *
 *     status=ok|corrupt rounds=N bad=N width=128|256
 *
 * and its exit code is 0 or 1.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Instructions between load and store: a few milliseconds even on fast machines. */
#define SPIN_LOOPS 3000000ul

#define REGISTERS 16

static double wall_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* load, spin, store, all in one statement: the compiler cannot use the registers in between */
static void hold_sse(const uint8_t *in, uint8_t *out)
{
	unsigned long spins = SPIN_LOOPS;

#define EACH(op) op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7) op(8) op(9) op(10) op(11) op(12) op(13) op(14) op(15)
#define LOAD(n) "movdqu 16*" #n "(%1), %%xmm" #n "\n\t"
#define STORE(n) "movdqu %%xmm" #n ", 16*" #n "(%2)\n\t"
	__asm__ volatile(EACH(LOAD) "1: dec %0\n\tjnz 1b\n\t" EACH(STORE)
			 : "+r"(spins)
			 : "r"(in), "r"(out)
			 : "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
			   "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}

static void hold_avx(const uint8_t *in, uint8_t *out)
{
	unsigned long spins = SPIN_LOOPS;

#define VLOAD(n) "vmovdqu 32*" #n "(%1), %%ymm" #n "\n\t"
#define VSTORE(n) "vmovdqu %%ymm" #n ", 32*" #n "(%2)\n\t"
	__asm__ volatile(EACH(VLOAD) "1: dec %0\n\tjnz 1b\n\t" EACH(VSTORE) "vzeroupper\n\t"
			 : "+r"(spins)
			 : "r"(in), "r"(out)
			 : "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
			   "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}

int main(int argc, char **argv)
{
	uint8_t pattern[REGISTERS * 32], seen[REGISTERS * 32];
	uint32_t x = argc == 3 ? (uint32_t)strtoul(argv[2], NULL, 10) * 2654435761u + 1 : 0;
	double end_s = argc == 3 ? wall_s() + strtod(argv[1], NULL) : 0;
	int avx = __builtin_cpu_supports("avx") != 0;
	size_t used = REGISTERS * (avx ? 32u : 16u);
	unsigned rounds = 0, bad = 0;

	if (argc != 3) {
		fprintf(stderr, "usage: vectors SECONDS SEED\n");
		return 2;
	}
	do {
		for (size_t i = 0; i < sizeof(pattern); i++) {
			x = x * 1664525u + 1013904223u;
			pattern[i] = (uint8_t)(x >> 24);
		}
		memset(seen, 0, sizeof(seen));
		(avx ? hold_avx : hold_sse)(pattern, seen);
		rounds++;
		bad += memcmp(pattern, seen, used) != 0;
	} while (wall_s() < end_s);
	printf("status=%s rounds=%u bad=%u width=%d\n", bad ? "corrupt" : "ok", rounds, bad, avx ? 256 : 128);
	return bad ? 1 : 0;
}
