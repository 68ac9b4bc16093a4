/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a report says of Dom0 and the hypervisor; part of struct result. */
#ifndef XTRACE_RESULT_DOM0_H
#define XTRACE_RESULT_DOM0_H

#include "analyzer/dom0_role.h"
#include "analyzer/dom0_ledger.h"

enum { RESULT_NAMES = 12, RESULT_XEN_KINDS = 10, DOM0_WORDS = 2 };

/* The ways to charge guests, the best first. */
enum charge_way { BY_KERNEL, BY_RECORDS, BY_ORDER, CHARGE_WAYS };

extern const char *const charge_way_name[CHARGE_WAYS];

struct result_dom0_guest {
	size_t domain;                   /* index into result.domains */
	double by_s[CHARGE_WAYS];        /* that Dom0 ran for it; NAN: this way is not known */
	double part_s[DOM0_PARTS];       /* by_s[BY_KERNEL] by threads, interrupts, softirqs */
	double shared_io_s;              /* its part of the shared I/O, by bytes; NAN if not known */
	double served_s;                 /* the best way, with the shared I/O */
	double aggregate_s;              /* what it ran itself, and served_s */
	uint64_t to_bytes, from_bytes;   /* over its interfaces, as Dom0's kernel saw them, */
	uint64_t to_packets, from_packets; /* in so many packets: of up to 64 KB, for Linux puts several of a connection into one */
	double cpu_ms_per_mb;            /* aggregate_s per 10^6 bytes moved; NAN if next to none were */
	double *at_s;                    /* served_s in each of result_dom0.bins */
};

/* Something that Dom0 ran and that is no guest's. */
struct result_dom0_name {
	char name[DOM0_NAME_BYTES];      /* hostile */
	enum dom0_part part;
	enum dom0_row row;
	double seconds;
};

struct result_dom0 {
	bool known;                      /* there is a Dom0 in the trace */
	bool way_known[CHARGE_WAYS];
	bool kernel_misfits;             /* the kernel's events charge more than Dom0 ran, so that this way is not known */
	enum charge_way best;            /* the first that is known; the last if none is */
	double running_s;
	double busy_s;                   /* of all pCPUs */
	double xen_in_guests_s;          /* the hypervisor's own, of the guests' running time; NAN: only a patched one tells */
	char *words[DOM0_WORDS];         /* sentences, of dom0_words_fill(); NULL: none */
	double xentop_percent;           /* of one pCPU, by Xen's counter between the first and last snapshot; NAN: none */
	double xentop_difference_s;      /* running_s between those two less that counter; NAN: none, or only a part of the trace is looked at */
	double xentop_difference_percent; /* of that counter */
	/* By the best way; they add up to running_s, to the cycle.  Only the kernel tells the rows between guests and unattributed: else NAN. */
	double row_s[DOM0_ROWS];
	uint64_t running_tsc, row_tsc[DOM0_ROWS]; /* [DOM0_GUEST]: of all guests */
	double strangers_s;              /* of row_s[DOM0_GUEST]: of guests that are not in result.domains */
	double unshared_s;               /* of the shared I/O: no guest's bytes were near */
	double uncharged_s[CHARGE_WAYS]; /* that no guest was charged, by each way; NAN: not known */
	double over_kernel[CHARGE_WAYS]; /* all that this way charged over what the kernel did, with the shared I/O; NAN: one of them is not known */
	struct result_dom0_guest *guests;
	size_t guest_count;
	struct result_dom0_name names[RESULT_NAMES]; /* the greatest of the rows other than guests' */
	size_t name_count;
	double bin_s;
	size_t bins;                     /* the last one goes to the end, so it is longer */
	double *row_at_s[DOM0_ROWS];     /* row_s in each of bins; of the shared I/O what no guest has; of [DOM0_GUEST] strangers_s; NULL: not known */
	double jain_own, jain_aggregate; /* of the guests' running times, without and with Dom0's for them; NAN: no guest */
};

/* What the hypervisor itself used of a domain's running time; only a patched one tells. */
struct result_xen_kind {
	unsigned kind;                   /* xen_time.h */
	double seconds;
	uint64_t count;
};

struct result_xen_time {
	size_t domain;                   /* index into result.domains */
	double guest_s, xen_s;
	double covered_share;            /* these two, of its running time */
	struct result_xen_kind kinds[RESULT_XEN_KINDS]; /* of xen_s, the greatest first */
	size_t kind_count;
};

#endif
