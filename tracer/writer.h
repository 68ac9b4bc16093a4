/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The thread that takes blocks from the queue to the file, and the only one that may wait for the disk, or for who reads a pipe.
 * When writing fails it stops the queue; what is put after that has been resumed is tried again.
 */
#ifndef XTRACE_WRITER_H
#define XTRACE_WRITER_H

#include "tracer/output.h"
#include "tracer/queue.h"

#include <stdbool.h>

struct writer;

/* Both are borrowed.  Returns NULL with errno. */
struct writer *writer_start(struct queue *queue, struct output *output);

/* 0, or the errno with which writing first failed. */
int writer_failed(const struct writer *writer);

/* Closes the queue and waits until all is in the file, and the file on its disk.  False when the queue's patience came to its
 * end: then the thread is where it was, and what it uses, itself, queue and output, must stay for as long as the process does. */
bool writer_join(struct writer *writer);

/* After writer_join() was true. */
void writer_free(struct writer *writer);

#endif
