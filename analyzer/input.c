/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyzer/input.h"

#include "analyzer/diag.h"

#include <errno.h>
#include <fcntl.h>
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

/* Copies the pipe, or what else has no size, to an unlinked temporary file.  Returns its descriptor, or -1 and says why. */
static int spool(int pipe_fd, const char *name)
{
	const char *directory = getenv("TMPDIR");
	uint8_t block[64 * 1024];
	int fd = open(directory && *directory ? directory : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

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

/* A byte that was mapped cannot be read.  The signal comes again and ends the program. */
static void say_unreadable(int signal_number)
{
	static const char message[] = "xtrace-fair: the input became shorter while it was read, or its disk failed\n";
	ssize_t said = write(STDERR_FILENO, message, sizeof(message) - 1);

	(void)signal_number;
	(void)said;
}

/* Takes the descriptor, whatever comes of it. */
static bool map(struct input *input, int fd, uint64_t size)
{
	const struct sigaction unreadable = { .sa_handler = say_unreadable, .sa_flags = (int)SA_RESETHAND };
	void *at = size > 0 ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;

	if (at == MAP_FAILED)
		diag_error("map %s:", input->name);
	close(fd);
	if (at == MAP_FAILED)
		return false;
	sigaction(SIGBUS, &unreadable, NULL);
	input->bytes = at;
	input->size = size;
	return true;
}

bool input_open(struct input *input, const char *path)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC), spooled_fd;
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

void input_close(struct input *input)
{
	if (input->bytes && !input->borrowed)
		munmap((void *)(uintptr_t)input->bytes, input->size);
	*input = (struct input){ 0 };
}
