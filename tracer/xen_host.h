/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one seam to Xen.  xen_host_libxc.c implements it on a Xen host; tests/unit/fake_xen.c in memory.
 * Unless said otherwise a function returns 0, or -1 with errno set.
 */
#ifndef XTRACE_XEN_HOST_H
#define XTRACE_XEN_HOST_H

#include "tracer/ring.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct xen_host;

/* Says why on stderr and returns NULL when this is no Xen host that we may trace. */
struct xen_host *xen_host_open(void);
void xen_host_close(struct xen_host *host);

struct xen_description {
	char version[64];               /* "4.17.7" and what the builder appended */
	uint64_t tsc_hz;                /* as Xen measured it, to 1 kHz */
	uint32_t nr_pcpus, max_pcpu_id, threads_per_core, cores_per_socket;
	char command_line[1024];        /* that Xen was booted with; "": not told */
	uint8_t build_id[32];           /* GNU's; longer ones are cut off */
	size_t build_id_bytes;          /* 0: it was built without */
};
int xen_host_describe(struct xen_host *host, struct xen_description *out);

/* The TSC of the pCPU we run on: the clock of Xen's records. */
uint64_t xen_host_tsc(void);

/* ---- trace buffers ---- */

struct xen_tbuf_info {
	uint32_t event_mask;
	bool allocated;                 /* Xen has buffers; their size stays until the next boot */
	uint64_t info_mfn;              /* of the page that describes them */
	uint32_t info_bytes;
};
int xen_tbuf_info(struct xen_host *host, struct xen_tbuf_info *out);

/* Sizes the buffers, once per boot: EINVAL or EBUSY when they have a size. */
int xen_tbuf_set_pages(struct xen_host *host, uint32_t pages);
int xen_tbuf_set_events(struct xen_host *host, uint32_t mask);
/* pcpus: bit i of byte i / 8 is pCPU i; NULL: all. */
int xen_tbuf_set_pcpus(struct xen_host *host, const uint8_t *pcpus, size_t bytes);
int xen_tbuf_enable(struct xen_host *host);
int xen_tbuf_disable(struct xen_host *host);

/* Maps all buffers; *rings is owned by the host and valid until it is closed. */
int xen_tbuf_map(struct xen_host *host, const struct ring **rings, size_t *count, uint32_t *pages);

/* ---- Xen's signal that a buffer is half full ---- */

/* EEXIST or EBUSY: another tracer has it. */
int xen_virq_bind(struct xen_host *host);
int xen_virq_fd(struct xen_host *host);
/* After the fd was readable: allows the next signal. */
int xen_virq_rearm(struct xen_host *host);

/* ---- domains ---- */

struct xen_vcpu {
	bool online;
	uint32_t pcpu;
	uint64_t running_ns;
	uint64_t affinity;              /* hard; bit i: pCPU i, the first 64 */
};

struct xen_domain {
	uint32_t id, pool;
	char uuid[40];
	bool paused, dying;
	uint64_t running_ns;            /* Xen's CPU-time counter, all vCPUs together */
	uint64_t max_mem_kib;
	uint32_t max_vcpu_id;
};

/* Fills up to room domains and *tsc, the TSC just before their counters were read; returns how many, or -1.  The two below tell
 * what is so at this moment, of these. */
int xen_domains(struct xen_host *host, struct xen_domain *domains, int room, uint64_t *tsc);
int xen_domain_vcpu(struct xen_host *host, uint32_t domain, uint32_t vcpu, struct xen_vcpu *out);
/* Returns -1 where the pool's scheduler has neither. */
int xen_domain_weight(struct xen_host *host, const struct xen_domain *domain, uint32_t *weight, uint32_t *cap_percent);
/* From xenstore; "" if it has none.  Hostile. */
void xen_domain_name(struct xen_host *host, uint32_t domain, char *out, size_t out_size);

struct xen_pool {
	uint32_t id;
	const char *scheduler;          /* "credit", "credit2", "rtds", "null", "arinc653" or "other" */
	uint64_t pcpus;                 /* bit i: pCPU i, the first 64 */
	uint32_t tslice_ms;             /* 0: none */
	int32_t ratelimit_us;           /* -1: none */
};
/* The first pool whose id is at least this.  Returns -1 if there is none. */
int xen_pool_from(struct xen_host *host, uint32_t id, struct xen_pool *out);

#endif
