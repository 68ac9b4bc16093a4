/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/fake_xen.h"

#include "tracer/clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LOST_RECORDS = 0x0001f001, WRAP_BUFFER = 0x0001f002, TIMED = 1, BOOT_MASK = 0x0ffff000, IDLE_DOMAIN = 32767 };

static struct xen_host *in_use; /* whose time it is: the clocks are asked without a host */

struct xen_host *fake_xen_new(void)
{
	struct xen_host *host = mmap(NULL, sizeof(*host), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (host == MAP_FAILED)
		abort();
	host->tracing = (struct fake_tracing){ .event_mask = BOOT_MASK, .all_pcpus = true };
	host->pages_max = FAKE_PAGES_MAX;
	host->nr_pcpus = FAKE_PCPUS;
	host->domain_name = "vm1";
	host->now_ns = 1000000000; /* a TSC of 0 means none */
	in_use = host;
	fake_xen_reopen(host);
	return host;
}

void fake_xen_free(struct xen_host *host)
{
	munmap(host, sizeof(*host));
}

void fake_xen_reopen(struct xen_host *host)
{
	pthread_mutex_init(&host->lock, NULL);
	host->virq_fd = -1;
	memset(host->calls, 0, sizeof(host->calls));
	host->sessions = 0;
}

const char *fake_call_name(enum fake_call call)
{
	static const char *const names[FAKE_CALLS] = {
		[CALL_DESCRIBE] = "describe", [CALL_INFO] = "info", [CALL_SET_PAGES] = "set_pages", [CALL_SET_EVENTS] = "set_events",
		[CALL_SET_PCPUS] = "set_pcpus", [CALL_ENABLE] = "enable", [CALL_DISABLE] = "disable", [CALL_MAP] = "map",
		[CALL_BIND] = "bind", [CALL_REARM] = "rearm", [CALL_DOMAINS] = "domains", [CALL_VCPU] = "vcpu",
		[CALL_WEIGHT] = "weight", [CALL_POOL] = "pool",
	};

	return names[call];
}

/* Counts a call; true if it is the one that is to fail. */
static bool fails(struct xen_host *host, enum fake_call call)
{
	unsigned calls = __atomic_add_fetch(&host->calls[call], 1, __ATOMIC_ACQ_REL);

	if (host->fail_at == 0 || host->fail_call != call || calls != host->fail_at)
		return false;
	errno = host->fail_errno;
	return true;
}

/* ---- what tests look at ---- */

uint64_t fake_offered(struct xen_host *host)
{
	return host->ring[0].offered + host->ring[1].offered;
}

uint64_t fake_records(struct xen_host *host)
{
	return host->ring[0].records + host->ring[1].records;
}

uint64_t fake_losses(struct xen_host *host)
{
	return host->ring[0].losses + host->ring[1].losses;
}

uint64_t fake_lost(struct xen_host *host)
{
	return host->ring[0].lost_told + host->ring[1].lost_told;
}

unsigned fake_calls(struct xen_host *host, enum fake_call call)
{
	return __atomic_load_n(&host->calls[call], __ATOMIC_ACQUIRE);
}

void fake_signal(struct xen_host *host)
{
	eventfd_write(host->virq_fd, 1);
}

void fake_hold(struct xen_host *host)
{
	__atomic_store_n(&host->hold, true, __ATOMIC_RELEASE);
	fake_signal(host);
	while (!__atomic_load_n(&host->held, __ATOMIC_ACQUIRE))
		usleep(200);
}

void fake_go_on(struct xen_host *host)
{
	__atomic_store_n(&host->hold, false, __ATOMIC_RELEASE);
}

/* ---- time ---- */

void fake_pass(struct xen_host *host, uint64_t ns)
{
	__atomic_add_fetch(&host->now_ns, ns, __ATOMIC_ACQ_REL);
}

static uint64_t now_ns(void)
{
	return __atomic_load_n(&in_use->now_ns, __ATOMIC_ACQUIRE);
}

uint64_t clock_monotonic_ns(void)
{
	return now_ns();
}

uint64_t clock_realtime_ns(void)
{
	return now_ns();
}

uint64_t clock_own_cpu_ns(void)
{
	return 0;
}

/* A nanosecond is a cycle. */
uint64_t xen_host_tsc(void)
{
	return now_ns();
}

/* ---- writing records ---- */

static uint32_t data_size(const struct xen_host *host)
{
	return host->pages * 4096 - 8;
}

static uint32_t unread(const struct xen_host *host, const struct fake_ring *ring)
{
	uint32_t cons = __atomic_load_n(&ring->cons, __ATOMIC_ACQUIRE);

	return (ring->prod + 2 * data_size(host) - cons) % (2 * data_size(host));
}

uint32_t fake_unread(struct xen_host *host, uint32_t pcpu)
{
	uint32_t bytes;

	pthread_mutex_lock(&host->lock);
	bytes = host->pages > 0 ? unread(host, &host->ring[pcpu]) : 0;
	pthread_mutex_unlock(&host->lock);
	return bytes;
}

unsigned fake_sessions(struct xen_host *host)
{
	unsigned sessions;

	pthread_mutex_lock(&host->lock);
	sessions = host->sessions;
	pthread_mutex_unlock(&host->lock);
	return sessions;
}

static void put(struct xen_host *host, struct fake_ring *ring, uint32_t event, bool timed, uint64_t tsc, const uint32_t *words,
		unsigned word_count)
{
	uint32_t size = data_size(host), header = event | word_count << 28 | (uint32_t)timed << 31, bytes = 4 + (timed ? 8u : 0) + 4 * word_count;
	uint8_t *at = ring->bytes + ring->prod % size;

	memcpy(at, &header, 4);
	if (timed)
		memcpy(at + 4, &tsc, 8);
	if (word_count > 0)
		memcpy(at + 4 + 8 * timed, words, 4 * word_count);
	if (ring->log_bytes + bytes > FAKE_LOG_BYTES)
		abort();
	memcpy(ring->log + ring->log_bytes, at, bytes);
	ring->log_bytes += bytes;
	ring->records += event != WRAP_BUFFER;
	__atomic_store_n(&ring->prod, (ring->prod + bytes) % (2 * size), __ATOMIC_RELEASE);
}

/* What is left before the data's end when the next record would straddle it. */
static uint32_t until_wrap(const struct xen_host *host, uint32_t offset, uint32_t bytes)
{
	uint32_t left = data_size(host) - offset;

	return left < bytes ? left : 0;
}

/* Padding is at most 40 bytes: a header and words of rubbish; with a time stamp where 7 words are not enough. */
static void put_wrap(struct xen_host *host, struct fake_ring *ring, uint32_t bytes)
{
	static const uint32_t rubbish[7] = { 0xdeadbeef, 1, 2, 3, 4, 5, 6 };
	bool timed = bytes > 4 + 4 * 7;

	if (bytes > 0)
		put(host, ring, WRAP_BUFFER, timed, xen_host_tsc(), rubbish, (bytes - 4 - 8 * timed) / 4);
}

static bool lets_through(const struct fake_tracing *tracing, uint32_t pcpu, uint32_t event)
{
	uint32_t mask = tracing->event_mask;

	return tracing->enabled && (mask >> 16 & event >> 16) != 0 && (mask >> 12 & event >> 12 & 0xf) != 0 &&
	       (tracing->all_pcpus || tracing->pcpu_map[pcpu / 8] >> pcpu % 8 & 1);
}

static void write_record(struct xen_host *host, uint32_t pcpu, uint32_t event, const uint32_t *words, unsigned word_count)
{
	enum { LOST_BYTES = 28 };
	struct fake_ring *ring = &host->ring[pcpu];
	uint32_t bytes = 4 + 8 + 4 * word_count, size = data_size(host), offset = ring->prod % size, before = unread(host, ring);
	uint32_t lost_wrap = ring->lost ? until_wrap(host, offset, LOST_BYTES) : 0, lost_bytes = ring->lost ? lost_wrap + LOST_BYTES : 0;
	uint32_t wrap = until_wrap(host, (offset + lost_bytes) % size, bytes);
	uint64_t tsc = xen_host_tsc();

	ring->offered++;
	if (before + lost_bytes + wrap + bytes > size) {
		if (ring->lost++ == 0)
			ring->lost_first_tsc = tsc;
		return;
	}
	if (ring->lost > 0) {
		const uint32_t payload[4] = { ring->lost, ring->running << 16 | ring->running >> 16, (uint32_t)ring->lost_first_tsc, (uint32_t)(ring->lost_first_tsc >> 32) };
		put_wrap(host, ring, lost_wrap);
		put(host, ring, LOST_RECORDS, TIMED, tsc, payload, 4);
		ring->losses++;
		ring->lost_told += ring->lost;
		ring->lost = 0;
	}
	put_wrap(host, ring, wrap);
	put(host, ring, event, TIMED, tsc, words, word_count);
	if (host->virq_fd >= 0 && before < size / 2 && unread(host, ring) >= size / 2)
		fake_signal(host);
}

static void trace(struct xen_host *host, uint32_t pcpu, uint32_t event, const uint32_t *words, unsigned word_count)
{
	if (host->pages > 0 && lets_through(&host->tracing, pcpu, event))
		write_record(host, pcpu, event, words, word_count);
}

void fake_runstates(struct xen_host *host, uint32_t pcpu, unsigned rounds)
{
	enum { RUNNING, RUNNABLE, BLOCKED };
	const uint32_t guest = 1u << 16 | pcpu, idle = (uint32_t)IDLE_DOMAIN << 16 | pcpu;
	const struct { uint32_t vcpu, from, to; } changes[] = {
		{ guest, BLOCKED, RUNNABLE }, { idle, RUNNING, RUNNABLE }, { guest, RUNNABLE, RUNNING },
		{ guest, RUNNING, BLOCKED }, { idle, RUNNABLE, RUNNING },
	};

	for (unsigned round = 0; round < rounds; round++)
		for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
			pthread_mutex_lock(&host->lock);
			fake_pass(host, FAKE_CHANGE_NS);
			trace(host, pcpu, 0x21001 | changes[i].from << 8 | changes[i].to << 4, &changes[i].vcpu, 1);
			if (changes[i].to == RUNNING)
				host->ring[pcpu].running = changes[i].vcpu;
			pthread_mutex_unlock(&host->lock);
		}
}

/* ---- xen_host.h ---- */

struct xen_host *xen_host_open(void)
{
	return fake_xen_new();
}

void xen_host_close(struct xen_host *host)
{
	fake_xen_free(host);
}

int xen_host_describe(struct xen_host *host, struct xen_description *out)
{
	if (fails(host, CALL_DESCRIBE))
		return -1;
	*out = (struct xen_description){ .version = "4.17.fake", .tsc_hz = 1000000000, .nr_pcpus = host->nr_pcpus,
					 .max_pcpu_id = host->nr_pcpus - 1, .threads_per_core = 2, .cores_per_socket = 1,
					 .build_id = { 0x15, 0x1b, 0x37 }, .build_id_bytes = 3, .command_line = "dom0_mem=1G sched=credit" };
	return 0;
}

int xen_tbuf_info(struct xen_host *host, struct xen_tbuf_info *out)
{
	if (fails(host, CALL_INFO))
		return -1;
	*out = (struct xen_tbuf_info){ .event_mask = host->tracing.event_mask, .allocated = host->pages > 0 };
	return 0;
}

int xen_tbuf_set_pages(struct xen_host *host, uint32_t pages)
{
	if (fails(host, CALL_SET_PAGES))
		return -1;
	if (host->pages > 0 || pages > host->pages_max) {
		errno = host->pages > 0 ? EINVAL : ENOMEM;
		return -1;
	}
	pthread_mutex_lock(&host->lock);
	host->pages = pages;
	host->tracing.enabled = true;
	pthread_mutex_unlock(&host->lock);
	return 0;
}

void fake_set_events(struct xen_host *host, uint32_t mask)
{
	pthread_mutex_lock(&host->lock);
	host->tracing.event_mask = mask;
	pthread_mutex_unlock(&host->lock);
}

int xen_tbuf_set_events(struct xen_host *host, uint32_t mask)
{
	if (fails(host, CALL_SET_EVENTS))
		return -1;
	fake_set_events(host, mask);
	fake_runstates(host, 0, 1); /* a hypercall and its caller leave records */
	return 0;
}

int xen_tbuf_set_pcpus(struct xen_host *host, const uint8_t *pcpus, size_t bytes)
{
	if (fails(host, CALL_SET_PCPUS))
		return -1;
	pthread_mutex_lock(&host->lock);
	host->tracing.all_pcpus = !pcpus;
	memset(host->tracing.pcpu_map, 0, sizeof(host->tracing.pcpu_map));
	if (pcpus)
		memcpy(host->tracing.pcpu_map, pcpus, bytes < PCPU_MAP_BYTES ? bytes : PCPU_MAP_BYTES);
	pthread_mutex_unlock(&host->lock);
	fake_runstates(host, 0, 1);
	return 0;
}

static void begin_session(struct xen_host *host)
{
	host->sessions++;
	for (unsigned i = 0; i < FAKE_PCPUS; i++) {
		struct fake_ring *ring = &host->ring[i];
		ring->offered = ring->records = ring->losses = ring->lost_told = ring->log_bytes = 0;
	}
}

int xen_tbuf_enable(struct xen_host *host)
{
	if (fails(host, CALL_ENABLE))
		return -1;
	pthread_mutex_lock(&host->lock);
	host->tracing.enabled = true;
	if (host->tracing.event_mask == host->session_mask)
		begin_session(host);
	pthread_mutex_unlock(&host->lock);
	return 0;
}

int xen_tbuf_disable(struct xen_host *host)
{
	if (host->pages == 0)
		abort(); /* as a hypervisor does that checks its locks */
	if (fails(host, CALL_DISABLE))
		return -1;
	pthread_mutex_lock(&host->lock);
	host->tracing.enabled = false;
	for (unsigned i = 0; i < FAKE_PCPUS; i++)
		host->ring[i].lost = 0;
	pthread_mutex_unlock(&host->lock);
	return 0;
}

int xen_tbuf_map(struct xen_host *host, const struct ring **rings, size_t *count, uint32_t *pages)
{
	if (fails(host, CALL_MAP))
		return -1;
	for (uint32_t i = 0; i < FAKE_PCPUS; i++)
		host->rings[i] = (struct ring){ .pcpu = i, .cons = &host->ring[i].cons, .prod = &host->ring[i].prod,
						.bytes = host->ring[i].bytes, .size = data_size(host) };
	*rings = host->rings;
	*count = FAKE_PCPUS;
	*pages = host->pages;
	return 0;
}

int xen_virq_bind(struct xen_host *host)
{
	if (host->other_tracer) {
		errno = EEXIST;
		return -1;
	}
	if (fails(host, CALL_BIND))
		return -1;
	host->virq_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return host->virq_fd < 0 ? -1 : 0;
}

int xen_virq_fd(struct xen_host *host)
{
	return host->virq_fd;
}

int xen_virq_rearm(struct xen_host *host)
{
	eventfd_t count;
	int status;

	while (__atomic_load_n(&host->hold, __ATOMIC_ACQUIRE)) {
		__atomic_store_n(&host->held, true, __ATOMIC_RELEASE);
		usleep(200);
	}
	/* Not counted before it is taken: whoever waits for the count may signal again at once. */
	status = eventfd_read(host->virq_fd, &count);
	return fails(host, CALL_REARM) ? -1 : status;
}

/* The one domain that fake_runstates() is about, with a vCPU for each pCPU. */
int xen_domains(struct xen_host *host, struct xen_domain *domains, int room, uint64_t *tsc)
{
	*tsc = xen_host_tsc();
	if (fails(host, CALL_DOMAINS) || room < 1)
		return -1;
	domains[0] = (struct xen_domain){ .id = 1, .uuid = "00000000-0000-0000-0000-000000000001", .running_ns = 1000,
					  .max_mem_kib = 131072, .max_vcpu_id = FAKE_PCPUS - 1 };
	return 1;
}

int xen_domain_vcpu(struct xen_host *host, uint32_t domain, uint32_t vcpu, struct xen_vcpu *out)
{
	if (fails(host, CALL_VCPU))
		return -1;
	*out = (struct xen_vcpu){ .online = true, .pcpu = vcpu, .running_ns = 500 + domain, .affinity = 3 };
	return 0;
}

int xen_domain_weight(struct xen_host *host, const struct xen_domain *domain, uint32_t *weight, uint32_t *cap_percent)
{
	(void)domain;
	if (fails(host, CALL_WEIGHT))
		return -1;
	*weight = 256;
	*cap_percent = 0;
	return 0;
}

void xen_domain_name(struct xen_host *host, uint32_t domain, char *out, size_t out_size)
{
	(void)domain;
	snprintf(out, out_size, "%s", host->domain_name);
}

int xen_pool_from(struct xen_host *host, uint32_t id, struct xen_pool *out)
{
	if (fails(host, CALL_POOL) || id > 0)
		return -1;
	*out = (struct xen_pool){ .id = 0, .scheduler = "credit", .pcpus = 3, .tslice_ms = 30, .ratelimit_us = 1000 };
	return 0;
}
