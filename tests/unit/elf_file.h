/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small ELF file with code, symbols and a build id, laid out by hand so that each field can be made wrong. */
#ifndef XTRACE_TEST_ELF_FILE_H
#define XTRACE_TEST_ELF_FILE_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

enum { ELF_FILE_SYMBOLS_MAX = 16, ELF_FILE_STRINGS = 128 };
enum elf_file_section { ELF_NULL, ELF_TEXT, ELF_DATA, ELF_SYMTAB, ELF_STRTAB, ELF_NOTE, ELF_SECTIONS };

struct elf_file {
	Elf64_Ehdr header;
	Elf64_Shdr sections[ELF_SECTIONS];
	Elf64_Sym symbols[ELF_FILE_SYMBOLS_MAX]; /* the first is no symbol */
	char strings[ELF_FILE_STRINGS];
	struct { Elf64_Nhdr header; char name[4]; uint8_t id[20]; } note;
};

/* Code at 0xffff82d040200000, 0x1000 bytes of it, data behind it; no symbols yet. */
void elf_file_init(struct elf_file *file);

/* Adds a symbol; its name goes behind the others. */
void elf_file_add(struct elf_file *file, const char *name, uint64_t value, uint64_t size, unsigned char info, uint16_t section);

#endif
