/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/convert.h"

#include "analyzer/diag.h"
#include "analyzer/tracefile.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool put_le32(FILE *out, uint32_t value)
{
	const uint8_t bytes[4] = { (uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24) };

	return fwrite(bytes, sizeof(bytes), 1, out) == 1;
}

static bool put_window(FILE *out, const struct chunk *chunk, const uint8_t *bytes)
{
	return put_le32(out, XENTRACE_CPU_CHANGE) && put_le32(out, chunk->pcpu) && put_le32(out, chunk->raw_bytes) &&
	       (chunk->raw_bytes == 0 || fwrite(bytes, chunk->raw_bytes, 1, out) == 1);
}

/* False when a write failed; what cannot be read is counted in trust. */
static bool put_windows(FILE *out, const struct tracefile *file, struct trust *trust)
{
	struct payload payload = { 0 };
	struct chunk chunk;
	struct walk walk;
	bool written = true;

	walk_begin(&walk, file, 0);
	while (written && walk_next(&walk, &chunk, trust)) {
		const uint8_t *bytes = chunk.kind == CHUNK_WINDOW ? chunk_payload(&chunk, &payload, trust) : NULL;
		if (chunk.kind == CHUNK_DROPPED)
			trust->dropped_records++;
		if (bytes)
			written = put_window(out, &chunk, bytes);
	}
	if (payload.out_of_memory) {
		errno = ENOMEM;
		written = false;
	}
	payload_free(&payload);
	return written && fflush(out) == 0;
}

static int convert(const struct tracefile *file, FILE *out, const char *output_name)
{
	struct trust trust = { .input_name = file->input.name };

	if (!put_windows(out, file, &trust)) {
		if (input_whole(&file->input))
			diag_error("write %s:", output_name);
		return EXIT_FAILED;
	}
	if (!input_whole(&file->input))
		return EXIT_FAILED;
	trust_summary(&trust);
	if (trust.dropped_records > 0)
		diag_warn("%s: records that the tracer dropped cannot be told in xentrace's format", file->input.name);
	return trust_is_sound(&trust) && trust.dropped_records == 0 ? EXIT_OK : EXIT_UNTRUSTED;
}

static int convert_to_file(const struct tracefile *file, const char *path)
{
	char *temporary;
	int fd = -1, status = EXIT_FAILED;
	FILE *out;

	if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
		return EXIT_FAILED;
	fd = mkstemp(temporary);
	out = fd < 0 ? NULL : fdopen(fd, "wb");
	if (!out) {
		diag_error("create %s:", temporary);
	} else {
		status = convert(file, out, path);
		if ((fclose(out) != 0 || (status != EXIT_FAILED && rename(temporary, path) != 0)) && status != EXIT_FAILED) {
			diag_error("write %s:", path);
			status = EXIT_FAILED;
		}
		if (status == EXIT_FAILED)
			unlink(temporary);
	}
	free(temporary);
	return status;
}

int convert_to_xentrace(const char *input_path, const char *output_path)
{
	struct tracefile file;
	int status;

	if (!tracefile_open(&file, input_path))
		return EXIT_FAILED;
	if (strcmp(output_path, "-") == 0)
		status = convert(&file, stdout, "standard output");
	else
		status = convert_to_file(&file, output_path);
	tracefile_close(&file);
	return status;
}
