/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel_trace.h by libtracefs. */
#include "tracer/kernel_trace.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <tracefs/tracefs.h>
#include <unistd.h>


#define INSTANCE   "xtrace-cap"
#define CLOCK      "x86-tsc"

enum { BUFFERS_MAX_KIB = 64 << 10, LINE_BYTES = 128 };

/* What the ledger needs.  sched_switch names both tasks, so renames need no event; sched_wakeup would say
 * again what sched_waking said. */
static const struct { const char *system, *name; } events[] = {
	{ "sched", "sched_switch" },
	{ "sched", "sched_waking" },
	{ "irq", "irq_handler_entry" },
	{ "irq", "irq_handler_exit" },
	{ "irq", "softirq_entry" },
	{ "irq", "softirq_exit" },
	{ "napi", "napi_poll" },
	{ "net", "netif_receive_skb" },
	{ "net", "net_dev_xmit" },
};
enum { EVENTS = sizeof(events) / sizeof(events[0]) };

struct kernel_trace {
	struct tracefs_instance *instance;
	bool enabled[EVENTS];
	int *pages;                /* trace_pipe_raw by CPU; -1 where there is none */
	uint32_t cpus, page_bytes, long_bytes;
	uint64_t buffer_kib;       /* per CPU */
};

/* ---- setting up ---- */

int kernel_trace_remove_stale(void)
{
	struct tracefs_instance *instance;
	int status;

	if (!tracefs_tracing_dir_is_mounted(false, NULL) || !tracefs_instance_exists(INSTANCE))
		return 0;
	instance = tracefs_instance_create(INSTANCE);
	status = instance && tracefs_instance_destroy(instance) == 0 ? 1 : -1;
	if (instance)
		tracefs_instance_free(instance);
	return status;
}

/* Takes the errno that a step left into the reason. */
static bool failed(char *why, size_t why_bytes, const char *step)
{
	snprintf(why, why_bytes, "%s: %s", step, errno == EPERM ? "the kernel forbids it (lockdown)" : strerror(errno));
	return false;
}

static bool set_clock(struct kernel_trace *trace, char *why, size_t why_bytes)
{
	bool done = tracefs_instance_file_write(trace->instance, "trace_clock", CLOCK) > 0;
	char *clock = tracefs_get_clock(trace->instance);

	done = done && clock && strcmp(clock, CLOCK) == 0;
	free(clock);
	if (!done)
		snprintf(why, why_bytes, "its tracefs has no clock " CLOCK ", which is the clock of Xen's records");
	return done;
}

static bool enable_events(struct kernel_trace *trace, char *why, size_t why_bytes)
{
	for (size_t i = 0; i < EVENTS; i++)
		trace->enabled[i] = tracefs_event_enable(trace->instance, events[i].system, events[i].name) == 0;
	return trace->enabled[0] || failed(why, why_bytes, "enable sched_switch");
}

static bool read_page_layout(struct kernel_trace *trace, char *why, size_t why_bytes)
{
	struct tep_handle *tep = tep_alloc();
	int size;
	char *text = tracefs_instance_file_read(NULL, "events/header_page", &size);
	bool done = tep && text && tep_parse_header_page(tep, text, (unsigned long)size, sizeof(long)) == 0;

	if (done) {
		trace->page_bytes = (uint32_t)tep_get_sub_buffer_size(tep);
		trace->long_bytes = (uint32_t)tep_get_header_page_size(tep);
	} else {
		snprintf(why, why_bytes, "its events/header_page cannot be understood");
	}
	free(text);
	tep_free(tep);
	return done;
}

/* The kernel's default size unless that is too much for all CPUs together.  It must come after the events: where
 * a buffer's size is set first, Linux 6.1 leaves its main buffer at 7 KiB also for those who use it later. */
static bool bound_buffers(struct kernel_trace *trace, char *why, size_t why_bytes)
{
	ssize_t kib = tracefs_instance_get_buffer_size(trace->instance, 0);
	ssize_t most_kib = (ssize_t)(BUFFERS_MAX_KIB / trace->cpus);

	if (kib > most_kib && tracefs_instance_set_buffer_size(trace->instance, (size_t)most_kib, -1) < 0)
		return failed(why, why_bytes, "size its buffers");
	trace->buffer_kib = (uint64_t)(kib > most_kib ? most_kib : kib);
	return true;
}

static bool open_pages(struct kernel_trace *trace, char *why, size_t why_bytes)
{
	uint32_t opened = 0;

	for (uint32_t cpu = 0; cpu < trace->cpus; cpu++) {
		char name[LINE_BYTES];
		snprintf(name, sizeof(name), "per_cpu/cpu%" PRIu32 "/trace_pipe_raw", cpu);
		trace->pages[cpu] = tracefs_instance_file_open(trace->instance, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		opened += trace->pages[cpu] >= 0;
	}
	return opened > 0 || failed(why, why_bytes, "open its buffers");
}

static bool set_up(struct kernel_trace *trace, char *why, size_t why_bytes)
{
	if (!tracefs_dir_exists(NULL, "instances")) {
		snprintf(why, why_bytes, "its tracefs is empty, as a kernel in lockdown leaves it");
		return false;
	}
	trace->instance = tracefs_instance_create(INSTANCE);
	if (!trace->instance)
		return failed(why, why_bytes, "make a tracefs instance");
	return (tracefs_trace_off(trace->instance) == 0 || failed(why, why_bytes, "switch its tracing off")) &&
	       set_clock(trace, why, why_bytes) && read_page_layout(trace, why, why_bytes) && enable_events(trace, why, why_bytes) &&
	       bound_buffers(trace, why, why_bytes) && open_pages(trace, why, why_bytes);
}

struct kernel_trace *kernel_trace_open(char *why, size_t why_bytes)
{
	struct kernel_trace *trace;
	long cpus = sysconf(_SC_NPROCESSORS_CONF);

	if (!tracefs_tracing_dir_is_mounted(false, NULL)) {
		snprintf(why, why_bytes, "tracefs is not mounted (mount -t tracefs tracefs /sys/kernel/tracing)");
		return NULL;
	}
	trace = calloc(1, sizeof(*trace));
	if (trace)
		trace->pages = calloc((size_t)cpus, sizeof(*trace->pages));
	if (!trace || !trace->pages) {
		free(trace);
		snprintf(why, why_bytes, "out of memory");
		return NULL;
	}
	trace->cpus = (uint32_t)cpus;
	for (uint32_t cpu = 0; cpu < trace->cpus; cpu++)
		trace->pages[cpu] = -1;
	if (set_up(trace, why, why_bytes))
		return trace;
	kernel_trace_close(trace);
	return NULL;
}

int kernel_trace_close(struct kernel_trace *trace)
{
	int status = 0, saved_errno;

	for (uint32_t cpu = 0; cpu < trace->cpus; cpu++)
		if (trace->pages[cpu] >= 0)
			close(trace->pages[cpu]);
	if (trace->instance) {
		status = tracefs_instance_destroy(trace->instance) == 0 ? 0 : -1;
		saved_errno = errno;
		tracefs_instance_free(trace->instance);
		errno = saved_errno;
	}
	free(trace->pages);
	free(trace);
	return status;
}

/* ---- going on ---- */

uint32_t kernel_trace_cpus(const struct kernel_trace *trace)
{
	return trace->cpus;
}

uint32_t kernel_trace_page_bytes(const struct kernel_trace *trace)
{
	return trace->page_bytes;
}

uint32_t kernel_trace_long_bytes(const struct kernel_trace *trace)
{
	return trace->long_bytes;
}

int kernel_trace_on(struct kernel_trace *trace)
{
	return tracefs_trace_on(trace->instance) == 0 ? 0 : -1;
}

int kernel_trace_off(struct kernel_trace *trace)
{
	return tracefs_trace_off(trace->instance) == 0 ? 0 : -1;
}

ssize_t kernel_trace_read(struct kernel_trace *trace, uint32_t cpu, uint8_t *page)
{
	ssize_t bytes = trace->pages[cpu] < 0 ? 0 : read(trace->pages[cpu], page, trace->page_bytes);

	return bytes < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : bytes;
}

/* kernel/trace/trace.c tracing_stats_read(): lines "read events: 123". */
static uint64_t stat_of(const char *text, const char *name)
{
	const char *line = strstr(text, name);

	return line ? strtoull(line + strlen(name), NULL, 10) : 0;
}

int kernel_trace_stats(struct kernel_trace *trace, uint32_t cpu, struct kernel_trace_stats *stats)
{
	char name[LINE_BYTES], *text;

	*stats = (struct kernel_trace_stats){ 0 };
	if (trace->pages[cpu] < 0)
		return 0;
	snprintf(name, sizeof(name), "per_cpu/cpu%" PRIu32 "/stats", cpu);
	text = tracefs_instance_file_read(trace->instance, name, NULL);
	if (!text)
		return -1;
	stats->read_events = stat_of(text, "\nread events: ");
	stats->missed_events = stat_of(text, "\noverrun: ") + stat_of(text, "\ncommit overrun: ") + stat_of(text, "\ndropped events: ");
	free(text);
	return 0;
}

/* ---- describing ---- */

/* /proc/softirqs: a line of CPUs, then one for each vector in order, "     NET_RX:   228 …". */
static json_t *softirq_names(void)
{
	json_t *names = json_array();
	FILE *file = fopen("/proc/softirqs", "re");
	char *line = NULL, name[LINE_BYTES];
	size_t room = 0;

	while (file && getline(&line, &room, file) > 0)
		if (sscanf(line, " %127[A-Z_]:", name) == 1 && strchr(line, ':'))
			json_array_append_new(names, json_string(name));
	free(line);
	if (file)
		fclose(file);
	return names;
}

static json_t *event_formats(const struct kernel_trace *trace)
{
	json_t *formats = json_array();

	for (size_t i = 0; i < EVENTS; i++) {
		char *text = trace->enabled[i] ? tracefs_event_file_read(trace->instance, events[i].system, events[i].name, "format", NULL) : NULL;
		if (text)
			json_array_append_new(formats, json_pack("{s:s, s:s, s:s}", "system", events[i].system, "name", events[i].name, "format", text));
		free(text);
	}
	return formats;
}

json_t *kernel_trace_describe(const struct kernel_trace *trace)
{
	char *page = tracefs_instance_file_read(NULL, "events/header_page", NULL);
	struct utsname names = { .release = "" };
	json_t *root;

	uname(&names);
	root = json_pack("{s:s, s:s, s:I, s:I, s:s?}", "release", names.release, "clock", CLOCK, "cpus", (json_int_t)trace->cpus, "buffer_kib",
			 (json_int_t)trace->buffer_kib, "header_page", page);
	free(page);
	if (root) {
		json_object_set_new(root, "softirqs", softirq_names());
		json_object_set_new(root, "events", event_formats(trace));
	}
	return root;
}
