/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a report says of hypercalls and of the places where PV domains enter Xen; part of struct result. */
#ifndef XTRACE_RESULT_PV_H
#define XTRACE_RESULT_PV_H

#include "analyzer/pv.h"
#include "analyzer/symbols.h"

enum { RESULT_PLACES = 10 };

struct result_call {
	unsigned number;                 /* PV_CALLS: all greater ones together */
	uint64_t count, subcalls;        /* by records of class pv; subcalls are within multicalls */
	double share;                    /* of the domain's count */
	double xen_s;                    /* Xen's time in it; NAN unless a patched one tells */
	uint64_t xen_count;              /* entries of which that is */
};

/* One kind of entry at one symbol, or at one address that has no name. */
struct result_place {
	enum pv_entry entry;
	uint16_t trap;                   /* PV_TRAP_NONE: no trap */
	char name[SYMBOL_NAME_BYTES];    /* hostile; "" if it has none */
	uint64_t address, offset;        /* of the hottest of its addresses, and behind the symbol's begin */
	uint64_t addresses;              /* how many */
	uint64_t count;
	double share;                    /* of the domain's entries */
};

struct result_pv {
	size_t domain;                   /* index into result.domains */
	uint64_t calls, subcalls, entries;
	uint64_t by_entry[PV_ENTRIES];
	uint64_t further;                /* of the entries: at places that were counted together */
	struct result_call call[PV_CALLS + 1]; /* those that were called, the most frequent first */
	size_t call_count;
	struct result_place places[RESULT_PLACES]; /* the hottest first */
	size_t place_count;
};

enum symbols_fit {
	SYMBOLS_NONE,                    /* there are none */
	SYMBOLS_FIT,                     /* of the same build id as what ran */
	SYMBOLS_UNCHECKED,               /* one of the two has no build id */
	SYMBOLS_OTHER,                   /* of another build: not used */
	SYMBOLS_FITS,
};

extern const char *const symbols_fit_name[SYMBOLS_FITS];

enum symbols_source { XEN_FILE, DOM0_FILE, DOM0_CAPTURE, SYMBOLS_SOURCES };

/* Where names came from. */
struct result_symbols {
	const char *of;                  /* "the hypervisor" or "Dom0's kernel" */
	const char *file;                /* as given; NULL: the capture itself */
	enum symbols_fit fit;
	uint64_t symbols;
};

#endif
