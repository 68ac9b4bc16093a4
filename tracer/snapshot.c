/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tracer/snapshot.h"

#include "tracer/clock.h"
#include "tracer/dom0_symbols.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BACKENDS "/sys/bus/xen-backend/devices"

enum {
	DOMAINS_MAX = 1024, VCPUS_TOLD_MAX = 128, NAME_BYTES = 256, TEXT_BYTES = 1024, NET_DEV_BYTES = 256 << 10, DEVICE_BYTES = 192,
	DEVICES_EVERY = 10,              /* ticks: to count what devices did takes as long as all the rest */
};

/* A name is asked for once per domain: each question wakes xenstored. */
struct known_name {
	uint32_t id;
	char uuid[40];
	char *quoted;                    /* as JSON has it */
};

/* What Dom0 counts for one device of a guest. */
struct device {
	uint32_t domain;
	char json[DEVICE_BYTES];
};

struct devices {
	struct device *at;
	size_t count, room;
};

struct snapshots {
	struct xen_host *host;
	struct xen_domain domains[DOMAINS_MAX];
	struct known_name names[DOMAINS_MAX];
	size_t name_count;
	int net_dev_fd;                  /* /proc/net/dev; -1: there is none */
	char net_dev[NET_DEV_BYTES];
	DIR *backends;                   /* of block devices; NULL likewise */
	struct devices vifs, vbds;
	unsigned ticks;                  /* since devices were told */
};

struct snapshots *snapshots_new(struct xen_host *host)
{
	struct snapshots *snapshots = calloc(1, sizeof(*snapshots));

	if (!snapshots)
		return NULL;
	snapshots->host = host;
	snapshots->net_dev_fd = open("/proc/net/dev", O_RDONLY | O_CLOEXEC);
	snapshots->backends = opendir(BACKENDS);
	return snapshots;
}

static void forget_names(struct snapshots *snapshots)
{
	for (size_t i = 0; i < snapshots->name_count; i++)
		free(snapshots->names[i].quoted);
	snapshots->name_count = 0;
}

void snapshots_free(struct snapshots *snapshots)
{
	if (snapshots->net_dev_fd >= 0)
		close(snapshots->net_dev_fd);
	if (snapshots->backends)
		closedir(snapshots->backends);
	forget_names(snapshots);
	free(snapshots->vifs.at);
	free(snapshots->vbds.at);
	free(snapshots);
}

/* ---- text ---- */

/* Bytes of the valid UTF-8 sequence at s, 0 if there is none. */
static size_t utf8_length(const unsigned char *s)
{
	size_t length = s[0] < 0x80 ? 1 : s[0] >= 0xc2 && s[0] <= 0xdf ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4 : 0;

	for (size_t i = 1; i < length; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return length;
}

void snapshot_utf8(const char *hostile, char *out, size_t out_size)
{
	const unsigned char *s = (const unsigned char *)hostile;
	size_t used = 0;

	while (*s) {
		size_t length = utf8_length(s);
		const char *from = length ? (const char *)s : "\xef\xbf\xbd";
		size_t bytes = length ? length : 3;
		if (used + bytes >= out_size)
			break;
		memcpy(out + used, from, bytes);
		used += bytes;
		s += length ? length : 1;
	}
	out[used] = '\0';
}

static json_t *text(const char *hostile)
{
	char clean[3 * TEXT_BYTES];

	snapshot_utf8(hostile, clean, sizeof(clean));
	return json_string(clean);
}

static json_t *count(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *bits(uint64_t map)
{
	json_t *array = json_array();

	for (int i = 0; i < 64; i++)
		if (map >> i & 1)
			json_array_append_new(array, json_integer(i));
	return array;
}

/* ---- what Dom0 counts for a guest: /proc/net/dev for vifs, sysfs for vbds ---- */

/* NULL without memory: it is left out then. */
static struct device *new_device(struct devices *devices, uint32_t domain)
{
	if (devices->count == devices->room) {
		size_t room = devices->room ? 2 * devices->room : 16;
		struct device *at = realloc(devices->at, room * sizeof(*at));
		if (!at)
			return NULL;
		devices->at = at;
		devices->room = room;
	}
	devices->at[devices->count].domain = domain;
	return &devices->at[devices->count++];
}

/* Dom0 receives what the guest sends: rx and tx are Dom0's. */
static void add_vif(struct devices *vifs, const char *line)
{
	uint64_t rx_bytes, rx_packets, tx_bytes, tx_packets;
	unsigned id, number;
	struct device *vif;

	if (sscanf(line, " vif%u.%u: %" SCNu64 " %" SCNu64 " %*u %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64, &id, &number, &rx_bytes,
		   &rx_packets, &tx_bytes, &tx_packets) != 6 || !(vif = new_device(vifs, id)))
		return;
	snprintf(vif->json, sizeof(vif->json),
		 "{\"name\":\"vif%u.%u\",\"rx_bytes\":%" PRIu64 ",\"tx_bytes\":%" PRIu64 ",\"rx_packets\":%" PRIu64 ",\"tx_packets\":%" PRIu64 "}", id, number,
		 rx_bytes, tx_bytes, rx_packets, tx_packets);
}

/* The file as text; what is beyond NET_DEV_BYTES is left out. */
static void read_net_dev(struct snapshots *snapshots)
{
	size_t used = 0;
	ssize_t bytes;

	while (used < NET_DEV_BYTES - 1 &&
	       (bytes = pread(snapshots->net_dev_fd, snapshots->net_dev + used, NET_DEV_BYTES - 1 - used, (off_t)used)) > 0)
		used += (size_t)bytes;
	snapshots->net_dev[used] = '\0';
}

static void count_vifs(struct snapshots *snapshots)
{
	char *rest = snapshots->net_dev, *line;

	read_net_dev(snapshots);
	while ((line = strsep(&rest, "\n")))
		add_vif(&snapshots->vifs, line);
}

static uint64_t read_number(const char *device, const char *file)
{
	char path[512];
	uint64_t number = 0;
	FILE *in;

	snprintf(path, sizeof(path), BACKENDS "/%s/statistics/%s", device, file);
	in = fopen(path, "re");
	if (in && fscanf(in, "%" SCNu64, &number) != 1)
		number = 0;
	if (in)
		fclose(in);
	return number;
}

static void add_vbd(struct devices *vbds, const char *name)
{
	enum { SECTOR_BYTES = 512 };
	unsigned id, number;
	struct device *vbd;

	if (sscanf(name, "vbd-%u-%u", &id, &number) != 2 || !(vbd = new_device(vbds, id)))
		return;
	snprintf(vbd->json, sizeof(vbd->json),
		 "{\"name\":\"vbd-%u-%u\",\"read_bytes\":%" PRIu64 ",\"write_bytes\":%" PRIu64 ",\"reads\":%" PRIu64 ",\"writes\":%" PRIu64 "}", id, number,
		 SECTOR_BYTES * read_number(name, "rd_sect"), SECTOR_BYTES * read_number(name, "wr_sect"), read_number(name, "rd_req"),
		 read_number(name, "wr_req"));
}

static void count_vbds(struct snapshots *snapshots)
{
	struct dirent *entry;

	if (snapshots->backends)
		rewinddir(snapshots->backends);
	while (snapshots->backends && (entry = readdir(snapshots->backends)))
		add_vbd(&snapshots->vbds, entry->d_name);
}

/* Ticks tell them rarely: what devices count is a sum, of which no moment is lost. */
static bool devices_are_due(struct snapshots *snapshots, const char *when)
{
	bool due = strcmp(when, "tick") != 0 || ++snapshots->ticks == DEVICES_EVERY;

	if (due)
		snapshots->ticks = 0;
	return due;
}

static void count_devices(struct snapshots *snapshots)
{
	snapshots->vifs.count = snapshots->vbds.count = 0;
	count_vifs(snapshots);
	count_vbds(snapshots);
}

/* ---- domains ---- */

static char *quoted(const char *hostile)
{
	json_t *string = text(hostile);
	char *dumped = json_dumps(string, JSON_ENCODE_ANY);

	json_decref(string);
	return dumped;
}

static const char *name_of(struct snapshots *snapshots, const struct xen_domain *domain)
{
	char name[NAME_BYTES];
	struct known_name *known;

	for (size_t i = 0; i < snapshots->name_count; i++)
		if (snapshots->names[i].id == domain->id && strcmp(snapshots->names[i].uuid, domain->uuid) == 0)
			return snapshots->names[i].quoted;
	xen_domain_name(snapshots->host, domain->id, name, sizeof(name));
	if (!name[0]) /* it is not there yet: ask again */
		return "\"\"";
	if (snapshots->name_count == DOMAINS_MAX)
		forget_names(snapshots);
	known = &snapshots->names[snapshots->name_count];
	known->quoted = quoted(name);
	if (!known->quoted)
		return "\"\"";
	known->id = domain->id;
	memcpy(known->uuid, domain->uuid, sizeof(known->uuid));
	snapshots->name_count++;
	return known->quoted;
}

static void put_bits(FILE *out, uint64_t map)
{
	const char *comma = "";

	for (unsigned i = 0; i < 64; i++)
		if (map >> i & 1) {
			fprintf(out, "%s%u", comma, i);
			comma = ",";
		}
}

static void put_vcpus(FILE *out, struct xen_host *host, const struct xen_domain *domain)
{
	struct xen_vcpu vcpu;

	for (uint32_t id = 0; id <= domain->max_vcpu_id && id < VCPUS_TOLD_MAX; id++) {
		if (xen_domain_vcpu(host, domain->id, id, &vcpu) < 0)
			break;
		fprintf(out, "%s{\"id\":%" PRIu32 ",\"online\":%s,\"pcpu\":%" PRIu32 ",\"running_ns\":%" PRIu64 ",\"affinity\":[", id ? "," : "", id,
			vcpu.online ? "true" : "false", vcpu.pcpu, vcpu.running_ns);
		put_bits(out, vcpu.affinity);
		fputs("]}", out);
	}
}

static void put_devices(FILE *out, const char *kind, const struct devices *devices, uint32_t domain)
{
	const char *comma = "";

	fprintf(out, ",\"%s\":[", kind);
	for (size_t i = 0; i < devices->count; i++)
		if (devices->at[i].domain == domain) {
			fprintf(out, "%s%s", comma, devices->at[i].json);
			comma = ",";
		}
	fputc(']', out);
}

static void put_domain(FILE *out, struct snapshots *snapshots, const struct xen_domain *domain, bool with_devices)
{
	uint32_t weight, cap_percent;

	fprintf(out, "{\"id\":%" PRIu32 ",\"uuid\":\"%s\",\"name\":%s,", domain->id, domain->uuid, name_of(snapshots, domain));
	if (xen_domain_weight(snapshots->host, domain, &weight, &cap_percent) == 0)
		fprintf(out, "\"weight\":%" PRIu32 ",\"cap\":%" PRIu32 ",", weight, cap_percent);
	fprintf(out, "\"pool\":%" PRIu32 ",\"paused\":%s,\"dying\":%s,\"running_ns\":%" PRIu64 ",\"max_mem_kib\":%" PRIu64 ",\"vcpus\":[", domain->pool,
		domain->paused ? "true" : "false", domain->dying ? "true" : "false", domain->running_ns, domain->max_mem_kib);
	put_vcpus(out, snapshots->host, domain);
	fputc(']', out);
	if (with_devices) {
		put_devices(out, "vifs", &snapshots->vifs, domain->id);
		put_devices(out, "vbds", &snapshots->vbds, domain->id);
	}
	fputc('}', out);
}

/* As text, not by way of a tree: this is half of what a capture does in a second. */
char *snapshots_domains(struct snapshots *snapshots, const char *when)
{
	uint64_t tsc;
	int found = xen_domains(snapshots->host, snapshots->domains, DOMAINS_MAX, &tsc);
	bool with_devices = devices_are_due(snapshots, when);
	char *dumped = NULL;
	size_t bytes;
	FILE *out = found < 0 ? NULL : open_memstream(&dumped, &bytes);

	if (!out)
		return NULL;
	if (with_devices)
		count_devices(snapshots);
	fprintf(out, "{\"when\":\"%s\",\"tsc\":%" PRIu64 ",\"realtime_ns\":%" PRIu64 ",\"domains\":[", when, tsc, clock_realtime_ns());
	for (int i = 0; i < found; i++) {
		if (i > 0)
			fputc(',', out);
		put_domain(out, snapshots, &snapshots->domains[i], with_devices);
	}
	fputs("]}", out);
	if (fclose(out) == 0)
		return dumped;
	free(dumped);
	return NULL;
}

/* ---- the host ---- */

static json_t *pools_json(struct xen_host *host)
{
	json_t *pools = json_array();
	struct xen_pool pool;

	for (uint32_t id = 0; xen_pool_from(host, id, &pool) == 0; id = pool.id + 1) {
		json_t *object = json_object();
		json_object_set_new(object, "id", count(pool.id));
		json_object_set_new(object, "scheduler", json_string(pool.scheduler));
		json_object_set_new(object, "pcpus", bits(pool.pcpus));
		if (pool.tslice_ms > 0)
			json_object_set_new(object, "tslice_ms", count(pool.tslice_ms));
		if (pool.ratelimit_us >= 0)
			json_object_set_new(object, "ratelimit_us", json_integer(pool.ratelimit_us));
		json_array_append_new(pools, object);
	}
	return pools;
}

static json_t *traced_pcpus(const struct snapshot_setup *setup)
{
	json_t *array = json_array();

	for (size_t i = 0; i < setup->ring_count; i++) {
		uint32_t pcpu = setup->rings[i].pcpu;
		if (!setup->pcpu_map || setup->pcpu_map[pcpu / 8] >> (pcpu % 8) & 1)
			json_array_append_new(array, count(pcpu));
	}
	return array;
}

static void set_build_ids(json_t *root, const struct xen_description *xen)
{
	char text[BUILD_ID_TEXT_BYTES];

	build_id_text(xen->build_id, xen->build_id_bytes, text);
	if (*text)
		json_object_set_new(root, "xen_build_id", json_string(text));
	dom0_symbols_build_id(DOM0_NOTES_PATH, text);
	if (*text)
		json_object_set_new(root, "dom0_build_id", json_string(text));
}

char *snapshots_host(struct snapshots *snapshots, const struct snapshot_setup *setup)
{
	struct xen_description description = { .build_id_bytes = 0 };
	struct xen_pool pool;
	char hostname[NAME_BYTES] = "", *dumped;
	json_t *root = json_object();

	if (xen_host_describe(snapshots->host, &description) == 0) {
		json_object_set_new(root, "xen_version", text(description.version));
		if (*description.command_line)
			json_object_set_new(root, "xen_command_line", text(description.command_line));
		json_object_set_new(root, "tsc_hz", count(description.tsc_hz));
		json_object_set_new(root, "nr_pcpus", count(description.nr_pcpus));
		json_object_set_new(root, "max_pcpu_id", count(description.max_pcpu_id));
		json_object_set_new(root, "threads_per_core", count(description.threads_per_core));
		json_object_set_new(root, "cores_per_socket", count(description.cores_per_socket));
	}
	set_build_ids(root, &description);
	gethostname(hostname, sizeof(hostname) - 1);
	json_object_set_new(root, "hostname", text(hostname));
	if (xen_pool_from(snapshots->host, 0, &pool) == 0)
		json_object_set_new(root, "scheduler", json_string(pool.scheduler));
	json_object_set_new(root, "pools", pools_json(snapshots->host));
	json_object_set_new(root, "pcpus", count(setup->ring_count));
	json_object_set_new(root, "pcpu_mask", traced_pcpus(setup));
	json_object_set_new(root, "event_mask", count(setup->event_mask));
	json_object_set_new(root, "buffer_pages", count(setup->buffer_pages));
	json_object_set_new(root, "clock", json_string("tsc"));
	json_object_set_new(root, "start_tsc", count(setup->start_tsc));
	json_object_set_new(root, "tracer_domain", count(0));
	dumped = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	return dumped;
}
