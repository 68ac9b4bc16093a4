/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tracer/writer.h"

#include "tracer/trc_format.h"

#include <errno.h>
#include <stdlib.h>

enum { STACK_BYTES = 256 * 1024 };

int writer_failed(const struct writer *writer)
{
	return __atomic_load_n(&writer->failed_errno, __ATOMIC_ACQUIRE);
}

static void discard(struct writer *writer, const struct queue_item *item)
{
	struct ring_window window = { .piece = { item->payload }, .piece_bytes = { item->bytes } };
	struct discarded *discarded = &writer->discarded[item->arg];
	struct loss told;

	if (item->type == TRC_BLOCK_WINDOW) {
		loss_add_window(&discarded->windows, &window);
	} else if (item->type == TRC_BLOCK_DROPPED) {
		loss_from_payload(item->payload, &told);
		loss_add(&discarded->told, &told);
	}
}

static void *run(void *arg)
{
	struct writer *writer = arg;
	struct queue_item item;

	while (queue_take(writer->queue, &item)) {
		if (writer_failed(writer) == 0 &&
		    output_block(writer->output, item.type, 0, item.arg, item.payload, item.bytes, item.bytes) < 0)
			__atomic_store_n(&writer->failed_errno, errno ? errno : EIO, __ATOMIC_RELEASE);
		if (writer_failed(writer) != 0)
			discard(writer, &item);
		queue_release(writer->queue);
	}
	return NULL;
}

int writer_start(struct writer *writer, struct queue *queue, struct output *output, uint32_t pcpus)
{
	pthread_attr_t attributes;
	int status;

	*writer = (struct writer){ .queue = queue, .output = output };
	writer->discarded = calloc(pcpus, sizeof(*writer->discarded));
	if (!writer->discarded)
		return -1;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	status = pthread_create(&writer->thread, &attributes, run, writer);
	pthread_attr_destroy(&attributes);
	if (status != 0) {
		writer_free(writer);
		errno = status;
		return -1;
	}
	return 0;
}

void writer_join(struct writer *writer)
{
	queue_close(writer->queue);
	pthread_join(writer->thread, NULL);
}

void writer_free(struct writer *writer)
{
	free(writer->discarded);
	writer->discarded = NULL;
}
