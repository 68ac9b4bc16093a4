/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Growing arrays. */
#ifndef XTRACE_ROOM_H
#define XTRACE_ROOM_H

#include <stddef.h>

/* Returns the array with room for at least `wanted` elements, doubling *room as need be; what is new of it is zero.  On
 * failure returns NULL and the array and *room stay as they were. */
void *room_for(void *array, size_t *room, size_t wanted, size_t element_bytes);

#endif
