/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What PV domains asked of Xen and where they trapped into it: records of class pv (event.c), counted by hypercall and
 * by place, which is a kind of entry and the address of the instruction that made it.
 *
 * Such a record is written by the pCPU on which its vCPU runs.  A stream hands it over when it passes it by, which is
 * after the record before it on the same pCPU was taken and before the next one is: so it is known who runs there.
 *
 * The first PV_PLACES_MAX places of a domain are counted each, what comes after that many together.
 */
#ifndef XTRACE_PV_H
#define XTRACE_PV_H

#include "analyzer/runners.h"

enum {
	PV_CALLS = 64,                 /* hypercalls by number; greater ones are counted as this number */
	PV_PLACES_MAX = 1 << 14,
	PV_TRAP_NONE = 0xffff,
};

enum pv_entry {
	PV_TRAP, PV_PAGE_FAULT, PV_FORCED_INVALID_OP, PV_EMULATE_PRIVOP, PV_EMULATE_4G, PV_MATH_STATE_RESTORE, PV_PAGING_FIXUP,
	PV_GDT_LDT_MAPPING_FAULT, PV_PTWR_EMULATION, PV_ENTRIES,
};

struct pv_place {
	uint64_t address;
	uint64_t count;                /* 0: no place */
	uint16_t trap;                 /* vector of PV_TRAP, no more than 0x7fff; else PV_TRAP_NONE */
	uint8_t entry;                 /* enum pv_entry */
};

struct pv_domain {
	uint64_t calls[PV_CALLS + 1];
	uint64_t subcalls[PV_CALLS + 1]; /* calls within a multicall */
	uint64_t entries[PV_ENTRIES];
	uint64_t records;              /* all of the above */
	uint64_t further;              /* entries at places that had no room */
	struct pv_place *places;       /* a hash table: rows with a count */
	size_t place_room, place_count;
};

struct pv {
	const struct vcpus *vcpus;     /* borrowed */
	struct trust *trust;           /* borrowed */
	uint64_t from_tsc, to_tsc;     /* records within count */
	const struct runners *runners; /* borrowed */
	struct pv_domain *domains;     /* by index into vcpus.domains */
	size_t room;
	uint64_t unplaced_records;     /* written where it is not known who ran, within count or before */
	bool out_of_memory;
};

void pv_init(struct pv *pv, const struct runners *runners, struct trust *trust);
void pv_free(struct pv *pv);

/* Takes a record of kind REC_PV. */
void pv_note(struct pv *pv, const struct rec *rec);

/* NULL if the domain has no record. */
const struct pv_domain *pv_of(const struct pv *pv, size_t domain);

/* "PAGE_FAULT", as the event table has it. */
const char *pv_entry_name(enum pv_entry entry);

/* "page fault", "trap 13 general protection"; returns out. */
const char *pv_entry_title(enum pv_entry entry, uint16_t trap, char *out, size_t out_size);

/* The entry's records bear the address of an instruction. */
bool pv_entry_has_address(enum pv_entry entry);

#endif
