// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/allow.h"
#include "helper/descriptors.h"
#include "helper/init.h"
#include "helper/memory.h"
#include "helper/privileges.h"
#include "helper/wire.h"
#include "policy/cleanup.h"

#define FAILED 125 /* confine's own failure, as the other programs say it */

static const int calls[] = {
	SYS_read,	SYS_write,  SYS_sendmsg,      SYS_close,	  SYS_madvise,
	SYS_brk,	SYS_munmap, SYS_wait4,	      SYS_waitid,	  SYS_kill,
	SYS_exit_group, SYS_exit,   SYS_rt_sigreturn, SYS_rt_sigprocmask, SYS_restart_syscall,
};

static void report(const struct init_spec *spec, int result, const struct error *error)
{
	const int fds[INIT_FDS] = {spec->build.devpts, spec->build.devpts_mount};
	struct init_report message = {.result = result};

	if (result < 0) {
		snprintf(message.step, sizeof(message.step), "%s", error->step ? error->step : "");
		snprintf(message.message, sizeof(message.message), "%s", error->message);
	}
	/* A supervisor that does not hear this is dead, and so shall we be. */
	if (wire_send(spec->channel, &message, sizeof(message), fds, result < 0 ? 0 : INIT_FDS,
		      NULL) < 0 ||
	    result < 0)
		_exit(FAILED);
}

/* The reserved uid, no capability (CAP_KILL to pass signals on), nothing that execve could regain.
 */
static int drop(int with_kill, struct error *error)
{
	uint64_t kept = with_kill ? PRIVILEGE(CAP_KILL) : 0;
	int result = privileges_bound(0, error);

	if (result < 0)
		return result;
	if (setgroups(0, NULL) < 0 || setresgid(CONFINE_INIT_ID, CONFINE_INIT_ID, CONFINE_INIT_ID))
		return error_errno(error, "init", "giving up the groups of root");
	if (kept && prctl(PR_SET_KEEPCAPS, 1) < 0)
		return error_errno(error, "init", "PR_SET_KEEPCAPS");
	if (setresuid(CONFINE_INIT_ID, CONFINE_INIT_ID, CONFINE_INIT_ID) < 0)
		return error_errno(error, "init", "giving up root");
	result = privileges_set(kept, kept, error);
	if (result == 0)
		result = privileges_no_new_privs(error);
	if (result == 0)
		result = privileges_check(kept, kept, 0, error);
	/* The switch of uid has reset both (prctl(2)). */
	if (result == 0 && (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0))
		result = error_errno(error, "init", "prctl");
	return result;
}

/* Waits for every child there is; returns the command's status once it has ended, else -1. */
static int reap(pid_t command)
{
	int status, found = -1;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		/* One that has itself traced reports its stops to us, too. */
		if (pid == command && !WIFSTOPPED(status))
			found = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	}
	return found;
}

static void pass_on(pid_t command, int signal)
{
	/* The whole process group, as a terminal would; the leader alone if it has none yet. */
	if (command > 0 && kill(-command, signal) < 0)
		kill(command, signal);
}

static void serve(int signals, pid_t command) __attribute__((noreturn));
static void serve(int signals, pid_t command)
{
	struct signalfd_siginfo info;
	int status = reap(command);

	while (status < 0) {
		memory_give_back();
		if (read(signals, &info, sizeof(info)) != sizeof(info)) {
			if (errno != EINTR)
				_exit(FAILED);
			continue;
		}
		/* What a terminal sends it has sent to the command as well. */
		if (info.ssi_signo != SIGCHLD && info.ssi_code != SI_KERNEL)
			pass_on(command, (int)info.ssi_signo);
		status = reap(command);
	}
	_exit(status);
}

static int block_signals(struct error *error)
{
	sigset_t all;
	int fd;

	/* Ignored, as the service may have left it, no child would ever be seen to end. */
	signal(SIGCHLD, SIG_DFL);
	sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, NULL) < 0)
		return error_errno(error, "init", "sigprocmask");
	sigemptyset(&all);
	sigaddset(&all, SIGCHLD);
	sigaddset(&all, SIGTERM);
	sigaddset(&all, SIGINT);
	sigaddset(&all, SIGQUIT);
	sigaddset(&all, SIGHUP);
	sigaddset(&all, SIGUSR1);
	sigaddset(&all, SIGUSR2);
	sigaddset(&all, SIGWINCH);
	fd = signalfd(-1, &all, SFD_CLOEXEC);
	return fd < 0 ? error_errno(error, "init", "signalfd") : fd;
}

/* All of it at once, so that a failure of any part can still be told. */
static int lock_down(const struct init_spec *spec, int signals, int gate, struct error *error)
{
	const int keep[] = {signals, spec->channel, spec->build.devpts, spec->build.devpts_mount,
			    gate};
	int result = descriptors_keep(keep, sizeof(keep) / sizeof(keep[0]), error);

	if (result == 0)
		result = descriptors_null(0, error);
	if (result == 0)
		result = drop(spec->command != NULL, error);
	if (result == 0 && (close(0) < 0 || close(1) < 0 || close(2) < 0))
		result = error_errno(error, "init", "closing the terminal");
	if (result == 0)
		result = allow_only(calls, sizeof(calls) / sizeof(calls[0]), error);
	return result;
}

/* Everything but the serving; the command waits at its gate until all is in place. */
static int prepare(struct init_spec *spec, pid_t *ret_command, int *ret_gate, struct error *error)
{
	int signals = block_signals(error), result;

	if (signals < 0)
		return signals;
	/* Dies with the supervisor from the first moment, also in the middle of the build. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0 ||
	    prctl(PR_SET_NAME, "confine-init") < 0)
		return error_errno(error, "init", "prctl");
	result = build_run(&spec->build, error);
	if (result == 0 && spec->command)
		result = command_start(spec->command, ret_command, ret_gate, error);
	if (result == 0)
		result = lock_down(spec, signals, *ret_gate, error);
	return result < 0 ? result : signals;
}

void init_main(struct init_spec *spec)
{
	struct error error = {0};
	pid_t command = 0;
	int gate = -1, signals = prepare(spec, &command, &gate, &error);

	report(spec, signals < 0 ? signals : 0, &error);
	if (gate >= 0 && write(gate, "", 1) != 1)
		_exit(FAILED);
	close_fd(&gate);
	close_fd(&spec->channel);
	build_finish(&spec->build);
	serve(signals, command);
}
