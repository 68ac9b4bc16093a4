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

enum { DOMAINS_MAX = 1024, VCPUS_TOLD_MAX = 128, NAME_BYTES = 256, TEXT_BYTES = 1024, NET_DEV_BYTES = 256 << 10 };

/* A name is asked for once per domain: each question wakes xenstored. */
struct known_name {
	uint32_t id;
	char uuid[40];
	char name[NAME_BYTES];
};

struct snapshots {
	struct xen_host *host;
	struct xen_domain domains[DOMAINS_MAX];
	struct known_name names[DOMAINS_MAX];
	size_t name_count;
	int net_dev_fd;                  /* /proc/net/dev; -1: there is none */
	char net_dev[NET_DEV_BYTES];
	DIR *backends;                   /* of block devices; NULL likewise */
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

void snapshots_free(struct snapshots *snapshots)
{
	if (snapshots->net_dev_fd >= 0)
		close(snapshots->net_dev_fd);
	if (snapshots->backends)
		closedir(snapshots->backends);
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

/* The array that a domain's devices of this kind go into; NULL if there is no such domain. */
static json_t *devices_of(const struct snapshots *snapshots, json_t *domains, uint32_t domain, const char *kind)
{
	for (size_t i = 0; i < json_array_size(domains); i++)
		if (snapshots->domains[i].id == domain)
			return json_object_get(json_array_get(domains, i), kind);
	return NULL;
}

/* Dom0 receives what the guest sends: rx and tx are Dom0's. */
static void add_vif(struct snapshots *snapshots, json_t *domains, const char *line)
{
	char name[32];
	uint64_t rx_bytes, rx_packets, tx_bytes, tx_packets;
	unsigned id, device;
	json_t *vif;

	if (sscanf(line, " vif%u.%u: %" SCNu64 " %" SCNu64 " %*u %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64, &id, &device, &rx_bytes,
		   &rx_packets, &tx_bytes, &tx_packets) != 6)
		return;
	snprintf(name, sizeof(name), "vif%u.%u", id, device);
	vif = json_object();
	json_object_set_new(vif, "name", json_string(name));
	json_object_set_new(vif, "rx_bytes", count(rx_bytes));
	json_object_set_new(vif, "tx_bytes", count(tx_bytes));
	json_object_set_new(vif, "rx_packets", count(rx_packets));
	json_object_set_new(vif, "tx_packets", count(tx_packets));
	json_array_append_new(devices_of(snapshots, domains, id, "vifs"), vif);
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

static void add_vifs(struct snapshots *snapshots, json_t *domains)
{
	char *rest = snapshots->net_dev, *line;

	read_net_dev(snapshots);
	while ((line = strsep(&rest, "\n")))
		add_vif(snapshots, domains, line);
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

static void add_vbds(struct snapshots *snapshots, json_t *domains)
{
	enum { SECTOR_BYTES = 512 };
	struct dirent *entry;

	if (snapshots->backends)
		rewinddir(snapshots->backends);
	while (snapshots->backends && (entry = readdir(snapshots->backends))) {
		unsigned id, device;
		json_t *vbd;
		if (sscanf(entry->d_name, "vbd-%u-%u", &id, &device) != 2)
			continue;
		vbd = json_object();
		json_object_set_new(vbd, "name", text(entry->d_name));
		json_object_set_new(vbd, "read_bytes", count(SECTOR_BYTES * read_number(entry->d_name, "rd_sect")));
		json_object_set_new(vbd, "write_bytes", count(SECTOR_BYTES * read_number(entry->d_name, "wr_sect")));
		json_object_set_new(vbd, "reads", count(read_number(entry->d_name, "rd_req")));
		json_object_set_new(vbd, "writes", count(read_number(entry->d_name, "wr_req")));
		json_array_append_new(devices_of(snapshots, domains, id, "vbds"), vbd);
	}
}

/* ---- domains ---- */

static const char *name_of(struct snapshots *snapshots, const struct xen_domain *domain)
{
	struct known_name *known;

	for (size_t i = 0; i < snapshots->name_count; i++)
		if (snapshots->names[i].id == domain->id && strcmp(snapshots->names[i].uuid, domain->uuid) == 0)
			return snapshots->names[i].name;
	if (snapshots->name_count == DOMAINS_MAX)
		snapshots->name_count = 0;
	known = &snapshots->names[snapshots->name_count];
	known->id = domain->id;
	memcpy(known->uuid, domain->uuid, sizeof(known->uuid));
	xen_domain_name(snapshots->host, domain->id, known->name, sizeof(known->name));
	if (known->name[0]) /* else it is not there yet: ask again */
		snapshots->name_count++;
	return known->name;
}

static json_t *vcpus_of(struct xen_host *host, const struct xen_domain *domain)
{
	json_t *vcpus = json_array();
	struct xen_vcpu vcpu;

	for (uint32_t id = 0; id <= domain->max_vcpu_id && id < VCPUS_TOLD_MAX; id++) {
		json_t *object;
		if (xen_domain_vcpu(host, domain->id, id, &vcpu) < 0)
			break;
		object = json_object();
		json_object_set_new(object, "id", count(id));
		json_object_set_new(object, "online", json_boolean(vcpu.online));
		json_object_set_new(object, "pcpu", count(vcpu.pcpu));
		json_object_set_new(object, "running_ns", count(vcpu.running_ns));
		json_object_set_new(object, "affinity", bits(vcpu.affinity));
		json_array_append_new(vcpus, object);
	}
	return vcpus;
}

static json_t *domain_json(struct snapshots *snapshots, const struct xen_domain *domain)
{
	json_t *object = json_object();
	uint32_t weight, cap_percent;

	json_object_set_new(object, "id", count(domain->id));
	json_object_set_new(object, "uuid", json_string(domain->uuid));
	json_object_set_new(object, "name", text(name_of(snapshots, domain)));
	if (xen_domain_weight(snapshots->host, domain, &weight, &cap_percent) == 0) {
		json_object_set_new(object, "weight", count(weight));
		json_object_set_new(object, "cap", count(cap_percent));
	}
	json_object_set_new(object, "pool", count(domain->pool));
	json_object_set_new(object, "paused", json_boolean(domain->paused));
	json_object_set_new(object, "dying", json_boolean(domain->dying));
	json_object_set_new(object, "running_ns", count(domain->running_ns));
	json_object_set_new(object, "max_mem_kib", count(domain->max_mem_kib));
	json_object_set_new(object, "vcpus", vcpus_of(snapshots->host, domain));
	json_object_set_new(object, "vifs", json_array());
	json_object_set_new(object, "vbds", json_array());
	return object;
}

char *snapshots_domains(struct snapshots *snapshots, const char *when)
{
	uint64_t tsc = xen_host_tsc();
	int found = xen_domains(snapshots->host, snapshots->domains, DOMAINS_MAX);
	json_t *root, *domains;
	char *dumped;

	if (found < 0)
		return NULL;
	domains = json_array();
	for (int i = 0; i < found; i++)
		json_array_append_new(domains, domain_json(snapshots, &snapshots->domains[i]));
	add_vifs(snapshots, domains);
	add_vbds(snapshots, domains);
	root = json_object();
	json_object_set_new(root, "when", json_string(when));
	json_object_set_new(root, "tsc", count(tsc));
	json_object_set_new(root, "realtime_ns", count(clock_realtime_ns()));
	json_object_set_new(root, "domains", domains);
	dumped = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	return dumped;
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
