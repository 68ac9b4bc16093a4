/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tracer/dom0_symbols.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX_BYTES = 64 << 20, READ_BYTES = 64 << 10, NOTES_MAX_BYTES = 4096, NOTE_ALIGN = 4 };

struct text {
	char *at;
	size_t used, room;
};

static bool append(struct text *text, const char *line, size_t length)
{
	if (text->used + length > text->room) {
		size_t room = text->room ? 2 * text->room : 1 << 20;
		char *at = room <= TEXT_MAX_BYTES ? realloc(text->at, room) : NULL;
		if (!at)
			return false;
		text->at = at;
		text->room = room;
	}
	memcpy(text->at + text->used, line, length);
	text->used += length;
	return true;
}

/* "ffffffff81000000 T _text", "ffffffffc0000000 t xenvif_poll\t[xen_netback]" */
static bool is_code(const char *line, unsigned long long *address)
{
	char *end;

	*address = strtoull(line, &end, 16);
	return end != line && end[0] == ' ' && end[1] != '\0' && strchr("tTwW", end[1]) && end[2] == ' ';
}

/* Whether all lines of code went into the text; *seen: some address was not 0. */
static bool read_lines(FILE *file, struct text *text, bool *seen)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t length;
	bool done = true;

	setvbuf(file, NULL, _IOFBF, READ_BYTES); /* of itself stdio asks /proc for 1 KB at a time */
	while (done && (length = getline(&line, &room, file)) > 0) {
		unsigned long long address;
		if (!is_code(line, &address))
			continue;
		*seen |= address != 0;
		done = append(text, line, (size_t)length);
	}
	free(line);
	return done && !ferror(file);
}

char *dom0_symbols_read(const char *path, uint32_t *bytes, char *why, size_t why_bytes)
{
	FILE *file = fopen(path, "re");
	struct text text = { 0 };
	bool seen = false, done = file && read_lines(file, &text, &seen);

	*bytes = (uint32_t)text.used;
	if (!done)
		snprintf(why, why_bytes, "%s: %s", path, text.used > TEXT_MAX_BYTES / 2 ? "too long" : strerror(errno));
	else if (!seen)
		snprintf(why, why_bytes, "%s: %s", path, text.used ? "the kernel hides its addresses (kernel.kptr_restrict)" : "no code in it");
	if (file)
		fclose(file);
	if (done && seen)
		return text.at;
	free(text.at);
	return NULL;
}

/* ---- build ids ---- */

void build_id_text(const uint8_t *id, size_t bytes, char *out)
{
	*out = '\0';
	for (size_t i = 0; i < bytes && i < BUILD_ID_MAX_BYTES; i++)
		snprintf(out + 2 * i, 3, "%02x", id[i]);
}

static size_t aligned(size_t bytes)
{
	return (bytes + NOTE_ALIGN - 1) / NOTE_ALIGN * NOTE_ALIGN;
}

/* Notes one after the other, each with name and description at multiples of 4 (elf(5), Nhdr). */
static void find_build_id(const uint8_t *notes, size_t bytes, char *out)
{
	Elf64_Nhdr note;
	size_t at = 0;

	while (bytes - at >= sizeof(note)) {
		const uint8_t *name = notes + at + sizeof(note);
		memcpy(&note, notes + at, sizeof(note));
		at += sizeof(note);
		if (note.n_namesz > bytes - at || aligned(note.n_namesz) > bytes - at || note.n_descsz > bytes - at - aligned(note.n_namesz))
			return;
		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof(ELF_NOTE_GNU) && memcmp(name, ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU)) == 0) {
			build_id_text(name + aligned(note.n_namesz), note.n_descsz, out);
			return;
		}
		at += aligned(note.n_namesz);
		if (aligned(note.n_descsz) > bytes - at)
			return;
		at += aligned(note.n_descsz);
	}
}

void dom0_symbols_build_id(const char *path, char *out)
{
	uint8_t notes[NOTES_MAX_BYTES];
	FILE *file = fopen(path, "re");

	*out = '\0';
	if (!file)
		return;
	find_build_id(notes, fread(notes, 1, sizeof(notes), file), out);
	fclose(file);
}
