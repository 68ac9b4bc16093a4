/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/top.h"

#include <string.h>

static char *row_at(const struct top *top, size_t i)
{
	return (char *)top->rows + i * top->row_bytes;
}

void top_offer(struct top *top, const void *row)
{
	double greatness = top->greatness(row);
	size_t at = top->count, behind;

	while (at > 0 && top->greatness(row_at(top, at - 1)) < greatness)
		at--;
	if (at == top->most)
		return;
	behind = (top->count < top->most ? top->count : top->most - 1) - at;
	memmove(row_at(top, at + 1), row_at(top, at), behind * top->row_bytes);
	memcpy(row_at(top, at), row, top->row_bytes);
	top->count += top->count < top->most;
}
