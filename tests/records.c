/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records of an xentrace file as text:   records FILE ID…
 *
 * A line for each record of these ids, in the file's order: pCPU, TSC, id in hexadecimal, and the payload's
 * words, separated by blanks.  Layout: xen/include/public/trace.h struct t_rec, and a record 0x0001f003
 * (pCPU, bytes) before each window.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { CPU_CHANGE = 0x0001f003, MAX_WORDS = 7 };

struct record {
	uint32_t id, words[MAX_WORDS];
	unsigned count;
	uint64_t tsc;
};

/* Returns false at the end; a record that is cut off ends the file, too. */
static bool record_read(FILE *file, struct record *record)
{
	uint32_t header;

	if (fread(&header, sizeof(header), 1, file) != 1)
		return false;
	record->id = header & 0x0fffffff;
	record->count = header >> 28 & 7;
	record->tsc = 0;
	if (header >> 31 && fread(&record->tsc, sizeof(record->tsc), 1, file) != 1)
		return false;
	return fread(record->words, sizeof(record->words[0]), record->count, file) == record->count;
}

static bool wanted(uint32_t id, char **ids)
{
	for (; *ids; ids++)
		if (strtoul(*ids, NULL, 0) == id)
			return true;
	return false;
}

int main(int argc, char **argv)
{
	FILE *file = argc > 2 ? fopen(argv[1], "rb") : NULL;
	struct record record;
	uint32_t pcpu = 0;

	if (!file) {
		perror("usage: records FILE ID...");
		return 2;
	}
	while (record_read(file, &record)) {
		if (record.id == CPU_CHANGE && record.count >= 1)
			pcpu = record.words[0];
		if (!wanted(record.id, argv + 2))
			continue;
		printf("%" PRIu32 " %" PRIu64 " 0x%08" PRIx32, pcpu, record.tsc, record.id);
		for (unsigned i = 0; i < record.count; i++)
			printf(" %" PRIu32, record.words[i]);
		putchar('\n');
	}
	fclose(file);
	return fflush(stdout) ? 1 : 0;
}
