// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The order, and why: what takes privileges first (session, limits, keyring, bounding set,
 * groups), then the switch of user, then what it must not undo (capabilities that policy keeps),
 * then no_new_privs, and the filter last, because it refuses some of the calls above. Without
 * no_new_privs the filter takes CAP_SYS_ADMIN and so must stand before the switch.
 */
#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper/command.h"
#include "helper/descriptors.h"
#include "helper/privileges.h"
#include "helper/restrain.h"
#include "policy/cleanup.h"

#define FAILED	       125
#define NOT_EXECUTABLE 126
#define NOT_FOUND      127
#define FIXED	       6 /* variables that every command gets */

static const char step[] = "command";

static int become_user(const struct facts *facts, int keep_capabilities, struct error *error)
{
	if (setgroups(facts->group_count, facts->gids) < 0)
		return error_errno(error, step, "setgroups");
	if (setresgid(facts->gid, facts->gid, facts->gid) < 0)
		return error_errno(error, step, "setresgid(%u)", facts->gid);
	if (keep_capabilities && prctl(PR_SET_KEEPCAPS, 1) < 0)
		return error_errno(error, step, "PR_SET_KEEPCAPS");
	if (setresuid(facts->uid, facts->uid, facts->uid) < 0)
		return error_errno(error, step, "setresuid(%u)", facts->uid);
	return 0;
}

/* The kept capabilities become ambient, so that they outlive the execve (capabilities(7)). */
static int keep_capabilities(uint64_t keep, struct error *error)
{
	const capng_type_t sets = (capng_type_t)(CAPNG_EFFECTIVE | CAPNG_PERMITTED |
						 CAPNG_INHERITABLE | CAPNG_AMBIENT);
	struct privileges now;

	capng_clear(CAPNG_SELECT_ALL);
	for (unsigned n = 0; n < 64; n++) {
		if ((keep & PRIVILEGE(n)) && capng_update(CAPNG_ADD, sets, n) < 0)
			return error_set(error, EINVAL, step, "capability %u is not known", n);
	}
	if (capng_apply((capng_select_t)(CAPNG_SELECT_CAPS | CAPNG_SELECT_AMBIENT)) < 0)
		return error_set(error, EPERM, step, "setting the kept capabilities");
	if (privileges_read(&now, error) < 0)
		return -EPERM;
	if (now.effective != keep || now.permitted != keep || now.ambient != keep ||
	    (now.bounding & ~keep))
		return error_set(error, EPERM, step, "the kept capabilities were not taken");
	return 0;
}

static int drop_capabilities(uint64_t keep, struct error *error)
{
	int result;

	if (keep)
		return keep_capabilities(keep, error);
	result = privileges_set(0, 0, error);
	return result < 0 ? result : privileges_check(0, 0, 0, error);
}

static int restrain(const struct command *command, struct error *error)
{
	const struct wire_confinement *confinement = command->confinement;
	int result = restrain_limits(confinement, error);

	if (result == 0)
		result = restrain_keyring(error);
	if (result == 0)
		result = privileges_bound(confinement->caps_keep, error);
	if (result == 0 && !confinement->no_new_privs)
		result = restrain_filter(confinement, error);
	if (result == 0)
		result = become_user(command->facts, confinement->caps_keep != 0, error);
	if (result == 0)
		result = drop_capabilities(confinement->caps_keep, error);
	if (result == 0 && confinement->no_new_privs) {
		result = privileges_no_new_privs(error);
		if (result == 0)
			result = restrain_filter(confinement, error);
	}
	umask(confinement->umask_set ? confinement->umask & 0777 : 022);
	return result;
}

/* Unless policy has set it. */
static int add_variable(char **environment, size_t *count, const char *name, const char *value)
{
	const size_t length = strlen(name);

	for (size_t i = 0; i < *count; i++) {
		if (strncmp(environment[i], name, length) == 0 && environment[i][length] == '=')
			return 0;
	}
	return asprintf(&environment[(*count)++], "%s=%s", name, value) < 0 ? -ENOMEM : 0;
}

/* Policy's variables, then the fixed ones that it has not set. */
static char **make_environment(const struct command *command)
{
	const struct wire_confinement *confinement = command->confinement;
	const char *term = getenv("TERM");
	char **environment = calloc(WIRE_ENVIRONMENT_MAX / 2 + FIXED + 1, sizeof(*environment));
	size_t count = 0;
	int result = 0;

	if (!environment)
		return NULL;
	for (uint32_t at = 0; at < confinement->environment_length;
	     at += (uint32_t)strlen(confinement->environment + at) + 1)
		environment[count++] = (char *)confinement->environment + at;
	result |= add_variable(environment, &count, "PATH", "/usr/local/bin:/usr/bin:/bin");
	result |= add_variable(environment, &count, "HOME", command->facts->home);
	result |= add_variable(environment, &count, "USER", command->facts->user);
	result |= add_variable(environment, &count, "LOGNAME", command->facts->user);
	result |= add_variable(environment, &count, "SHELL", command->facts->shell);
	if (term)
		result |= add_variable(environment, &count, "TERM", term);
	return result < 0 ? NULL : environment;
}

static void default_signals(void)
{
	sigset_t none;

	for (int number = 1; number < _NSIG; number++)
		signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Nothing of the user's runs before init is what it is to be. */
static int pass_gate(int gate, struct error *error)
{
	char byte;

	if (read(gate, &byte, 1) != 1)
		return error_set(error, EPIPE, step, "init has not come up");
	return descriptors_keep(NULL, 0, error);
}

static void run(const struct command *command, int gate) __attribute__((noreturn));
static void run(const struct command *command, int gate)
{
	char **environment = make_environment(command);
	struct error error = {0};
	int status;

	default_signals();
	if (command->own_session)
		setsid();
	if (!environment || descriptors_keep(&gate, 1, &error) < 0 ||
	    restrain(command, &error) < 0 || pass_gate(gate, &error) < 0) {
		dprintf(2, "confine: %s: %s\n", error.step ? error.step : step, error.message);
		_exit(FAILED);
	}
	/* As the user: a home that is closed or missing is no reason not to start. */
	if (chdir(command->facts->home) < 0 && chdir("/") < 0)
		_exit(FAILED);
	environ = environment;
	execvp(command->argv[0], command->argv);
	status = errno == ENOENT ? NOT_FOUND : NOT_EXECUTABLE;
	dprintf(2, "confine: %s: %s\n", command->argv[0], strerror(errno));
	_exit(status);
}

int command_start(const struct command *command, pid_t *ret_pid, int *ret_gate, struct error *error)
{
	int gate[2];
	pid_t pid;

	if (pipe2(gate, O_CLOEXEC) < 0)
		return error_errno(error, step, "pipe");
	pid = fork();
	if (pid == 0)
		run(command, gate[0]);
	close_fd(&gate[0]);
	if (pid < 0) {
		close_fd(&gate[1]);
		return error_errno(error, step, "fork");
	}
	*ret_pid = pid;
	*ret_gate = gate[1];
	return 0;
}
