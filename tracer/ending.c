/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tracer/ending.h"

#include "tracer/clock.h"
#include "tracer/say.h"

#include <errno.h>
#include <jansson.h>

static const struct { const char *name; int exit_code; } reasons[] = {
	[BY_DURATION] = { "duration", EXIT_OK },
	[BY_COMMAND] = { "command", EXIT_OK },
	[BY_SIGNAL] = { "signal", EXIT_OK },
	[BY_SIZE] = { "size", EXIT_INCOMPLETE },
	[BY_NOSPACE] = { "nospace", EXIT_INCOMPLETE },
	[BY_ERROR] = { "error", EXIT_FAILED },
};

enum end_reason end_by_write_error(int write_errno)
{
	return write_errno == ENOSPC || write_errno == EDQUOT || write_errno == EFBIG ? BY_NOSPACE : BY_ERROR;
}

int end_exit_code(enum end_reason reason, const struct lanes_totals *totals)
{
	int code = reasons[reason].exit_code;

	return code == EXIT_OK && totals->lost_records + totals->dropped_records > 0 ? EXIT_INCOMPLETE : code;
}

static json_t *count(uint64_t number)
{
	return json_integer((json_int_t)number);
}

static json_t *lane_json(const struct lane *lane)
{
	json_t *object = json_object();

	json_object_set_new(object, "id", count(lane->ring->pcpu));
	json_object_set_new(object, "records", count(lane->tally.records));
	json_object_set_new(object, "bytes", count(lane->bytes));
	json_object_set_new(object, "lost_records", count(lane_lost_records(lane)));
	json_object_set_new(object, "dropped_records", count(lane_dropped_records(lane)));
	json_object_set_new(object, "peak_fill_bytes", count(lane->peak_fill_bytes));
	json_object_set_new(object, "buffer_bytes", count(lane->ring->size));
	json_object_set_new(object, "full_at_end", json_boolean(lane->full));
	return object;
}

char *end_json(const struct ending *ending)
{
	json_t *root = json_object(), *pcpus = json_array(), *kernel = dom0_kernel_json(ending->kernel);
	char *text;

	for (size_t i = 0; i < ending->lanes->count; i++)
		json_array_append_new(pcpus, lane_json(&ending->lanes->lane[i]));
	json_object_set_new(root, "reason", json_string(reasons[ending->reason].name));
	json_object_set_new(root, "end_tsc", count(ending->end_tsc));
	json_object_set_new(root, "realtime_ns", count(clock_realtime_ns()));
	json_object_set_new(root, "tracer_cpu_ns", count(clock_own_cpu_ns()));
	json_object_set_new(root, "peak_queue_bytes", count(ending->peak_queue_bytes));
	json_object_set_new(root, "dropped_snapshots", count(ending->dropped_snapshots));
	json_object_set_new(root, "pcpus", pcpus);
	if (kernel)
		json_object_set_new(root, "dom0_kernel", kernel);
	text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	return text;
}
