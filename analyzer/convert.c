/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/convert.h"

#include "analyzer/bytes.h"
#include "analyzer/diag.h"
#include "analyzer/option_values.h"
#include "analyzer/tracefile.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool put_window(FILE *out, const struct chunk *chunk, const uint8_t *bytes)
{
	uint8_t header[12];

	put_le32(header, XENTRACE_CPU_CHANGE);
	put_le32(header + 4, chunk->pcpu);
	put_le32(header + 8, chunk->raw_bytes);
	return fwrite(header, sizeof(header), 1, out) == 1 && (chunk->raw_bytes == 0 || fwrite(bytes, chunk->raw_bytes, 1, out) == 1);
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

/* As a file that somebody makes by its name, and not, as mkstemp() has it, for its owner alone. */
static int make_temporary(char *path)
{
	mode_t mask = umask(0);
	int fd = mkstemp(path);

	umask(mask);
	if (fd >= 0 && fchmod(fd, 0666 & ~mask) < 0) {
		close(fd);
		unlink(path);
		return -1;
	}
	return fd;
}

/* To a new file beside the target, which takes its place when all is in it. */
static int convert_to_file(const struct tracefile *file, const char *path)
{
	char *temporary;
	int fd = -1, status = EXIT_FAILED;
	FILE *out;

	if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
		diag_error("out of memory");
		return EXIT_FAILED;
	}
	fd = make_temporary(temporary);
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

/* To what is no file, such as a pipe or /dev/null: nothing may take its place. */
static int convert_to_other(const struct tracefile *file, const char *path)
{
	FILE *out = fopen(path, "wb");
	int status;

	if (!out) {
		diag_error("open %s:", path);
		return EXIT_FAILED;
	}
	status = convert(file, out, path);
	if (fclose(out) == 0 || status == EXIT_FAILED)
		return status;
	diag_error("write %s:", path);
	return EXIT_FAILED;
}

static int convert_to(const struct tracefile *file, const char *path)
{
	struct stat st;

	if (strcmp(path, "-") == 0)
		return convert(file, stdout, "standard output");
	return stat(path, &st) == 0 && !S_ISREG(st.st_mode) ? convert_to_other(file, path) : convert_to_file(file, path);
}

/* ---- the command line ---- */

struct paths {
	const char *input, *output;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct paths *paths = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (paths->output)
			argp_error(state, "one trace at a time: `%s' is too many", arg);
		*(paths->input ? &paths->output : &paths->input) = arg;
		break;
	case ARGP_KEY_END:
		if (!paths->input)
			argp_error(state, "which trace?");
		if (!paths->output)
			argp_error(state, "convert to which file?");
		break;
	default: return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const char doc[] =
	"Writes an xtrace-cap file in xentrace's format, all of it.\v"
	"TRACE may be - for standard input, FILE - for standard output.\n\n"
	"Exit codes: 0 fine; 1 failed; 2 wrong usage; 3 done, but something of the trace could not be taken over.";

int convert_main(int argc, char **argv)
{
	static const struct argp argp = { NULL, parse, "TRACE FILE", doc, NULL, NULL, NULL };
	struct paths paths = { NULL, NULL };
	struct tracefile file;
	int status;

	option_parse(&argp, argc, argv, 0, &paths, EXIT_USAGE, EXIT_FAILED);
	if (!tracefile_open(&file, paths.input))
		return EXIT_FAILED;
	status = convert_to(&file, paths.output);
	tracefile_close(&file);
	return status;
}
