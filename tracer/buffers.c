/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tracer/buffers.h"

#include "tracer/events.h"
#include "tracer/say.h"

#include <errno.h>
#include <unistd.h>

enum {
	PAGES_DEFAULT = 256,
	PAGES_LEAST = 16,
	PROBE_US = 20000,               /* how long records may take to appear */
};

int buffers_claim(struct xen_host *host)
{
	if (xen_virq_bind(host) == 0)
		return 0;
	if (errno == EEXIST || errno == EBUSY)
		say_error("another tracer is reading Xen's trace buffers");
	else
		say_error("bind Xen's trace signal:");
	return -1;
}

/* Half of what was wanted, and so on, until Xen has the memory; what was asked for is not made less.  Allocating them
 * switches tracing on (seen on Xen 4.17.7). */
static int allocate(struct xen_host *host, uint32_t asked_pages)
{
	uint32_t pages = asked_pages ? asked_pages : PAGES_DEFAULT;
	int status;

	while ((status = xen_tbuf_set_pages(host, pages)) < 0 && errno == ENOMEM && !asked_pages && pages > PAGES_LEAST)
		pages /= 2;
	if (status < 0)
		say_error("allocate Xen's trace buffers of %u pages per pCPU (--buffer-pages takes fewer):", pages);
	else if ((status = xen_tbuf_disable(host)) < 0)
		say_error("switch Xen's tracing off:");
	return status;
}

/* Xen sizes its buffers once per boot; what they are is read back. */
static int size_and_map(struct buffers *buffers, uint32_t asked_pages)
{
	uint32_t wanted = asked_pages ? asked_pages : PAGES_DEFAULT;
	struct xen_tbuf_info info;

	if (xen_tbuf_info(buffers->host, &info) < 0) {
		say_error("ask Xen about its trace buffers:");
		return -1;
	}
	buffers->were_there = info.allocated;
	if (!info.allocated && allocate(buffers->host, asked_pages) < 0)
		return -1;
	if (xen_tbuf_map(buffers->host, &buffers->rings, &buffers->count, &buffers->pages) < 0) {
		say_error("map Xen's trace buffers:");
		return -1;
	}
	if (buffers->pages < wanted)
		say_warning("Xen's buffers have %u pages per pCPU, not %u: %s", buffers->pages, wanted,
			    info.allocated ? "their size stays until the next boot" : "Xen gave no more");
	return 0;
}

static bool has_buffer(const struct buffers *buffers, uint32_t pcpu)
{
	for (size_t i = 0; i < buffers->count; i++)
		if (buffers->rings[i].pcpu == pcpu)
			return true;
	return false;
}

/* Only pCPUs that were online when Xen allocated its buffers have one. */
static int check_pcpus(const struct buffers *buffers, const struct options *options)
{
	struct xen_description host;

	for (uint32_t pcpu = 0; !options->all_pcpus && pcpu < 8 * PCPU_MAP_BYTES; pcpu++)
		if (options->pcpu_map[pcpu / 8] >> pcpu % 8 & 1 && !has_buffer(buffers, pcpu)) {
			say_error("Xen has no trace buffer for pCPU %u", pcpu);
			return -1;
		}
	if (buffers->count == 0) {
		say_error("Xen has no trace buffer for any pCPU");
		return -1;
	}
	if (xen_host_describe(buffers->host, &host) == 0 && host.nr_pcpus > buffers->count)
		say_warning("%zu of %u pCPUs have no trace buffer: they were not online when Xen allocated them", host.nr_pcpus - buffers->count,
			    host.nr_pcpus);
	return 0;
}

int buffers_open(struct buffers *buffers, struct xen_host *host, const struct options *options)
{
	*buffers = (struct buffers){ .host = host };
	return size_and_map(buffers, options->buffer_pages) < 0 || check_pcpus(buffers, options) < 0 ? -1 : 0;
}

static void discard(const struct buffers *buffers)
{
	for (size_t i = 0; i < buffers->count; i++)
		ring_discard(&buffers->rings[i]);
}

static bool filled(const struct buffers *buffers)
{
	struct ring_window window;

	for (size_t i = 0; i < buffers->count; i++)
		if (ring_peek(&buffers->rings[i], &window) != 0)
			return true;
	return false;
}

int buffers_were_on(const struct buffers *buffers, bool *on)
{
	*on = false;
	if (!buffers->were_there)
		return 0;
	discard(buffers); /* a full buffer would take no record */
	if (xen_tbuf_set_events(buffers->host, EVENTS_ALL) < 0 || xen_tbuf_set_pcpus(buffers->host, NULL, 0) < 0) {
		say_error("set Xen's event and pCPU mask:");
		return -1;
	}
	usleep(PROBE_US);
	*on = filled(buffers);
	return 0;
}

static int set_masks(const struct buffers *buffers, const struct options *options)
{
	if (xen_tbuf_set_events(buffers->host, options->event_mask) < 0)
		return -1;
	return xen_tbuf_set_pcpus(buffers->host, options->all_pcpus ? NULL : options->pcpu_map, sizeof(options->pcpu_map));
}

/* Off first: it makes Xen forget what it lost before. */
int buffers_switch_on(const struct buffers *buffers, const struct options *options)
{
	int status = xen_tbuf_disable(buffers->host);

	discard(buffers);
	if (status < 0 || set_masks(buffers, options) < 0 || xen_tbuf_enable(buffers->host) < 0) {
		say_error("switch Xen's tracing on:");
		return -1;
	}
	return 0;
}

bool buffers_were_meddled_with(const struct buffers *buffers, const struct options *options)
{
	struct xen_tbuf_info info;

	if (xen_tbuf_info(buffers->host, &info) < 0 || info.event_mask == options->event_mask)
		return false;
	say_warning("somebody set Xen's event mask to 0x%08x: it is set again, and what happened meanwhile counts as dropped", info.event_mask);
	if (set_masks(buffers, options) < 0)
		say_warning("set Xen's event and pCPU mask:");
	return true;
}
