// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The child: a member of the container, the user, his shell. The order, and why: what takes root on
 * the host first (priority, groups); the join; the switch of user, which the join has made the last
 * privilege there is; and then, as the user, all that looks at paths: limits that are only lowered,
 * the terminal, the home directory, the shell.
 */
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helper/descriptors.h"
#include "helper/inside.h"
#include "helper/join.h"
#include "helper/login.h"
#include "helper/privileges.h"
#include "policy/cleanup.h"

static const char step[] = "login";

static int prepare(const struct login *login, struct error *error)
{
	const struct facts *facts = login->facts;

	/* A session without terminal: the caller's is not ours to give, and none of ours to type
	 * at. */
	if (setsid() < 0)
		return error_errno(error, step, "setsid");
	if (setpriority(PRIO_PROCESS, 0, login->caller.state.nice) < 0)
		return error_errno(error, step, "setpriority");
	if (setgroups(facts->group_count, facts->gids) < 0 ||
	    setresgid(facts->gid, facts->gid, facts->gid) < 0)
		return error_errno(error, step, "taking the user's groups");
	return 0;
}

/* The caller's limits hold on inside, where policy does not say otherwise. */
static int restore_limits(const struct login *login, struct error *error)
{
	for (unsigned i = 0; i < RLIM_NLIMITS; i++) {
		if (login->reply->confinement.rlimit_set & UINT32_C(1) << i)
			continue;
		if (setrlimit((__rlimit_resource_t)i, &login->caller.state.limits[i]) < 0)
			return error_errno(error, step, "setting limit %u again", i);
	}
	return 0;
}

static int enter(struct login *login, int report, struct error *error)
{
	int result = prepare(login, error);

	if (result == 0)
		result = join_container(&login->reply->confinement, login->fds, error);
	if (result == 0)
		result = descriptors_keep(&report, 1, error);
	if (result == 0)
		result = login_become(login->facts->uid, error);
	if (result == 0)
		result = privileges_check(0, 0, login->reply->confinement.caps_keep, error);
	if (result == 0)
		result = terminal_enter(&login->terminal, error);
	if (result < 0)
		return result;
	if (!login->reply->confinement.umask_set)
		umask(login->caller.state.umask & 0777);
	/* A home that is closed or missing is no reason not to start. */
	if (chdir(login->facts->home) < 0 && chdir("/") < 0)
		return error_errno(error, step, "chdir");
	return 0;
}

static int execute(struct login *login, struct error *error)
{
	const char *shell = inside_shell(login->reply->confinement.shell, login->facts->shell);
	char **environment = login_environment(login, shell);
	int status = LOGIN_FAILED;

	if (!environment)
		error_set(error, ENOMEM, step, "no memory");
	else if (restore_limits(login, error) == 0) {
		status = login_execute(shell, login->caller.arguments, environment,
				       caller_variable(&login->caller, "SSH_ORIGINAL_COMMAND"));
		error_errno(error, step, "executing %s", shell);
	}
	return status;
}

/* No shell before the parent has given everything up: it may fail to, and refuse the login. */
static int await_parent(int report, struct error *error)
{
	char go;

	if (read(report, &go, sizeof(go)) != sizeof(go))
		return error_set(error, EPIPE, step, "the process outside has given up");
	return 0;
}

static void run(struct login *login, int report) __attribute__((noreturn));
static void run(struct login *login, int report)
{
	struct login_report message = {.status = LOGIN_FAILED};
	struct error error = {0};
	ssize_t written;
	sigset_t none;

	if (enter(login, report, &error) == 0 && await_parent(report, &error) == 0) {
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		message.status = execute(login, &error);
	}
	snprintf(message.text, sizeof(message.text), "%.40s: %.200s",
		 error.step ? error.step : step, error.message);
	written = send(report, &message, sizeof(message), MSG_NOSIGNAL);
	_exit(written == sizeof(message) ? message.status : LOGIN_FAILED);
}

int login_inside(struct login *login, pid_t *ret_child, int *ret_report, struct error *error)
{
	int pair[2];
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_errno(error, step, "socketpair");
	child = fork();
	if (child == 0) {
		close_fd(&pair[0]);
		run(login, pair[1]);
	}
	close_fd(&pair[1]);
	if (child < 0) {
		close_fd(&pair[0]);
		return error_errno(error, step, "fork");
	}
	*ret_child = child;
	*ret_report = pair[0];
	return 0;
}
