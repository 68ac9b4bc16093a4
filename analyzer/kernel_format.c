/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/kernel_format.h"

#include "analyzer/bytes.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <traceevent/event-parse.h>

enum { FIELDS_MAX = 8, EVENT_IDS = 1 << 16, FORMAT_BYTES_MAX = 1 << 16, NO_FORMAT = 0xff };

/* include/linux/trace_events.h TRACE_FLAG_*, in common_flags; include/linux/sched.h TASK_REPORT: of a state that is
 * not one of sleeping; both Linux 6.1 */
enum { FLAG_HARDIRQ = 0x08, FLAG_SOFTIRQ = 0x10, STATE_SLEEPS = 0xff };

struct field {
	uint32_t offset, bytes;
	bool dynamic;              /* holds where its text is: u16 offset, u16 length … */
	bool relative;             /* … from behind itself, not from the event's begin */
};

/* One event and where its fields are, for a decoder. */
struct view {
	const uint8_t *payload;
	uint32_t payload_bytes;
	const struct field *fields;
	bool damaged;              /* set by a getter */
};

static uint64_t number(struct view *view, unsigned i)
{
	const uint8_t *at = view->payload + view->fields[i].offset;

	switch (view->fields[i].bytes) {
	case 1: return *at;
	case 2: return le16(at);
	case 4: return le32(at);
	case 8: return le64(at);
	default:
		view->damaged = true;
		return 0;
	}
}

/* Copies text that ends at a zero byte or with its field; cuts it at the room. */
static void text(struct view *view, unsigned i, char *out, size_t room)
{
	const struct field *field = &view->fields[i];
	uint32_t offset = field->offset, length = field->bytes;

	if (field->dynamic) {
		uint32_t where = le32(view->payload + field->offset);
		offset = (where & 0xffff) + (field->relative ? field->offset + 4 : 0);
		length = where >> 16;
		if (offset > view->payload_bytes || length > view->payload_bytes - offset) {
			view->damaged = true;
			length = 0;
		}
	}
	if (length > room - 1)
		length = (uint32_t)room - 1;
	length = (uint32_t)strnlen((const char *)view->payload + offset, length);
	memcpy(out, view->payload + offset, length);
	out[length] = '\0';
}

/* ---- the events: one row each, and the decoder that reads its fields in the row's order ---- */

static void decode_switch(struct view *view, struct dom0_event *event)
{
	text(view, 0, event->switched.prev.comm, DOM0_COMM_BYTES);
	event->switched.prev.tid = (int32_t)number(view, 1);
	event->switched.prev_runnable = (number(view, 2) & STATE_SLEEPS) == 0;
	text(view, 3, event->switched.next.comm, DOM0_COMM_BYTES);
	event->switched.next.tid = (int32_t)number(view, 4);
}

static void decode_waking(struct view *view, struct dom0_event *event)
{
	text(view, 0, event->waking.task.comm, DOM0_COMM_BYTES);
	event->waking.task.tid = (int32_t)number(view, 1);
	event->waking.target_cpu = (uint32_t)number(view, 2);
}

static void decode_irq_entry(struct view *view, struct dom0_event *event)
{
	event->irq.irq = (uint32_t)number(view, 0);
	text(view, 1, event->irq.name, DOM0_NAME_BYTES);
}

static void decode_irq_exit(struct view *view, struct dom0_event *event)
{
	event->irq.irq = (uint32_t)number(view, 0);
}

static void decode_softirq(struct view *view, struct dom0_event *event)
{
	event->softirq.vector = (uint32_t)number(view, 0);
}

static void decode_napi_poll(struct view *view, struct dom0_event *event)
{
	text(view, 0, event->napi.device, DOM0_NAME_BYTES);
	event->napi.work = (uint32_t)number(view, 1);
	event->napi.budget = (uint32_t)number(view, 2);
}

static void decode_packet(struct view *view, struct dom0_event *event)
{
	text(view, 0, event->packet.device, DOM0_NAME_BYTES);
	event->packet.bytes = (uint32_t)number(view, 1);
}

static const struct row {
	const char *system, *name;
	enum dom0_event_kind kind;
	const char *fields[FIELDS_MAX];
	void (*decode)(struct view *view, struct dom0_event *event);
} rows[] = {
	{ "sched", "sched_switch", DOM0_SWITCH, { "prev_comm", "prev_pid", "prev_state", "next_comm", "next_pid" }, decode_switch },
	{ "sched", "sched_waking", DOM0_WAKING, { "comm", "pid", "target_cpu" }, decode_waking },
	{ "irq", "irq_handler_entry", DOM0_IRQ_ENTRY, { "irq", "name" }, decode_irq_entry },
	{ "irq", "irq_handler_exit", DOM0_IRQ_EXIT, { "irq" }, decode_irq_exit },
	{ "irq", "softirq_entry", DOM0_SOFTIRQ_ENTRY, { "vec" }, decode_softirq },
	{ "irq", "softirq_exit", DOM0_SOFTIRQ_EXIT, { "vec" }, decode_softirq },
	{ "napi", "napi_poll", DOM0_NAPI_POLL, { "dev_name", "work", "budget" }, decode_napi_poll },
	{ "net", "netif_receive_skb", DOM0_PACKET_IN, { "name", "len" }, decode_packet },
	{ "net", "net_dev_xmit", DOM0_PACKET_OUT, { "name", "len" }, decode_packet },
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* What every event begins with (include/linux/trace_events.h struct trace_entry); its type is the format's id. */
static const char *const common_fields[] = { "common_type", "common_flags", "common_pid" };
enum { COMMON_TYPE, COMMON_FLAGS, COMMON_PID, COMMON_FIELDS };

struct format {
	struct field common[COMMON_FIELDS];
	struct field fields[FIELDS_MAX];
	uint32_t least_bytes;      /* of payload, up to the end of the last field */
};

struct kernel_formats {
	unsigned long_bytes;
	struct format formats[ROWS];
	uint8_t row_of[EVENT_IDS]; /* NO_FORMAT where there is none */
};

/* ---- formats from text ---- */

struct kernel_formats *kernel_formats_new(void)
{
	struct kernel_formats *formats = calloc(1, sizeof(*formats));

	if (!formats)
		return NULL;
	formats->long_bytes = sizeof(uint64_t);
	memset(formats->row_of, NO_FORMAT, sizeof(formats->row_of));
	tep_set_loglevel(TEP_LOG_NONE);
	return formats;
}

void kernel_formats_free(struct kernel_formats *formats)
{
	free(formats);
}

unsigned kernel_formats_long_bytes(const struct kernel_formats *formats)
{
	return formats->long_bytes;
}

bool kernel_formats_take_page(struct kernel_formats *formats, const char *page_text)
{
	struct tep_handle *tep = tep_alloc();
	char *copy = strdup(page_text);
	bool done = false;

	if (tep && copy && tep_parse_header_page(tep, copy, strlen(copy), sizeof(uint64_t)) == 0) {
		int long_bytes = tep_get_header_page_size(tep);
		done = long_bytes == 4 || long_bytes == 8;
		if (done)
			formats->long_bytes = (unsigned)long_bytes;
	}
	free(copy);
	tep_free(tep);
	return done;
}

/* Where a field is, if it is there. */
static bool take_field(struct tep_event *event, const char *name, struct field *field)
{
	const struct tep_format_field *found = tep_find_any_field(event, name);

	if (!found || found->offset < 0 || found->size <= 0 || found->offset > UINT16_MAX || found->size > UINT16_MAX)
		return false;
	*field = (struct field){ .offset = (uint32_t)found->offset, .bytes = (uint32_t)found->size,
				 .dynamic = found->flags & TEP_FIELD_IS_DYNAMIC, .relative = found->flags & TEP_FIELD_IS_RELATIVE };
	return !field->dynamic || field->bytes == 4;
}

static bool take_fields(struct tep_event *event, const char *const names[], size_t count, struct field *fields, uint32_t *least_bytes)
{
	for (size_t i = 0; i < count && names[i]; i++) {
		if (!take_field(event, names[i], &fields[i]))
			return false;
		if (fields[i].offset + fields[i].bytes > *least_bytes)
			*least_bytes = fields[i].offset + fields[i].bytes;
	}
	return true;
}

static bool take_format(struct kernel_formats *formats, size_t row, struct tep_event *event)
{
	struct format format = { .least_bytes = 0 };

	if (event->id < 0 || event->id >= EVENT_IDS ||
	    !take_fields(event, common_fields, COMMON_FIELDS, format.common, &format.least_bytes) ||
	    !take_fields(event, rows[row].fields, FIELDS_MAX, format.fields, &format.least_bytes) ||
	    format.common[COMMON_TYPE].offset != 0 || format.common[COMMON_TYPE].bytes != 2)
		return false;
	formats->formats[row] = format;
	formats->row_of[event->id] = (uint8_t)row;
	return true;
}

/*
 * What the kernel writes, as one extended regular expression (kernel/trace/trace_events.c f_show(), Linux 6.1).
 * libtraceevent 1.7.1 ends the program on other text (seen: a field without a name), so it gets none.
 */
#define WORD     "[A-Za-z_][A-Za-z0-9_]*"
#define NUMBER   "[0-9][0-9]?[0-9]?[0-9]?[0-9]?"
#define TYPE     "(__data_loc " WORD "\\[\\] |__rel_data_loc " WORD "\\[\\] |(" WORD " |\\* ?)+)"
#define FIELD    "\tfield:" TYPE WORD "(\\[[A-Za-z0-9_]+\\])?;\toffset:" NUMBER ";\tsize:" NUMBER ";\tsigned:[01];"
#define FORMAT   "^name: " WORD "\nID: " NUMBER "\nformat:\n((" FIELD ")?\n)+$"

static bool well_formed(const char *format_text)
{
	regex_t grammar;
	bool matches;

	if (regcomp(&grammar, FORMAT, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	matches = regexec(&grammar, format_text, 0, NULL, 0) == 0;
	regfree(&grammar);
	return matches;
}

/* A format without its print statement, which is a program of its own that nobody needs; NULL if it is none. */
static char *checked_format(const char *event_text)
{
	const char *print = strstr(event_text, "print fmt:");
	char *copy = print && print - event_text < FORMAT_BYTES_MAX ? strndup(event_text, (size_t)(print - event_text)) : NULL;
	char *out = NULL;

	if (copy && well_formed(copy) && asprintf(&out, "%sprint fmt: \"\"\n", copy) < 0)
		out = NULL;
	free(copy);
	return out;
}

static bool take_text(struct kernel_formats *formats, size_t row, const char *event_text)
{
	char *copy = checked_format(event_text);
	struct tep_handle *tep = tep_alloc();
	struct tep_event *event;
	bool done = false;

	if (copy && tep && tep_parse_event(tep, copy, strlen(copy), rows[row].system) == 0) {
		event = tep_find_event_by_name(tep, rows[row].system, rows[row].name);
		done = event && take_format(formats, row, event);
	}
	free(copy);
	tep_free(tep);
	return done;
}

bool kernel_formats_take_event(struct kernel_formats *formats, const char *system, const char *name, const char *event_text)
{
	for (size_t row = 0; row < ROWS; row++)
		if (strcmp(rows[row].system, system) == 0 && strcmp(rows[row].name, name) == 0)
			return take_text(formats, row, event_text);
	return true;
}

/* ---- events ---- */

enum kernel_decoded kernel_formats_decode(const struct kernel_formats *formats, const struct kernel_entry *entry, struct dom0_event *event)
{
	struct view view = { .payload = entry->payload, .payload_bytes = entry->payload_bytes };
	const struct format *format;
	unsigned row;
	uint64_t flags;

	if (entry->payload_bytes < 2)
		return KERNEL_DAMAGED_EVENT;
	row = formats->row_of[le16(entry->payload)];
	if (row == NO_FORMAT)
		return KERNEL_UNKNOWN_EVENT;
	format = &formats->formats[row];
	if (entry->payload_bytes < format->least_bytes)
		return KERNEL_DAMAGED_EVENT;
	*event = (struct dom0_event){ .kind = rows[row].kind };
	view.fields = format->common;
	flags = number(&view, COMMON_FLAGS);
	event->in_hardirq = flags & FLAG_HARDIRQ;
	event->in_softirq = flags & FLAG_SOFTIRQ;
	event->tid = (int32_t)number(&view, COMMON_PID);
	view.fields = format->fields;
	rows[row].decode(&view, event);
	return view.damaged ? KERNEL_DAMAGED_EVENT : KERNEL_DECODED;
}
