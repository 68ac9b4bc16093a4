/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tracer/options.h"

#include "tracer/dom0_symbols.h"
#include "tracer/events.h"
#include "tracer/say.h"

#include <argp.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATE_PATH        "/run/xtrace-cap.state"
#define SYMBOLS_KEPT_PATH "/run/xtrace-cap.symbols"
#define BOOT_ID_PATH      "/proc/sys/kernel/random/boot_id"
#define MODULES_PATH      "/proc/modules"

enum { KEY_FORMAT = 256, KEY_SIZE_LIMIT, KEY_NO_DOM0_KERNEL };

static const struct argp_option option_table[] = {
	{ "output", 'o', "FILE", 0, "Where to write (needed)", 0 },
	{ "duration", 'd', "SECONDS", 0, "How long; without it until SIGINT or SIGTERM, or the command's end", 0 },
	{ "events", 'e', "LIST", 0, "Event classes, by name or number (default: " EVENTS_DEFAULT ")", 0 },
	{ "cpus", 'c', "LIST", 0, "pCPUs, as in 0,2-5 (default: all)", 0 },
	{ "buffer-pages", 'b', "N", 0, "Pages of 4 KiB per pCPU that Xen buffers (default: 256; once per boot)", 0 },
	{ "size-limit", KEY_SIZE_LIMIT, "BYTES[k|M|G]", 0, "Stop when the file is that large", 0 },
	{ "no-dom0-kernel", KEY_NO_DOM0_KERNEL, NULL, 0, "Only Xen's records, not what Dom0's own kernel does", 0 },
	{ "format", KEY_FORMAT, "xtrace|xentrace", 0, "What to write (default: xtrace)", 0 },
	{ "compress", 'z', NULL, 0, "Compress the file after the capture", 0 },
	{ "force", 'f', NULL, 0, "Write over an existing file", 0 },
	{ "quiet", 'q', NULL, 0, "No progress, no closing line", 0 },
	{ 0 },
};

static const char doc[] =
	"Records what Xen's scheduler does, for xtrace-fair to explain.\v"
	"Exit codes: 0 fine; 1 failed; 2 wrong usage; 3 done, but records were lost or it was cut short.";

static double number_of(const char *arg, double least, const char **rest)
{
	char *end;
	double number = strtod(arg, &end);

	*rest = end;
	return end == arg || !(number >= least) || !isfinite(number) ? NAN : number;
}

static void parse_duration(struct options *options, const char *arg, struct argp_state *state)
{
	const char *rest;

	options->duration_s = number_of(arg, 0.001, &rest);
	if (isnan(options->duration_s) || *rest || options->duration_s > 1e8)
		argp_error(state, "--duration wants seconds, not `%s'", arg);
}

static void parse_pages(struct options *options, const char *arg, struct argp_state *state)
{
	const char *rest;
	double pages = number_of(arg, 1, &rest);

	if (isnan(pages) || *rest || pages > UINT16_MAX || pages != (uint32_t)pages)
		argp_error(state, "--buffer-pages wants a whole number from 1 to 65535, not `%s'", arg);
	options->buffer_pages = (uint32_t)pages;
}

static void parse_size(struct options *options, const char *arg, struct argp_state *state)
{
	static const char suffixes[] = "kMG";
	const char *rest, *suffix;
	double bytes = number_of(arg, 1, &rest);

	if (!isnan(bytes) && *rest && rest[1] == '\0' && (suffix = strchr(suffixes, *rest))) {
		bytes = ldexp(bytes, 10 * (int)(suffix - suffixes + 1));
		rest++;
	}
	if (isnan(bytes) || *rest || bytes > 1e18)
		argp_error(state, "--size-limit wants bytes, or as 500M, not `%s'", arg);
	options->size_limit_bytes = (uint64_t)bytes;
}

static void parse_pcpus(struct options *options, const char *arg, struct argp_state *state)
{
	options->all_pcpus = false;
	for (const char *at = arg;; at++) {
		char *end;
		unsigned long first = strtoul(at, &end, 10), last = first;
		bool valid = end != at && *at >= '0' && *at <= '9';
		if (valid && *end == '-') {
			at = end + 1;
			last = strtoul(at, &end, 10);
			valid = end != at && *at >= '0' && *at <= '9';
		}
		if (!valid || (*end && *end != ',') || first > last || last >= 8 * PCPU_MAP_BYTES)
			argp_error(state, "--cpus wants a list as 0,2-5, not `%s'", arg);
		for (unsigned long pcpu = first; pcpu <= last; pcpu++)
			options->pcpu_map[pcpu / 8] |= (uint8_t)(1u << pcpu % 8);
		if (*end == '\0')
			return;
		at = end;
	}
}

static void parse_events(struct options *options, const char *arg, struct argp_state *state)
{
	const char *bad;

	if (!events_parse(arg, &options->event_mask, &bad))
		argp_error(state, "--events: `%s' is neither a class nor a number that lets records through", bad);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'o': options->output = arg; break;
	case 'd': parse_duration(options, arg, state); break;
	case 'e': parse_events(options, arg, state); break;
	case 'c': parse_pcpus(options, arg, state); break;
	case 'b': parse_pages(options, arg, state); break;
	case KEY_SIZE_LIMIT: parse_size(options, arg, state); break;
	case KEY_NO_DOM0_KERNEL: options->dom0_kernel = false; break;
	case KEY_FORMAT:
		options->format = output_format_named(arg);
		if (!options->format)
			argp_error(state, "no format `%s'", arg);
		break;
	case 'z': options->compress = true; break;
	case 'f': options->force = true; break;
	case 'q': options->quiet = true; break;
	case ARGP_KEY_ARG:
		options->command = state->argv + state->next - 1;
		state->next = state->argc;
		break;
	case ARGP_KEY_END:
		if (!options->output)
			argp_error(state, "where to? --output is needed");
		if (options->compress && !options->format->indexed)
			argp_error(state, "xentrace's format cannot be compressed");
		if (!options->format->indexed)
			options->dom0_kernel = false; /* xentrace's format has no place for it */
		break;
	default: return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* The event classes are told by their own table. */
static char *help_filter(int key, const char *text, void *input)
{
	char *out = NULL;
	size_t size = 0;
	FILE *stream;
	const char *name, *what;

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC || !(stream = open_memstream(&out, &size)))
		return (char *)(uintptr_t)text;
	fprintf(stream, "Event classes:\n");
	for (unsigned i = 0; (name = events_row(i, &what)); i++)
		fprintf(stream, "  %-9s %s\n", name, what);
	fprintf(stream, "\n%s", text);
	fclose(stream);
	return out;
}

void options_parse(struct options *options, int argc, char **argv)
{
	static const struct argp argp = { option_table, parse, "-o FILE\n-o FILE -- COMMAND...", doc, NULL, help_filter, NULL };
	const char *bad;

	*options = (struct options){ .format = output_format_named("xtrace"), .all_pcpus = true, .dom0_kernel = true, .state_path = STATE_PATH,
				       .symbols = { DOM0_SYMBOLS_PATH, BOOT_ID_PATH, MODULES_PATH, SYMBOLS_KEPT_PATH } };
	events_parse(EVENTS_DEFAULT, &options->event_mask, &bad);
	argp_program_version = "xtrace-cap " XTRACE_VERSION;
	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, options);
}
