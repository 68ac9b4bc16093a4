/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/hostinfo.h"

#include "analyzer/clock.h"
#include "analyzer/json_block.h"
#include "analyzer/room.h"
#include "tracer/trc_format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DOMAINS_MAX = 1 << 14 };

/* ---- getters: a missing member leaves the old text, or reads as 0; so does one that is not what it should be ---- */

/* One block as it is read. */
struct reading {
	struct hostinfo *info;
	const char *bad;        /* the last member that is not what it should be; NULL: none */
};

/* The member, or NULL where there is none of this type; null stands for none. */
static const json_t *get(struct reading *reading, const json_t *object, const char *key, json_type type)
{
	const json_t *member = json_object_get(object, key);

	if (!member || json_typeof(member) == type)
		return member;
	if (!json_is_null(member))
		reading->bad = key;
	return NULL;
}

static void get_text(struct reading *reading, const json_t *object, const char *key, char *out, size_t out_size)
{
	const char *text = json_string_value(get(reading, object, key, JSON_STRING));
	size_t length = text ? strlen(text) : 0;

	if (!text)
		return;
	if (length >= out_size)
		for (length = out_size - 1; length > 0 && (text[length] & 0xc0) == 0x80; length--)
			; /* not in the middle of a UTF-8 sequence */
	memcpy(out, text, length);
	out[length] = '\0';
}

static uint64_t get_number(struct reading *reading, const json_t *object, const char *key, uint64_t most)
{
	json_int_t number = json_integer_value(get(reading, object, key, JSON_INTEGER));

	if (number >= 0 && (uint64_t)number <= most)
		return (uint64_t)number;
	reading->bad = key;
	return 0;
}

static uint64_t get_u64(struct reading *reading, const json_t *object, const char *key)
{
	return get_number(reading, object, key, INT64_MAX);
}

static uint32_t get_u32(struct reading *reading, const json_t *object, const char *key)
{
	return (uint32_t)get_number(reading, object, key, UINT32_MAX);
}

/* A number from 0 to most, whole or not. */
static double get_real(struct reading *reading, const json_t *object, const char *key, double most)
{
	const json_t *member = json_object_get(object, key);
	double number = json_number_value(member);

	if ((!member || json_is_number(member) || json_is_null(member)) && number >= 0 && number <= most)
		return number;
	reading->bad = key;
	return 0;
}

/* 0 if it is none that a clock can have. */
static uint64_t get_hz(struct reading *reading, const json_t *object, const char *key)
{
	uint64_t hz = get_number(reading, object, key, TSC_HZ_MAX);

	if (hz == 0 || hz >= TSC_HZ_MIN)
		return hz;
	reading->bad = key;
	return 0;
}

/* ---- the blocks ---- */

static void take_file(struct hostinfo *info, const uint8_t *bytes, uint32_t size)
{
	if (size > TRC_FILE_PAYLOAD_MIN)
		snprintf(info->writer, sizeof(info->writer), "%.*s", (int)(size - TRC_FILE_PAYLOAD_MIN),
			 (const char *)bytes + TRC_FILE_PAYLOAD_MIN);
}

void hostinfo_see_pcpu(struct hostinfo *info, uint32_t pcpu)
{
	if (pcpu_valid(pcpu))
		info->pcpu_bits[pcpu / 64] |= UINT64_C(1) << pcpu % 64;
}

bool hostinfo_traced(const struct hostinfo *info, uint32_t pcpu)
{
	return pcpu_valid(pcpu) && info->pcpu_bits[pcpu / 64] >> pcpu % 64 & 1;
}

static void take_traced(struct reading *reading, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *pcpu = json_array_get(list, i);
		if (json_is_integer(pcpu) && json_integer_value(pcpu) >= 0 && json_integer_value(pcpu) < PCPU_MAX)
			hostinfo_see_pcpu(reading->info, (uint32_t)json_integer_value(pcpu));
		else
			reading->bad = "pcpu_mask";
	}
}

static bool take_host(struct reading *reading, const json_t *root)
{
	struct hostinfo *info = reading->info;
	const json_t *pool = json_array_get(get(reading, root, "pools", JSON_ARRAY), 0);

	get_text(reading, root, "xen_version", info->xen_version, sizeof(info->xen_version));
	get_text(reading, root, "xen_command_line", info->xen_command_line, sizeof(info->xen_command_line));
	get_text(reading, root, "scheduler", info->scheduler, sizeof(info->scheduler));
	get_text(reading, root, "hostname", info->hostname, sizeof(info->hostname));
	get_text(reading, root, "xen_build_id", info->xen_build_id, sizeof(info->xen_build_id));
	get_text(reading, root, "dom0_build_id", info->dom0_build_id, sizeof(info->dom0_build_id));
	info->tsc_hz = get_hz(reading, root, "tsc_hz");
	info->start_tsc = get_u64(reading, root, "start_tsc");
	info->pcpus = (uint32_t)get_number(reading, root, "pcpus", PCPU_MAX);
	take_traced(reading, get(reading, root, "pcpu_mask", JSON_ARRAY));
	info->tslice_ms = get_real(reading, pool, "tslice_ms", XEN_TSLICE_MS_MAX);
	info->ratelimit_us = get_real(reading, pool, "ratelimit_us", XEN_RATELIMIT_US_MAX);
	info->ratelimit_told = json_is_number(json_object_get(pool, "ratelimit_us")) &&
			       json_number_value(json_object_get(pool, "ratelimit_us")) == info->ratelimit_us;
	info->threads_per_core = (uint32_t)get_number(reading, root, "threads_per_core", PCPU_MAX);
	info->cores_per_socket = (uint32_t)get_number(reading, root, "cores_per_socket", PCPU_MAX);
	return true;
}

/* Snapshots name the domains in the same order, so each is looked for behind the one before. */
static struct domain_info *find_or_add(struct hostinfo *info, uint32_t id, const char *uuid)
{
	struct domain_info *domains;

	for (size_t i = 0; i < info->domain_count; i++) {
		struct domain_info *domain = &info->domains[(info->latest + 1 + i) % info->domain_count];
		if (domain->id != id || strcmp(domain->uuid, uuid) != 0)
			continue;
		info->latest = (size_t)(domain - info->domains);
		return domain;
	}
	domains = room_for(info->domains, &info->domain_room, info->domain_count + 1, sizeof(*domains));
	if (!domains)
		return NULL;
	info->domains = domains;
	info->latest = info->domain_count;
	domains[info->domain_count] = (struct domain_info){ .id = id };
	snprintf(domains[info->domain_count].uuid, sizeof(domains->uuid), "%s", uuid);
	return &domains[info->domain_count++];
}

/* ---- settings that change ---- */

static bool note_change(struct hostinfo *info, const struct setting_change *change)
{
	struct setting_change *changes;

	if (info->change_count >= SETTING_CHANGES_MAX)
		return true;
	changes = room_for(info->changes, &info->change_room, info->change_count + 1, sizeof(*changes));
	if (!changes)
		return false;
	info->changes = changes;
	changes[info->change_count++] = *change;
	return true;
}

static void apply(struct hostinfo *info, const struct setting_change *change, const struct setting *setting)
{
	struct domain_info *domain = &info->domains[change->domain];

	if (change->vcpu >= 0) {
		domain->affinity[change->vcpu] = setting->affinity;
		return;
	}
	domain->weight = setting->weight;
	domain->cap_percent = setting->cap_percent;
}

void hostinfo_rewind(struct hostinfo *info)
{
	for (size_t i = info->change_count; i-- > 0;)
		apply(info, &info->changes[i], &info->changes[i].from);
	info->changes_passed = 0;
}

bool hostinfo_pass(struct hostinfo *info, uint64_t tsc)
{
	size_t before = info->changes_passed;

	for (; info->changes_passed < info->change_count && info->changes[info->changes_passed].tsc <= tsc; info->changes_passed++)
		apply(info, &info->changes[info->changes_passed], &info->changes[info->changes_passed].to);
	return info->changes_passed > before;
}

uint64_t hostinfo_next_change(const struct hostinfo *info)
{
	return info->changes_passed < info->change_count ? info->changes[info->changes_passed].tsc : UINT64_MAX;
}

/* ---- snapshots ---- */

/* A list that has every pCPU is no restriction, which only who knows their numbers can tell: Xen leaves some out where it leaves threads alone. */
static uint64_t affinity_of(struct reading *reading, const json_t *vcpu)
{
	const json_t *list = get(reading, vcpu, "affinity", JSON_ARRAY);
	uint64_t mask = 0;

	for (size_t i = 0; i < json_array_size(list); i++) {
		json_int_t pcpu = json_integer_value(json_array_get(list, i));
		if (pcpu >= 0 && pcpu < 64)
			mask |= UINT64_C(1) << pcpu;
	}
	return mask ? mask : AFFINITY_ANY;
}

/* Notes which vCPUs could not run in any snapshot so far. */
static bool take_vcpus(struct reading *reading, struct domain_info *domain, const json_t *object, uint64_t tsc)
{
	const json_t *vcpus = get(reading, object, "vcpus", JSON_ARRAY);
	size_t count = json_array_size(vcpus);
	bool paused = json_is_true(json_object_get(object, "paused")), known = domain->last_tsc != 0;

	domain->vcpus = count < DOMAIN_INFO_VCPUS ? (uint32_t)count : DOMAIN_INFO_VCPUS;
	for (size_t i = 0; i < domain->vcpus; i++) {
		const json_t *online = json_object_get(json_array_get(vcpus, i), "online");
		uint64_t affinity = affinity_of(reading, json_array_get(vcpus, i));
		struct setting_change change = {
			.tsc = tsc, .domain = (size_t)(domain - reading->info->domains), .vcpu = (int32_t)i,
			.from.affinity = domain->affinity[i], .to.affinity = affinity,
		};
		if (known && domain->affinity[i] != affinity && !note_change(reading->info, &change))
			return false;
		domain->affinity[i] = affinity;
		if (!paused && !json_is_false(online))
			domain->could_run |= UINT64_C(1) << i;
	}
	return true;
}

/* False and noted where a snapshot's entry names no domain that can be, or one too many. */
static bool domain_possible(struct reading *reading, const json_t *object)
{
	const json_t *id = json_object_get(object, "id");
	bool possible = json_is_integer(id) && json_integer_value(id) >= 0 && json_integer_value(id) <= UINT16_MAX &&
			reading->info->domain_count < DOMAINS_MAX;

	if (!possible)
		reading->bad = "domains";
	return possible;
}

static bool take_domain(struct reading *reading, const json_t *object, uint64_t tsc)
{
	char uuid[sizeof(reading->info->domains->uuid)] = "";
	uint32_t weight = get_u32(reading, object, "weight"), cap_percent = get_u32(reading, object, "cap");
	struct domain_info *domain;

	get_text(reading, object, "uuid", uuid, sizeof(uuid));
	domain = find_or_add(reading->info, get_u32(reading, object, "id"), uuid);
	if (!domain)
		return false;
	if (domain->first_tsc == 0) {
		domain->first_tsc = tsc;
		domain->first_running_ns = get_u64(reading, object, "running_ns");
	} else if (domain->weight != weight || domain->cap_percent != cap_percent) {
		struct setting_change change = {
			.tsc = tsc, .domain = (size_t)(domain - reading->info->domains), .vcpu = -1,
			.from = { .weight = domain->weight, .cap_percent = domain->cap_percent }, .to = { .weight = weight, .cap_percent = cap_percent },
		};
		domain->weight_changed = true;
		if (!note_change(reading->info, &change))
			return false;
	}
	get_text(reading, object, "name", domain->name, sizeof(domain->name));
	domain->weight = weight;
	domain->cap_percent = cap_percent;
	if (!take_vcpus(reading, domain, object, tsc))
		return false;
	domain->last_tsc = tsc;
	domain->last_running_ns = get_u64(reading, object, "running_ns");
	return true;
}

static bool take_domains(struct reading *reading, const json_t *root)
{
	const json_t *domains = get(reading, root, "domains", JSON_ARRAY);
	uint64_t tsc = get_u64(reading, root, "tsc");

	if (reading->info->snapshots++ == 0)
		reading->info->first_snapshot_tsc = tsc;
	reading->info->last_snapshot_tsc = tsc;
	for (size_t i = 0; i < json_array_size(domains); i++) {
		const json_t *object = json_array_get(domains, i);
		if (domain_possible(reading, object) && !take_domain(reading, object, tsc))
			return false;
	}
	return true;
}

static bool take_end(struct reading *reading, const json_t *root)
{
	struct hostinfo *info = reading->info;
	const json_t *pcpus = get(reading, root, "pcpus", JSON_ARRAY);

	snprintf(info->end_reason, sizeof(info->end_reason), "unknown");
	get_text(reading, root, "reason", info->end_reason, sizeof(info->end_reason));
	info->end_tsc = get_u64(reading, root, "end_tsc");
	info->tracer_cpu_ns = get_u64(reading, root, "tracer_cpu_ns");
	info->dropped_snapshots = get_u64(reading, root, "dropped_snapshots");
	for (size_t i = 0; i < json_array_size(pcpus); i++)
		info->buffers_full_at_end += json_is_true(json_object_get(json_array_get(pcpus, i), "full_at_end"));
	return true;
}

static const struct {
	uint16_t block_type;
	const char *name;
	bool (*take)(struct reading *, const json_t *);
} json_blocks[] = {
	{ TRC_BLOCK_HOST, "host", take_host },
	{ TRC_BLOCK_DOMAINS, "domains", take_domains },
	{ TRC_BLOCK_END, "end", take_end },
};

static bool take_json(struct hostinfo *info, size_t row, const json_t *root, const struct chunk *chunk, struct trust *trust)
{
	struct reading reading = { .info = info };
	bool done = json_blocks[row].take(&reading, root);

	if (reading.bad)
		trust_damage(trust, chunk->offset, 0, "the %s block: its \"%s\" are not what they should be", json_blocks[row].name, reading.bad);
	return done;
}

bool hostinfo_take(struct hostinfo *info, const struct chunk *chunk, struct payload *payload, struct trust *trust)
{
	const uint8_t *bytes = chunk->block_type == TRC_BLOCK_FILE ? chunk_payload(chunk, payload, trust) : NULL;

	if (bytes)
		take_file(info, bytes, chunk->raw_bytes);
	for (size_t row = 0; row < sizeof(json_blocks) / sizeof(json_blocks[0]); row++) {
		json_t *root = json_blocks[row].block_type == chunk->block_type ? json_block(chunk, json_blocks[row].name, payload, trust) : NULL;
		bool done = !root || take_json(info, row, root, chunk, trust);
		json_decref(root);
		if (!done)
			return false;
	}
	return true;
}

void hostinfo_free(struct hostinfo *info)
{
	free(info->domains);
	free(info->changes);
}

/* Of all that is in other places, only what changes. */
bool hostinfo_copy(struct hostinfo *copy, const struct hostinfo *info)
{
	*copy = *info;
	copy->domains = malloc((info->domain_count + 1) * sizeof(*copy->domains));
	for (size_t i = 0; copy->domains && i < info->domain_count; i++)
		copy->domains[i] = info->domains[i];
	return copy->domains != NULL;
}

void hostinfo_copy_free(struct hostinfo *copy)
{
	free(copy->domains);
}

const struct domain_info *hostinfo_domain(const struct hostinfo *info, uint32_t id, uint64_t since_tsc, uint64_t until_tsc, size_t *others)
{
	const struct domain_info *first = NULL;
	size_t count = 0;

	for (size_t i = 0; i < info->domain_count && !(first && !others); i++) {
		const struct domain_info *domain = &info->domains[i];
		if (domain->id != id || domain->last_tsc < since_tsc || domain->first_tsc > until_tsc)
			continue;
		first = first ? first : domain;
		count++;
	}
	if (others)
		*others = count > 0 ? count - 1 : 0;
	return first;
}

uint64_t hostinfo_affinity(const struct domain_info *info, uint32_t vcpu)
{
	return info && vcpu < info->vcpus && info->affinity[vcpu] ? info->affinity[vcpu] : AFFINITY_ANY;
}

/* ---- options of Xen ---- */

static const struct {
	const char *text;
	bool on;
} option_values[] = {
	{ "", true }, { "1", true }, { "on", true }, { "yes", true }, { "true", true }, { "enable", true },
	{ "0", false }, { "no", false }, { "off", false }, { "false", false }, { "disable", false },
};

/* What one word of the command line says of the option, which is `on' so far. */
static bool option_after(const char *word, size_t length, const char *name, bool on)
{
	bool inverted = strncmp(word, "no-", 3) == 0;
	const char *key = inverted ? word + 3 : word, *end = word + length;
	size_t name_length = strlen(name);
	const char *value = key + name_length;

	if ((size_t)(end - key) < name_length || memcmp(key, name, name_length) != 0 || (value < end && *value != '='))
		return on;
	value += value < end;
	for (size_t i = 0; i < sizeof(option_values) / sizeof(option_values[0]); i++)
		if ((size_t)(end - value) == strlen(option_values[i].text) && memcmp(value, option_values[i].text, (size_t)(end - value)) == 0)
			return option_values[i].on != inverted;
	return on;
}

bool hostinfo_xen_option(const struct hostinfo *info, const char *name)
{
	const char *word = info->xen_command_line;
	bool on = false;

	while (*word) {
		size_t length = strcspn(word, " ");
		on = length > 0 ? option_after(word, length, name, on) : on;
		word += length + (word[length] == ' ');
	}
	return on;
}
