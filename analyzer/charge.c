/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/charge.h"

#include "analyzer/proportion.h"
#include "analyzer/room.h"

#include <stdlib.h>
#include <string.h>

void charge_init(struct charge *charge, uint64_t from_tsc, uint64_t bin_tsc)
{
	*charge = (struct charge){ 0 };
	series_init(&charge->series, from_tsc, bin_tsc);
}

void charge_free(struct charge *charge)
{
	for (size_t v = 0; v < charge->vcpu_room; v++) {
		free(charge->vcpus[v].pending_tsc);
		free(charge->vcpus[v].woke);
	}
	free(charge->vcpus);
	free(charge->charged_tsc);
	series_free(&charge->series);
	*charge = (struct charge){ 0 };
}

/* ---- room ---- */

/* New room is zeroed. */
static void *grown(void *row, size_t old_room, size_t room, size_t element_bytes)
{
	char *bytes = reallocarray(row, room, element_bytes);

	if (bytes)
		memset(bytes + old_room * element_bytes, 0, (room - old_room) * element_bytes);
	return bytes;
}

static bool grow_vcpu(struct charge_vcpu *vcpu, size_t old_room, size_t room)
{
	uint64_t *pending_tsc = grown(vcpu->pending_tsc, old_room, room, sizeof(*pending_tsc));
	bool *woke;

	if (!pending_tsc)
		return false;
	vcpu->pending_tsc = pending_tsc;
	woke = grown(vcpu->woke, old_room, room, sizeof(*woke));
	if (woke)
		vcpu->woke = woke;
	return woke != NULL;
}

static bool reserve_domain(struct charge *charge, size_t domain)
{
	size_t room = charge->domain_room ? charge->domain_room : 8;
	uint64_t *charged_tsc;

	if (domain < charge->domain_room)
		return true;
	while (room <= domain)
		room *= 2;
	charged_tsc = grown(charge->charged_tsc, charge->domain_room, room, sizeof(*charged_tsc));
	if (!charged_tsc)
		return false;
	charge->charged_tsc = charged_tsc;
	for (size_t v = 0; v < charge->vcpu_room; v++)
		if (!grow_vcpu(&charge->vcpus[v], charge->domain_room, room))
			return false;
	charge->domain_room = room;
	return true;
}

static bool reserve_vcpu(struct charge *charge, uint32_t vcpu)
{
	size_t old_room = charge->vcpu_room, room = old_room;
	struct charge_vcpu *vcpus;

	if (vcpu < old_room)
		return true;
	vcpus = room_for(charge->vcpus, &room, (size_t)vcpu + 1, sizeof(*vcpus));
	if (!vcpus)
		return false;
	charge->vcpus = vcpus;
	charge->vcpu_room = room;
	for (size_t v = old_room; v < room; v++)
		if (!grow_vcpu(&vcpus[v], 0, charge->domain_room))
			return false;
	return true;
}

static inline bool reserve(struct charge *charge, uint32_t vcpu, size_t domain)
{
	return (vcpu < charge->vcpu_room && domain < charge->domain_room) || (reserve_domain(charge, domain) && reserve_vcpu(charge, vcpu));
}

/* ---- charging ---- */

static bool give(struct charge *charge, size_t domain, uint64_t begin_tsc, uint64_t end_tsc, uint64_t length_tsc)
{
	charge->charged_tsc[domain] += length_tsc;
	return series_add(&charge->series, CHARGE_DOMAINS + domain, begin_tsc, end_tsc, length_tsc);
}

bool charge_begin_late(struct charge *charge, const struct charge *other)
{
	charge->uncharged_tsc = other->uncharged_tsc;
	for (size_t d = 0; d < other->domain_room; d++)
		charge->uncharged_tsc += other->charged_tsc[d];
	return series_take_all(&charge->series, CHARGE_NOBODY, &other->series);
}

static void wake(struct charge_vcpu *vcpu, size_t domain)
{
	vcpu->wakers += !vcpu->woke[domain];
	vcpu->woke[domain] = true;
}

static void forget_wakers(const struct charge *charge, struct charge_vcpu *vcpu)
{
	if (vcpu->wakers > 0)
		memset(vcpu->woke, 0, charge->domain_room * sizeof(*vcpu->woke));
	vcpu->wakers = 0;
}

static void forget_pieces(const struct charge *charge, struct charge_vcpu *vcpu)
{
	if (vcpu->pending)
		memset(vcpu->pending_tsc, 0, charge->domain_room * sizeof(*vcpu->pending_tsc));
	vcpu->pending = false;
	vcpu->mark_tsc = 0;
}

/* Equal parts to all that woke it; nothing if none did. */
static void share_piece(const struct charge *charge, struct charge_vcpu *vcpu, uint64_t length_tsc)
{
	uint64_t left = vcpu->wakers;

	vcpu->pending |= left > 0;
	for (size_t d = 0; d < charge->domain_room && left > 0; d++) {
		uint64_t part_tsc;
		if (!vcpu->woke[d])
			continue;
		part_tsc = proportion_tsc(length_tsc, 1, left);
		vcpu->pending_tsc[d] += part_tsc;
		length_tsc -= part_tsc;
		left--;
	}
}

bool charge_kick(struct charge *charge, uint32_t vcpu, size_t domain)
{
	if (!reserve(charge, vcpu, domain))
		return false;
	charge->kicks++;
	if (!charge->vcpus[vcpu].served)
		wake(&charge->vcpus[vcpu], domain);
	return true;
}

bool charge_piece(struct charge *charge, uint32_t vcpu_id, size_t domain, uint64_t since_tsc, uint64_t tsc)
{
	struct charge_vcpu *vcpu;
	uint64_t from_tsc;

	if (!reserve(charge, vcpu_id, domain))
		return false;
	charge->pieces++;
	vcpu = &charge->vcpus[vcpu_id];
	wake(vcpu, domain);
	from_tsc = vcpu->mark_tsc > since_tsc ? vcpu->mark_tsc : since_tsc;
	share_piece(charge, vcpu, tsc > from_tsc ? tsc - from_tsc : 0);
	forget_wakers(charge, vcpu);
	vcpu->served = true;
	vcpu->mark_tsc = tsc;
	return true;
}

/* The run's pieces; gives back what they left of it. */
static bool settle(struct charge *charge, const struct charge_vcpu *vcpu, uint64_t begin_tsc, uint64_t end_tsc, uint64_t *left_tsc)
{
	for (size_t d = 0; d < charge->domain_room; d++) {
		uint64_t part_tsc = vcpu->pending_tsc[d] < *left_tsc ? vcpu->pending_tsc[d] : *left_tsc;
		if (part_tsc > 0 && !give(charge, d, begin_tsc, end_tsc, part_tsc))
			return false;
		*left_tsc -= part_tsc;
	}
	return true;
}

bool charge_ran(struct charge *charge, uint32_t vcpu_id, uint64_t begin_tsc, uint64_t end_tsc, bool ends)
{
	uint64_t left_tsc = end_tsc - begin_tsc;
	struct charge_vcpu *vcpu;

	if (!reserve(charge, vcpu_id, 0))
		return false;
	vcpu = &charge->vcpus[vcpu_id];
	if (!vcpu->served)
		share_piece(charge, vcpu, left_tsc);
	if (vcpu->pending && !settle(charge, vcpu, begin_tsc, end_tsc, &left_tsc))
		return false;
	forget_pieces(charge, vcpu);
	if (ends) {
		forget_wakers(charge, vcpu);
		vcpu->served = false;
	}
	charge->uncharged_tsc += left_tsc;
	return left_tsc == 0 || series_add(&charge->series, CHARGE_NOBODY, begin_tsc, end_tsc, left_tsc);
}

void charge_forget(struct charge *charge, uint32_t vcpu_id)
{
	if (vcpu_id < charge->vcpu_room)
		forget_pieces(charge, &charge->vcpus[vcpu_id]);
}

uint64_t charge_of_tsc(const struct charge *charge, size_t domain)
{
	return domain < charge->domain_room ? charge->charged_tsc[domain] : 0;
}
