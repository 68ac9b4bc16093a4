/* SPDX-License-Identifier: GPL-2.0-or-later */
/* After libFuzzer's own mutation the CRCs of a container's blocks are set right, most of the time: else nothing that is
 * behind the CRC would ever be reached. */
#include "tests/fuzz/analysis.h"

#include "analyzer/bytes.h"
#include "tracer/trc_format.h"

#include <zlib.h>

static void set_crc(uint8_t *header, uint32_t stored_bytes)
{
	uint32_t crc = (uint32_t)crc32(crc32(0, header, TRC_BLOCK_CRC_AT), header + TRC_BLOCK_HEADER, stored_bytes);

	for (int i = 0; i < 4; i++)
		header[TRC_BLOCK_CRC_AT + i] = (uint8_t)(crc >> 8 * i);
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t room, unsigned seed)
{
	size_t at = 0, mutated = LLVMFuzzerMutate(bytes, size, room);

	if (seed % 16 == 0)
		return mutated;
	while (mutated - at >= TRC_BLOCK_HEADER && le32(bytes + at) == TRC_BLOCK_MAGIC) {
		uint32_t stored_bytes = le32(bytes + at + 8);
		if (stored_bytes > mutated - at - TRC_BLOCK_HEADER)
			break;
		set_crc(bytes + at, stored_bytes);
		at += TRC_BLOCK_HEADER + (stored_bytes + TRC_BLOCK_ALIGN - 1) / TRC_BLOCK_ALIGN * TRC_BLOCK_ALIGN;
		if (at > mutated)
			break;
	}
	return mutated;
}
