/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xen_host.h on a Xen host, by libxenctrl and its sisters.  Of xtrace-cap only this file and
 * xen_batch.c know Xen's headers. */
#include "tracer/xen_host.h"

#include "tracer/clock.h"
#include "tracer/say.h"
#include "tracer/xen_batch.h"
#include "tracer/xen_headers.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { XEN_PAGE_BYTES = 4096, DOMID_XEN_HEAP = 0x7ff2 /* xen.h DOMID_XEN */ };
enum { ASK_TRIES = 4, AT_ONCE_NS = 1000000 };

struct xen_host {
	xentoollog_logger *logger;
	xc_interface *control;
	xencall_handle *call;
	struct xen_batch *batch;         /* NULL: without memory for it */
	xenevtchn_handle *events;
	xenevtchn_port_or_error_t virq_port;
	xenforeignmemory_handle *memory;
	struct xs_handle *store;
	bool described;
	struct xen_description description;
	struct ring *rings;
	size_t ring_count;
};

/* ---- opening ---- */

/* The hypervisor takes a sysctl only of its own interface version: EACCES. */
static bool may_trace(struct xen_host *host)
{
	struct xen_tbuf_info info;

	if (xen_tbuf_info(host, &info) == 0)
		return true;
	if (errno == ENOSYS || errno == EOPNOTSUPP)
		say_error("this hypervisor was built without trace buffers (CONFIG_TRACEBUFFER)");
	else if (errno == EACCES)
		say_error("this hypervisor's interface is not version 0x%x that xtrace-cap was built for: build it on this host's libxen-dev",
			  XEN_SYSCTL_INTERFACE_VERSION);
	else if (errno == EPERM)
		say_error("this domain may not trace the host: run it in Dom0");
	else
		say_error("ask Xen about its trace buffers:");
	return false;
}

static bool on_xen_as_root(void)
{
	if (access("/dev/xen/privcmd", F_OK) != 0 && access("/proc/xen/privcmd", F_OK) != 0) {
		say_error("not on a Xen host: neither /dev/xen/privcmd nor /proc/xen/privcmd is there (in Dom0: modprobe xen-privcmd)");
		return false;
	}
	if (geteuid() != 0) {
		say_error("only root may trace the host");
		return false;
	}
	return true;
}

struct xen_host *xen_host_open(void)
{
	struct xen_host *host;

	if (!on_xen_as_root())
		return NULL;
	host = calloc(1, sizeof(*host));
	if (!host) {
		say_error("out of memory");
		return NULL;
	}
	host->virq_port = -1;
	host->logger = (xentoollog_logger *)xtl_createlogger_stdiostream(stderr, XTL_CRITICAL, 0);
	host->control = xc_interface_open(host->logger, host->logger, 0);
	host->call = xencall_open(host->logger, 0);
	host->batch = host->call ? xen_batch_new(host->call) : NULL;
	host->memory = xenforeignmemory_open(host->logger, 0);
	if (!host->control || !host->call || !host->memory) {
		say_error("open Xen's privileged interface:");
	} else if (may_trace(host)) {
		host->store = xs_open(XS_OPEN_READONLY);
		if (!host->store)
			say_warning("open xenstore; domains have no names:");
		return host;
	}
	xen_host_close(host);
	return NULL;
}

void xen_host_close(struct xen_host *host)
{
	if (host->events)
		xenevtchn_close(host->events);
	if (host->memory)
		xenforeignmemory_close(host->memory);
	if (host->batch)
		xen_batch_free(host->batch);
	if (host->call)
		xencall_close(host->call);
	if (host->control)
		xc_interface_close(host->control);
	if (host->store)
		xs_close(host->store);
	if (host->logger)
		xtl_logger_destroy(host->logger);
	free(host->rings);
	free(host);
}

uint64_t xen_host_tsc(void)
{
#if defined(__x86_64__) || defined(__i386__)
	return __builtin_ia32_rdtsc();
#else
	uint64_t count;
	__asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(count));
	return count;
#endif
}

/* xen/include/public/version.h: the length, which goes in as the room there is, then the id. */
static void read_build_id(struct xen_host *host, struct xen_description *out)
{
	struct { uint32_t length; uint8_t id[64]; } answer = { .length = sizeof(answer.id) };
	int length = xc_version(host->control, XENVER_build_id, &answer);

	out->build_id_bytes = length < 0 ? 0 : (size_t)length < sizeof(out->build_id) ? (size_t)length : sizeof(out->build_id);
	memcpy(out->build_id, answer.id, out->build_id_bytes);
}

static int describe(struct xen_host *host, struct xen_description *out)
{
	xc_physinfo_t physical = { 0 };
	char extra[XEN_EXTRAVERSION_LEN] = "";
	int version = xc_version(host->control, XENVER_version, NULL);

	if (version < 0 || xc_physinfo(host->control, &physical) < 0)
		return -1;
	xc_version(host->control, XENVER_extraversion, extra);
	*out = (struct xen_description){
		.tsc_hz = (uint64_t)physical.cpu_khz * 1000, .nr_pcpus = physical.nr_cpus, .max_pcpu_id = physical.max_cpu_id,
		.threads_per_core = physical.threads_per_core, .cores_per_socket = physical.cores_per_socket,
	};
	if (xc_version(host->control, XENVER_commandline, out->command_line) < 0)
		out->command_line[0] = '\0';
	out->command_line[sizeof(out->command_line) - 1] = '\0';
	snprintf(out->version, sizeof(out->version), "%d.%d%.*s", version >> 16, version & 0xffff, (int)sizeof(extra), extra);
	read_build_id(host, out);
	return 0;
}

/* Asked once: it is several calls, and stays as it is. */
int xen_host_describe(struct xen_host *host, struct xen_description *out)
{
	if (!host->described)
		host->described = describe(host, &host->description) == 0;
	*out = host->description;
	return host->described ? 0 : -1;
}

/* ---- trace buffers: libxenctrl cannot read the event mask, so all go by one sysctl ---- */

static int tbuf_op(struct xen_host *host, struct xen_sysctl_tbuf_op *op)
{
	struct xen_sysctl *sysctl = xencall_alloc_buffer(host->call, sizeof(*sysctl));
	int saved_errno, status;

	if (!sysctl)
		return -1;
	memset(sysctl, 0, sizeof(*sysctl));
	sysctl->cmd = XEN_SYSCTL_tbuf_op;
	sysctl->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	sysctl->u.tbuf_op = *op;
	status = xencall1(host->call, __HYPERVISOR_sysctl, (uint64_t)(uintptr_t)sysctl);
	saved_errno = errno;
	*op = sysctl->u.tbuf_op;
	xencall_free_buffer(host->call, sysctl);
	errno = saved_errno;
	return status < 0 ? -1 : 0;
}

int xen_tbuf_info(struct xen_host *host, struct xen_tbuf_info *out)
{
	struct xen_sysctl_tbuf_op op = { .cmd = XEN_SYSCTL_TBUFOP_get_info };

	if (tbuf_op(host, &op) < 0)
		return -1;
	*out = (struct xen_tbuf_info){ .event_mask = op.evt_mask, .allocated = op.buffer_mfn != 0, .info_mfn = op.buffer_mfn,
				       .info_bytes = op.size };
	return 0;
}

int xen_tbuf_set_pages(struct xen_host *host, uint32_t pages)
{
	struct xen_sysctl_tbuf_op op = { .cmd = XEN_SYSCTL_TBUFOP_set_size, .size = pages };

	return tbuf_op(host, &op);
}

int xen_tbuf_set_events(struct xen_host *host, uint32_t mask)
{
	struct xen_sysctl_tbuf_op op = { .cmd = XEN_SYSCTL_TBUFOP_set_evt_mask, .evt_mask = mask };

	return tbuf_op(host, &op);
}

int xen_tbuf_set_pcpus(struct xen_host *host, const uint8_t *pcpus, size_t bytes)
{
	xc_cpumap_t map = xc_cpumap_alloc(host->control);
	int room = xc_get_cpumap_size(host->control), status;

	if (!map || room < 0) {
		free(map);
		return -1;
	}
	if (pcpus)
		memcpy(map, pcpus, bytes < (size_t)room ? bytes : (size_t)room);
	else
		memset(map, 0xff, (size_t)room);
	status = xc_tbuf_set_cpu_mask(host->control, map);
	free(map);
	return status < 0 ? -1 : 0;
}

int xen_tbuf_enable(struct xen_host *host)
{
	struct xen_sysctl_tbuf_op op = { .cmd = XEN_SYSCTL_TBUFOP_enable };

	return tbuf_op(host, &op);
}

int xen_tbuf_disable(struct xen_host *host)
{
	struct xen_sysctl_tbuf_op op = { .cmd = XEN_SYSCTL_TBUFOP_disable };

	return tbuf_op(host, &op);
}

/* xen/include/public/trace.h struct t_info: u16 pages per pCPU, then for each pCPU where, in words from
 * the begin, its list of page numbers is; 0: it has no buffer. */
static int map_ring(struct xen_host *host, const struct t_info *info, uint32_t pcpu, uint32_t pages)
{
	const uint32_t *list = (const uint32_t *)(const void *)info + info->mfn_offset[pcpu];
	xen_pfn_t *frames = calloc(pages, sizeof(*frames));
	struct t_buf *buffer;

	if (!frames)
		return -1;
	for (uint32_t i = 0; i < pages; i++)
		frames[i] = list[i];
	buffer = xenforeignmemory_map(host->memory, DOMID_XEN_HEAP, PROT_READ | PROT_WRITE, pages, frames, NULL);
	free(frames);
	if (!buffer)
		return -1;
	host->rings[host->ring_count++] = (struct ring){
		.pcpu = pcpu, .cons = &buffer->cons, .prod = &buffer->prod, .bytes = (const uint8_t *)(buffer + 1),
		.size = pages * XEN_PAGE_BYTES - (uint32_t)sizeof(*buffer),
	};
	return 0;
}

static int map_rings(struct xen_host *host, const struct t_info *info, uint32_t pcpus)
{
	host->rings = calloc(pcpus, sizeof(*host->rings));
	if (!host->rings)
		return -1;
	for (uint32_t pcpu = 0; pcpu < pcpus; pcpu++)
		if (info->mfn_offset[pcpu] != 0 && map_ring(host, info, pcpu, info->tbuf_size) < 0)
			return -1;
	return 0;
}

int xen_tbuf_map(struct xen_host *host, const struct ring **rings, size_t *count, uint32_t *pages)
{
	struct xen_tbuf_info where;
	struct xen_description description;
	xen_pfn_t *frames;
	size_t info_pages;
	const struct t_info *info;

	if (xen_tbuf_info(host, &where) < 0 || xen_host_describe(host, &description) < 0)
		return -1;
	info_pages = where.info_bytes / XEN_PAGE_BYTES;
	frames = calloc(info_pages + 1, sizeof(*frames));
	if (!frames)
		return -1;
	for (size_t i = 0; i < info_pages; i++)
		frames[i] = where.info_mfn + i;
	info = xenforeignmemory_map(host->memory, DOMID_XEN_HEAP, PROT_READ, info_pages, frames, NULL);
	free(frames);
	if (!info || map_rings(host, info, description.max_pcpu_id + 1) < 0)
		return -1;
	*rings = host->rings;
	*count = host->ring_count;
	*pages = info->tbuf_size;
	return 0;
}

/* ---- the VIRQ ---- */

int xen_virq_bind(struct xen_host *host)
{
	host->events = xenevtchn_open(host->logger, 0);
	if (!host->events)
		return -1;
	host->virq_port = xenevtchn_bind_virq(host->events, VIRQ_TBUF);
	return host->virq_port < 0 ? -1 : 0;
}

int xen_virq_fd(struct xen_host *host)
{
	return xenevtchn_fd(host->events);
}

int xen_virq_rearm(struct xen_host *host)
{
	xenevtchn_port_or_error_t port = xenevtchn_pending(host->events);

	return port < 0 ? -1 : xenevtchn_unmask(host->events, (evtchn_port_t)port);
}

/* ---- domains and pools ---- */

static void format_uuid(const uint8_t *bytes, char *out, size_t out_size)
{
	size_t used = 0;

	for (int i = 0; i < 16 && used + 4 < out_size; i++)
		used += (size_t)snprintf(out + used, out_size - used, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", bytes[i]);
}

static void fill_domain(const xc_domaininfo_t *info, struct xen_domain *out)
{
	*out = (struct xen_domain){
		.id = info->domain, .pool = info->cpupool, .running_ns = info->cpu_time,
		.paused = info->flags & XEN_DOMINF_paused, .dying = info->flags & XEN_DOMINF_dying,
		.max_mem_kib = info->max_pages * (XEN_PAGE_BYTES / 1024), .max_vcpu_id = info->max_vcpu_id,
	};
	format_uuid(info->handle, out->uuid, sizeof(out->uuid));
}

/* In batches that fit a page: libxenctrl copies the whole room for answers at each call. */
static int read_domains(struct xen_host *host, struct xen_domain *domains, int room)
{
	xc_domaininfo_t batch[XEN_PAGE_BYTES / sizeof(xc_domaininfo_t)];
	unsigned batch_room = sizeof(batch) / sizeof(batch[0]), first = 0;
	int count = 0, got;

	do {
		got = xc_domain_getinfolist(host->control, first, batch_room, batch);
		if (got < 0)
			return -1;
		for (int i = 0; i < got && count < room; i++)
			fill_domain(&batch[i], &domains[count++]);
		if (got > 0)
			first = batch[got - 1].domain + 1u;
	} while ((unsigned)got == batch_room && count < room);
	return count;
}

/* A Dom0 that lost its pCPU between the TSC and the counters asks again: they are held against what the records say until then. */
int xen_domains(struct xen_host *host, struct xen_domain *domains, int room, uint64_t *tsc)
{
	uint64_t begin_ns;
	int count, tries = 0;

	do {
		begin_ns = clock_monotonic_ns();
		*tsc = xen_host_tsc();
		count = read_domains(host, domains, room);
	} while (count >= 0 && clock_monotonic_ns() - begin_ns > AT_ONCE_NS && ++tries < ASK_TRIES);
	if (count >= 0 && host->batch)
		xen_batch_ask(host->batch, domains, count);
	return count;
}

static uint64_t first_64(const uint8_t *map, int bytes)
{
	uint64_t bits = 0;

	for (int i = 0; i < bytes && i < 8; i++)
		bits |= (uint64_t)map[i] << (8 * i);
	return bits;
}

static int ask_vcpu(struct xen_host *host, uint32_t domain, uint32_t vcpu, struct xen_vcpu *out)
{
	xc_cpumap_t hard = xc_cpumap_alloc(host->control);
	xc_vcpuinfo_t info;
	int status = xc_vcpu_getinfo(host->control, domain, vcpu, &info);

	if (status == 0) {
		*out = (struct xen_vcpu){ .online = info.online, .pcpu = info.cpu, .running_ns = info.cpu_time };
		if (hard && xc_vcpu_getaffinity(host->control, domain, (int)vcpu, hard, NULL, XEN_VCPUAFFINITY_HARD) == 0)
			out->affinity = first_64(hard, xc_get_cpumap_size(host->control));
	}
	free(hard);
	return status;
}

int xen_domain_vcpu(struct xen_host *host, uint32_t domain, uint32_t vcpu, struct xen_vcpu *out)
{
	return host->batch && xen_batch_vcpu(host->batch, domain, vcpu, out) ? 0 : ask_vcpu(host, domain, vcpu, out);
}

/* By scheduler; a row reads a domain's weight and cap. */
static int credit_weight(xc_interface *control, uint32_t domain, uint32_t *weight, uint32_t *cap_percent)
{
	struct xen_domctl_sched_credit parameters = { 0 };

	if (xc_sched_credit_domain_get(control, domain, &parameters) != 0)
		return -1;
	*weight = parameters.weight;
	*cap_percent = parameters.cap;
	return 0;
}

static int credit2_weight(xc_interface *control, uint32_t domain, uint32_t *weight, uint32_t *cap_percent)
{
	struct xen_domctl_sched_credit2 parameters = { 0 };

	if (xc_sched_credit2_domain_get(control, domain, &parameters) != 0)
		return -1;
	*weight = parameters.weight;
	*cap_percent = parameters.cap;
	return 0;
}

static int credit_parameters(xc_interface *control, uint32_t pool, struct xen_pool *out)
{
	struct xen_sysctl_credit_schedule parameters = { 0 };

	if (xc_sched_credit_params_get(control, pool, &parameters) != 0)
		return -1;
	out->tslice_ms = parameters.tslice_ms;
	out->ratelimit_us = (int32_t)parameters.ratelimit_us;
	return 0;
}

static int credit2_parameters(xc_interface *control, uint32_t pool, struct xen_pool *out)
{
	struct xen_sysctl_credit2_schedule parameters = { 0 };

	if (xc_sched_credit2_params_get(control, pool, &parameters) != 0)
		return -1;
	out->ratelimit_us = (int32_t)parameters.ratelimit_us;
	return 0;
}

static const struct scheduler {
	uint32_t id;
	const char *name;
	int (*weight)(xc_interface *, uint32_t domain, uint32_t *weight, uint32_t *cap_percent);
	int (*parameters)(xc_interface *, uint32_t pool, struct xen_pool *);
} schedulers[] = {
	{ XEN_SCHEDULER_CREDIT, "credit", credit_weight, credit_parameters },
	{ XEN_SCHEDULER_CREDIT2, "credit2", credit2_weight, credit2_parameters },
	{ XEN_SCHEDULER_ARINC653, "arinc653", NULL, NULL },
	{ XEN_SCHEDULER_RTDS, "rtds", NULL, NULL },
	{ XEN_SCHEDULER_NULL, "null", NULL, NULL },
	{ UINT32_MAX, "other", NULL, NULL },
};

static const struct scheduler *scheduler_of(uint32_t id)
{
	const struct scheduler *row = schedulers;

	while (row->id != id && row->id != UINT32_MAX)
		row++;
	return row;
}

int xen_domain_weight(struct xen_host *host, const struct xen_domain *domain, uint32_t *weight, uint32_t *cap_percent)
{
	if (host->batch && xen_batch_weight(host->batch, domain->id, weight, cap_percent))
		return 0;
	/* A pool's scheduler refuses the other's question, so the answer tells which it is. */
	for (const struct scheduler *row = schedulers; row->weight; row++)
		if (row->weight(host->control, domain->id, weight, cap_percent) == 0)
			return 0;
	return -1;
}

void xen_domain_name(struct xen_host *host, uint32_t domain, char *out, size_t out_size)
{
	char path[64], *name;
	unsigned length = 0;

	out[0] = '\0';
	snprintf(path, sizeof(path), "/local/domain/%" PRIu32 "/name", domain);
	name = host->store ? xs_read(host->store, XBT_NULL, path, &length) : NULL;
	if (name)
		snprintf(out, out_size, "%.*s", (int)length, name);
	free(name);
}

int xen_pool_from(struct xen_host *host, uint32_t id, struct xen_pool *out)
{
	xc_cpupoolinfo_t *info = xc_cpupool_getinfo(host->control, id);
	const struct scheduler *scheduler;

	if (!info)
		return -1;
	scheduler = scheduler_of(info->sched_id);
	*out = (struct xen_pool){ .id = info->cpupool_id, .scheduler = scheduler->name, .ratelimit_us = -1,
				  .pcpus = first_64(info->cpumap, xc_get_cpumap_size(host->control)) };
	if (scheduler->parameters)
		scheduler->parameters(host->control, info->cpupool_id, out);
	xc_cpupool_infofree(host->control, info);
	return 0;
}
