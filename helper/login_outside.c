// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The parent, which the caller takes for the shell. MUST be left with nothing: no capability, no
 * privileged id, no descriptor but the terminal's, and nobody's to trace.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/descriptors.h"
#include "helper/job.h"
#include "helper/login.h"
#include "helper/privileges.h"
#include "helper/relay.h"
#include "policy/cleanup.h"

static const char step[] = "login";

static int drop(const struct login *login, struct error *error)
{
	const struct facts *facts = login->facts;
	int result = privileges_fall_with_uid(error);

	if (result == 0)
		result = privileges_bound(0, error);
	if (result < 0)
		return result;
	if (setgroups(0, NULL) < 0 || setresgid(facts->gid, facts->gid, facts->gid) < 0)
		return error_errno(error, step, "leaving the groups");
	result = login_become(facts->uid, error);
	if (result == 0)
		result = privileges_check(0, 0, 0, error);
	return result < 0 ? result : privileges_no_new_privs(error);
}

/* 1: the shell runs; 0: it does not, and the child said why. */
static int await(int report, struct login_report *ret_report)
{
	ssize_t got;

	send(report, "", 1, MSG_NOSIGNAL); /* the shell may start; what fails shows in the answer */
	do
		got = read(report, ret_report, sizeof(*ret_report));
	while (got < 0 && errno == EINTR);
	ret_report->text[sizeof(ret_report->text) - 1] = '\0';
	return got == sizeof(*ret_report) ? 0 : 1;
}

/* All that can fail, before the shell runs. */
static int prepare(struct login *login, int report, int *ret_null, int *ret_signals,
		   struct error *error)
{
	const int keep[] = {report, login->terminal.in, login->terminal.out,
			    login->terminal.master};
	int result = drop(login, error);

	if (result == 0)
		result = descriptors_keep(keep, sizeof(keep) / sizeof(keep[0]), error);
	if (result < 0)
		return result;
	*ret_null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (*ret_null < 0)
		return error_errno(error, step, "/dev/null");
	*ret_signals = relay_watch(error);
	return *ret_signals < 0 ? *ret_signals : 0;
}

int login_outside(struct login *login, pid_t child, int report, struct login_report *ret_report,
		  struct error *error)
{
	int null = -1, signals = -1;
	int result = prepare(login, report, &null, &signals, error);

	if (result < 0) {
		kill(child, SIGKILL);
		return result;
	}
	if (await(report, ret_report) == 0)
		return 0;
	/* Whoever waits for the end of a pipe waits for the shell's, not for ours. */
	for (int fd = 0; fd <= 2; fd++)
		dup2(null, fd);
	close_fd(&null);
	close_fd(&report);
	job_end_as(relay_run(&login->terminal, child, signals));
}
