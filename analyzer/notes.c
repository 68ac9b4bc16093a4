/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/notes.h"

enum form { NO_VCPU, TWO_WORDS, PACKED }; /* domain, vCPU; or u16 vCPU, u16 domain in one */

/* Where each kind, from REC_NOTES on, has its fields.  Credit's units are vCPUs unless Xen schedules whole cores. */
static const struct {
	enum form form;
	uint8_t vcpu_word, argument_word, argument_shift;
	uint32_t argument_mask;
} layouts[] = {
	[REC_PICKED_CPU - REC_NOTES] = { TWO_WORDS, 0, 2, 0, UINT32_MAX },
	[REC_PICKED_CPU2 - REC_NOTES] = { PACKED, 2, 3, 16, UINT16_MAX },
	[REC_WAKE - REC_NOTES] = { TWO_WORDS, 0, 0, 0, 0 },
	[REC_YIELD - REC_NOTES] = { TWO_WORDS, 0, 0, 0, 0 },
	[REC_TICKLE - REC_NOTES] = { NO_VCPU, 0, 0, 0, UINT16_MAX },
	[REC_RATELIMIT - REC_NOTES] = { PACKED, 0, 0, 0, 0 },
	[REC_BOOST_START - REC_NOTES] = { TWO_WORDS, 0, 0, 0, 0 },
	[REC_BOOST_END - REC_NOTES] = { TWO_WORDS, 0, 0, 0, 0 },
	[REC_ACCOUNT_START - REC_NOTES] = { TWO_WORDS, 0, 0, 0, 0 },
	[REC_ACCOUNT_STOP - REC_NOTES] = { TWO_WORDS, 0, 0, 0, 0 },
	[REC_CREDIT_DECISION - REC_NOTES] = { PACKED, 0, 0, 0, 0 },
	[REC_CREDIT_EARN - REC_NOTES] = { PACKED, 0, 0, 0, 0 },
};

bool notes_tell_all(enum rec_kind kind)
{
	return kind != REC_CREDIT_DECISION && kind != REC_CREDIT_EARN;
}

struct note note_of(const struct vcpus *vcpus, const struct rec *rec)
{
	unsigned row = rec->kind - REC_NOTES;
	uint32_t word = rec_word(rec, layouts[row].vcpu_word), next = rec_word(rec, layouts[row].vcpu_word + 1u);
	struct note note = { .kind = rec->kind, .tsc = rec->tsc, .pcpu = rec->pcpu, .vcpu = VCPU_NONE, .rec = rec };

	if (layouts[row].form == TWO_WORDS)
		note.vcpu = vcpus_index(vcpus, word, next);
	else if (layouts[row].form == PACKED)
		note.vcpu = vcpus_index(vcpus, word >> 16, word & 0xffff);
	note.argument = rec_word(rec, layouts[row].argument_word) >> layouts[row].argument_shift & layouts[row].argument_mask;
	return note;
}
