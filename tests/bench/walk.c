/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bare minimum of reading a xentrace file, to measure against:   walk FILE
 * Maps it, steps from record header to record header, and prints how many there are.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

int main(int argc, char **argv)
{
	int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;
	uint64_t records = 0;
	const uint8_t *at, *end;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || (at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0)) == MAP_FAILED) {
		perror(argc == 2 ? argv[1] : "usage: walk FILE");
		return 1;
	}
	for (end = at + st.st_size; end - at >= 4; records++) {
		uint32_t header;
		memcpy(&header, at, sizeof(header));
		at += 4 + 8 * (header >> 31) + 4 * (header >> 28 & 7);
	}
	printf("%" PRIu64 "\n", records);
	return 0;
}
