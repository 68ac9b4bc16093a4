/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tracer/writer.h"

#include "tracer/say.h"
#include "tracer/trc_format.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

enum { STACK_BYTES = 256 * 1024 };

struct writer {
	struct queue *queue;
	struct output *output;
	pthread_t thread;
	int failed_errno;            /* 0 while writing works; atomic */
};

int writer_failed(const struct writer *writer)
{
	return __atomic_load_n(&writer->failed_errno, __ATOMIC_ACQUIRE);
}

/* The first failure is the one that counts. */
static void note_failure(struct writer *writer)
{
	if (writer_failed(writer) == 0)
		__atomic_store_n(&writer->failed_errno, errno ? errno : EIO, __ATOMIC_RELEASE);
}

/* A trace is whole without names. */
static bool write_item(struct writer *writer, const struct queue_item *item)
{
	if (output_block(writer->output, item->type, item->flags, item->arg, item->payload, item->bytes, item->raw_bytes) == 0)
		return true;
	if (item->type == TRC_BLOCK_SYMBOLS) {
		say_warning("no room for the names of Dom0's kernel's code:");
		return true;
	}
	note_failure(writer);
	return false;
}

static void *run(void *arg)
{
	struct writer *writer = arg;
	struct queue_item item;

	while (queue_take(writer->queue, &item)) {
		if (write_item(writer, &item))
			queue_release(writer->queue);
		else
			queue_stop(writer->queue);
	}
	if (output_end(writer->output) < 0)
		note_failure(writer);
	queue_finish(writer->queue);
	return NULL;
}

struct writer *writer_start(struct queue *queue, struct output *output)
{
	struct writer *writer = calloc(1, sizeof(*writer));
	pthread_attr_t attributes;
	int status;

	if (!writer)
		return NULL;
	*writer = (struct writer){ .queue = queue, .output = output };
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	status = pthread_create(&writer->thread, &attributes, run, writer);
	pthread_attr_destroy(&attributes);
	if (status != 0) {
		free(writer);
		errno = status;
		return NULL;
	}
	return writer;
}

bool writer_join(struct writer *writer)
{
	queue_close(writer->queue);
	if (!queue_wait_finished(writer->queue))
		return false;
	pthread_join(writer->thread, NULL);
	return true;
}

void writer_free(struct writer *writer)
{
	free(writer);
}
