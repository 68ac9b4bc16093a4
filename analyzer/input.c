/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/input.h"

#include "analyzer/diag.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static bool write_all(int fd, const uint8_t *bytes, size_t size)
{
	while (size > 0) {
		ssize_t done = write(fd, bytes, size);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		bytes += done;
		size -= (size_t)done;
	}
	return true;
}

/* A temporary file without a name.  (Not every file system has O_TMPFILE.)  -1, and errno, on failure. */
static int open_unnamed(const char *directory)
{
	char *path;
	int fd;

	if (asprintf(&path, "%s/xtrace-fair.XXXXXX", directory) < 0)
		return -1;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	free(path);
	return fd;
}

/* Copies the pipe, or what else has no size, to an unlinked temporary file.  Returns its descriptor, or -1 and says why. */
static int spool(int pipe_fd, const char *name)
{
	const char *directory = getenv("TMPDIR");
	uint8_t block[64 * 1024];
	int fd = open_unnamed(directory && *directory ? directory : "/tmp");

	if (fd < 0) {
		diag_error("a temporary file for %s in $TMPDIR:", name);
		return -1;
	}
	for (;;) {
		ssize_t got = read(pipe_fd, block, sizeof(block));
		if (got < 0 && errno == EINTR)
			continue;
		if (got == 0)
			return fd;
		if (got < 0)
			diag_error("read %s:", name);
		else if (write_all(fd, block, (size_t)got))
			continue;
		else
			diag_error("copy %s to a temporary file in $TMPDIR:", name);
		close(fd);
		return -1;
	}
}

/* ---- what is mapped ---- */

/* The handler of a signal has nothing else to look at.  Only one thread opens, reads and closes inputs. */
static struct input *mapped;

/* A byte that was mapped cannot be read: from its page on zeros take the place of all.  If it is nobody's, or they cannot,
 * the signal comes again and ends the program. */
static void read_as_zeros(int signal_number, siginfo_t *info, void *context)
{
	uintptr_t page = (uintptr_t)info->si_addr & ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);
	int saved_errno = errno;

	(void)context;
	for (struct input *input = mapped; input; input = input->next) {
		uintptr_t offset = page - (uintptr_t)input->bytes;
		if (offset >= input->size)
			continue;
		if (mmap((void *)page, input->size - offset, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
			break;
		input->readable = offset;
		errno = saved_errno;
		return;
	}
	signal(signal_number, SIG_DFL);
}

/* Takes the descriptor, whatever comes of it. */
static bool map(struct input *input, int fd, uint64_t size)
{
	const struct sigaction unreadable = { .sa_sigaction = read_as_zeros, .sa_flags = SA_SIGINFO };
	void *at = size > 0 ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;

	if (at == MAP_FAILED)
		diag_error("map %s:", input->name);
	if (at == MAP_FAILED || !at) {
		close(fd);
		return !at;
	}
	input->bytes = at;
	input->size = input->readable = size;
	input->fd = fd;
	input->next = mapped;
	mapped = input;
	sigaction(SIGBUS, &unreadable, NULL);
	return true;
}

static void unmap(struct input *input)
{
	struct input **at = &mapped;

	while (*at != input)
		at = &(*at)->next;
	*at = input->next;
	munmap((void *)(uintptr_t)input->bytes, input->size);
	close(input->fd);
}

/* ---- page tables, by another thread ---- */

static void end_helper(struct input *input)
{
	if (input->has_helper)
		pthread_join(input->helper, NULL);
	input->has_helper = false;
}

static void begin_helper(struct input *input, void *(*help)(void *))
{
	end_helper(input);
	if (input->bytes && !input->borrowed)
		input->has_helper = pthread_create(&input->helper, NULL, help, input) == 0;
}

enum { STEP_BYTES = 1 << 22, PAGE_BYTES_LEAST = 4096 };

static bool is_in_memory(uint8_t *at, size_t bytes)
{
	unsigned char pages[STEP_BYTES / PAGE_BYTES_LEAST];
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE), count = (bytes + page_bytes - 1) / page_bytes;

	if (mincore(at, bytes, pages) < 0)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!(pages[i] & 1))
			return false;
	return true;
}

/* What fails is left to who reads. */
static void *map_second_half(void *arg)
{
	const struct input *input = arg;
	uint8_t *bytes = (uint8_t *)(uintptr_t)input->bytes;

	for (uint64_t at = input->size / 2 / STEP_BYTES * STEP_BYTES; at < input->size; at += STEP_BYTES) {
		uint64_t left = input->size - at;
		size_t step = left < STEP_BYTES ? (size_t)left : STEP_BYTES;
		if (is_in_memory(bytes + at, step))
			madvise(bytes + at, step, MADV_POPULATE_READ);
	}
	return NULL;
}

void input_map_ahead(struct input *input)
{
	begin_helper(input, map_second_half);
}

static void *leave(void *arg)
{
	const struct input *input = arg;

	madvise((void *)(uintptr_t)input->bytes, input->size, MADV_DONTNEED);
	return NULL;
}

void input_let_go(struct input *input)
{
	begin_helper(input, leave);
}

bool input_whole(const struct input *input)
{
	uint64_t readable = input->readable;
	struct stat st;
	uint8_t byte;

	if (input->borrowed || !input->bytes)
		return true;
	if (fstat(input->fd, &st) == 0 && (uint64_t)st.st_size < input->size) /* within its last page no signal tells */
		diag_error("%s: offset %jd: the file ends here: it became shorter while it was read", input->name, (intmax_t)st.st_size);
	else if (readable == input->size)
		return true;
	else if (pread(input->fd, &byte, 1, (off_t)readable) < 0)
		diag_error("%s: offset %" PRIu64 ": cannot be read any more:", input->name, readable);
	else
		diag_error("%s: offset %" PRIu64 ": could not be read for a while", input->name, readable);
	return false;
}

/* ---- files ---- */

bool input_open(struct input *input, const char *path)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : open(path, O_RDONLY | O_CLOEXEC), spooled_fd;
	struct stat st;

	*input = (struct input){ .name = is_stdin ? "standard input" : path };
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) /* those of /proc have a size of 0 */
		return map(input, fd, (uint64_t)st.st_size);
	if (fd < 0 || fstat(fd, &st) < 0) {
		diag_error("open %s:", input->name);
	} else if (S_ISDIR(st.st_mode)) {
		diag_error("%s is a directory", input->name);
	} else {
		spooled_fd = spool(fd, input->name);
		close(fd);
		if (spooled_fd >= 0 && fstat(spooled_fd, &st) == 0)
			return map(input, spooled_fd, (uint64_t)st.st_size);
		fd = spooled_fd;
	}
	if (fd >= 0)
		close(fd);
	return false;
}

void input_borrow(struct input *input, const char *name, const uint8_t *bytes, uint64_t size)
{
	*input = (struct input){ .name = name, .bytes = bytes, .size = size, .readable = size, .borrowed = true };
}

void input_close(struct input *input)
{
	end_helper(input);
	if (input->bytes && !input->borrowed)
		unmap(input);
	*input = (struct input){ 0 };
}
