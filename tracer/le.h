/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Little-endian integers at any alignment, as trc_format.h has them. */
#ifndef XTRACE_CAP_LE_H
#define XTRACE_CAP_LE_H

#include <stdint.h>

static inline void put_le16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)value;
	at[1] = (uint8_t)(value >> 8);
}

static inline void put_le32(uint8_t *at, uint32_t value)
{
	put_le16(at, (uint16_t)value);
	put_le16(at + 2, (uint16_t)(value >> 16));
}

static inline void put_le64(uint8_t *at, uint64_t value)
{
	put_le32(at, (uint32_t)value);
	put_le32(at + 4, (uint32_t)(value >> 32));
}

static inline uint32_t le32(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static inline uint64_t le64(const uint8_t *at)
{
	return (uint64_t)le32(at) | (uint64_t)le32(at + 4) << 32;
}

#endif
