/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/elf_file.h"
#include "tests/unit/unit.h"

#include "analyzer/symbols.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CODE UINT64_C(0xffff82d040200000)

enum { GLOBAL_FUNC = STB_GLOBAL << 4 | STT_FUNC, LOCAL_FUNC = STB_LOCAL << 4 | STT_FUNC, LOCAL_LABEL = STB_LOCAL << 4 | STT_NOTYPE,
       WEAK_FUNC = STB_WEAK << 4 | STT_FUNC, GLOBAL_OBJECT = STB_GLOBAL << 4 | STT_OBJECT };

/* What a file of these bytes holds; its messages go nowhere. */
static bool load(struct symbols *symbols, const void *bytes, size_t size)
{
	int fd = memfd_create("symbols", 0), saved_stderr = dup(STDERR_FILENO);
	char path[64];
	bool loaded;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_non_null(freopen("/dev/null", "w", stderr));
	loaded = symbols_load(symbols, path);
	fflush(stderr);
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
	close(fd);
	return loaded;
}

/* "name+0xoffset", or "-". */
static void found(const struct symbols *symbols, uint64_t address, const char *wanted)
{
	char text[SYMBOL_NAME_BYTES + 32] = "-";
	uint64_t offset;
	const char *name = symbols_find(symbols, address, &offset);

	if (name)
		snprintf(text, sizeof(text), "%s+0x%lx", name, (unsigned long)offset);
	if (strcmp(text, wanted) != 0)
		fail_msg("0x%lx is %s, wanted %s", (unsigned long)address, text, wanted);
}

/* ---- text ---- */

static void take(struct symbols *symbols, const char *text)
{
	*symbols = (struct symbols){ 0 };
	assert_true(symbols_take_text(symbols, text, strlen(text)));
}

static void text_in_any_order(void **state)
{
	struct symbols symbols;

	(void)state;
	take(&symbols, "ffffffff81002000 t last\nffffffff81000000 T first\nffffffffc0001000 t poll\t[xen_netback]\n"
		       "0xffffffff81001000 W head.o#second\nffffffff81001800 D data\n");
	assert_int_equal(symbols.count, 4);
	found(&symbols, UINT64_C(0xffffffff80ffffff), "-");
	found(&symbols, UINT64_C(0xffffffff81000000), "first+0x0");
	found(&symbols, UINT64_C(0xffffffff81000fff), "first+0xfff");
	found(&symbols, UINT64_C(0xffffffff81001fff), "head.o#second+0xfff");
	found(&symbols, UINT64_C(0xffffffffc0001004), "poll [xen_netback]+0x4");
	/* Without a size a symbol reaches so far and no further. */
	found(&symbols, UINT64_C(0xffffffff81002000) + SYMBOL_SPAN_MAX - 1, "last+0x3ffff");
	found(&symbols, UINT64_C(0xffffffff81002000) + SYMBOL_SPAN_MAX, "-");
	found(&symbols, UINT64_MAX, "-");
	found(&symbols, 0, "-");
	symbols_free(&symbols);
}

static void of_several_at_one_address_the_global_counts(void **state)
{
	struct symbols symbols;

	(void)state;
	take(&symbols, "1000 t local\n1000 T b_global\n1000 T a_global\n1000 W weak\n2000 w z\n2000 t a\n");
	assert_int_equal(symbols.count, 2);
	found(&symbols, 0x1000, "a_global+0x0");
	found(&symbols, 0x2000, "z+0x0");
	symbols_free(&symbols);
}

static void lines_that_are_no_symbols(void **state)
{
	static const char *const lines[] = {
		"", "\n\n\n", "1000", "1000 T", "1000 T ", "1000 T\n", " T name\n", "xyz T name\n", "1000  T name\n", "1000\tT name\n", "1000 Tname x\n",
		"12345678901234567 T more_than_64_bits\n", "0000000000000000 T hidden\n", "0x T none\n", "1000 d data\n", "1000 U undefined\n", "-1000 T minus\n",
	};

	(void)state;
	for (size_t i = 0; i < ROWS(lines); i++) {
		struct symbols symbols;
		take(&symbols, lines[i]);
		if (symbols.count > 0)
			fail_msg("a symbol in `%s'", lines[i]);
		found(&symbols, 0x1000, "-");
		symbols_free(&symbols);
	}
}

static void bytes_that_are_no_text(void **state)
{
	static const char bytes[] = "1000 T a\0b\n\xff\xfe\x00\x01\n2000 \0 x\n3000 T \0\n4000 T last";
	struct symbols symbols = { 0 };

	(void)state;
	assert_true(symbols_take_text(&symbols, bytes, sizeof(bytes) - 1));
	assert_int_equal(symbols.count, 2);
	found(&symbols, 0x1001, "a+0x1");
	found(&symbols, 0x4001, "last+0x1");
	symbols_free(&symbols);
}

static void a_name_without_end(void **state)
{
	enum { LONG = 3 << 20 };
	char *text = malloc(LONG);
	struct symbols symbols = { 0 };
	uint64_t offset;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', LONG);
	memcpy(text, "1000 T ", 7);
	assert_true(symbols_take_text(&symbols, text, LONG));
	assert_int_equal(strlen(symbols_find(&symbols, 0x1000, &offset)), SYMBOL_NAME_BYTES - 1);
	symbols_free(&symbols);
	free(text);
}

static void too_many(void **state)
{
	enum { LINE_BYTES = 11, EXTRA = 23 };
	struct symbols symbols = { 0 };
	size_t bytes = (size_t)(SYMBOLS_MAX + EXTRA) * LINE_BYTES;
	char *text = malloc(bytes + 1);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < SYMBOLS_MAX + EXTRA; i++)
		sprintf(text + i * LINE_BYTES, "%06x T x\n", (unsigned)(i + 1) & 0xffffff);
	assert_true(symbols_take_text(&symbols, text, bytes));
	assert_int_equal(symbols.count, SYMBOLS_MAX);
	assert_int_equal(symbols.left_out, EXTRA);
	symbols_free(&symbols);
	free(text);
}

/* ---- ELF ---- */

static void an_elf_file(void **state)
{
	struct elf_file file;
	struct symbols symbols;

	(void)state;
	elf_file_init(&file);
	elf_file_add(&file, "late", CODE + 0x800, 0x10, GLOBAL_FUNC, ELF_TEXT);
	elf_file_add(&file, "early", CODE + 0x100, 0x20, LOCAL_FUNC, ELF_TEXT);
	elf_file_add(&file, "alias", CODE + 0x100, 0x40, WEAK_FUNC, ELF_TEXT);
	elf_file_add(&file, "label", CODE + 0x400, 0, LOCAL_LABEL, ELF_TEXT);
	elf_file_add(&file, "_etext", CODE + 0x1000, 0, LOCAL_LABEL, ELF_TEXT);
	elf_file_add(&file, "data", CODE + 0x1800, 8, GLOBAL_OBJECT, ELF_DATA);
	elf_file_add(&file, "table", CODE + 0x200, 8, GLOBAL_OBJECT, ELF_TEXT);
	elf_file_add(&file, "outside", CODE + 0x9000, 8, GLOBAL_FUNC, ELF_TEXT);
	elf_file_add(&file, "undefined", CODE + 0x300, 8, GLOBAL_FUNC, SHN_UNDEF);
	elf_file_add(&file, "absolute", CODE + 0x300, 8, GLOBAL_FUNC, SHN_ABS);
	assert_true(load(&symbols, &file, sizeof(file)));
	assert_int_equal(symbols.count, 3);
	assert_string_equal(symbols.build_id, "151b370000000000000000000000000000000000");
	found(&symbols, CODE, "-");
	found(&symbols, CODE + 0x110, "alias+0x10");
	found(&symbols, CODE + 0x13f, "alias+0x3f");
	found(&symbols, CODE + 0x140, "-");
	found(&symbols, CODE + 0x7ff, "label+0x3ff");
	found(&symbols, CODE + 0x80f, "late+0xf");
	found(&symbols, CODE + 0x810, "-");
	found(&symbols, CODE + 0x1800, "-");
	symbols_free(&symbols);
}

/* One that lies within another, and one that reaches beyond all addresses. */
static void overlapping_symbols(void **state)
{
	struct elf_file file;
	struct symbols symbols;

	(void)state;
	elf_file_init(&file);
	file.sections[ELF_TEXT].sh_size = UINT64_MAX - CODE;
	elf_file_add(&file, "outer", CODE + 0x100, 0x100, LOCAL_FUNC, ELF_TEXT);
	elf_file_add(&file, "inner", CODE + 0x120, 0x10, LOCAL_FUNC, ELF_TEXT);
	elf_file_add(&file, "endless", UINT64_MAX - 0x10, UINT64_MAX, LOCAL_FUNC, ELF_TEXT);
	assert_true(load(&symbols, &file, sizeof(file)));
	found(&symbols, CODE + 0x11f, "outer+0x1f");
	found(&symbols, CODE + 0x12f, "inner+0xf");
	found(&symbols, CODE + 0x130, "outer+0x30");
	found(&symbols, CODE + 0x200, "-");
	found(&symbols, UINT64_MAX, "endless+0x10");
	found(&symbols, 5, "-");
	symbols_free(&symbols);
}

struct defect {
	const char *what;
	size_t at, bytes;          /* of a field of struct elf_file */
	uint64_t value;
	size_t symbols;            /* how many are found all the same */
};

#define FIELD(field) offsetof(struct elf_file, field), sizeof(((struct elf_file *)0)->field)

static const struct defect defects[] = {
	{ "none", FIELD(header.e_flags), 0, 2 },
	{ "no magic", FIELD(header.e_ident[1]), 0, 0 },
	{ "no class", FIELD(header.e_ident[EI_CLASS]), 9, 0 },
	{ "a relocatable file", FIELD(header.e_type), ET_REL, 0 },
	{ "a core", FIELD(header.e_type), ET_CORE, 0 },
	{ "a shared object", FIELD(header.e_type), ET_DYN, 2 },
	{ "sections beyond the end", FIELD(header.e_shoff), 1 << 20, 0 },
	{ "sections at no offset", FIELD(header.e_shoff), UINT64_MAX, 0 },
	{ "more sections than there are", FIELD(header.e_shnum), 0xff00, 0 },
	{ "no sections", FIELD(header.e_shnum), 0, 0 },
	{ "symbols beyond the end", FIELD(sections[ELF_SYMTAB].sh_offset), 1 << 20, 0 },
	{ "symbols at no offset", FIELD(sections[ELF_SYMTAB].sh_offset), UINT64_MAX - 7, 0 },
	{ "more symbols than there are", FIELD(sections[ELF_SYMTAB].sh_size), UINT64_C(1) << 40, 0 },
	{ "symbols without a size", FIELD(sections[ELF_SYMTAB].sh_entsize), 0, 2 },
	{ "names in a section that is not there", FIELD(sections[ELF_SYMTAB].sh_link), 77, 0 },
	{ "names among the symbols", FIELD(sections[ELF_SYMTAB].sh_link), ELF_SYMTAB, 0 },
	{ "names that do not end", FIELD(sections[ELF_STRTAB].sh_size), 4, 0 },
	{ "names beyond the end", FIELD(sections[ELF_STRTAB].sh_offset), 1 << 20, 0 },
	{ "a name beyond all names", FIELD(symbols[1].st_name), 0x7fffffff, 1 },
	{ "a section that is not there", FIELD(symbols[1].st_shndx), 0xfe00, 1 },
	{ "code of no size", FIELD(sections[ELF_TEXT].sh_size), 0, 0 },
	{ "symbols packed by nobody", FIELD(sections[ELF_SYMTAB].sh_flags), SHF_COMPRESSED, 0 },
	{ "a note of absurd size", FIELD(note.header.n_descsz), 0xffffffff, 2 },
	{ "a note with an absurd name", FIELD(note.header.n_namesz), 0xfffffffc, 2 },
	{ "a section of notes of absurd size", FIELD(sections[ELF_NOTE].sh_size), UINT64_MAX, 2 },
	{ "notes beyond the end", FIELD(sections[ELF_NOTE].sh_offset), 1 << 20, 2 },
};

static void defects_of_elf_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(defects); i++) {
		const struct defect *defect = &defects[i];
		struct symbols symbols;
		struct elf_file file;
		elf_file_init(&file);
		elf_file_add(&file, "one", CODE + 0x100, 0x10, GLOBAL_FUNC, ELF_TEXT);
		elf_file_add(&file, "two", CODE + 0x200, 0x10, GLOBAL_FUNC, ELF_TEXT);
		memcpy((char *)&file + defect->at, &defect->value, defect->bytes);
		if (load(&symbols, &file, sizeof(file)) != (defect->symbols > 0) || symbols.count != defect->symbols)
			fail_msg("%s: %zu symbols, wanted %zu", defect->what, symbols.count, defect->symbols);
		symbols_free(&symbols);
	}
}

/* Cut off anywhere. */
static void pieces_of_elf_files(void **state)
{
	struct elf_file file;

	(void)state;
	elf_file_init(&file);
	elf_file_add(&file, "one", CODE + 0x100, 0x10, GLOBAL_FUNC, ELF_TEXT);
	for (size_t size = 0; size < sizeof(file); size++) {
		struct symbols symbols;
		load(&symbols, &file, size);
		assert_true(symbols.count <= 1);
		symbols_free(&symbols);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_in_any_order),
		cmocka_unit_test(of_several_at_one_address_the_global_counts),
		cmocka_unit_test(lines_that_are_no_symbols),
		cmocka_unit_test(bytes_that_are_no_text),
		cmocka_unit_test(a_name_without_end),
		cmocka_unit_test(too_many),
		cmocka_unit_test(an_elf_file),
		cmocka_unit_test(overlapping_symbols),
		cmocka_unit_test(defects_of_elf_files),
		cmocka_unit_test(pieces_of_elf_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
