/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/pv.h"

#include "analyzer/room.h"
#include "analyzer/xen_time.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	ID_64 = 0x100,                 /* xen/include/public/trace.h TRC_64_FLAG: addresses are u64 */
	ID_ENTRY = 0x201000,           /* … TRC_PV_ENTRY */
	ID_HYPERCALL = 0x20100d, ID_SUBCALL = 0x20200e,
	OP_MASK = 0xfffff,
	NO_ADDRESS = 0xff,
	FIRST_ROOM = 64,               /* of places; a power of two, like all that follow */
};

/* Where a record has the address of the instruction, by its id from ID_ENTRY on: xen/arch/x86/pv/trace.c, Xen 4.17. */
static const struct {
	bool known;
	enum pv_entry entry;
	uint8_t address_word;          /* the words before it are there with addresses of either size */
	uint8_t addresses_before;      /* … but for these, which are addresses, too */
} layouts[] = {
	[3] = { true, PV_TRAP, 0, 0 },
	[4] = { true, PV_PAGE_FAULT, 0, 0 },
	[5] = { true, PV_FORCED_INVALID_OP, 0, 0 },
	[6] = { true, PV_EMULATE_PRIVOP, 0, 0 },
	[7] = { true, PV_EMULATE_4G, 0, 0 },
	[8] = { true, PV_MATH_STATE_RESTORE, NO_ADDRESS, 0 },
	[9] = { true, PV_PAGING_FIXUP, 0, 0 },
	[10] = { true, PV_GDT_LDT_MAPPING_FAULT, 0, 0 },
	[11] = { true, PV_PTWR_EMULATION, 2, 1 },
	[12] = { true, PV_PTWR_EMULATION, 2, 1 },
};

static const struct { const char *name, *title; } entries[PV_ENTRIES] = {
	[PV_TRAP] = { "TRAP", "trap" },
	[PV_PAGE_FAULT] = { "PAGE_FAULT", "page fault" },
	[PV_FORCED_INVALID_OP] = { "FORCED_INVALID_OP", "forced invalid opcode" },
	[PV_EMULATE_PRIVOP] = { "EMULATE_PRIVOP", "privileged instruction" },
	[PV_EMULATE_4G] = { "EMULATE_4G", "4 GB segment" },
	[PV_MATH_STATE_RESTORE] = { "MATH_STATE_RESTORE", "FPU state" },
	[PV_PAGING_FIXUP] = { "PAGING_FIXUP", "shadow page fault" },
	[PV_GDT_LDT_MAPPING_FAULT] = { "GDT_LDT_MAPPING_FAULT", "descriptor fault" },
	[PV_PTWR_EMULATION] = { "PTWR_EMULATION", "page table write" },
};

const char *pv_entry_name(enum pv_entry entry)
{
	return entries[entry].name;
}

const char *pv_entry_title(enum pv_entry entry, uint16_t trap, char *out, size_t out_size)
{
	const char *name = trap == PV_TRAP_NONE ? NULL : xen_trap_name(trap);

	if (trap == PV_TRAP_NONE)
		snprintf(out, out_size, "%s", entries[entry].title);
	else
		snprintf(out, out_size, "trap %u%s%s", trap, name ? " " : "", name ? name : "");
	return out;
}

bool pv_entry_has_address(enum pv_entry entry)
{
	return entry != PV_MATH_STATE_RESTORE;
}

void pv_init(struct pv *pv, const struct runners *runners, struct trust *trust)
{
	*pv = (struct pv){ .vcpus = runners->vcpus, .trust = trust, .to_tsc = UINT64_MAX, .runners = runners };
}

void pv_free(struct pv *pv)
{
	for (size_t i = 0; i < pv->room; i++)
		free(pv->domains[i].places);
	free(pv->domains);
}

/* ---- whose ---- */

static struct pv_domain *domain_at(struct pv *pv, size_t index)
{
	struct pv_domain *domains;

	if (index < pv->room)
		return &pv->domains[index];
	domains = room_for(pv->domains, &pv->room, index + 1, sizeof(*domains));
	if (!domains) {
		pv->out_of_memory = true;
		return NULL;
	}
	pv->domains = domains;
	return &domains[index];
}

const struct pv_domain *pv_of(const struct pv *pv, size_t domain)
{
	return domain < pv->room && pv->domains[domain].records > 0 ? &pv->domains[domain] : NULL;
}

/* ---- places ---- */

static struct pv_place *slot_of(struct pv_place *places, size_t room, const struct pv_place *place)
{
	uint64_t hash = (place->address ^ (uint64_t)place->entry << 56 ^ (uint64_t)place->trap << 48) * UINT64_C(0x9e3779b97f4a7c15);
	size_t at = (size_t)(hash >> 32) & (room - 1);

	while (places[at].count > 0 && (places[at].address != place->address || places[at].entry != place->entry || places[at].trap != place->trap))
		at = (at + 1) & (room - 1);
	return &places[at];
}

/* The table is at most half full. */
static bool grow(struct pv_domain *domain)
{
	size_t room = domain->place_room ? 2 * domain->place_room : FIRST_ROOM;
	struct pv_place *places = calloc(room, sizeof(*places));

	if (!places)
		return false;
	for (size_t i = 0; i < domain->place_room; i++)
		if (domain->places[i].count > 0)
			*slot_of(places, room, &domain->places[i]) = domain->places[i];
	free(domain->places);
	domain->places = places;
	domain->place_room = room;
	return true;
}

static bool count_place(struct pv_domain *domain, const struct pv_place *place)
{
	struct pv_place *slot;

	if (2 * domain->place_count >= domain->place_room && domain->place_room < 2 * PV_PLACES_MAX && !grow(domain))
		return false;
	slot = slot_of(domain->places, domain->place_room, place);
	if (slot->count == 0 && domain->place_count == PV_PLACES_MAX) {
		domain->further++;
		return true;
	}
	domain->place_count += slot->count == 0;
	*slot = (struct pv_place){ place->address, slot->count + 1, place->trap, place->entry };
	return true;
}

/* ---- records ---- */

/* The place that a record of an entry tells; false and told if it is too short for its address. */
static bool read_place(struct pv *pv, const struct rec *rec, uint32_t layout, struct pv_place *place)
{
	bool wide = rec->id & ID_64, traps = layouts[layout].entry == PV_TRAP;
	unsigned word = layouts[layout].address_word, size = wide ? 2 : 1;

	*place = (struct pv_place){ .entry = (uint8_t)layouts[layout].entry, .trap = PV_TRAP_NONE };
	if (word == NO_ADDRESS)
		return true;
	word += layouts[layout].addresses_before * size;
	if (word + size + traps > rec->words) {
		pv->trust->short_records++;
		trust_damage(pv->trust, rec->offset, 4 * rec->words, "pCPU %u: a %s record of %u words, %u are needed", rec->pcpu,
			     entries[place->entry].name, rec->words, word + size + traps);
		return false;
	}
	place->address = rec_word(rec, word) | (wide ? (uint64_t)rec_word(rec, word + 1) << 32 : 0);
	if (traps)
		place->trap = (uint16_t)(rec_word(rec, word + size) & 0x7fff);
	return true;
}

static void take_entry(struct pv *pv, struct pv_domain *domain, const struct rec *rec)
{
	uint32_t layout = (rec->id & ~(uint32_t)ID_64) - ID_ENTRY;
	struct pv_place place;

	if (layout >= sizeof(layouts) / sizeof(layouts[0]) || !layouts[layout].known || !read_place(pv, rec, layout, &place))
		return;
	domain->records++;
	domain->entries[place.entry]++;
	if (!count_place(domain, &place))
		pv->out_of_memory = true;
}

static void take_call(struct pv_domain *domain, uint64_t *calls, uint32_t op)
{
	domain->records++;
	calls[op < PV_CALLS ? op : PV_CALLS]++;
}

void pv_note(struct pv *pv, const struct rec *rec)
{
	const struct vcpu *runner = runners_at(pv->runners, rec->pcpu);
	struct pv_domain *domain;

	if (rec->tsc < pv->from_tsc || rec->tsc > pv->to_tsc)
		return;
	if (!runner) {
		pv->unplaced_records++;
		return;
	}
	domain = domain_at(pv, runner->domain);
	if (!domain)
		return;
	if (rec->id == ID_HYPERCALL)
		take_call(domain, domain->calls, rec_word(rec, 0) & OP_MASK);
	else if (rec->id == ID_SUBCALL)
		take_call(domain, domain->subcalls, rec_word(rec, 0) & OP_MASK);
	else
		take_entry(pv, domain, rec);
}
