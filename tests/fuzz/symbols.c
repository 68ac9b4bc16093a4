/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files with symbols: whatever is in them, what is found is bounded text, at an address that is not less than where its
 * symbol begins.  Input is a file as it is; where it begins with an `E', what follows is written over a small, sound ELF
 * file: offsets of 2 bytes, each with 8 bytes that go there.
 */
#include "tests/fuzz/analysis.h"

#include "analyzer/bytes.h"
#include "analyzer/symbols.h"
#include "tests/unit/elf_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PATCH_BYTES = 10 };

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "must hold: %s\n", what);
	abort();
}

static void look_up(const struct symbols *symbols, uint64_t address)
{
	uint64_t offset;
	const char *name = symbols_find(symbols, address, &offset);

	must(!name || (strnlen(name, SYMBOL_NAME_BYTES) < SYMBOL_NAME_BYTES && offset <= address), "a name ends, and its code begins before it");
}

static void check(const struct symbols *symbols)
{
	static const uint64_t addresses[] = { 0, 1, UINT64_C(0xffff82d040200110), UINT64_C(0xffffffff81000000), UINT64_MAX };

	must(symbols->count <= SYMBOLS_MAX && strlen(symbols->build_id) < BUILD_ID_BYTES, "bounds");
	for (size_t i = 0; i < symbols->count; i++) {
		must(i == 0 || symbols->all[i - 1].address < symbols->all[i].address, "symbols are in order");
		look_up(symbols, symbols->all[i].address);
		look_up(symbols, symbols->all[i].address - 1);
	}
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
		look_up(symbols, addresses[i]);
}

static void load(const void *bytes, size_t size)
{
	struct symbols symbols;
	char path[64];
	int fd = memfd_create("symbols", 0);

	must(fd >= 0 && write(fd, bytes, size) == (ssize_t)size, "there is a file");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (symbols_load(&symbols, path))
		check(&symbols);
	symbols_free(&symbols);
	close(fd);
}

static void load_patched(const uint8_t *patches, size_t size)
{
	struct elf_file file;

	elf_file_init(&file);
	elf_file_add(&file, "one", UINT64_C(0xffff82d040200100), 0x40, STB_GLOBAL << 4 | STT_FUNC, ELF_TEXT);
	elf_file_add(&file, "two", UINT64_C(0xffff82d040200120), 0, STB_LOCAL << 4 | STT_NOTYPE, ELF_TEXT);
	for (; size >= PATCH_BYTES; patches += PATCH_BYTES, size -= PATCH_BYTES)
		memcpy((char *)&file + le16(patches) % (sizeof(file) - 8), patches + 2, 8);
	load(&file, sizeof(file));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	if (size > 0 && *bytes == 'E')
		load_patched(bytes + 1, size - 1);
	else
		load(bytes, size);
	return 0;
}
