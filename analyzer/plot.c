/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/plot.h"

#include "analyzer/diag.h"
#include "analyzer/report.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct terminal {
	const char *name, *suffix;
	const char *sizes[PLOT_SIZES];       /* gnuplot's words */
} terminals[] = {
	{ "pdf", "pdf",
	  { "pdfcairo size 8.4cm,6cm font 'DejaVu Sans,6.5' fontscale 1 linewidth 0.8",
	    "pdfcairo size 17.8cm,7.5cm font 'DejaVu Sans,6.5' fontscale 1 linewidth 0.8",
	    "pdfcairo size 17.8cm,12cm font 'DejaVu Sans,6.5' fontscale 1 linewidth 0.8" } },
	{ "svg", "svg",
	  { "svg size 504,360 font 'DejaVu Sans,10' background 'white'",
	    "svg size 1068,450 font 'DejaVu Sans,10' background 'white'",
	    "svg size 1068,720 font 'DejaVu Sans,10' background 'white'" } },
	{ "png", "png",
	  { "pngcairo size 1008,720 font 'DejaVu Sans,14' linewidth 1.6",
	    "pngcairo size 2136,900 font 'DejaVu Sans,14' linewidth 1.6",
	    "pngcairo size 2136,1440 font 'DejaVu Sans,14' linewidth 1.6" } },
	{ "cairolatex", "tex",
	  { "cairolatex pdf size 8.4cm,6cm",
	    "cairolatex pdf size 17.8cm,7.5cm",
	    "cairolatex pdf size 17.8cm,12cm" } },
	{ "dumb", "txt",
	  { "dumb size 80,24",
	    "dumb size 120,24",
	    "dumb size 120,60" } },
};

static const struct terminal *terminal_named(const char *name)
{
	for (size_t i = 0; i < sizeof(terminals) / sizeof(terminals[0]); i++)
		if (strcmp(terminals[i].name, name) == 0)
			return &terminals[i];
	return NULL;
}

bool plot_terminal_known(const char *terminal)
{
	return terminal_named(terminal) != NULL;
}

/* ---- labels: a hostile name must not become gnuplot's or LaTeX's command ---- */

enum { LABEL_LETTERS = 24 };

void plot_label(const struct result_domain *domain, char *out, size_t out_size)
{
	report_domain_label(domain, out, out_size);
	if (strlen(out) > LABEL_LETTERS) /* a long one would leave no room for the figure */
		out[LABEL_LETTERS] = '\0';
	for (; *out; out++)
		if (!isalnum((unsigned char)*out) && *out != '-' && *out != '.')
			*out = '-';
}

/* ---- curves ---- */

void plot_cumulative(FILE *out, const struct result *result, const struct histogram *histogram, const char *empty)
{
	uint64_t seen = 0;

	if (histogram->count == 0)
		fprintf(out, "%s\n", empty);
	for (unsigned b = 0; b < HISTOGRAM_BUCKETS; b++) {
		if (histogram->buckets[b] == 0)
			continue;
		seen += histogram->buckets[b];
		fprintf(out, "%.3f %.6f\n", report_us(result, histogram_bound_tsc(b)), (double)seen / (double)histogram->count);
	}
}

/* ---- files ---- */

static FILE *create(const char *directory, const char *name, const char *suffix)
{
	char path[PATH_MAX];
	FILE *out = NULL;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s.%s", directory, name, suffix) < sizeof(path))
		out = fopen(path, "w");
	else
		errno = ENAMETOOLONG;
	if (!out)
		diag_error("create %s/%s.%s:", directory, name, suffix);
	return out;
}

static bool finish(FILE *out, const char *directory, const char *name, const char *suffix)
{
	bool failed = ferror(out);

	if (fclose(out) == 0 && !failed)
		return true;
	diag_error("write %s/%s.%s:", directory, name, suffix);
	return false;
}

bool plot_directory(const char *directory)
{
	if (mkdir(directory, 0777) == 0 || errno == EEXIST)
		return true;
	diag_error("make %s:", directory);
	return false;
}

FILE *plot_open_data(const struct plot *plot, const char *name)
{
	return create(plot->directory, name, "dat");
}

bool plot_close_data(FILE *out, const struct plot *plot, const char *name)
{
	return finish(out, plot->directory, name, "dat");
}

/* plots/ is $XTRACE_PLOTS, or beside the program as it was built, or as it was installed, wherever that is, or where it was to be. */
static FILE *open_plot(const char *name)
{
	char self[PATH_MAX] = "", built[PATH_MAX + 32], installed[PATH_MAX + 32];
	const char *const places[] = { getenv("XTRACE_PLOTS"), built, installed, XTRACE_DATADIR "/plots" };
	char *slash;
	FILE *in = NULL;

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		self[0] = '\0';
	slash = strrchr(self, '/');
	if (slash)
		*slash = '\0';
	snprintf(built, sizeof(built), "%s/../plots", self);
	snprintf(installed, sizeof(installed), "%s/../share/xtrace/plots", self);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && !in; i++) {
		char *path;
		if (!places[i] || asprintf(&path, "%s/%s.gp", places[i], name) < 0)
			continue;
		in = fopen(path, "r");
		free(path);
	}
	if (!in)
		diag_error("%s.gp is neither in $XTRACE_PLOTS nor beside the program nor in %s/plots", name, XTRACE_DATADIR);
	return in;
}

static bool append_plot(FILE *out, const char *name)
{
	FILE *in = open_plot(name);
	int c;

	if (!in)
		return false;
	while ((c = fgetc(in)) != EOF)
		fputc(c, out);
	fclose(in);
	return true;
}

static void write_comment(FILE *out, const char *text)
{
	char escaped[1024];

	diag_escape(text, escaped, sizeof(escaped));
	fprintf(out, " %s", escaped);
}

FILE *plot_open_script(const struct plot *plot, const char *name)
{
	FILE *out = create(plot->directory, name, "gp");

	if (out)
		fprintf(out, "# xtrace-fair " XTRACE_VERSION ";");
	return out;
}

void plot_trace(FILE *out, const struct result *result)
{
	fprintf(out, " trace");
	write_comment(out, result->input_name);
	fprintf(out, ", crc32 %08" PRIx32 ";", result->input_crc32);
}

void plot_begin(FILE *out, const struct plot *plot, const char *name, enum plot_size size)
{
	const struct terminal *terminal = terminal_named(plot->terminal);

	fprintf(out, " made by:");
	for (int i = 0; i < plot->argc; i++)
		write_comment(out, plot->argv[i]);
	fprintf(out, "\nset terminal %s\nset output '%s.%s'\n", terminal->sizes[size], name, terminal->suffix);
}

/* ---- gnuplot ---- */

static bool run_gnuplot(const char *directory, const char *name)
{
	char script[64];
	int status;
	pid_t pid = fork();

	snprintf(script, sizeof(script), "%s.gp", name);
	if (pid == 0) {
		if (chdir(directory) == 0)
			execlp("gnuplot", "gnuplot", script, (char *)NULL);
		_exit(errno == ENOENT ? 127 : 126);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0) {
		diag_error("run gnuplot:");
		return false;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		diag_error("gnuplot is not installed; %s/%s.gp and its .dat are ready for it", directory, name);
	else
		diag_error("gnuplot failed on %s/%s.gp", directory, name);
	return false;
}

bool plot_close_script(FILE *out, const struct plot *plot, const char *name)
{
	bool appended = append_plot(out, "style") && append_plot(out, name);

	return finish(out, plot->directory, name, "gp") && appended && run_gnuplot(plot->directory, name);
}
