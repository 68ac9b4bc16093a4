/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A block of a container that is a JSON object. */
#ifndef XTRACE_JSON_BLOCK_H
#define XTRACE_JSON_BLOCK_H

#include "analyzer/tracefile.h"

#include <jansson.h>

/* The object, the caller's to json_decref(); NULL where there is none.  name: of the block, for what is said and counted of damage.
 * When out of memory payload->out_of_memory says so. */
json_t *json_block(const struct chunk *chunk, const char *name, struct payload *payload, struct trust *trust);

#endif
