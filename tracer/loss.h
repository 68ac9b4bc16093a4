/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of one pCPU that the tracer had to drop, as TRC_BLOCK_DROPPED tells them. */
#ifndef XTRACE_LOSS_H
#define XTRACE_LOSS_H

#include "tracer/ring.h"
#include "tracer/trc_format.h"

#include <stdbool.h>
#include <stdint.h>

struct loss {
	struct ring_tally tally;     /* lost_records: by Xen, as records among the dropped ones say */
	uint64_t bytes;              /* 0: nothing was dropped */
};

/* False: neither records nor a time in which there may have been some. */
bool loss_is_any(const struct loss *loss);

/* Adds a window that is dropped. */
void loss_add_window(struct loss *loss, const struct ring_window *window);

/* Adds what another loss has; in any order of time. */
void loss_add(struct loss *loss, const struct loss *other);

void loss_to_payload(const struct loss *loss, uint8_t payload[TRC_DROPPED_PAYLOAD]);
void loss_from_payload(const uint8_t payload[TRC_DROPPED_PAYLOAD], struct loss *loss);

#endif
