/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/room.h"

#include <stdlib.h>
#include <string.h>

void *room_for(void *array, size_t *room, size_t wanted, size_t element_bytes)
{
	size_t new_room = *room ? *room : 16;
	void *grown;

	if (wanted <= *room)
		return array;
	while (new_room < wanted)
		new_room *= 2;
	grown = reallocarray(array, new_room, element_bytes);
	if (!grown)
		return NULL;
	memset((char *)grown + *room * element_bytes, 0, (new_room - *room) * element_bytes);
	*room = new_room;
	return grown;
}
