/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/elf_file.h"

#include <string.h>

enum { CODE_BYTES = 0x1000 };

static const uint64_t code_address = 0xffff82d040200000;

void elf_file_init(struct elf_file *file)
{
	*file = (struct elf_file){
		.header = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_EXEC, .e_machine = EM_X86_64, .e_version = EV_CURRENT, .e_shoff = offsetof(struct elf_file, sections),
			.e_ehsize = sizeof(Elf64_Ehdr), .e_shentsize = sizeof(Elf64_Shdr), .e_shnum = ELF_SECTIONS, .e_shstrndx = ELF_STRTAB,
		},
		.sections = {
			[ELF_TEXT] = { .sh_type = SHT_NOBITS, .sh_flags = SHF_ALLOC | SHF_EXECINSTR, .sh_addr = code_address, .sh_size = CODE_BYTES },
			[ELF_DATA] = { .sh_type = SHT_NOBITS, .sh_flags = SHF_ALLOC | SHF_WRITE, .sh_addr = code_address + CODE_BYTES, .sh_size = CODE_BYTES },
			[ELF_SYMTAB] = { .sh_type = SHT_SYMTAB, .sh_offset = offsetof(struct elf_file, symbols), .sh_size = sizeof(Elf64_Sym),
					 .sh_link = ELF_STRTAB, .sh_entsize = sizeof(Elf64_Sym), .sh_addralign = 8 },
			[ELF_STRTAB] = { .sh_type = SHT_STRTAB, .sh_offset = offsetof(struct elf_file, strings), .sh_size = 1 },
			[ELF_NOTE] = { .sh_type = SHT_NOTE, .sh_offset = offsetof(struct elf_file, note), .sh_size = sizeof(file->note), .sh_addralign = 4 },
		},
		.note = { .header = { .n_namesz = 4, .n_descsz = 20, .n_type = NT_GNU_BUILD_ID }, .name = "GNU", .id = { 0x15, 0x1b, 0x37 } },
	};
}

void elf_file_add(struct elf_file *file, const char *name, uint64_t value, uint64_t size, unsigned char info, uint16_t section)
{
	Elf64_Shdr *symtab = &file->sections[ELF_SYMTAB], *strtab = &file->sections[ELF_STRTAB];

	file->symbols[symtab->sh_size / sizeof(Elf64_Sym)] =
		(Elf64_Sym){ .st_name = (uint32_t)strtab->sh_size, .st_info = info, .st_shndx = section, .st_value = value, .st_size = size };
	symtab->sh_size += sizeof(Elf64_Sym);
	strcpy(file->strings + strtab->sh_size, name);
	strtab->sh_size += strlen(name) + 1;
}
