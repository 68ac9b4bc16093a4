/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the schedulers' own records say beside the runstates: where a vCPU was queued, who was woken, boosted, held
 * back.  Such a record is a row of the event table with a kind from REC_NOTES on; its layout is told there.
 */
#ifndef XTRACE_NOTES_H
#define XTRACE_NOTES_H

#include "analyzer/vcpu.h"

struct note {
	enum rec_kind kind;
	uint64_t tsc;
	uint32_t pcpu;        /* that wrote it */
	int32_t vcpu;         /* that it is about, VCPU_NONE: about none, or one that no runstate record named yet */
	uint32_t argument;    /* the pCPU picked or tickled */
	const struct rec *rec; /* for what else is in it; where notes_tell_all() it may be NULL */
};

/* Whether all that is of use in a record of this kind is in its note. */
bool notes_tell_all(enum rec_kind kind);

/* Where a kind has its fields. */
enum note_form { NOTE_NO_VCPU, NOTE_TWO_WORDS, NOTE_PACKED }; /* domain, vCPU; or u16 vCPU, u16 domain in one */

struct note_layout {
	uint8_t form;
	uint8_t vcpu_word, argument_word, argument_shift;
	uint32_t argument_mask;
};

extern const struct note_layout note_layouts[REC_DOM0 - REC_NOTES]; /* by kind, from REC_NOTES on */

static inline struct note note_of(const struct vcpus *vcpus, const struct rec *rec)
{
	const struct note_layout *layout = &note_layouts[rec->kind - REC_NOTES];
	uint32_t word = rec_word(rec, layout->vcpu_word), next = rec_word(rec, layout->vcpu_word + 1u);
	struct note note = { .kind = rec->kind, .tsc = rec->tsc, .pcpu = rec->pcpu, .vcpu = VCPU_NONE, .rec = rec };

	if (layout->form == NOTE_TWO_WORDS)
		note.vcpu = vcpus_index(vcpus, word, next);
	else if (layout->form == NOTE_PACKED)
		note.vcpu = vcpus_index(vcpus, word >> 16, word & 0xffff);
	note.argument = rec_word(rec, layout->argument_word) >> layout->argument_shift & layout->argument_mask;
	return note;
}

#endif
