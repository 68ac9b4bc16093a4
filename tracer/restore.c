/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tracer/restore.h"

#include "tracer/say.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* The knobs, in the order in which they are brought back. */
static int put_events(const struct restore *restore)
{
	return xen_tbuf_set_events(restore->host, restore->event_mask);
}

static int put_pcpus(const struct restore *restore)
{
	return xen_tbuf_set_pcpus(restore->host, NULL, 0);
}

/* Without buffers tracing is off.  Nor may it be switched off then: it takes a lock that for pCPU 0 is not set up before there are
 * buffers (Xen 4.17, xen/common/trace.c), and a hypervisor built to check its locks panics. */
static int switch_tracing(const struct restore *restore, int (*to)(struct xen_host *))
{
	struct xen_tbuf_info info;

	if (xen_tbuf_info(restore->host, &info) < 0)
		return -1;
	return info.allocated ? to(restore->host) : 0;
}

static int put_enabled(const struct restore *restore)
{
	return restore->enabled == RESTORE_ON ? switch_tracing(restore, xen_tbuf_enable) : 0;
}

static int put_disabled(const struct restore *restore)
{
	return restore->enabled == RESTORE_UNTOUCHED ? 0 : switch_tracing(restore, xen_tbuf_disable);
}

static const struct knob {
	const char *what;
	int (*put)(const struct restore *);
} knobs[] = {
	{ "switch tracing off", put_disabled },
	{ "restore the event mask", put_events },
	{ "restore the pCPU mask", put_pcpus },
	{ "switch tracing on again", put_enabled },
};

enum { KNOBS = sizeof(knobs) / sizeof(knobs[0]), KNOBS_QUIET = KNOBS - 1 };

static int put(const struct restore *restore, size_t count)
{
	int status = 0;

	for (size_t i = 0; i < count; i++)
		if (knobs[i].put(restore) < 0) {
			say_error("%s:", knobs[i].what);
			status = -1;
		}
	return status;
}

/* "event_mask 0x… enabled 0", one line; the number is of enum restore_enabled.  The file is the lock, too: it stays open. */
static int write_state(const struct restore *restore)
{
	char line[64];
	int length = snprintf(line, sizeof(line), "event_mask 0x%08" PRIx32 " enabled %d\n", restore->event_mask, restore->enabled);

	if (pwrite(restore->lock_fd, line, (size_t)length, 0) == length && ftruncate(restore->lock_fd, length) == 0)
		return 0;
	say_error("write %s:", restore->state_path);
	return -1;
}

/* True if a killed capture left its state; what cannot be read is said. */
static bool read_state(struct restore *restore)
{
	char line[64] = "";
	ssize_t length = pread(restore->lock_fd, line, sizeof(line) - 1, 0);
	int enabled;

	if (length == 0)
		return false;
	if (length < 0 || sscanf(line, "event_mask %" SCNx32 " enabled %d", &restore->event_mask, &enabled) != 2 ||
	    enabled < RESTORE_OFF || enabled > RESTORE_UNTOUCHED) {
		say_warning("%s does not say how tracing was before an earlier capture: it is taken to have been as it is now", restore->state_path);
		return false;
	}
	restore->enabled = (enum restore_enabled)enabled;
	return true;
}

static int note_state(struct restore *restore)
{
	struct xen_tbuf_info info;

	if (xen_tbuf_info(restore->host, &info) < 0) {
		say_error("ask Xen about its trace buffers:");
		return -1;
	}
	restore->event_mask = info.event_mask;
	restore->enabled = info.allocated ? RESTORE_UNTOUCHED : RESTORE_OFF; /* allocating buffers switches it on */
	return write_state(restore);
}

int restore_lock(struct restore *restore, struct xen_host *host, const char *state_path)
{
	*restore = (struct restore){ .host = host, .state_path = state_path };
	restore->lock_fd = open(restore->state_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (restore->lock_fd < 0) {
		say_error("open %s:", restore->state_path);
		return -1;
	}
	if (flock(restore->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	say_error(errno == EWOULDBLOCK ? "another xtrace-cap is capturing (it holds %s)" : "lock %s:", restore->state_path);
	close(restore->lock_fd);
	return -1;
}

int restore_begin(struct restore *restore)
{
	int status;

	if (read_state(restore)) {
		say_note("an earlier capture was killed: tracing is put back to what it was before that");
		status = put(restore, KNOBS);
	} else {
		status = note_state(restore);
	}
	restore->begun = status == 0;
	return status;
}

int restore_note_enabled(struct restore *restore, bool on)
{
	restore->enabled = on ? RESTORE_ON : RESTORE_OFF;
	return write_state(restore);
}

int restore_quiet(const struct restore *restore)
{
	return put(restore, KNOBS_QUIET);
}

int restore_end(struct restore *restore)
{
	int status = restore->begun ? put(restore, KNOBS) : 0;

	if (restore->begun && status == 0 && ftruncate(restore->lock_fd, 0) < 0)
		say_warning("empty %s:", restore->state_path);
	close(restore->lock_fd);
	return status;
}
