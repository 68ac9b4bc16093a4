/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tracer/loss.h"

#include "tracer/le.h"

bool loss_is_any(const struct loss *loss)
{
	return loss->bytes > 0 || loss->tally.last_tsc > 0;
}

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

void loss_to_payload(const struct loss *loss, uint8_t payload[TRC_DROPPED_PAYLOAD])
{
	put_le64(payload, loss->tally.records);
	put_le64(payload + 8, loss->bytes);
	put_le64(payload + 16, loss->tally.first_tsc);
	put_le64(payload + 24, loss->tally.last_tsc);
}

void loss_from_payload(const uint8_t payload[TRC_DROPPED_PAYLOAD], struct loss *loss)
{
	*loss = (struct loss){ .tally = { .records = le64(payload), .first_tsc = le64(payload + 16), .last_tsc = le64(payload + 24) },
			       .bytes = le64(payload + 8) };
}
