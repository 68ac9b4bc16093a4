/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * timed: run a command and say what it used.
 *
 *     timed SECONDS COMMAND [ARGUMENT…]
 *
 * The command is killed (with its process group) when it still runs after SECONDS.
 * Its output goes to standard error; standard output gets one line:
 *
 *     status=ok|failed|killed|timeout exit=N wall_s=W user_s=U system_s=S
 *
 * user_s and system_s are those of the command and of every child it waited for.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t child_pid;
static volatile sig_atomic_t timed_out;

static void on_alarm(int sig)
{
	(void)sig;
	timed_out = 1;
	kill(-(pid_t)child_pid, SIGKILL);
}

static double wall_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec * 1e-6;
}

static void run(char **command)
{
	setpgid(0, 0);
	dup2(STDERR_FILENO, STDOUT_FILENO);
	execvp(command[0], command);
	fprintf(stderr, "timed: %s: %s\n", command[0], strerror(errno));
	_exit(127);
}

static const char *status_name(int status)
{
	if (timed_out)
		return "timeout";
	if (WIFSIGNALED(status))
		return "killed";
	return WEXITSTATUS(status) ? "failed" : "ok";
}

int main(int argc, char **argv)
{
	char *end = NULL;
	unsigned long limit_s = argc > 2 ? strtoul(argv[1], &end, 10) : 0;
	struct rusage used;
	double start_s, end_s;
	int status;
	pid_t pid;

	if (!end || *end || !limit_s) {
		fprintf(stderr, "usage: timed SECONDS COMMAND [ARGUMENT...]\n");
		return 2;
	}
	start_s = wall_s();
	pid = fork();
	if (pid < 0) {
		perror("timed: fork");
		return 1;
	}
	if (pid == 0)
		run(argv + 2);
	setpgid(pid, pid);
	child_pid = pid;
	signal(SIGALRM, on_alarm);
	alarm((unsigned)limit_s);

	while (wait4(pid, &status, 0, &used) < 0)
		if (errno != EINTR) {
			perror("timed: wait4");
			return 1;
		}
	end_s = wall_s();
	printf("status=%s exit=%d wall_s=%.3f user_s=%.3f system_s=%.3f\n",
	       status_name(status), WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status),
	       end_s - start_s, seconds(used.ru_utime), seconds(used.ru_stime));
	return fflush(stdout) ? 1 : 0;
}
