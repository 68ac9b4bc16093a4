/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/replay_trace.h"

#include "analyzer/bytes.h"
#include "tracer/trc_format.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
	RECORD_BYTES = 16,        /* header, TSC and one word */
	RECORD_TIMED = 1 << 3, RECORD_FLAGS_AT = 28, /* of the header: one word, and a TSC */
	WINDOW_RECORDS = 1 << 12,
	WINDOW_BYTES = WINDOW_RECORDS * RECORD_BYTES,
};

struct window {
	uint8_t bytes[WINDOW_BYTES];
	uint32_t used;
};

struct writer {
	const struct replay_plan *plan;
	const struct hostinfo *host;
	uint64_t begin_tsc;
	FILE *out;
	struct window *windows[REPLAY_PCPUS_MAX];
	struct replay_domain *domains; /* as they are now */
	uint64_t *allowed;         /* by task, as it is now */
	int32_t (*task_of)[DOMAIN_INFO_VCPUS]; /* by domain and vCPU; REPLAY_TASK_NONE: nothing is replayed of it */
	size_t changes_passed;
	bool failed;
};

/* ---- blocks ---- */

static void put_block(struct writer *writer, uint32_t type, uint32_t arg, const uint8_t *payload, uint32_t size)
{
	static const uint8_t padding[TRC_BLOCK_ALIGN];
	uint8_t header[TRC_BLOCK_HEADER] = { 0 };
	uint32_t padded = (size + TRC_BLOCK_ALIGN - 1) / TRC_BLOCK_ALIGN * TRC_BLOCK_ALIGN;

	put_le32(header, TRC_BLOCK_MAGIC);
	put_le32(header + 4, type);
	put_le32(header + 8, size);
	put_le32(header + 12, size);
	put_le32(header + 16, arg);
	put_le32(header + TRC_BLOCK_CRC_AT, (uint32_t)crc32(crc32(0, header, TRC_BLOCK_CRC_AT), payload, size));
	if (fwrite(header, sizeof(header), 1, writer->out) != 1 || fwrite(payload, 1, size, writer->out) != size ||
	    fwrite(padding, 1, padded - size, writer->out) != padded - size)
		writer->failed = true;
}

/* Takes the object. */
static void put_json(struct writer *writer, uint32_t type, json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT);

	if (text)
		put_block(writer, type, 0, (const uint8_t *)text, (uint32_t)strlen(text));
	else
		writer->failed = true;
	free(text);
	json_decref(object);
}

static json_t *count(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static void put_head(struct writer *writer)
{
	const struct replay_plan *plan = writer->plan;
	json_t *root = json_object(), *pool = json_object(), *pools = json_array();
	uint8_t file[TRC_FILE_PAYLOAD_MIN] = { 0 };

	put_le32(file, TRC_VERSION_MAJOR);
	put_le32(file + 4, TRC_VERSION_MINOR);
	put_block(writer, TRC_BLOCK_FILE, 0, file, sizeof(file));
	json_object_set_new(pool, "tslice_ms", count(plan->settings.tslice_ms));
	json_object_set_new(pool, "ratelimit_us", count(plan->settings.ratelimit_us));
	json_array_append_new(pools, pool);
	json_object_set_new(root, "pools", pools);
	json_object_set_new(root, "xen_version", json_string(writer->host->xen_version));
	json_object_set_new(root, "scheduler", json_string(plan->model->name));
	json_object_set_new(root, "tsc_hz", count(plan->tsc_hz));
	json_object_set_new(root, "pcpus", count((uint64_t)__builtin_popcountll(plan->pcpus)));
	json_object_set_new(root, "start_tsc", count(writer->begin_tsc));
	put_json(writer, TRC_BLOCK_HOST, root);
}

/* ---- snapshots ---- */

static json_t *affinity_json(const struct writer *writer, uint64_t allowed)
{
	json_t *list = json_array();

	for (uint32_t pcpu = 0; pcpu < REPLAY_PCPUS_MAX; pcpu++)
		if (allowed & writer->plan->pcpus & UINT64_C(1) << pcpu)
			json_array_append_new(list, count(pcpu));
	return list;
}

static json_t *vcpus_json(const struct writer *writer, size_t domain, const struct domain_info *info)
{
	json_t *list = json_array();

	for (uint32_t id = 0; info && id < info->vcpus; id++) {
		int32_t task = writer->task_of[domain][id];
		json_t *vcpu = json_object();
		json_object_set_new(vcpu, "id", count(id));
		json_object_set_new(vcpu, "online", json_boolean(info->could_run >> id & 1));
		if (task != REPLAY_TASK_NONE)
			json_object_set_new(vcpu, "affinity", affinity_json(writer, writer->allowed[task]));
		json_array_append_new(list, vcpu);
	}
	return list;
}

static void put_snapshot(struct writer *writer, uint64_t tsc)
{
	json_t *root = json_object(), *list = json_array();

	for (size_t i = 0; i < writer->plan->domain_count; i++) {
		const struct replay_domain *domain = &writer->domains[i];
		const struct domain_info *info = hostinfo_domain(writer->host, domain->id, 0, UINT64_MAX, NULL);
		json_t *object = json_object();
		json_object_set_new(object, "id", count(domain->id));
		if (info) {
			json_object_set_new(object, "uuid", json_string(info->uuid));
			json_object_set_new(object, "name", json_string(info->name));
		}
		json_object_set_new(object, "weight", count(domain->weight));
		json_object_set_new(object, "cap", count(domain->cap_percent));
		json_object_set_new(object, "vcpus", vcpus_json(writer, i, info));
		json_array_append_new(list, object);
	}
	json_object_set_new(root, "tsc", count(tsc));
	json_object_set_new(root, "domains", list);
	put_json(writer, TRC_BLOCK_DOMAINS, root);
}

static void apply(struct writer *writer, const struct replay_change *change)
{
	if (change->task != REPLAY_TASK_NONE) {
		writer->allowed[change->task] = change->allowed;
		return;
	}
	writer->domains[change->domain].weight = change->weight;
	writer->domains[change->domain].cap_percent = change->cap_percent;
}

/* A snapshot for each time at which settings change. */
static void put_changes(struct writer *writer, uint64_t until_tsc)
{
	const struct replay_plan *plan = writer->plan;

	while (writer->changes_passed < plan->change_count && plan->changes[writer->changes_passed].at_tsc <= until_tsc) {
		uint64_t at_tsc = plan->changes[writer->changes_passed].at_tsc;
		while (writer->changes_passed < plan->change_count && plan->changes[writer->changes_passed].at_tsc == at_tsc)
			apply(writer, &plan->changes[writer->changes_passed++]);
		put_snapshot(writer, writer->begin_tsc + at_tsc);
	}
}

/* ---- records ---- */

static void flush_window(struct writer *writer, uint32_t pcpu)
{
	struct window *window = writer->windows[pcpu];

	if (window && window->used > 0)
		put_block(writer, TRC_BLOCK_WINDOW, pcpu, window->bytes, window->used);
	if (window)
		window->used = 0;
}

static void emit(void *arg, uint32_t pcpu, uint32_t event, uint64_t tsc, uint32_t domain_id, uint32_t vcpu_id)
{
	struct writer *writer = arg;
	struct window *window = writer->windows[pcpu];
	uint8_t *at;

	put_changes(writer, tsc);
	at = window->bytes + window->used;
	put_le32(at, event | (uint32_t)(RECORD_TIMED | 1) << RECORD_FLAGS_AT);
	put_le64(at + 4, writer->begin_tsc + tsc);
	put_le32(at + 12, domain_id << 16 | vcpu_id);
	window->used += RECORD_BYTES;
	if (window->used == WINDOW_BYTES)
		flush_window(writer, pcpu);
}

static void put_end(struct writer *writer, uint64_t end_tsc)
{
	json_t *root = json_object();

	for (uint32_t pcpu = 0; pcpu < REPLAY_PCPUS_MAX; pcpu++)
		flush_window(writer, pcpu);
	put_changes(writer, end_tsc);
	json_object_set_new(root, "reason", json_string("duration"));
	json_object_set_new(root, "end_tsc", count(writer->begin_tsc + end_tsc));
	put_json(writer, TRC_BLOCK_END, root);
}

/* ---- all of it ---- */

static bool index_tasks(struct writer *writer)
{
	const struct replay_plan *plan = writer->plan;

	writer->task_of = malloc(plan->domain_count * sizeof(*writer->task_of) + 1);
	if (!writer->task_of)
		return false;
	memset(writer->task_of, 0xff, plan->domain_count * sizeof(*writer->task_of));
	for (size_t i = 0; i < plan->demand->row_count; i++)
		if (plan->demand->rows[i].id < DOMAIN_INFO_VCPUS)
			writer->task_of[plan->domain_of[i]][plan->demand->rows[i].id] = (int32_t)i;
	return true;
}

static bool open_writer(struct writer *writer)
{
	const struct replay_plan *plan = writer->plan;
	size_t allowed_bytes = plan->demand->row_count * sizeof(*writer->allowed), domain_bytes = plan->domain_count * sizeof(*writer->domains);

	writer->domains = malloc(domain_bytes + 1);
	writer->allowed = malloc(allowed_bytes + 1);
	if (!writer->domains || !writer->allowed || !index_tasks(writer))
		return false;
	memcpy(writer->domains, plan->domains, domain_bytes);
	memcpy(writer->allowed, plan->allowed, allowed_bytes);
	for (uint32_t pcpu = 0; pcpu < REPLAY_PCPUS_MAX; pcpu++) {
		if (!(plan->pcpus >> pcpu & 1))
			continue;
		writer->windows[pcpu] = malloc(sizeof(*writer->windows[pcpu]));
		if (!writer->windows[pcpu])
			return false;
		writer->windows[pcpu]->used = 0;
	}
	return true;
}

static void free_writer(struct writer *writer)
{
	for (uint32_t pcpu = 0; pcpu < REPLAY_PCPUS_MAX; pcpu++)
		free(writer->windows[pcpu]);
	free(writer->domains);
	free(writer->allowed);
	free(writer->task_of);
}

bool replay_trace_make(const struct replay_plan *plan, const struct hostinfo *host, uint64_t begin_tsc, uint8_t **bytes, size_t *size,
		       struct replay_progress *progress, struct replay_end *end)
{
	struct writer writer = { .plan = plan, .host = host, .begin_tsc = begin_tsc };
	char *memory = NULL;
	bool done;

	*end = (struct replay_end){ 0, REPLAY_TASK_NONE };
	errno = 0; /* a member of JSON for which memory was short is missing; errno alone tells */
	writer.out = open_memstream(&memory, size);
	if (!writer.out)
		return false;
	done = open_writer(&writer);
	if (done) {
		put_head(&writer);
		put_snapshot(&writer, begin_tsc);
		done = replay_run(plan, emit, &writer, progress, end);
		put_end(&writer, end->end_tsc);
	}
	done = fclose(writer.out) == 0 && done && !writer.failed && errno != ENOMEM;
	free_writer(&writer);
	*bytes = (uint8_t *)memory;
	if (!done) {
		free(memory);
		*bytes = NULL;
	}
	return done;
}
