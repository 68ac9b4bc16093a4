/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a container says beside the records: the host, the domains at start and end, how the capture
 * ended.  JSON in the file (tracer/trc_format.h); a plain xentrace file has none of it.
 */
#ifndef XTRACE_HOSTINFO_H
#define XTRACE_HOSTINFO_H

#include "analyzer/symbols.h"
#include "analyzer/tracefile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AFFINITY_ANY UINT64_MAX

/* What Xen takes as parameters of its schedulers: xen/include/public/sysctl.h, Xen 4.17.  A rate limit of 0 is none. */
enum { XEN_TSLICE_MS_MAX = 1000, XEN_RATELIMIT_US_MIN = 100, XEN_RATELIMIT_US_MAX = 500000 };

enum { NAME_MAX_BYTES = 128, WEIGHT_UNKNOWN = 0, DOMAIN_INFO_VCPUS = 64 };

struct domain_info {
	uint32_t id;
	char uuid[40];
	char name[NAME_MAX_BYTES]; /* hostile: escape before printing */
	uint32_t weight;           /* in force; at the end, at the last snapshot; WEIGHT_UNKNOWN if none said */
	uint32_t cap_percent;      /* 0: no cap */
	uint32_t vcpus;            /* at the last snapshot; no more than DOMAIN_INFO_VCPUS */
	uint64_t could_run;        /* bit i: vCPU i was online and not paused in some snapshot */
	uint64_t affinity[DOMAIN_INFO_VCPUS]; /* at the last snapshot: bit p: may run on pCPU p, of the first 64; AFFINITY_ANY: anywhere */
	bool weight_changed;       /* weight or cap differed between snapshots */
	uint64_t first_tsc, last_tsc;               /* of the snapshots it is in */
	uint64_t first_running_ns, last_running_ns; /* Xen's CPU-time counter in them */
};

/* A snapshot says otherwise than the one before. */
struct setting {
	uint32_t weight, cap_percent;
	uint64_t affinity;
};

struct setting_change {
	uint64_t tsc;              /* of the snapshot that says so first */
	size_t domain;             /* index into domains */
	int32_t vcpu;              /* whose affinity changed; -1: weight or cap of the domain did */
	struct setting from, to;
};

enum { SETTING_CHANGES_MAX = 4096 }; /* what changes after so many is taken as it was at the end */

struct hostinfo {
	char xen_version[64];
	char xen_command_line[1024];
	char scheduler[32];
	char hostname[NAME_MAX_BYTES];
	char end_reason[32];       /* "" if the file has no end block */
	char writer[64];
	char xen_build_id[BUILD_ID_BYTES], dom0_build_id[BUILD_ID_BYTES]; /* in hexadecimals; "": not told */
	uint64_t tsc_hz;           /* 0: not told */
	uint64_t start_tsc, end_tsc; /* 0: not told */
	uint64_t tracer_cpu_ns;
	uint32_t pcpus;            /* with a trace buffer; 0: not told */
	uint64_t pcpu_bits[PCPU_MAX / 64]; /* bit p % 64 of word p / 64: pCPU p was traced, whether it wrote records or not */
	double tslice_ms, ratelimit_us; /* of the first pool; 0: not told */
	bool ratelimit_told;       /* so 0 is none */
	uint32_t threads_per_core, cores_per_socket; /* 0: not told */
	uint64_t buffers_full_at_end;
	uint64_t dropped_snapshots; /* by the tracer */
	struct domain_info *domains;
	size_t domain_count, domain_room;
	size_t latest;             /* the domain that the latest snapshot named last */
	uint64_t snapshots, first_snapshot_tsc, last_snapshot_tsc;
	struct setting_change *changes; /* in order of time */
	size_t change_count, change_room;
	size_t changes_passed;     /* those in force; hostinfo_rewind() */
};

/* Takes one block that is neither window nor dropped count.  What is not well-formed is counted as
 * damage.  False only when out of memory; payload->out_of_memory may tell so, too. */
bool hostinfo_take(struct hostinfo *info, const struct chunk *chunk, struct payload *payload, struct trust *trust);
void hostinfo_free(struct hostinfo *info);

/* Records tell of this pCPU. */
void hostinfo_see_pcpu(struct hostinfo *info, uint32_t pcpu);

/* True if that, or the capture, does. */
bool hostinfo_traced(const struct hostinfo *info, uint32_t pcpu);

/* Weights, caps and affinities are as at the last snapshot; rewind: from now on, as at the first one; pass: those that
 * changed up to this time.  Returns true if some did. */
void hostinfo_rewind(struct hostinfo *info);
bool hostinfo_pass(struct hostinfo *info, uint64_t tsc);

/* When the next one changes; UINT64_MAX: never. */
uint64_t hostinfo_next_change(const struct hostinfo *info);

/* A copy whose settings pass apart; it must not live longer than the original.  False when out of memory. */
bool hostinfo_copy(struct hostinfo *copy, const struct hostinfo *info);
void hostinfo_copy_free(struct hostinfo *copy);

/* The first domain of this id that snapshots saw between two moments, NULL if there is none; *others, unless NULL:
 * how many more of this id they saw there. */
const struct domain_info *hostinfo_domain(const struct hostinfo *info, uint32_t id, uint64_t since_tsc, uint64_t until_tsc, size_t *others);

/* An option of Xen's that is on or off, as its command line has it; off unless it says otherwise. */
bool hostinfo_xen_option(const struct hostinfo *info, const char *name);

/* Where a vCPU may run; AFFINITY_ANY where that is not told.  info may be NULL. */
uint64_t hostinfo_affinity(const struct domain_info *info, uint32_t vcpu);

#endif
