/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signals as a file descriptor, and the command that a capture lasts for. */
#ifndef XTRACE_COMMAND_H
#define XTRACE_COMMAND_H

#include <stdbool.h>
#include <sys/types.h>

struct command {
	int signal_fd;   /* SIGINT, SIGQUIT, SIGTERM, SIGHUP and SIGCHLD come here */
	pid_t pid;       /* 0: none */
};

/* Blocks the signals that end a capture for this process and opens the descriptor; a SIGHUP that is ignored (nohup)
 * stays so.  Returns -1 with errno. */
int command_signals(struct command *command);

/* Starts argv with the signals as they were.  On failure says why and returns -1. */
int command_start(struct command *command, char **argv);

enum command_event { COMMAND_NOTHING, COMMAND_ENDED, COMMAND_SIGNAL };

/* What has happened; does not wait. */
enum command_event command_poll(struct command *command);

/* Ends a command that still runs by SIGTERM and waits a little; one that does not mind it is left to run, and that is
 * said. */
void command_stop(struct command *command);
void command_close(struct command *command);

#endif
