/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The greatest of many rows, in order. */
#ifndef XTRACE_TOP_H
#define XTRACE_TOP_H

#include <stddef.h>

struct top {
	void *rows;                            /* borrowed: room for `most', the greatest first */
	size_t row_bytes, most, count;
	double (*greatness)(const void *row);
};

/* Puts a copy of the row to its place, behind its equals; the least falls out where there is no room. */
void top_offer(struct top *top, const void *row);

#endif
