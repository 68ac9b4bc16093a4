/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/json_block.h"

#include <errno.h>

/* A thousand domains of 64 vCPUs are less than half of it; what it holds can take twenty times as much memory. */
enum { JSON_BYTES_MAX = 1 << 24 };

json_t *json_block(const struct chunk *chunk, const char *name, struct payload *payload, struct trust *trust)
{
	const uint8_t *bytes;
	json_t *root;

	if (chunk->raw_bytes > JSON_BYTES_MAX) {
		trust_damage(trust, chunk->offset, chunk->stored_bytes, "the %s block of %u bytes is too long", name, chunk->raw_bytes);
		return NULL;
	}
	bytes = chunk_payload(chunk, payload, trust);
	if (!bytes)
		return NULL;
	errno = 0;
	root = json_loadb((const char *)bytes, chunk->raw_bytes, 0, NULL);
	if (root && json_is_object(root))
		return root;
	if (!root && errno == ENOMEM) /* jansson itself says so only of some of its allocations */
		payload->out_of_memory = true;
	else
		trust_damage(trust, chunk->offset, chunk->stored_bytes, "the %s block is no JSON object", name);
	json_decref(root);
	return NULL;
}
