/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into a program, makes one call of one function fail:
 *
 *   FAULT=FUNCTION:NTH:HOW   HOW is an errno's name (EIO, ENOSPC, EINTR, ENOMEM), short (half of what was asked for), or
 *                        shrunk (what is mapped is a file that somebody cuts in half at once)
 *
 * From the NTH call on (1 is the first) all fail; of EINTR, ENOMEM, short and shrunk only that one does.  The file FAULT_SEEN is made
 * when that happened.  Calls that concern standard error are left alone, or nobody could say what is wrong.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

enum how { HOW_NONE, HOW_ERROR, HOW_SHORT, HOW_SHRUNK };

static const struct { const char *name; int number; } errnos[] = {
	{ "EIO", EIO }, { "ENOSPC", ENOSPC }, { "EINTR", EINTR }, { "ENOMEM", ENOMEM },
};

/* What FAULT says of the nth and of later calls. */
static enum how how_of(const char *name, bool later)
{
	if (strcmp(name, "short") == 0)
		return later ? HOW_NONE : HOW_SHORT;
	if (strcmp(name, "shrunk") == 0)
		return later ? HOW_NONE : HOW_SHRUNK;
	for (size_t i = 0; i < sizeof(errnos) / sizeof(errnos[0]); i++)
		if (strcmp(name, errnos[i].name) == 0 && !(later && (errnos[i].number == EINTR || errnos[i].number == ENOMEM))) {
			errno = errnos[i].number;
			return HOW_ERROR;
		}
	return HOW_NONE;
}

static void note_seen(void)
{
	const char *path = getenv("FAULT_SEEN");
	int saved_errno = errno;

	if (path)
		creat(path, 0666); /* stays open: close() is ours */
	errno = saved_errno;
}

/* Whether this call fails, and how. */
static enum how fault(const char *function)
{
	static unsigned long calls; /* of the one function that is to fail */
	const char *wanted = getenv("FAULT");
	size_t length = strlen(function);
	unsigned long nth, call;
	enum how how;
	char *name;

	if (!wanted || strncmp(wanted, function, length) != 0 || wanted[length] != ':')
		return HOW_NONE;
	nth = strtoul(wanted + length + 1, &name, 10);
	call = __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
	if (call < nth)
		return HOW_NONE;
	how = how_of(name + 1, call > nth);
	if (call == nth)
		note_seen();
	return how;
}

/* The function behind ours. */
static void *next(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (!function)
		abort();
	return function;
}

ssize_t write(int fd, const void *bytes, size_t count)
{
	ssize_t (*real)(int, const void *, size_t) = (ssize_t (*)(int, const void *, size_t))next("write");
	enum how how = fd == STDERR_FILENO ? HOW_NONE : fault("write");

	return how == HOW_ERROR ? -1 : real(fd, bytes, how == HOW_SHORT ? (count + 1) / 2 : count);
}

ssize_t read(int fd, void *bytes, size_t count)
{
	ssize_t (*real)(int, void *, size_t) = (ssize_t (*)(int, void *, size_t))next("read");
	enum how how = fault("read");

	return how == HOW_ERROR ? -1 : real(fd, bytes, how == HOW_SHORT ? (count + 1) / 2 : count);
}

int close(int fd)
{
	int (*real)(int) = (int (*)(int))next("close");

	if (fault("close") == HOW_ERROR) {
		int saved_errno = errno;
		real(fd);
		errno = saved_errno;
		return -1;
	}
	return real(fd);
}

size_t fwrite(const void *bytes, size_t size, size_t count, FILE *file)
{
	size_t (*real)(const void *, size_t, size_t, FILE *) = (size_t (*)(const void *, size_t, size_t, FILE *))next("fwrite");

	return file != stderr && fault("fwrite") == HOW_ERROR ? 0 : real(bytes, size, count, file);
}

int fflush(FILE *file)
{
	int (*real)(FILE *) = (int (*)(FILE *))next("fflush");

	return file && file != stderr && fault("fflush") == HOW_ERROR ? EOF : real(file);
}

int fclose(FILE *file)
{
	int (*real)(FILE *) = (int (*)(FILE *))next("fclose");

	if (fault("fclose") == HOW_ERROR) {
		int saved_errno = errno;
		real(file);
		errno = saved_errno;
		return EOF;
	}
	return real(file);
}

int rename(const char *from, const char *to)
{
	int (*real)(const char *, const char *) = (int (*)(const char *, const char *))next("rename");

	return fault("rename") == HOW_ERROR ? -1 : real(from, to);
}

void *mmap(void *at, size_t length, int protection, int flags, int fd, off_t offset)
{
	void *(*real)(void *, size_t, int, int, int, off_t) = (void *(*)(void *, size_t, int, int, int, off_t))next("mmap");
	enum how how = fd >= 0 ? fault("mmap") : HOW_NONE;
	char path[64];

	if (how == HOW_ERROR)
		return MAP_FAILED;
	at = real(at, length, protection, flags, fd, offset);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd); /* which may be open for reading alone */
	if (how == HOW_SHRUNK && truncate(path, (off_t)(length / 2)) < 0)
		abort();
	return at;
}

void *malloc(size_t size)
{
	void *(*real)(size_t) = (void *(*)(size_t))next("malloc");

	return fault("malloc") == HOW_ERROR ? NULL : real(size);
}

void *calloc(size_t count, size_t size)
{
	void *(*real)(size_t, size_t) = (void *(*)(size_t, size_t))next("calloc");

	return fault("calloc") == HOW_ERROR ? NULL : real(count, size);
}

void *realloc(void *old, size_t size)
{
	void *(*real)(void *, size_t) = (void *(*)(void *, size_t))next("realloc");

	return fault("realloc") == HOW_ERROR ? NULL : real(old, size);
}

void *reallocarray(void *old, size_t count, size_t size)
{
	void *(*real)(void *, size_t, size_t) = (void *(*)(void *, size_t, size_t))next("reallocarray");

	return fault("reallocarray") == HOW_ERROR ? NULL : real(old, count, size);
}
