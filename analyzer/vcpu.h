/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every vCPU's runstate over time, from Xen's scheduling records.
 *
 * Each vCPU's intervals tile the trace from its begin to its end without gap or overlap, in whole
 * cycles.  What is not known is an interval of state UNKNOWN:
 *  - a vCPU's state before its first record is that record's old state, so it is known;
 *  - while a pCPU's records were lost, only vCPUs running on a pCPU without loss are known; after the
 *    loss a vCPU's state is the old state of its next record, from the loss's end on;
 *  - a record whose old state is not the state we knew makes the time since then unknown.
 */
#ifndef XTRACE_VCPU_H
#define XTRACE_VCPU_H

#include "analyzer/stream.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The first four as in xen/include/public/vcpu.h RUNSTATE_*. */
enum runstate { RUNNING, RUNNABLE, BLOCKED, OFFLINE, UNKNOWN, RUNSTATES };

extern const char *const runstate_name[RUNSTATES];

/* It runs, or waits to.  (One that is offline may wait, too, where its domain has a cap: fluid.h.) */
static inline bool runstate_wants(unsigned state)
{
	return state == RUNNING || state == RUNNABLE;
}

/* So many domains and vCPUs at most has a trace, one after the other: what is kept of each would fill the memory otherwise. */
enum { DOMID_IDLE = 0x7fff, DOMID_MAX = 0x8000, VCPU_ID_MAX = 8192, VCPUS_MAX = 1 << 14, DOMAINS_SEEN_MAX = 1 << 13, VCPU_NONE = -1 };

struct domain {
	uint32_t id;
	uint32_t generation;      /* 0 for the first domain of this id in the trace, then 1, ... */
	uint64_t since_tsc;       /* when it came; 0: before the trace, or no record told */
	uint64_t until_tsc;       /* when it went; UINT64_MAX: no record told so far */
	int32_t *vcpu_by_id;      /* index into vcpus, or VCPU_NONE */
	uint32_t vcpu_ids;        /* length of that */
	bool removed;
};

enum knowledge { UNRESOLVED, KNOWN, LOST };

struct vcpu {
	uint32_t domain;          /* index into domains */
	uint32_t id;
	enum knowledge knowledge;
	enum runstate state;      /* if KNOWN */
	enum runstate before;     /* the state before that, UNKNOWN if not seen */
	uint32_t pcpu;            /* where it runs, or ran last */
	uint64_t since_tsc;
	bool since_seen;          /* its change at since_tsc was seen */
	bool is_idle;             /* one of Xen's own, which run when no other does */
};

struct interval {
	size_t vcpu;              /* index into vcpus */
	enum runstate state;
	enum runstate before, after; /* UNKNOWN where no change was seen */
	uint32_t pcpu;            /* of RUNNING: where */
	uint64_t begin_tsc, end_tsc;
	bool begin_seen, end_seen; /* the change at that end was seen */
};

/* The part of an interval that lies within a window: itself, or cut off in `room'; NULL if it has neither time nor a change there. */
const struct interval *interval_within(const struct interval *interval, uint64_t from_tsc, uint64_t to_tsc, struct interval *room);

/* A vCPU changes from the state that is known, while nothing is lost, as most changes are. */
struct vcpu_change {
	uint64_t tsc;
	uint16_t vcpu;            /* index into vcpus */
	uint16_t pcpu;            /* whose record says so */
	uint8_t state;            /* enum runstate, from now on */
};

/* Where the vCPU that a record's word names was found last. */
struct vcpu_found {
	uint32_t word;
	int32_t index;            /* into vcpus, or VCPU_NONE */
};

enum { VCPUS_FOUND_BITS = 8 };

struct vcpus {
	struct domain *domains;
	size_t domain_count, domain_room;
	struct vcpu *vcpus;
	size_t vcpu_count, vcpu_room;
	int32_t *domain_by_id;    /* DOMID_MAX entries: the youngest of that id, or -1 */
	uint8_t *pcpu_lost;       /* PCPU_MAX entries: a loss is open there */
	int32_t *pcpu_assumed;    /* PCPU_MAX entries: vCPU that Xen named as running at a loss's end */
	unsigned losses_open;
	uint64_t begin_tsc;
	uint64_t resolvable_tsc;  /* begin_tsc, or the end of the latest loss */
	struct trust *trust;
	void (*sink)(void *arg, const struct interval *interval);
	void *sink_arg;
	void (*changed)(void *arg, size_t vcpu, uint64_t tsc, enum runstate state); /* NULL: nobody asks */
	bool out_of_memory;
	struct vcpu_found found[1 << VCPUS_FOUND_BITS]; /* by a hash of the word */
};

/* Intervals go to the sink as they close, so in order of their end; `changed', with the same argument, hears of
 * each change at its time.  False when out of memory. */
bool vcpus_init(struct vcpus *vcpus, uint64_t begin_tsc, struct trust *trust,
		void (*sink)(void *, const struct interval *), void *sink_arg);
void vcpus_free(struct vcpus *vcpus);

/* Before the first record is taken: a record ahead tells its vCPU's state at the begin, if it is the first of
 * that vCPU. */
void vcpus_preset(struct vcpus *vcpus, const struct rec *rec);

/* The domain of this id and generation, NULL if no record named it. */
const struct domain *vcpus_domain(const struct vcpus *vcpus, uint32_t id, uint32_t generation);

/* Its index into domains; -1 if no record named it. */
int32_t vcpus_domain_index(const struct vcpus *vcpus, uint32_t id, uint32_t generation);

/* Where vcpus.found tells of the vCPU that a word names: domain high, vCPU low. */
static inline size_t vcpus_found_place(uint32_t word)
{
	return word * UINT32_C(0x9e3779b1) >> (32 - VCPUS_FOUND_BITS);
}

/* The vCPU of these ids, VCPU_NONE if no record named it yet.  (As vcpus_index(), for those that were not found lately.) */
int32_t vcpus_index_of_any(const struct vcpus *vcpus, uint32_t domain_id, uint32_t id);

static inline int32_t vcpus_index(const struct vcpus *vcpus, uint32_t domain_id, uint32_t id)
{
	uint32_t word = domain_id << 16 | id;
	const struct vcpu_found *found = &vcpus->found[vcpus_found_place(word)];

	if (found->word == word && (domain_id | id) <= UINT16_MAX)
		return found->index;
	return vcpus_index_of_any(vcpus, domain_id, id);
}

/* Takes the next record in time order. */
void vcpus_take(struct vcpus *vcpus, const struct rec *rec);

/* Whether the next record is such a change, and which; nothing is done yet. */
bool vcpus_plain(const struct vcpus *vcpus, const struct rec *rec, struct vcpu_change *change);

/* Taking it is the same as vcpus_take() of its record, faster, for nobody is told: who calls tells of the interval that it closes,
 * takes it, and tells of the change.  It may be what vcpus_plain() found for other vcpus, which took all the records that these did. */
struct interval vcpus_closed_by(const struct vcpus *vcpus, const struct vcpu_change *change);
void vcpus_pass(struct vcpus *vcpus, const struct vcpu_change *change);

/* A vCPU's state now; UNKNOWN if it is not known or there is no such vCPU. */
enum runstate vcpus_state(const struct vcpus *vcpus, uint32_t domain_id, uint32_t vcpu_id);

/* True if the record claims an old state of its vCPU that is not the one we know. */
bool vcpus_conflict(const struct vcpus *vcpus, const struct rec *rec);

/* True if `candidate` would resolve the conflict of `conflict`: the same vCPU, from the state we know. */
bool vcpus_explains(const struct vcpus *vcpus, const struct rec *conflict, const struct rec *candidate);

/* Closes all intervals at the trace's end. */
void vcpus_finish(struct vcpus *vcpus, uint64_t end_tsc);

#endif
