/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/notes.h"

/* Credit's units are vCPUs unless Xen schedules whole cores. */
const struct note_layout note_layouts[REC_DOM0 - REC_NOTES] = {
	[REC_PICKED_CPU - REC_NOTES] = { NOTE_TWO_WORDS, 0, 2, 0, UINT32_MAX },
	[REC_PICKED_CPU2 - REC_NOTES] = { NOTE_PACKED, 2, 3, 16, UINT16_MAX },
	[REC_WAKE - REC_NOTES] = { NOTE_TWO_WORDS, 0, 0, 0, 0 },
	[REC_YIELD - REC_NOTES] = { NOTE_TWO_WORDS, 0, 0, 0, 0 },
	[REC_TICKLE - REC_NOTES] = { NOTE_NO_VCPU, 0, 0, 0, UINT16_MAX },
	[REC_RATELIMIT - REC_NOTES] = { NOTE_PACKED, 0, 0, 0, 0 },
	[REC_BOOST_START - REC_NOTES] = { NOTE_TWO_WORDS, 0, 0, 0, 0 },
	[REC_BOOST_END - REC_NOTES] = { NOTE_TWO_WORDS, 0, 0, 0, 0 },
	[REC_ACCOUNT_START - REC_NOTES] = { NOTE_TWO_WORDS, 0, 0, 0, 0 },
	[REC_ACCOUNT_STOP - REC_NOTES] = { NOTE_TWO_WORDS, 0, 0, 0, 0 },
	[REC_CREDIT_DECISION - REC_NOTES] = { NOTE_PACKED, 0, 0, 0, 0 },
	[REC_CREDIT_EARN - REC_NOTES] = { NOTE_PACKED, 0, 0, 0, 0 },
};

bool notes_tell_all(enum rec_kind kind)
{
	return kind != REC_CREDIT_DECISION && kind != REC_CREDIT_EARN;
}
