/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes each file given through the fuzzed function once; no fuzzer needed. */
#include "tests/fuzz/analysis.h"

#include <stdio.h>
#include <stdlib.h>

static void replay(const char *path)
{
	enum { MOST = 1 << 20 };
	uint8_t *bytes = malloc(MOST);
	FILE *in = fopen(path, "rb");
	size_t size;

	if (!in || !bytes) {
		perror(path);
		exit(1);
	}
	size = fread(bytes, 1, MOST, in);
	fclose(in);
	LLVMFuzzerTestOneInput(bytes, size);
	free(bytes);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	printf("%d replayed\n", argc - 1);
	return 0;
}
