/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tracer/command.h"

#include "tracer/clock.h"
#include "tracer/say.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { STOP_WAIT_MS = 5000 };

static bool is_ignored(int number)
{
	struct sigaction action;

	return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

int command_signals(struct command *command)
{
	sigset_t set;

	*command = (struct command){ .signal_fd = -1 };
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT); /* ignored, too: a shell does that to what it starts in the background, and kill -INT must work */
	sigaddset(&set, SIGQUIT);
	if (!is_ignored(SIGHUP))
		sigaddset(&set, SIGHUP);
	signal(SIGCHLD, SIG_DFL); /* ignored, there would be nothing to wait for */
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -1;
	signal(SIGPIPE, SIG_IGN); /* the write fails instead */
	signal(SIGXFSZ, SIG_IGN); /* likewise, where ulimit -f says how large a file may be */
	command->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return command->signal_fd < 0 ? -1 : 0;
}

int command_start(struct command *command, char **argv)
{
	posix_spawnattr_t attributes;
	sigset_t none, ignored;
	int status;

	sigemptyset(&none);
	sigemptyset(&ignored);
	sigaddset(&ignored, SIGPIPE);
	sigaddset(&ignored, SIGXFSZ);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &ignored);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	status = posix_spawnp(&command->pid, argv[0], NULL, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	if (status == 0)
		return 0;
	command->pid = 0;
	errno = status;
	say_error("run %s:", argv[0]);
	return -1;
}

enum command_event command_poll(struct command *command)
{
	struct signalfd_siginfo info;
	enum command_event event = COMMAND_NOTHING;

	while (read(command->signal_fd, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo != SIGCHLD)
			event = COMMAND_SIGNAL;
	if (command->pid > 0 && waitpid(command->pid, NULL, WNOHANG) == command->pid) {
		command->pid = 0;
		if (event == COMMAND_NOTHING)
			event = COMMAND_ENDED;
	}
	return event;
}

void command_stop(struct command *command)
{
	uint64_t deadline_ns = clock_monotonic_ns() + STOP_WAIT_MS * UINT64_C(1000000), at_ns;
	struct pollfd fd = { .fd = command->signal_fd, .events = POLLIN };

	if (command->pid > 0)
		kill(command->pid, SIGTERM);
	while (command->pid > 0 && (at_ns = clock_monotonic_ns()) < deadline_ns && command_poll(command) == COMMAND_NOTHING)
		poll(&fd, 1, (int)((deadline_ns - at_ns) / 1000000) + 1);
	if (command->pid > 0)
		say_warning("the command (process %d) still runs after SIGTERM: it is left to run", command->pid);
}

void command_close(struct command *command)
{
	close(command->signal_fd);
}
