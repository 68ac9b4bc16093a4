/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tracer/symbols_cache.h"

#include "tracer/dom0_symbols.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

/*
 * The file: a line of HEAD_BYTES, filled up with blanks, then the payload as it goes into a trace.
 *
 *     xtrace-cap 1 KEY FLAGS RAW_BYTES STORED_BYTES
 */
enum { HEAD_BYTES = 160, KEY_BYTES = 64, STORED_MAX_BYTES = 64 << 20 };

/* "xen_netback 73728 2 - Live 0xffffffffc0300000": name and address; the third is how many use it, which changes. */
static uint32_t modules_crc(const char *path)
{
	FILE *file = fopen(path, "re");
	char line[512], name[64], address[32];
	uLong crc = 0;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%63s %*s %*s %*s %*s %31s", name, address) == 2) {
			crc = crc32(crc, (const Bytef *)name, (uInt)strlen(name));
			crc = crc32(crc, (const Bytef *)address, (uInt)strlen(address));
		}
	if (file)
		fclose(file);
	return (uint32_t)crc;
}

/* The boot, and which modules are where.  "" if the boot has no id. */
static void make_key(const struct symbols_source *source, char key[KEY_BYTES])
{
	FILE *file = fopen(source->boot_id, "re");
	char boot_id[37];

	key[0] = '\0';
	if (file && fscanf(file, "%36[0-9a-f-]", boot_id) == 1)
		snprintf(key, KEY_BYTES, "%s %08" PRIx32, boot_id, modules_crc(source->modules));
	if (file)
		fclose(file);
}

static void format_head(const char *key, const struct packed *packed, char head[HEAD_BYTES + 1])
{
	char line[HEAD_BYTES];

	snprintf(line, sizeof(line), "xtrace-cap 1 %s %u %" PRIu32 " %" PRIu32, key, packed->flags, packed->raw_bytes, packed->stored_bytes);
	snprintf(head, HEAD_BYTES + 1, "%-*s\n", HEAD_BYTES - 1, line);
}

/* All but the bytes, from a head of this key. */
static bool parse_head(const char *head, const char *key, struct packed *packed)
{
	char wanted[HEAD_BYTES];
	int length = snprintf(wanted, sizeof(wanted), "xtrace-cap 1 %s ", key);

	return strncmp(head, wanted, (size_t)length) == 0 &&
	       sscanf(head + length, "%" SCNu16 " %" SCNu32 " %" SCNu32, &packed->flags, &packed->raw_bytes, &packed->stored_bytes) == 3 &&
	       packed->stored_bytes <= STORED_MAX_BYTES;
}

static bool read_payload(int fd, struct packed *packed)
{
	packed->bytes = malloc(packed->stored_bytes);
	if (packed->bytes && read(fd, packed->bytes, packed->stored_bytes) == (ssize_t)packed->stored_bytes)
		return true;
	packed_free(packed);
	return false;
}

static bool get(const char *path, const char *key, struct packed *packed)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char head[HEAD_BYTES + 1] = "";
	bool found;

	if (fd < 0)
		return false;
	found = *key && read(fd, head, HEAD_BYTES) == HEAD_BYTES && parse_head(head, key, packed) && read_payload(fd, packed);
	close(fd);
	return found;
}

static bool write_kept(int fd, const char *key, const struct packed *packed)
{
	char head[HEAD_BYTES + 1];

	format_head(key, packed, head);
	return write(fd, head, HEAD_BYTES) == HEAD_BYTES && write(fd, packed->bytes, packed->stored_bytes) == (ssize_t)packed->stored_bytes;
}

/* A capture that is killed meanwhile leaves the file as it was. */
static void put(const char *path, const char *key, const struct packed *packed)
{
	char new_path[PATH_MAX];
	bool named = snprintf(new_path, sizeof(new_path), "%s.new", path) < (int)sizeof(new_path);
	int fd = *key && named ? open(new_path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600) : -1;

	if (fd < 0)
		return;
	if (!write_kept(fd, key, packed) || rename(new_path, path) < 0)
		unlink(new_path);
	close(fd);
}

bool symbols_cache_take(const struct symbols_source *source, struct packed *packed, char *why, size_t why_bytes)
{
	char key[KEY_BYTES], *text;
	uint32_t bytes;
	bool done;

	make_key(source, key);
	if (get(source->kept, key, packed))
		return true;
	text = dom0_symbols_read(source->symbols, &bytes, why, why_bytes);
	if (!text)
		return false;
	done = pack((const uint8_t *)text, bytes, COMPRESS_QUICKLY, packed);
	free(text);
	if (done)
		put(source->kept, key, packed);
	else
		snprintf(why, why_bytes, "out of memory");
	return done;
}
