/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The analyzer's event table as text: id, name, class, least words and layout, separated by tabs. */
#include "analyzer/event.h"

#include <inttypes.h>
#include <stdio.h>

int main(void)
{
	for (size_t row = 0; row < event_count; row++)
		printf("0x%08" PRIx32 "\t%s\t%s\t%u\t%s\n", events[row].first_id, events[row].name, events[row].event_class,
		       events[row].min_words, events[row].layout);
	return fflush(stdout) ? 1 : 0;
}
