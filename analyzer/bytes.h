/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Little-endian integers from and to bytes of any alignment.  The caller has checked that they are
 * there; nothing else in the analyzer turns bytes into numbers, or numbers into bytes.
 */
#ifndef XTRACE_BYTES_H
#define XTRACE_BYTES_H

#include <stdint.h>

static inline uint16_t le16(const uint8_t *at)
{
	return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint32_t le32(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static inline uint64_t le64(const uint8_t *at)
{
	return (uint64_t)le32(at) | (uint64_t)le32(at + 4) << 32;
}

static inline void put_le32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

static inline void put_le64(uint8_t *at, uint64_t value)
{
	put_le32(at, (uint32_t)value);
	put_le32(at + 4, (uint32_t)(value >> 32));
}

#endif
