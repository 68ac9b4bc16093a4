/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Turns a readable trace into a binary one:   mktrace TEXT TRACE
 *
 * A line is a directive; # begins a comment.  Times are microseconds after `begin', in decimals.
 *
 *   format xentrace|container      what to write (default: xentrace)
 *   hz N                           cycles per second (default: 1000000000, so that a cycle is a ns)
 *   begin TSC                      the TSC at time 0 (default: 1000000000)
 *   zlib                           the windows from here on are compressed
 *   file | host JSON | domains JSON | kernel JSON | end JSON      blocks of a container
 *   symbols LINE; LINE...                           likewise: lines as of /proc/kallsyms
 *   switches                                        likewise: Dom0's kernel, with the format of sched_switch alone
 *   kC TIME SWITCH TID NAME                         likewise: a page in which Dom0's CPU C goes over to this thread
 *   dropped pP RECORDS FIRST LAST                   likewise
 *   block TYPE TEXT                                 any other block
 *   lying TYPE FLAGS ARG RAW_BYTES HEX              a block whose header says so, with a good CRC
 *
 *   pP TIME RUNSTATE dDvV OLD NEW  records of pCPU P; a window ends where another pCPU's begins
 *   pP TIME CONTINUE dDvV
 *   pP TIME LOST COUNT FIRST dDvV  Xen lost so many records from FIRST to TIME; then dDvV was running
 *   pP TIME DOM_ADD D | DOM_REM D
 *   pP TIME rec ID WORD...         any record; numbers in C's notation
 *   pP - rec ID WORD...            one without a time stamp
 *   pP - bytes HEX                 bytes as they are, in the window
 *   window                         ends a window early
 *
 *   raw HEX                        bytes as they are, outside of windows
 *   repeat N HEX                   the same N times
 *   patch OFFSET HEX               at the very end: writes over bytes of the file
 *   cut N                          at the very end: takes N bytes away
 *   expect ...                     is for tests/check, not for us
 */
#include "tracer/trc_format.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

struct bytes {
	uint8_t *at;
	size_t used, room;
};

struct maker {
	struct bytes file, window;
	uint32_t window_pcpu;
	bool container, zlib;
	double hz;
	uint64_t begin_tsc;
	struct { uint64_t offset; char hex[256]; } patches[16];
	size_t patch_count;
	uint64_t cut;
	unsigned line;
};

static void fail(const struct maker *maker, const char *why)
{
	fprintf(stderr, "mktrace: line %u: %s\n", maker->line, why);
	exit(1);
}

/* ---- bytes ---- */

static void put(struct bytes *bytes, const void *from, size_t count)
{
	if (bytes->used + count > bytes->room) {
		bytes->room = 2 * (bytes->used + count);
		bytes->at = realloc(bytes->at, bytes->room);
		if (!bytes->at)
			exit(1);
	}
	if (count > 0)
		memcpy(bytes->at + bytes->used, from, count);
	bytes->used += count;
}

static void put32(struct bytes *bytes, uint32_t value)
{
	const uint8_t le[4] = { (uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24) };

	put(bytes, le, sizeof(le));
}

static void put64(struct bytes *bytes, uint64_t value)
{
	put32(bytes, (uint32_t)value);
	put32(bytes, (uint32_t)(value >> 32));
}

static void put_hex(const struct maker *maker, struct bytes *bytes, const char *hex)
{
	unsigned byte;

	for (; *hex && !isspace((unsigned char)*hex); hex += 2) {
		uint8_t one;
		if (sscanf(hex, "%2x", &byte) != 1)
			fail(maker, "bad hex");
		one = (uint8_t)byte;
		put(bytes, &one, 1);
	}
}

/* ---- blocks and windows ---- */

/* A block with a good CRC, whatever its header says. */
static void put_stored(struct maker *maker, uint32_t type, uint32_t flags, uint32_t arg, const uint8_t *stored, uint32_t stored_bytes,
		       uint32_t raw_bytes)
{
	struct bytes header = { 0 };
	static const uint8_t zeroes[TRC_BLOCK_ALIGN];

	put32(&header, TRC_BLOCK_MAGIC);
	put32(&header, type | flags << 16);
	put32(&header, stored_bytes);
	put32(&header, raw_bytes);
	put32(&header, arg);
	put32(&header, (uint32_t)crc32(crc32(0, header.at, (uInt)header.used), stored, stored_bytes));
	put(&maker->file, header.at, header.used);
	put(&maker->file, stored, stored_bytes);
	put(&maker->file, zeroes, (0 - stored_bytes) % TRC_BLOCK_ALIGN);
	free(header.at);
}

static void put_block(struct maker *maker, uint32_t type, uint32_t arg, const uint8_t *payload, size_t count, bool packed)
{
	uLongf stored_bytes = packed ? compressBound(count) : count;
	uint8_t *stored = malloc(stored_bytes + 1);

	if (!stored)
		exit(1);
	if (packed)
		compress2(stored, &stored_bytes, payload, count, 9);
	else if (count > 0)
		memcpy(stored, payload, count);
	put_stored(maker, type, packed ? TRC_FLAG_ZLIB : 0, arg, stored, (uint32_t)stored_bytes, (uint32_t)count);
	free(stored);
}

static void end_window(struct maker *maker)
{
	if (maker->window.used == 0)
		return;
	if (maker->container) {
		put_block(maker, TRC_BLOCK_WINDOW, maker->window_pcpu, maker->window.at, maker->window.used, maker->zlib);
	} else {
		put32(&maker->file, 0x2001f003);
		put32(&maker->file, maker->window_pcpu);
		put32(&maker->file, (uint32_t)maker->window.used);
		put(&maker->file, maker->window.at, maker->window.used);
	}
	maker->window.used = 0;
}

/* ---- records ---- */

static uint64_t tsc_at(const struct maker *maker, const char *time_us)
{
	return maker->begin_tsc + (uint64_t)(strtod(time_us, NULL) * maker->hz / 1e6 + 0.5);
}

static void put_record(struct maker *maker, const char *time_us, uint32_t id, const uint32_t *words, unsigned count)
{
	bool timed = strcmp(time_us, "-") != 0;

	put32(&maker->window, id | count << 28 | (uint32_t)timed << 31);
	if (timed)
		put64(&maker->window, tsc_at(maker, time_us));
	for (unsigned i = 0; i < count; i++)
		put32(&maker->window, words[i]);
}

static uint32_t state_of(const struct maker *maker, const char *name)
{
	static const char *const names[] = { "running", "runnable", "blocked", "offline" };

	for (uint32_t i = 0; i < 4; i++)
		if (strcmp(name, names[i]) == 0)
			return i;
	fail(maker, "no such runstate");
	return 0;
}

static uint32_t vcpu_of(const struct maker *maker, const char *name)
{
	unsigned domain, vcpu;

	if (sscanf(name, "d%uv%u", &domain, &vcpu) != 2)
		fail(maker, "a vCPU is written dDvV");
	return domain << 16 | vcpu;
}

static void record_line(struct maker *maker, uint32_t pcpu, char **word, unsigned count)
{
	uint32_t words[8] = { 0 };
	const char *time_us = word[0], *kind = word[1];

	if (maker->window_pcpu != pcpu)
		end_window(maker);
	maker->window_pcpu = pcpu;
	if (strcmp(kind, "RUNSTATE") == 0 && count == 5) {
		words[0] = vcpu_of(maker, word[2]);
		put_record(maker, time_us, 0x21001 | state_of(maker, word[3]) << 8 | state_of(maker, word[4]) << 4, words, 1);
	} else if (strcmp(kind, "CONTINUE") == 0 && count == 3) {
		words[0] = vcpu_of(maker, word[2]);
		put_record(maker, time_us, 0x21002, words, 1);
	} else if (strcmp(kind, "LOST") == 0 && count == 5) {
		uint64_t first_tsc = tsc_at(maker, word[3]);
		words[0] = (uint32_t)strtoul(word[2], NULL, 0);
		words[1] = vcpu_of(maker, word[4]) >> 16 | vcpu_of(maker, word[4]) << 16;
		words[2] = (uint32_t)first_tsc;
		words[3] = (uint32_t)(first_tsc >> 32);
		put_record(maker, time_us, 0x1f001, words, 4);
	} else if (strncmp(kind, "DOM_", 4) == 0 && count == 3) {
		words[0] = (uint32_t)strtoul(word[2], NULL, 0);
		put_record(maker, time_us, strcmp(kind, "DOM_ADD") == 0 ? 0x28001 : 0x28002, words, 1);
	} else if (strcmp(kind, "rec") == 0 && count >= 3 && count <= 10) {
		for (unsigned i = 3; i < count; i++)
			words[i - 3] = (uint32_t)strtoul(word[i], NULL, 0);
		put_record(maker, time_us, (uint32_t)strtoul(word[2], NULL, 0), words, count - 3);
	} else if (strcmp(kind, "bytes") == 0 && count == 3) {
		put_hex(maker, &maker->window, word[2]);
	} else {
		fail(maker, "no such record");
	}
}

/* ---- Dom0's kernel ---- */

static const char switch_format[] =
	"{\"release\": \"6.1.0\", \"clock\": \"x86-tsc\", \"header_page\": \""
	"\\tfield: u64 timestamp;\\toffset:0;\\tsize:8;\\tsigned:0;\\n\\tfield: local_t commit;\\toffset:8;\\tsize:8;\\tsigned:1;\\n"
	"\\tfield: int overwrite;\\toffset:8;\\tsize:1;\\tsigned:1;\\n\\tfield: char data;\\toffset:16;\\tsize:4080;\\tsigned:1;\\n\", "
	"\"events\": [{\"system\": \"sched\", \"name\": \"sched_switch\", \"format\": \"name: sched_switch\\nID: 314\\nformat:\\n"
	"\\tfield:unsigned short common_type;\\toffset:0;\\tsize:2;\\tsigned:0;\\n"
	"\\tfield:unsigned char common_flags;\\toffset:2;\\tsize:1;\\tsigned:0;\\n"
	"\\tfield:unsigned char common_preempt_count;\\toffset:3;\\tsize:1;\\tsigned:0;\\n"
	"\\tfield:int common_pid;\\toffset:4;\\tsize:4;\\tsigned:1;\\n\\n"
	"\\tfield:char prev_comm[16];\\toffset:8;\\tsize:16;\\tsigned:0;\\n\\tfield:pid_t prev_pid;\\toffset:24;\\tsize:4;\\tsigned:1;\\n"
	"\\tfield:int prev_prio;\\toffset:28;\\tsize:4;\\tsigned:1;\\n\\tfield:long prev_state;\\toffset:32;\\tsize:8;\\tsigned:1;\\n"
	"\\tfield:char next_comm[16];\\toffset:40;\\tsize:16;\\tsigned:0;\\n\\tfield:pid_t next_pid;\\toffset:56;\\tsize:4;\\tsigned:1;\\n"
	"\\tfield:int next_prio;\\toffset:60;\\tsize:4;\\tsigned:1;\\n\\nprint fmt: \\\"\\\"\\n\"}]}";

/* A page with one event: analyzer/kernel_page.h says how it is laid out. */
static void switch_line(struct maker *maker, uint32_t cpu, const char *time_us, const char *tid, const char *name)
{
	enum { EVENT_WORDS = 16, ID = 314, PREV_STATE_WORD = 6 };
	char next_comm[16] = "";
	struct bytes page = { 0 };

	strncat(next_comm, name, sizeof(next_comm) - 1);
	put64(&page, tsc_at(maker, time_us));
	put64(&page, 4 + 4 * EVENT_WORDS);
	put32(&page, EVENT_WORDS);                           /* so many words, at the page's time */
	put32(&page, ID);
	put32(&page, 0);
	for (unsigned i = 0; i < PREV_STATE_WORD; i++)
		put32(&page, 0);
	put64(&page, 1);                                     /* what ran before sleeps */
	put(&page, next_comm, sizeof(next_comm));
	put32(&page, (uint32_t)strtoul(tid, NULL, 0));
	put32(&page, 120);
	put_block(maker, TRC_BLOCK_KERNEL_PAGE, cpu, page.at, page.used, false);
	free(page.at);
}

static void symbols_line(struct maker *maker, const char *lines)
{
	char *text = strdup(lines);

	for (char *at = text; (at = strstr(at, "; "));) {
		*at = '\n';
		memmove(at + 1, at + 2, strlen(at + 2) + 1);
	}
	put_block(maker, TRC_BLOCK_SYMBOLS, 0, (const uint8_t *)text, strlen(text), false);
	free(text);
}

/* ---- lines ---- */

static void dropped_line(struct maker *maker, char **word)
{
	struct bytes payload = { 0 };

	put64(&payload, strtoull(word[2], NULL, 0));
	put64(&payload, 0);
	put64(&payload, tsc_at(maker, word[3]));
	put64(&payload, tsc_at(maker, word[4]));
	put_block(maker, TRC_BLOCK_DROPPED, (uint32_t)strtoul(word[1] + 1, NULL, 10), payload.at, payload.used, false);
	free(payload.at);
}

static void lying_line(struct maker *maker, char **word)
{
	struct bytes stored = { 0 };

	put_hex(maker, &stored, word[5]);
	put_stored(maker, (uint32_t)strtoul(word[1], NULL, 0), (uint32_t)strtoul(word[2], NULL, 0), (uint32_t)strtoul(word[3], NULL, 0),
		   stored.at, (uint32_t)stored.used, (uint32_t)strtoul(word[4], NULL, 0));
	free(stored.at);
}

static void file_block(struct maker *maker)
{
	struct bytes payload = { 0 };

	put32(&payload, TRC_VERSION_MAJOR);
	put32(&payload, TRC_VERSION_MINOR);
	put64(&payload, 0);
	put(&payload, "mktrace", 7);
	put_block(maker, TRC_BLOCK_FILE, 0, payload.at, payload.used, false);
	free(payload.at);
}

/* A directive that is not a record.  rest is the line after its first word. */
static void directive(struct maker *maker, char **word, unsigned count, const char *rest)
{
	static const struct { const char *name; uint32_t type; } texts[] = {
		{ "host", TRC_BLOCK_HOST }, { "domains", TRC_BLOCK_DOMAINS }, { "end", TRC_BLOCK_END }, { "kernel", TRC_BLOCK_KERNEL },
	};

	if (strcmp(word[0], "expect") == 0)
		return;
	end_window(maker);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(word[0], texts[i].name) == 0) {
			put_block(maker, texts[i].type, 0, (const uint8_t *)rest, strlen(rest), false);
			return;
		}
	if (strcmp(word[0], "window") == 0)
		return;
	if (strcmp(word[0], "file") == 0)
		file_block(maker);
	else if (strcmp(word[0], "switches") == 0)
		put_block(maker, TRC_BLOCK_KERNEL, 0, (const uint8_t *)switch_format, sizeof(switch_format) - 1, false);
	else if (strcmp(word[0], "symbols") == 0)
		symbols_line(maker, rest);
	else if (word[0][0] == 'k' && isdigit((unsigned char)word[0][1]) && count == 5 && strcmp(word[2], "SWITCH") == 0)
		switch_line(maker, (uint32_t)strtoul(word[0] + 1, NULL, 10), word[1], word[3], word[4]);
	else if (strcmp(word[0], "zlib") == 0)
		maker->zlib = true;
	else if (strcmp(word[0], "dropped") == 0 && count == 5)
		dropped_line(maker, word);
	else if (count < 2)
		fail(maker, "no such directive");
	else if (strcmp(word[0], "format") == 0)
		maker->container = strcmp(word[1], "container") == 0;
	else if (strcmp(word[0], "hz") == 0)
		maker->hz = strtod(word[1], NULL);
	else if (strcmp(word[0], "begin") == 0)
		maker->begin_tsc = strtoull(word[1], NULL, 0);
	else if (strcmp(word[0], "raw") == 0)
		put_hex(maker, &maker->file, word[1]);
	else if (strcmp(word[0], "cut") == 0)
		maker->cut = strtoull(word[1], NULL, 0);
	else if (strcmp(word[0], "repeat") == 0 && count == 3)
		for (unsigned long i = strtoul(word[1], NULL, 0); i > 0; i--)
			put_hex(maker, &maker->file, word[2]);
	else if (strcmp(word[0], "block") == 0 && count >= 3)
		put_block(maker, (uint32_t)strtoul(word[1], NULL, 0), 0, (const uint8_t *)word[2], strlen(word[2]), false);
	else if (strcmp(word[0], "lying") == 0 && count == 6)
		lying_line(maker, word);
	else if (strcmp(word[0], "patch") == 0 && count == 3 && maker->patch_count < 16) {
		maker->patches[maker->patch_count].offset = strtoull(word[1], NULL, 0);
		snprintf(maker->patches[maker->patch_count++].hex, sizeof(maker->patches->hex), "%s", word[2]);
	} else {
		fail(maker, "no such directive");
	}
}

static void take_line(struct maker *maker, char *line)
{
	char *word[16], *rest, *copy = strdup(line);
	unsigned count = 0;

	maker->line++;
	line[strcspn(line, "\n")] = '\0';
	rest = line + strspn(line, " \t");
	rest += strcspn(rest, " \t");
	rest += strspn(rest, " \t");
	copy[strcspn(copy, "#\n")] = '\0';
	for (char *at = strtok(copy, " \t"); at && count < 16; at = strtok(NULL, " \t"))
		word[count++] = at;
	if (count >= 3 && word[0][0] == 'p' && isdigit((unsigned char)word[0][1]))
		record_line(maker, (uint32_t)strtoul(word[0] + 1, NULL, 10), word + 1, count - 1);
	else if (count > 0)
		directive(maker, word, count, rest);
	free(copy);
}

static void patch(struct maker *maker)
{
	for (size_t i = 0; i < maker->patch_count; i++) {
		struct bytes bytes = { 0 };
		put_hex(maker, &bytes, maker->patches[i].hex);
		if (maker->patches[i].offset + bytes.used > maker->file.used)
			fail(maker, "patch past the end");
		memcpy(maker->file.at + maker->patches[i].offset, bytes.at, bytes.used);
		free(bytes.at);
	}
}

int main(int argc, char **argv)
{
	struct maker maker = { .hz = 1e9, .begin_tsc = 1000000000 };
	char *line = NULL;
	size_t room = 0;
	FILE *in, *out;

	if (argc != 3 || !(in = fopen(argv[1], "r")) || !(out = fopen(argv[2], "wb"))) {
		fprintf(stderr, "usage: mktrace TEXT TRACE\n");
		return 2;
	}
	while (getline(&line, &room, in) > 0)
		take_line(&maker, line);
	end_window(&maker);
	patch(&maker);
	if (fwrite(maker.file.at, 1, maker.file.used - maker.cut, out) != maker.file.used - maker.cut || fclose(out) != 0)
		fail(&maker, "write failed");
	fclose(in);
	free(line);
	free(maker.file.at);
	free(maker.window.at);
	return 0;
}
