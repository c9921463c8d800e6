// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "helper/descriptors.h"
#include "helper/inside.h"
#include "helper/join.h"
#include "helper/log.h"
#include "helper/login.h"
#include "helper/privileges.h"
#include "policy/cleanup.h"

static const char step[] = "login";

static const char *user_of(const struct login *login)
{
	return login->facts ? login->facts->user : "(unknown)";
}

/* One line for the user, without a reason; the reason for the log, under the same event id. */
static int refuse(const struct login *login, int status, const char *what, const char *why)
{
	char event[16] = "";
	unsigned draw = 0;

	if (login->reply && login->reply->event[0])
		snprintf(event, sizeof(event), "%s", login->reply->event);
	else if (getrandom(&draw, sizeof(draw), GRND_NONBLOCK) == sizeof(draw))
		snprintf(event, sizeof(event), "%08x", draw);
	log_line(LOG_ERR, "%s: user %s (uid %u): login refused (event %s): %s%s%s", LOGIN_SERVICE,
		 user_of(login), login->caller.state.uid, event, what ? what : "", what ? ": " : "",
		 why);
	dprintf(2, "confine: login refused (event %s)\n", event);
	return status;
}

static int fail(const struct login *login, const struct error *error)
{
	return refuse(login, LOGIN_FAILED, error->step, error->message);
}

/* Everything as the caller had it, and the user again in every id. */
static int give_back(const struct login *login, struct error *error)
{
	const struct shell_state *state = &login->caller.state;
	struct privileges now;
	uid_t real, effective, saved;

	if (setgroups(state->group_count, login->caller.groups) < 0 ||
	    setresgid(state->gid, state->egid, state->egid) < 0)
		return error_errno(error, step, "giving the groups back");
	if (setpriority(PRIO_PROCESS, 0, state->nice) < 0)
		return error_errno(error, step, "giving the priority back");
	for (int i = 0; i < RLIM_NLIMITS; i++)
		if (setrlimit((__rlimit_resource_t)i, &state->limits[i]) < 0)
			return error_errno(error, step, "giving limit %d back", i);
	umask(state->umask & 0777);
	if (privileges_fall_with_uid(error) < 0)
		return -EPERM;
	if (setresuid(state->uid, state->uid, state->uid) < 0)
		return error_errno(error, step, "setresuid(%u)", state->uid);
	if (privileges_read(&now, error) < 0)
		return -EPERM;
	if (state->uid == 0 || getresuid(&real, &effective, &saved) < 0 || real != state->uid ||
	    effective != state->uid || saved != state->uid || now.effective || now.permitted)
		return error_set(error, EPERM, step, "the switch of user was not taken");
	return 0;
}

/* Whom policy does not cover: the shell that the account would have without us. */
static int run_ordinary(struct login *login)
{
	const char *shell = inside_shell(NULL, login->facts->shell);
	struct error error = {0};
	int status;

	if (login->reply->message[0])
		log_line(LOG_WARNING, "%s: user %s is not confined: %s", LOGIN_SERVICE,
			 user_of(login), login->reply->message);
	if (give_back(login, &error) < 0)
		return fail(login, &error);
	/* As the user; a directory that is closed to him leaves him in the root. */
	if (login->caller.directory >= 0 && fchdir(login->caller.directory) < 0)
		login->caller.directory = -1;
	status = login_execute(shell, login->caller.arguments, login->caller.environment,
			       caller_variable(&login->caller, "SSH_ORIGINAL_COMMAND"));
	dprintf(2, "confine: %s: %s\n", shell, strerror(errno));
	return status;
}

static int run_inside(struct login *login)
{
	struct login_report report = {.status = LOGIN_FAILED};
	struct error error = {0};
	pid_t child = -1;
	int report_fd = -1, result;
	sigset_t all;

	result = terminal_make(&login->terminal, login->fds[WIRE_FD_DEVPTS], login->facts->uid,
			       &error);
	if (result == 0)
		result = join_processes(login->fds[WIRE_FD_INIT], &error);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	if (result == 0)
		result = login_inside(login, &child, &report_fd, &error);
	if (result == 0)
		result = login_outside(login, child, report_fd, &report, &error);
	if (result < 0)
		return fail(login, &error);
	if (report.status == LOGIN_FAILED)
		return refuse(login, report.status, NULL, report.text);
	dprintf(2, "confine: %s\n", report.text);
	return report.status;
}

/* confine-shell has seen to it that the state is sane, and that we are root in every id. */
static int run_confined(void)
{
	static struct login login = {.terminal = {.in = -1, .out = -1, .master = -1}};
	struct error error = {0};

	openlog("confine", LOG_PID | LOG_NDELAY, LOG_AUTHPRIV);
	if (caller_read(&login.caller, &error) < 0)
		return fail(&login, &error);
	/* Before anything else is asked: a directory would lead out of the container again. */
	if (descriptors_no_directory(&error) < 0)
		return fail(&login, &error);
	terminal_find(&login.terminal);
	if (login_ask(&login, &error) < 0)
		return fail(&login, &error);
	switch (login.reply->verdict) {
	case WIRE_IGNORE:
		return run_ordinary(&login);
	case WIRE_CONFINE:
		return run_inside(&login);
	case WIRE_DENY:
		return refuse(&login, LOGIN_DENIED, NULL, login.reply->message);
	default:
		return refuse(&login, LOGIN_FAILED, NULL, login.reply->message);
	}
}

static const char *own_shell(void)
{
	static struct account *account;

	return account_lookup_uid(getuid(), &account, NULL) < 0 ? NULL
								: account_facts(account)->shell;
}

/*
 * No privilege, or no need of any: root is never confined, and inside a container the other door
 * has been here before. Anybody else comes here when confine-shell is not setuid in effect, and
 * must not get by without a container because of that.
 */
static int run_plain(char **arguments)
{
	const char *shell = inside_shell(NULL, own_shell());
	int status;

	if (getuid() != 0 && !inside_container()) {
		dprintf(2, "confine: login refused (confine-shell is not setuid root here)\n");
		return LOGIN_FAILED;
	}
	status = login_execute(shell, arguments, environ, getenv("SSH_ORIGINAL_COMMAND"));
	dprintf(2, "confine: %s: %s\n", shell, strerror(errno));
	return status;
}

int main(int argc, char **argv)
{
	if (argc >= 3 && strcmp(argv[1], "plain") == 0)
		return run_plain(argv + 2);
	if (argc != 2 || strcmp(argv[1], "confined") != 0 || getuid() != 0 || geteuid() != 0) {
		dprintf(2, "confine-login: is executed by confine-shell\n");
		return LOGIN_FAILED;
	}
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return run_confined();
}
