// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * confine-login: for the second door what the module is for the first. Executed by confine-shell
 * as root, with the caller's state as notes and nothing else of his, it asks the helper, and then
 * the process
 *
 *   - becomes the user again and his ordinary shell, where policy does not cover him; or
 *   - forks: the child joins the container and becomes the user's shell in there, the parent stands
 *     in for it outside, without any privilege; or
 *   - ends with 125 or 126.
 */
#pragma once

#include "helper/account.h"
#include "helper/caller.h"
#include "helper/terminal.h"
#include "helper/wire.h"

#define LOGIN_SERVICE	     "confine-shell" /* for rules of the policy: services = ... */
#define LOGIN_FAILED	     125
#define LOGIN_DENIED	     126
#define LOGIN_NOT_EXECUTABLE 126
#define LOGIN_NOT_FOUND	     127

struct login {
	struct caller caller;
	struct account *account;
	const struct facts *facts; /* the account's */
	struct wire_reply *reply;
	int fds[WIRE_REPLY_FDS];
	struct terminal terminal;
};

/* Looks the user up and asks the helper: a verdict in login->reply, 0; or -errno. */
int login_ask(struct login *login, struct error *error);

/*
 * What a shell inside gets: what policy sets, then who the user is, then what may come along of the
 * caller's; NULL-terminated, for the rest of the process's life. NULL: no memory.
 */
char **login_environment(const struct login *login, const char *shell);

/*
 * Becomes uid in every id, without any capability, and nobody's to trace at any moment, until the
 * next execve. Takes the groups having been set. 0 or -errno.
 */
int login_become(uid_t uid, struct error *error);

/* What the child says when it cannot become the shell; nothing, if it could. */
struct login_report {
	int status; /* to end with */
	char text[256];
};

/* Forks. In the parent *ret_child is set, and *ret_report a socket; the child never returns. */
int login_inside(struct login *login, pid_t *ret_child, int *ret_report, struct error *error);

/*
 * The parent's part: gives everything up, waits for the shell, carries the terminal's bytes and the
 * signals to it, and ends as it ended. Returns only if the shell could not be started; then with
 * what the child said in *ret_report.
 */
int login_outside(struct login *login, pid_t child, int report, struct login_report *ret_report,
		  struct error *error);

/*
 * Executes the shell as the caller wanted confine-shell to be: the same arguments, the dash of a
 * login shell, or command as sshd means it (SSH_ORIGINAL_COMMAND; NULL: none). Returns the status
 * to end with: LOGIN_NOT_FOUND or LOGIN_NOT_EXECUTABLE, and errno.
 */
int login_execute(const char *shell, char *const *arguments, char *const *environment,
		  const char *command);
