/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tracer/loss.h"

void loss_add_window(struct loss *loss, const struct ring_window *window)
{
	ring_count(window, &loss->tally);
	loss->bytes += (uint64_t)window->piece_bytes[0] + window->piece_bytes[1];
}

void loss_add(struct loss *loss, const struct loss *other)
{
	const struct ring_tally *from = &other->tally;

	loss->tally.records += from->records;
	loss->tally.lost_records += from->lost_records;
	loss->bytes += other->bytes;
	if (from->first_tsc != 0 && (loss->tally.first_tsc == 0 || from->first_tsc < loss->tally.first_tsc))
		loss->tally.first_tsc = from->first_tsc;
	if (from->last_tsc > loss->tally.last_tsc)
		loss->tally.last_tsc = from->last_tsc;
}

static void put64(uint8_t *at, uint64_t value)
{
	for (int i = 0; i < 8; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get64(const uint8_t *at)
{
	uint64_t value = 0;

	for (int i = 0; i < 8; i++)
		value |= (uint64_t)at[i] << (8 * i);
	return value;
}

void loss_to_payload(const struct loss *loss, uint8_t payload[TRC_DROPPED_PAYLOAD])
{
	put64(payload, loss->tally.records);
	put64(payload + 8, loss->bytes);
	put64(payload + 16, loss->tally.first_tsc);
	put64(payload + 24, loss->tally.last_tsc);
}

void loss_from_payload(const uint8_t payload[TRC_DROPPED_PAYLOAD], struct loss *loss)
{
	*loss = (struct loss){ .tally = { .records = get64(payload), .first_tsc = get64(payload + 16), .last_tsc = get64(payload + 24) },
			       .bytes = get64(payload + 8) };
}
