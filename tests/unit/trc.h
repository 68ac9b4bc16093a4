/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A reader of run.trc for tests, independent of the analyzer's: strict, all in memory. */
#ifndef XTRACE_TEST_TRC_H
#define XTRACE_TEST_TRC_H

#include <stdint.h>
#include <stddef.h>

struct trc_block {
	uint16_t type;
	uint32_t arg, bytes;
	uint8_t *payload;        /* inflated; a zero byte follows */
};

struct trc {
	struct trc_block *blocks;
	size_t count;
};

/* Fails the test if there is anything in the file but whole blocks with the right CRC. */
struct trc trc_read(const char *path);
void trc_free(struct trc *trc);

#endif
