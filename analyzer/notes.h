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

struct note note_of(const struct vcpus *vcpus, const struct rec *rec);

#endif
