/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bare minimum of reading a xentrace file, to measure against:   walk FILE
 * Copies it piece by piece to memory that is at hand, which is faster than to map it (analyzer/input.h), steps from record
 * header to record header, and prints how many there are.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PIECE_BYTES = 1 << 16, RECORD_MAX_BYTES = 40 };

int main(int argc, char **argv)
{
	static uint8_t piece[PIECE_BYTES + RECORD_MAX_BYTES];
	int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;
	uint64_t records = 0;
	ssize_t got, left = 0;

	if (fd < 0) {
		perror(argc == 2 ? argv[1] : "usage: walk FILE");
		return 1;
	}
	while ((got = read(fd, piece + left, (size_t)(PIECE_BYTES - left))) > 0) {
		ssize_t at = 0, end = got == PIECE_BYTES - left ? PIECE_BYTES - RECORD_MAX_BYTES : left + got;
		for (; at < end; records++) {
			uint32_t header;
			memcpy(&header, piece + at, sizeof(header));
			at += 4 + 8 * (header >> 31) + 4 * (header >> 28 & 7);
		}
		left = left + got - at;
		memmove(piece, piece + at, left > 0 ? (size_t)left : 0);
	}
	printf("%" PRIu64 "\n", records);
	return close(fd);
}
