/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of xtrace-cap. */
#ifndef XTRACE_CAP_OPTIONS_H
#define XTRACE_CAP_OPTIONS_H

#include "tracer/output.h"
#include "tracer/symbols_cache.h"

#include <stdbool.h>
#include <stdint.h>

enum { PCPU_MAP_BYTES = 512 };   /* Xen has at most 4095 pCPUs */

struct options {
	const char *output;
	const struct output_format *format;
	double duration_s;           /* 0: until a signal or the command's end */
	uint32_t event_mask;
	bool dom0_kernel;            /* record that, too */
	bool all_pcpus;
	uint8_t pcpu_map[PCPU_MAP_BYTES];
	uint32_t buffer_pages;       /* 0: the default */
	uint64_t size_limit_bytes;   /* 0: none */
	bool compress, force, quiet;
	char **command;              /* NULL, or what to run; ends with NULL */
	const char *state_path;
	struct symbols_source symbols;
};

/* Fills the options or exits with EXIT_USAGE, as argp does. */
void options_parse(struct options *options, int argc, char **argv);

#endif
