/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/agenda.h"

#include <stdlib.h>
#include <string.h>

bool agenda_init(struct agenda *agenda, size_t alarms)
{
	*agenda = (struct agenda){
		.at_tsc = calloc(alarms + 1, sizeof(*agenda->at_tsc)),
		.heap = calloc(alarms + 1, sizeof(*agenda->heap)),
		.place = malloc((alarms + 1) * sizeof(*agenda->place)),
	};
	if (!agenda->at_tsc || !agenda->heap || !agenda->place) {
		agenda_free(agenda);
		return false;
	}
	memset(agenda->place, 0xff, (alarms + 1) * sizeof(*agenda->place));
	return true;
}

void agenda_free(struct agenda *agenda)
{
	free(agenda->at_tsc);
	free(agenda->heap);
	free(agenda->place);
	*agenda = (struct agenda){ 0 };
}

static bool is_earlier(const struct agenda *agenda, uint32_t a, uint32_t b)
{
	return agenda->at_tsc[a] < agenda->at_tsc[b] || (agenda->at_tsc[a] == agenda->at_tsc[b] && a < b);
}

static void put(struct agenda *agenda, uint32_t place, uint32_t alarm)
{
	agenda->heap[place] = alarm;
	agenda->place[alarm] = place;
}

static void sift_up(struct agenda *agenda, uint32_t place)
{
	uint32_t alarm = agenda->heap[place];

	for (; place > 0 && is_earlier(agenda, alarm, agenda->heap[(place - 1) / 2]); place = (place - 1) / 2)
		put(agenda, place, agenda->heap[(place - 1) / 2]);
	put(agenda, place, alarm);
}

static void sift_down(struct agenda *agenda, uint32_t place)
{
	uint32_t alarm = agenda->heap[place], child;

	for (; (child = 2 * place + 1) < agenda->count; place = child) {
		if (child + 1 < agenda->count && is_earlier(agenda, agenda->heap[child + 1], agenda->heap[child]))
			child++;
		if (!is_earlier(agenda, agenda->heap[child], alarm))
			break;
		put(agenda, place, agenda->heap[child]);
	}
	put(agenda, place, alarm);
}

void agenda_set(struct agenda *agenda, uint32_t alarm, uint64_t at_tsc)
{
	agenda->at_tsc[alarm] = at_tsc;
	if (!agenda_is_set(agenda, alarm))
		put(agenda, (uint32_t)agenda->count++, alarm);
	sift_up(agenda, agenda->place[alarm]);
	sift_down(agenda, agenda->place[alarm]);
}

void agenda_clear(struct agenda *agenda, uint32_t alarm)
{
	uint32_t place = agenda->place[alarm], last;

	if (place == AGENDA_OFF)
		return;
	agenda->place[alarm] = AGENDA_OFF;
	last = agenda->heap[--agenda->count];
	if (place == agenda->count)
		return;
	put(agenda, place, last);
	sift_up(agenda, place);
	sift_down(agenda, agenda->place[last]);
}

uint32_t agenda_next(struct agenda *agenda, uint64_t *at_tsc)
{
	uint32_t alarm;

	if (agenda->count == 0)
		return AGENDA_OFF;
	alarm = agenda->heap[0];
	*at_tsc = agenda->at_tsc[alarm];
	agenda_clear(agenda, alarm);
	return alarm;
}
