/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/naming.h"

#include "analyzer/diag.h"
#include "tracer/trc_format.h"

#include <string.h>

const char *const symbols_fit_name[SYMBOLS_FITS] = {
	[SYMBOLS_NONE] = "none", [SYMBOLS_FIT] = "same build", [SYMBOLS_UNCHECKED] = "not checked", [SYMBOLS_OTHER] = "another build",
};

/* xen/arch/x86/include/asm/config.h HYPERVISOR_VIRT_START, _END, Xen 4.17. */
#define XEN_BEGIN UINT64_C(0xffff800000000000)
#define XEN_END   UINT64_C(0xffff880000000000)

bool naming_init(struct naming *naming, const char *xen_file, const char *dom0_file)
{
	*naming = (struct naming){ .sources = {
		[XEN_FILE] = { .of = "the hypervisor", .file = xen_file },
		[DOM0_FILE] = { .of = "Dom0's kernel", .file = dom0_file },
		[DOM0_CAPTURE] = { .of = "Dom0's kernel" },
	} };
	return (!xen_file || symbols_load(&naming->symbols[XEN_FILE], xen_file)) &&
	       (!dom0_file || symbols_load(&naming->symbols[DOM0_FILE], dom0_file));
}

bool naming_take(struct naming *naming, const struct chunk *chunk, struct payload *payload, struct trust *trust)
{
	const uint8_t *bytes = chunk->block_type == TRC_BLOCK_SYMBOLS && !naming->taken ? chunk_payload(chunk, payload, trust) : NULL;

	if (!bytes)
		return true;
	naming->taken = true;
	return symbols_take_text(&naming->symbols[DOM0_CAPTURE], (const char *)bytes, chunk->raw_bytes);
}

static void check(struct naming *naming, enum symbols_source source, const char *wanted_build_id)
{
	const struct symbols *symbols = &naming->symbols[source];
	struct result_symbols *out = &naming->sources[source];

	out->symbols = symbols->count;
	if (symbols->count == 0)
		return;
	out->fit = !*symbols->build_id || !*wanted_build_id ? SYMBOLS_UNCHECKED : strcmp(symbols->build_id, wanted_build_id) == 0 ? SYMBOLS_FIT : SYMBOLS_OTHER;
	if (out->fit == SYMBOLS_OTHER)
		diag_warn("%s: these symbols are not used: they have the build id %s, but %s that was traced has %s", out->file,
			  symbols->build_id, out->of, wanted_build_id);
}

void naming_check(struct naming *naming, const struct hostinfo *host)
{
	check(naming, XEN_FILE, host->xen_build_id);
	check(naming, DOM0_FILE, host->dom0_build_id);
	check(naming, DOM0_CAPTURE, "");
	if (naming->symbols[DOM0_CAPTURE].count > 0)
		naming->sources[DOM0_CAPTURE].fit = SYMBOLS_FIT; /* it told them itself */
}

void naming_free(struct naming *naming)
{
	for (int source = 0; source < SYMBOLS_SOURCES; source++)
		symbols_free(&naming->symbols[source]);
}

const char *naming_find(const struct naming *naming, uint32_t domain_id, uint64_t address, uint64_t *offset)
{
	bool is_xen = address >= XEN_BEGIN && address < XEN_END;
	const char *name = NULL;

	for (int source = 0; source < SYMBOLS_SOURCES && !name; source++)
		if (naming->sources[source].fit != SYMBOLS_OTHER && (source == XEN_FILE) == is_xen && (is_xen || domain_id == 0))
			name = symbols_find(&naming->symbols[source], address, offset);
	return name;
}
