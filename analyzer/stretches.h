/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Time as it passes for each domain: a stretch goes from one change that matters to it to the next.  In between none of its
 * vCPUs begins or ends to run or to wait, and nobody else begins or ends to hold the pCPU that one of them waits for, nor,
 * while one runs and another waits, to want to run.
 *
 * So what the domain received in a stretch is known by its length, what it was entitled to by what the fluid scheduler gave
 * it meanwhile, and who waited for whom and why is one answer for all of it.  As a stretch ends lag.h, causes.h and waits.h are
 * told.
 */
#ifndef XTRACE_STRETCHES_H
#define XTRACE_STRETCHES_H

#include "analyzer/causes.h"
#include "analyzer/lag.h"
#include "analyzer/scene.h"
#include "analyzer/waits.h"

struct stretch_vcpu {
	double entitled_tsc;       /* to which it was up to the begin */
	double gained_tsc;         /* and in the stretch that ends */
};

struct stretches {
	const struct scene *scene; /* all of these are borrowed */
	const struct boost *boost;
	struct lag *lag;
	struct causes *causes;
	struct waits *waits;
	uint64_t *since_tsc;       /* by index into vcpus.domains; within the window, or before it */
	size_t domain_room;
	struct stretch_vcpu *vcpus; /* by index into vcpus.vcpus */
	size_t vcpu_room;
};

void stretches_free(struct stretches *stretches);

/* Makes room for all that there are by now.  False when out of memory. */
bool stretches_reserve(struct stretches *stretches);

/* All of these before the scene and the fluid are told of what ends stretches; end_tsc lies within the window. */

/* A vCPU of this domain, which may have wanted to run or not, is about to change. */
void stretches_close(struct stretches *stretches, size_t domain, uint64_t end_tsc);

/* The pCPU is about to be held by another vCPU, or none: the stretches of those who wait for it. */
void stretches_close_queue(struct stretches *stretches, uint32_t pcpu, uint64_t end_tsc);

/* One more is about to wait for it: the stretches of those who wait longer already than a round of the queue is. */
void stretches_close_late(struct stretches *stretches, uint32_t pcpu, uint64_t end_tsc);

/* Somebody begins or ends to want to run: those of domains of which one vCPU runs and another waits. */
void stretches_close_mixed(struct stretches *stretches, uint64_t end_tsc);

/* Those of all who wait; and all. */
void stretches_close_waiting(struct stretches *stretches, uint64_t end_tsc);
void stretches_close_all(struct stretches *stretches, uint64_t end_tsc);

#endif
