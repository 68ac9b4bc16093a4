/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a result rests on: everything that was read, and everything that was not as it should be. */
#ifndef XTRACE_TRUST_H
#define XTRACE_TRUST_H

#include <stdbool.h>
#include <stdint.h>

struct trust {
	const char *input_name;
	uint64_t records;              /* whole trace records, Xen's wrap padding not among them */
	uint64_t lost_records;         /* that Xen says it dropped */
	uint64_t dropped_records;      /* that the tracer says it dropped */
	uint64_t unknown_records;      /* of an id that is not in the event table */
	uint64_t short_records;        /* shorter than their row's minimum; not used */
	uint64_t invalid_records;      /* with a value that cannot be (domain, vCPU); not used */
	uint64_t backward_records;     /* older than the record before them on the same pCPU */
	uint64_t inconsistent_records; /* whose old state was not the state we knew; time went to unknown */
	uint64_t reordered_records;    /* taken before an earlier time stamp, because states demanded it */
	uint64_t damaged_bytes;        /* skipped */
	uint64_t damaged_places;
	uint64_t full_buffers_at_end;  /* pCPUs whose losses at the very end Xen could not report */
	uint64_t messages;             /* printed so far; see trust_damage() */
};

/* Counts a damaged place of so many bytes and says where and why; the first few are printed, the
 * rest counted.  bytes may be 0 when nothing had to be skipped. */
void trust_damage(struct trust *trust, uint64_t offset, uint64_t bytes, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Counts a record of an event that is in no table; the first one is told. */
void trust_unknown(struct trust *trust, uint64_t offset, uint32_t event);

/* Says how many messages trust_damage() kept back, if any. */
void trust_summary(const struct trust *trust);

/* True when nothing was damaged and nothing unknown was skipped.  Lost records are no damage: their time is unknown. */
bool trust_is_sound(const struct trust *trust);

#endif
