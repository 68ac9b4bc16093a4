/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/symbols.h"

#include "analyzer/diag.h"
#include "analyzer/input.h"
#include "analyzer/room.h"

#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	NAMES_MAX_BYTES = 1 << 28,
	OVERLAPS_MAX = 32,              /* how many symbols before the nearest one may reach over it */
	ADDRESS_DIGITS = 16,
	SECTIONS_MAX = 1 << 16,         /* ELF numbers those that symbols can name with 16 bits */
	NOTES_MAX_BYTES = 4096,         /* of a section with the build id */
};

/* ---- one symbol ---- */

static bool add_name(struct symbols *symbols, const char *name, size_t length)
{
	char *names;

	if (length >= SYMBOL_NAME_BYTES)
		length = SYMBOL_NAME_BYTES - 1;
	names = room_for(symbols->names, &symbols->names_room, symbols->names_bytes + length + 1, 1);
	if (!names)
		return false;
	symbols->names = names;
	memcpy(names + symbols->names_bytes, name, length);
	names[symbols->names_bytes + length] = '\0';
	symbols->names_bytes += length + 1;
	return true;
}

/* False only when out of memory.  Nothing is at address 0: there the kernel hides what is. */
static bool add(struct symbols *symbols, const struct symbol *symbol, const char *name, size_t length)
{
	struct symbol *all;

	if (length == 0 || symbol->address == 0)
		return true;
	if (symbols->count >= SYMBOLS_MAX || symbols->names_bytes > NAMES_MAX_BYTES - SYMBOL_NAME_BYTES) {
		symbols->left_out++;
		return true;
	}
	all = room_for(symbols->all, &symbols->room, symbols->count + 1, sizeof(*all));
	if (!all)
		return false;
	symbols->all = all;
	all[symbols->count] = *symbol;
	all[symbols->count].name = (uint32_t)symbols->names_bytes;
	if (!add_name(symbols, name, length))
		return false;
	symbols->count++;
	return true;
}

/* Of several at one address the first is kept; the longest says how far it reaches. */
static int compare(const void *a, const void *b, void *names)
{
	const struct symbol *x = a, *y = b;
	const char *text = names;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return strcmp(text + x->name, text + y->name);
}

static void sort(struct symbols *symbols)
{
	size_t kept = 0;

	if (symbols->count > 0)
		qsort_r(symbols->all, symbols->count, sizeof(*symbols->all), compare, symbols->names);
	for (size_t i = 0; i < symbols->count; i++) {
		struct symbol *symbol = &symbols->all[i];
		if (kept == 0 || symbols->all[kept - 1].address != symbol->address)
			symbols->all[kept++] = *symbol;
		else if (symbols->all[kept - 1].size < symbol->size)
			symbols->all[kept - 1].size = symbol->size;
	}
	symbols->count = kept;
}

/* ---- text ---- */

/* The digits at the begin of a line; 0 of them, or too many: no address. */
static size_t read_address(const char *line, size_t length, uint64_t *address)
{
	static const char digits[] = "0123456789abcdef";
	size_t prefix = length >= 2 && line[0] == '0' && line[1] == 'x' ? 2 : 0, at = prefix;
	const char *digit;

	for (*address = 0; at < length && line[at] && (digit = strchr(digits, line[at])); at++)
		*address = *address << 4 | (uint64_t)(digit - digits);
	return at > prefix && at - prefix <= ADDRESS_DIGITS ? at : 0;
}

static bool take_line(struct symbols *symbols, const char *line, size_t length)
{
	static const char types[] = "TWwt"; /* by rank */
	struct symbol symbol = { 0 };
	char name[SYMBOL_NAME_BYTES];
	const char *type;
	size_t at = read_address(line, length, &symbol.address), name_length;

	if (at == 0 || length < at + 4 || line[at] != ' ' || line[at + 2] != ' ' || !line[at + 1] || !(type = strchr(types, line[at + 1])))
		return true;
	symbol.rank = (uint8_t)(type - types);
	at += 3;
	name_length = length - at < sizeof(name) ? length - at : sizeof(name) - 1;
	for (size_t i = 0; i < name_length; i++)
		name[i] = line[at + i] == '\t' ? ' ' : line[at + i];
	return add(symbols, &symbol, name, strnlen(name, name_length));
}

static bool take_lines(struct symbols *symbols, const char *text, size_t bytes)
{
	const char *end = text + bytes;

	for (const char *line = text, *next; line < end; line = next) {
		const char *line_end = memchr(line, '\n', (size_t)(end - line));
		next = line_end ? line_end + 1 : end;
		if (!take_line(symbols, line, (size_t)((line_end ? line_end : end) - line)))
			return false;
	}
	return true;
}

bool symbols_take_text(struct symbols *symbols, const char *text, size_t bytes)
{
	bool done = bytes == 0 || take_lines(symbols, text, bytes);

	sort(symbols);
	return done;
}

/* ---- ELF, by libelf, which checks offsets, sizes and strings ---- */

/* By section: the addresses of code that is in it; none in those that are not to be run. */
struct elf_code {
	uint64_t begin, bytes;
};

/* Within the section that it names: a label at its end is of nothing. */
static bool is_code(const struct elf_code *code, const GElf_Sym *symbol)
{
	int type = GELF_ST_TYPE(symbol->st_info);

	return (type == STT_FUNC || type == STT_NOTYPE) && symbol->st_shndx > SHN_UNDEF && symbol->st_shndx < SHN_LORESERVE &&
	       symbol->st_value - code[symbol->st_shndx].begin < code[symbol->st_shndx].bytes;
}

static uint8_t rank_of(const GElf_Sym *symbol)
{
	int binding = GELF_ST_BIND(symbol->st_info);

	return binding == STB_GLOBAL ? 0 : binding == STB_WEAK ? 1 : 2;
}

static bool take_table(struct symbols *symbols, Elf *elf, Elf_Scn *section, const GElf_Shdr *header, const struct elf_code *code)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t entry_bytes = gelf_fsize(elf, ELF_T_SYM, 1, EV_CURRENT);
	size_t count = data && entry_bytes ? data->d_size / entry_bytes : 0;
	GElf_Sym from;

	for (size_t i = 0; i < count && i < INT32_MAX && gelf_getsym(data, (int)i, &from); i++) {
		const char *name = is_code(code, &from) ? elf_strptr(elf, header->sh_link, from.st_name) : NULL;
		const struct symbol symbol = { .address = from.st_value, .size = from.st_size, .rank = rank_of(&from) };
		if (name && !add(symbols, &symbol, name, strnlen(name, SYMBOL_NAME_BYTES)))
			return false;
	}
	return true;
}

static void take_notes(struct symbols *symbols, Elf_Scn *section)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t at = 0, next, name_at, text_at;
	GElf_Nhdr note;

	while (data && (next = gelf_getnote(data, at, &note, &name_at, &text_at)) > 0) {
		const uint8_t *bytes = (const uint8_t *)data->d_buf + text_at;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && memcmp((const char *)data->d_buf + name_at, "GNU", 4) == 0)
			for (size_t i = 0; i < note.n_descsz && 2 * i + 2 < BUILD_ID_BYTES; i++)
				snprintf(symbols->build_id + 2 * i, 3, "%02x", bytes[i]);
		at = next;
	}
}

static void find_code(Elf *elf, struct elf_code *code)
{
	GElf_Shdr header;

	for (Elf_Scn *section = elf_nextscn(elf, NULL); section; section = elf_nextscn(elf, section))
		if (elf_ndxscn(section) < SECTIONS_MAX && gelf_getshdr(section, &header) && header.sh_flags & SHF_EXECINSTR)
			code[elf_ndxscn(section)] = (struct elf_code){ header.sh_addr, header.sh_size };
}

static bool take_sections(struct symbols *symbols, Elf *elf)
{
	struct elf_code *code = calloc(SECTIONS_MAX, sizeof(*code));
	bool done = code != NULL, seen = false;
	GElf_Shdr header;

	if (code)
		find_code(elf, code);
	for (Elf_Scn *section = elf_nextscn(elf, NULL); done && section; section = elf_nextscn(elf, section)) {
		if (!gelf_getshdr(section, &header) || header.sh_flags & SHF_COMPRESSED)
			continue;
		if (header.sh_type == SHT_SYMTAB && !seen) /* ELF has one */
			done = seen = take_table(symbols, elf, section, &header, code);
		else if (header.sh_type == SHT_NOTE && header.sh_size <= NOTES_MAX_BYTES)
			take_notes(symbols, section);
	}
	free(code);
	return done;
}

/* False only when out of memory. */
static bool take_elf(struct symbols *symbols, const struct input *input)
{
	GElf_Ehdr header;
	Elf *elf;
	bool done = true;

	elf_version(EV_CURRENT);
	elf = elf_memory((char *)(uintptr_t)input->bytes, input->size);
	if (elf && gelf_getehdr(elf, &header) && (header.e_type == ET_EXEC || header.e_type == ET_DYN))
		done = take_sections(symbols, elf);
	elf_end(elf);
	sort(symbols);
	return done;
}

bool symbols_load(struct symbols *symbols, const char *path)
{
	struct input input;
	bool done, whole;

	*symbols = (struct symbols){ 0 };
	if (!input_open(&input, path))
		return false;
	if (input.size > SELFMAG && memcmp(input.bytes, ELFMAG, SELFMAG) == 0)
		done = take_elf(symbols, &input);
	else
		done = symbols_take_text(symbols, (const char *)input.bytes, input.size);
	whole = input_whole(&input);
	input_close(&input);
	if (!whole)
		return false;
	if (!done)
		diag_error("out of memory");
	else if (symbols->count == 0)
		diag_error("%s: no symbols of code in it: an ELF file that was not stripped is wanted, or text as /proc/kallsyms and System.map have it", path);
	return done && symbols->count > 0;
}

void symbols_free(struct symbols *symbols)
{
	free(symbols->all);
	free(symbols->names);
	*symbols = (struct symbols){ 0 };
}

/* ---- looking up ---- */

static bool covers(const struct symbol *symbol, uint64_t address)
{
	return address - symbol->address < (symbol->size ? symbol->size : SYMBOL_SPAN_MAX);
}

const char *symbols_find(const struct symbols *symbols, uint64_t address, uint64_t *offset)
{
	size_t low = 0, high = symbols->count; /* all before low begin at the address or before it, none from high on does */

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (symbols->all[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t back = 0; back < OVERLAPS_MAX && back < low; back++) {
		const struct symbol *symbol = &symbols->all[low - 1 - back];
		if ((back > 0 && symbol->size == 0) || !covers(symbol, address))
			continue;
		*offset = address - symbol->address;
		return symbols->names + symbol->name;
	}
	return NULL;
}
