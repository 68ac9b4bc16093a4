/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/disk.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

ssize_t __real_writev(int fd, const struct iovec *pieces, int count);
ssize_t __wrap_writev(int fd, const struct iovec *pieces, int count);

static const struct disk *in_use;
static unsigned calls;

void disk_use(const struct disk *disk)
{
	in_use = disk;
	calls = 0;
}

static uint64_t length_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? (uint64_t)st.st_size : 0;
}

/* The first bytes of all pieces, as a write that was cut short; what the real disk does not take, neither. */
static ssize_t write_some(int fd, const struct iovec *pieces, int count, uint64_t bytes)
{
	ssize_t done = 0, part_done = 0;

	for (int i = 0; i < count && bytes > 0; i++) {
		size_t part = pieces[i].iov_len < bytes ? pieces[i].iov_len : (size_t)bytes;
		part_done = write(fd, pieces[i].iov_base, part);
		if (part_done < 0)
			break;
		done += part_done;
		bytes -= part;
		if ((size_t)part_done < part)
			break;
	}
	return done > 0 ? done : part_done;
}

/* trc_format.h: the type is behind the magic. */
static bool is_held(const struct disk *disk, const struct iovec *pieces)
{
	uint16_t type;

	if (!disk->held || !__atomic_load_n(disk->held, __ATOMIC_ACQUIRE))
		return false;
	memcpy(&type, (const uint8_t *)pieces->iov_base + sizeof(uint32_t), sizeof(type));
	return disk->held_type == 0 || disk->held_type == type;
}

static ssize_t fail_with(int number)
{
	errno = number;
	return -1;
}

ssize_t __wrap_writev(int fd, const struct iovec *pieces, int count)
{
	uint64_t length = length_of(fd), room = UINT64_MAX;

	if (!in_use)
		return __real_writev(fd, pieces, count);
	calls++;
	while (is_held(in_use, pieces))
		usleep(1000);
	if (in_use->interrupt_every && calls % in_use->interrupt_every == 0)
		return fail_with(EINTR);
	if (in_use->fail_after_bytes && length >= in_use->fail_after_bytes)
		return fail_with(EIO);
	if (in_use->room_bytes)
		room = length < in_use->room_bytes ? in_use->room_bytes - length : 0;
	if (in_use->short_every && calls % in_use->short_every == 0 && room > 1)
		room = 1;
	if (room == 0)
		return fail_with(ENOSPC);
	return write_some(fd, pieces, count, room);
}
