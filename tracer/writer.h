/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The thread that takes blocks from the queue to the file. */
#ifndef XTRACE_WRITER_H
#define XTRACE_WRITER_H

#include "tracer/loss.h"
#include "tracer/output.h"
#include "tracer/queue.h"

#include <pthread.h>

/* What came after a failure, of one pCPU. */
struct discarded {
	struct loss windows;         /* records */
	struct loss told;            /* what dropped blocks would have told */
};

struct writer {
	struct queue *queue;
	struct output *output;
	pthread_t thread;
	int failed_errno;            /* 0 while writing works; atomic */
	struct discarded *discarded; /* by pCPU; read it after writer_join() */
};

/* pcpus: one more than the greatest pCPU.  Returns -1 with errno. */
int writer_start(struct writer *writer, struct queue *queue, struct output *output, uint32_t pcpus);

/* 0, or the errno with which writing failed. */
int writer_failed(const struct writer *writer);

/* Closes the queue and waits until it is empty. */
void writer_join(struct writer *writer);
void writer_free(struct writer *writer);

#endif
