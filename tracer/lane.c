/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tracer/lane.h"

#include <string.h>

/* What was dropped is told before the next window.  True if nothing is left to tell. */
static bool tell_pending(struct lane *lane, struct queue *queue)
{
	uint8_t payload[TRC_DROPPED_PAYLOAD];
	const uint8_t *const piece[2] = { payload, NULL };
	const uint32_t piece_bytes[2] = { sizeof(payload), 0 };

	if (!loss_is_any(&lane->pending))
		return true;
	loss_to_payload(&lane->pending, payload);
	if (!queue_put(queue, TRC_BLOCK_DROPPED, lane->ring->pcpu, piece, piece_bytes))
		return false;
	loss_add(&lane->dropped, &lane->pending);
	lane->pending = (struct loss){ 0 };
	return true;
}

static void take_window(struct lane *lane, struct queue *queue, const struct ring_window *window)
{
	if (tell_pending(lane, queue) && queue_put(queue, TRC_BLOCK_WINDOW, lane->ring->pcpu, window->piece, window->piece_bytes)) {
		ring_count(window, &lane->tally);
		lane->bytes += (uint64_t)window->piece_bytes[0] + window->piece_bytes[1];
	} else {
		loss_add_window(&lane->pending, window);
	}
	ring_consume(lane->ring, window);
}

int lane_drain(struct lane *lane, struct queue *queue, enum lane_patience patience)
{
	struct ring_window window;
	int64_t waiting = ring_peek(lane->ring, &window), taken;

	if (waiting <= 0)
		return (int)waiting;
	if (waiting > lane->peak_fill_bytes)
		lane->peak_fill_bytes = (uint32_t)waiting;
	lane->full = waiting + RING_NEED_MAX > lane->ring->size;
	/* Not until the ring is empty: Xen may write as fast as we read. */
	for (taken = 0; taken < waiting; taken += window.piece_bytes[0] + window.piece_bytes[1]) {
		if (ring_peek(lane->ring, &window) <= 0)
			return -1;
		ring_shorten(lane->ring, &window, LANE_WINDOW_BYTES);
		if (patience == LANE_WAITS)
			queue_wait_room(queue, LANE_WINDOW_BYTES);
		take_window(lane, queue, &window);
	}
	return 0;
}

void lane_give_up(struct lane *lane, struct queue *queue, uint64_t since_tsc, uint64_t until_tsc)
{
	const struct loss moment = { .tally = { .first_tsc = since_tsc, .last_tsc = until_tsc } };
	struct ring_window window;

	if (ring_peek(lane->ring, &window) > 0) {
		loss_add_window(&lane->pending, &window);
		ring_consume(lane->ring, &window);
	}
	loss_add(&lane->pending, &moment);
	tell_pending(lane, queue);
}

void lane_take_back(struct lane *lane, const struct queue_item *item)
{
	const struct ring_window window = { .piece = { item->payload }, .piece_bytes = { item->bytes } };
	struct loss loss = { 0 };

	if (item->type == TRC_BLOCK_WINDOW) {
		loss_add_window(&loss, &window);
		lane->tally.records -= loss.tally.records;
		lane->tally.lost_records -= loss.tally.lost_records;
		lane->bytes -= loss.bytes;
	} else {
		loss_from_payload(item->payload, &loss);
		lane->dropped.tally.records -= loss.tally.records;
		lane->dropped.bytes -= loss.bytes;
	}
	loss_add(&lane->pending, &loss);
}

void lane_tell(struct lane *lane, struct queue *queue)
{
	tell_pending(lane, queue);
}

uint64_t lane_dropped_records(const struct lane *lane)
{
	return lane->dropped.tally.records + lane->pending.tally.records;
}

uint64_t lane_lost_records(const struct lane *lane)
{
	return lane->tally.lost_records + lane->dropped.tally.lost_records + lane->pending.tally.lost_records;
}
