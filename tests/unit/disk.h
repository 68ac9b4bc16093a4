/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A disk that misbehaves: writev() of the code under test goes through it (ld --wrap=writev). */
#ifndef XTRACE_TEST_DISK_H
#define XTRACE_TEST_DISK_H

#include <stdbool.h>
#include <stdint.h>

struct disk {
	uint64_t room_bytes;     /* a file that would be longer gets what fits, then ENOSPC; 0: enough */
	unsigned short_every;    /* the so many-th call writes one byte only; 0: none */
	unsigned interrupt_every; /* … fails with EINTR; 0: none */
	uint64_t fail_after_bytes; /* from this length on: EIO; 0: never */
	const bool *held;        /* while true, a call waits … */
	uint16_t held_type;      /* … that would begin a block of this type; 0: any */
};

/* For this process, from now on; the disk is borrowed. */
void disk_use(const struct disk *disk);

#endif
