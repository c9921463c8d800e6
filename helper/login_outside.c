// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The parent, which the caller takes for the shell. MUST be left with nothing: no capability, no
 * privileged id, no descriptor but the terminal's, and nobody's to trace.
 */
#include <errno.h>
#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/descriptor.h"
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

	do
		got = read(report, ret_report, sizeof(*ret_report));
	while (got < 0 && errno == EINTR);
	ret_report->text[sizeof(ret_report->text) - 1] = '\0';
	return got == sizeof(*ret_report) ? 0 : 1;
}

int login_outside(struct login *login, pid_t child, int report, struct login_report *ret_report,
		  struct error *error)
{
	const int keep[] = {login->terminal.in, login->terminal.out, login->terminal.master};
	int result = drop(login, error);

	descriptor_close_all(login->fds, WIRE_REPLY_FDS);
	if (result < 0) {
		kill(child, SIGKILL);
		return result;
	}
	if (await(report, ret_report) == 0)
		return 0;
	/* Whoever waits for the end of a pipe waits for the shell's, not for ours. */
	if (descriptors_keep(keep, sizeof(keep) / sizeof(keep[0]), error) < 0 ||
	    descriptors_null(0, error) < 0)
		return -EIO;
	job_end_as(relay_run(&login->terminal, child));
}
