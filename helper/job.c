// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/job.h"
#include "helper/privileges.h"

static const char step[] = "job";

static const int passed_on[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP};

void job_end_as(int status)
{
	static const struct rlimit none = {0, 0};
	sigset_t one;

	if (WIFEXITED(status))
		_exit(WEXITSTATUS(status));
	setrlimit(RLIMIT_CORE, &none);
	signal(WTERMSIG(status), SIG_DFL);
	sigemptyset(&one);
	sigaddset(&one, WTERMSIG(status));
	raise(WTERMSIG(status));
	sigprocmask(SIG_UNBLOCK, &one, NULL);
	_exit(128 + WTERMSIG(status));
}

/* The job's uid too, so that it may be signalled; but it is nobody's to trace or to inspect. */
static int drop_everything(uid_t uid, gid_t gid, struct error *error)
{
	int result;

	if (syscall(SYS_close_range, 0, ~0U, 0) < 0)
		return error_errno(error, step, "closing descriptors");
	result = privileges_fall_with_uid(error);
	if (result == 0)
		result = privileges_effective(CAP_SETUID, true, error);
	if (result < 0)
		return result;
	if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
		return error_errno(error, step, "becoming %u:%u", uid, gid);
	result = privileges_set(0, 0, error);
	if (result < 0)
		return result;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return error_errno(error, step, "becoming undumpable");
	return 0;
}

static void __attribute__((noreturn)) stand_in(pid_t child)
{
	sigset_t all;
	int received, status;

	sigfillset(&all);
	for (;;) {
		pid_t ended = waitpid(child, &status, WNOHANG);

		/* One that has itself traced reports its stops to us, too. */
		if (ended == child && !WIFSTOPPED(status))
			job_end_as(status);
		if (ended < 0)
			_exit(255);
		received = sigwaitinfo(&all, NULL);
		for (size_t i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++)
			if (received == passed_on[i])
				kill(child, received);
	}
}

int job_fork(uid_t uid, gid_t gid, struct error *error)
{
	struct sigaction plain = {.sa_handler = SIG_DFL}, handler;
	sigset_t all, before;
	pid_t child;
	int result = 0;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	sigaction(SIGCHLD, &plain, &handler); /* ignored, it would leave no status to end with */
	child = fork();
	if (child < 0)
		result = error_errno(error, step, "fork");
	if (child <= 0) {
		sigaction(SIGCHLD, &handler, NULL);
		sigprocmask(SIG_SETMASK, &before, NULL);
		return result;
	}
	if (drop_everything(uid, gid, error) < 0) {
		kill(child, SIGKILL);
		_exit(255);
	}
	stand_in(child);
}
