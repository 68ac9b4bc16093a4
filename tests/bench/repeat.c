/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes a long trace of a short one:   repeat IN OUT MEGABYTES
 *
 * IN is a xentrace file.  OUT has it again and again, each time later, until it has that many megabytes.  Where a
 * copy begins, each pCPU's first record is one that Xen writes after a loss: what lies between two copies is not
 * known, and a vCPU's state at the end of one is not that at the begin of the next.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PCPUS = 256, CPU_CHANGE = 0x1f003, LOST = 0x1f001, RUNSTATE = 0x21001, CONTINUE = 0x21002 };

/* Between two copies: a millisecond or so, in which everything may have happened. */
#define GAP_TSC UINT64_C(2000000)

struct pcpu {
	bool seen;
	uint64_t first_tsc, last_tsc;
	uint32_t running;            /* u16 vcpu, u16 domain (high), who ran there at the begin; 0: not known yet */
	bool running_known, lost_told;
};

struct trace {
	uint8_t *bytes;
	size_t size;
	struct pcpu pcpus[PCPUS];
	uint64_t first_tsc, last_tsc;
};

static void fail(const char *what)
{
	fprintf(stderr, "repeat: %s: %s\n", what, errno ? strerror(errno) : "not a whole xentrace file");
	exit(1);
}

static uint32_t get32(const uint8_t *at)
{
	uint32_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static uint64_t get64(const uint8_t *at)
{
	return get32(at) | (uint64_t)get32(at + 4) << 32;
}

static void put64(uint8_t *at, uint64_t number)
{
	memcpy(at, &number, sizeof(number));
}

static size_t record_bytes(uint32_t header)
{
	return 4 + 8 * (size_t)(header >> 31) + 4 * (size_t)(header >> 28 & 7);
}

/* Calls each() for every record of every window; window() before each window. */
static void walk(struct trace *trace, void (*window)(struct trace *, uint32_t pcpu, uint32_t bytes, void *),
		 void (*each)(struct trace *, uint32_t pcpu, uint8_t *record, uint32_t header, void *), void *arg)
{
	size_t at = 0;

	while (at + 12 <= trace->size) {
		uint32_t pcpu = get32(trace->bytes + at + 4), bytes = get32(trace->bytes + at + 8);
		size_t end = at + 12 + bytes;
		if ((get32(trace->bytes + at) & 0x0fffffff) != CPU_CHANGE || pcpu >= PCPUS || end > trace->size)
			fail("input");
		if (window)
			window(trace, pcpu, bytes, arg);
		for (at += 12; at < end;) {
			uint32_t header = get32(trace->bytes + at);
			if (at + record_bytes(header) > end)
				fail("input");
			each(trace, pcpu, trace->bytes + at, header, arg);
			at += record_bytes(header);
		}
	}
}

/* Who runs on a pCPU at the begin: the first who is said to have run there. */
static void learn(struct trace *trace, uint32_t pcpu, uint8_t *record, uint32_t header, void *arg)
{
	struct pcpu *row = &trace->pcpus[pcpu];
	uint32_t id = header & 0x0fffffff;
	uint64_t tsc = header >> 31 ? get64(record + 4) : 0;

	(void)arg;
	if (!tsc)
		return;
	if (!row->seen)
		row->first_tsc = tsc;
	row->seen = true;
	row->last_tsc = tsc;
	if (!trace->first_tsc || tsc < trace->first_tsc)
		trace->first_tsc = tsc;
	if (tsc > trace->last_tsc)
		trace->last_tsc = tsc;
	if (!row->running_known && (id == CONTINUE || ((id & ~UINT32_C(0x330)) == RUNSTATE && (id >> 8 & 3) == 0))) {
		row->running = get32(record + 12);
		row->running_known = true;
	}
}

struct copy {
	FILE *out;
	uint64_t shift_tsc, previous_end_tsc; /* 0: the first copy */
	uint64_t written;
};

static void put(struct copy *copy, const void *bytes, size_t count)
{
	if (fwrite(bytes, 1, count, copy->out) != count)
		fail("output");
	copy->written += count;
}

static bool tells_loss(const struct trace *trace, uint32_t pcpu, const struct copy *copy)
{
	return copy->previous_end_tsc && trace->pcpus[pcpu].seen && !trace->pcpus[pcpu].lost_told;
}

enum { LOST_BYTES = 28 };

static void put_window(struct trace *trace, uint32_t pcpu, uint32_t bytes, void *arg)
{
	struct copy *copy = arg;
	struct pcpu *row = &trace->pcpus[pcpu];
	uint32_t header[3] = { 0x20000000 | CPU_CHANGE, pcpu, bytes };
	uint8_t lost[LOST_BYTES];
	uint32_t words[4] = { 0xc0000000 | LOST };

	if (!tells_loss(trace, pcpu, copy)) {
		put(copy, header, sizeof(header));
		return;
	}
	header[2] += LOST_BYTES;
	put(copy, header, sizeof(header));
	memcpy(lost, words, 4);
	put64(lost + 4, row->first_tsc + copy->shift_tsc);
	words[0] = 1;
	words[1] = row->running << 16 | row->running >> 16;
	memcpy(lost + 12, words, 8);
	put64(lost + 20, copy->previous_end_tsc);
	put(copy, lost, sizeof(lost));
	row->lost_told = true;
}

static void put_record(struct trace *trace, uint32_t pcpu, uint8_t *record, uint32_t header, void *arg)
{
	struct copy *copy = arg;
	uint8_t shifted[40];
	size_t bytes = record_bytes(header);

	(void)trace;
	(void)pcpu;
	memcpy(shifted, record, bytes);
	if (header >> 31)
		put64(shifted + 4, get64(record + 4) + copy->shift_tsc);
	if ((header & 0x0fffffff) == LOST && bytes == LOST_BYTES)
		put64(shifted + 20, get64(record + 20) + copy->shift_tsc);
	put(copy, shifted, bytes);
}

static void load(struct trace *trace, const char *path)
{
	FILE *in = fopen(path, "rb");
	long size = 0;

	if (!in || fseek(in, 0, SEEK_END) != 0 || (size = ftell(in)) <= 0)
		fail(path);
	rewind(in);
	trace->size = (size_t)size;
	trace->bytes = malloc(trace->size);
	if (!trace->bytes || fread(trace->bytes, 1, trace->size, in) != trace->size)
		fail(path);
	fclose(in);
}

int main(int argc, char **argv)
{
	static struct trace trace;
	struct copy copy = { 0 };
	uint64_t wanted = argc == 4 ? strtoull(argv[3], NULL, 10) << 20 : 0;

	if (!wanted) {
		fprintf(stderr, "usage: repeat IN OUT MEGABYTES\n");
		return 2;
	}
	load(&trace, argv[1]);
	copy.out = fopen(argv[2], "wb");
	if (!copy.out)
		fail(argv[2]);
	walk(&trace, NULL, learn, NULL);
	while (copy.written < wanted) {
		for (unsigned pcpu = 0; pcpu < PCPUS; pcpu++)
			trace.pcpus[pcpu].lost_told = false;
		walk(&trace, put_window, put_record, &copy);
		copy.previous_end_tsc = trace.last_tsc + copy.shift_tsc;
		copy.shift_tsc += trace.last_tsc - trace.first_tsc + GAP_TSC;
	}
	if (fclose(copy.out) != 0)
		fail(argv[2]);
	free(trace.bytes);
	return 0;
}
