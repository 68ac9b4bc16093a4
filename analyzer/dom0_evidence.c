/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/dom0_evidence.h"

enum { EVTCHN_INTERDOMAIN = 2 }; /* xen/include/public/event_channel.h EVTCHNSTAT_interdomain */

void dom0_evidence_init(struct dom0_evidence *evidence, const struct runners *runners, uint64_t from_tsc, uint64_t to_tsc, uint64_t bin_tsc)
{
	*evidence = (struct dom0_evidence){ .runners = runners, .from_tsc = from_tsc, .to_tsc = to_tsc };
	charge_init(&evidence->by_order, from_tsc, bin_tsc);
	charge_init(&evidence->by_records, from_tsc, bin_tsc);
}

void dom0_evidence_free(struct dom0_evidence *evidence)
{
	charge_free(&evidence->by_order);
	charge_free(&evidence->by_records);
}

/* ---- who is who ---- */

/* The vCPU that runs on the pCPU which wrote a record; NULL if that is not known. */
static const struct vcpu *runner(const struct dom0_evidence *evidence, const struct rec *rec)
{
	return runners_at(evidence->runners, rec->pcpu);
}

static uint32_t domain_id_of(const struct dom0_evidence *evidence, const struct vcpu *vcpu)
{
	return evidence->runners->vcpus->domains[vcpu->domain].id;
}

/* Index of a guest, -1 if the id is Dom0's, the idle domain's or nobody's. */
static int32_t guest_index(const struct dom0_evidence *evidence, uint32_t domain_id)
{
	return domain_id > 0 && domain_id < DOMID_IDLE ? evidence->runners->vcpus->domain_by_id[domain_id] : -1;
}

static void kicked(struct dom0_evidence *evidence, struct charge *charge, uint32_t dom0_vcpu, uint32_t guest_id)
{
	int32_t guest = guest_index(evidence, guest_id);

	if (guest >= 0 && dom0_vcpu < VCPU_ID_MAX && !charge_kick(charge, dom0_vcpu, (size_t)guest))
		evidence->out_of_memory = true;
}

static uint64_t within(const struct dom0_evidence *evidence, uint64_t tsc)
{
	return tsc < evidence->from_tsc ? evidence->from_tsc : tsc > evidence->to_tsc ? evidence->to_tsc : tsc;
}

/* server: the vCPU of Dom0 that runs on the record's pCPU. */
static void served(struct dom0_evidence *evidence, struct charge *charge, const struct rec *rec, const struct vcpu *server, uint32_t guest_id)
{
	int32_t guest = guest_index(evidence, guest_id);

	if (guest >= 0 && !charge_piece(charge, server->id, (size_t)guest, within(evidence, server->since_tsc), within(evidence, rec->tsc)))
		evidence->out_of_memory = true;
}

/* ---- records ---- */

static void take_wake(struct dom0_evidence *evidence, const struct rec *rec)
{
	const struct vcpu *waker = runner(evidence, rec);
	uint32_t woken_domain = rec_word(rec, 0), woken_vcpu = rec_word(rec, 1);

	if (!waker)
		return;
	if (woken_domain == 0)
		kicked(evidence, &evidence->by_order, woken_vcpu, domain_id_of(evidence, waker));
	else if (domain_id_of(evidence, waker) == 0)
		served(evidence, &evidence->by_order, rec, waker, woken_domain);
}

static void take_grant(struct dom0_evidence *evidence, const struct rec *rec)
{
	const struct vcpu *mapper = runner(evidence, rec);

	if (mapper && domain_id_of(evidence, mapper) == 0)
		served(evidence, &evidence->by_order, rec, mapper, rec_word(rec, 0));
}

/* An extra record comes. */
static struct charge *by_records(struct dom0_evidence *evidence)
{
	if (!evidence->has_records && !charge_begin_late(&evidence->by_records, &evidence->by_order))
		evidence->out_of_memory = true;
	evidence->has_records = true;
	return &evidence->by_records;
}

static void take_send(struct dom0_evidence *evidence, const struct rec *rec)
{
	const struct vcpu *sender = runner(evidence, rec);
	uint32_t from = rec_word(rec, 0), to = rec_word(rec, 1), kind = rec_word(rec, 2) >> 28;

	if (kind != EVTCHN_INTERDOMAIN)
		return;
	evidence->sends++;
	if (to >> 16 == 0)
		kicked(evidence, by_records(evidence), to & 0xffff, from >> 16);
	else if (from >> 16 == 0 && sender && domain_id_of(evidence, sender) == 0)
		served(evidence, by_records(evidence), rec, sender, to >> 16);
}

static void take_copy(struct dom0_evidence *evidence, const struct rec *rec)
{
	const struct vcpu *copier = runner(evidence, rec);
	uint32_t source = rec_word(rec, 0) & 0xffff, dest = rec_word(rec, 0) >> 16, bytes = rec_word(rec, 2);

	evidence->copied_bytes += bytes;
	if (copier && domain_id_of(evidence, copier) == 0)
		served(evidence, by_records(evidence), rec, copier, source ? source : dest);
}

void dom0_evidence_note(struct dom0_evidence *evidence, const struct rec *rec)
{
	static void (*const handlers[REC_KINDS])(struct dom0_evidence *, const struct rec *) = {
		[REC_WAKE] = take_wake,
		[REC_GRANT] = take_grant,
		[REC_EVTCHN_SEND] = take_send,
		[REC_GRANT_COPY] = take_copy,
	};

	if (handlers[rec->kind])
		handlers[rec->kind](evidence, rec);
}

static bool ran(struct charge *charge, uint32_t vcpu, const struct interval *interval)
{
	if (interval->state == RUNNING)
		return charge_ran(charge, vcpu, interval->begin_tsc, interval->end_tsc, interval->after != RUNNABLE);
	charge_forget(charge, vcpu);
	return true;
}

void dom0_evidence_interval(struct dom0_evidence *evidence, const struct interval *interval)
{
	const struct vcpu *vcpu = &evidence->runners->vcpus->vcpus[interval->vcpu];

	if (interval->state != RUNNING && interval->state != UNKNOWN)
		return;
	if (domain_id_of(evidence, vcpu) != 0)
		return;
	if (!ran(&evidence->by_order, vcpu->id, interval) || (evidence->has_records && !ran(&evidence->by_records, vcpu->id, interval)))
		evidence->out_of_memory = true;
}
