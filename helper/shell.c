// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * confine-shell: the second door, a login shell and the target of sshd's ForceCommand. The one
 * setuid file of the project. It decides nothing and understands no argument: it notes what the
 * caller left it, makes that harmless, and executes confine-login with nothing but the notes.
 *
 * MUST NOT go on after any failure: whatever goes wrong ends with 125 and no shell.
 *
 * The order, and why: the ids first, so that the user has no power over the process any more; then
 * the limits, because each later step could fail for want of a descriptor, memory or time; then the
 * descriptors, so that whatever is opened later has the number it should have; then the notes, and
 * the working directory, which has to be held before it is left.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/shell_pack.h"
#include "helper/shell_state.h"

#define FAILED 125

static int refuse(const char *step)
{
	fprintf(stderr, "confine: login refused (%s: %s)\n", step, strerror(errno));
	return FAILED;
}

/*
 * Executed without the setuid bit in effect, or by root: there is nothing that could be given away,
 * so that everything stays as it is. Whether a shell follows is for confine-login to say.
 */
static int run_plain(int argc, char **argv)
{
	char name[] = "confine-login", mode[] = "plain", **arguments;

	arguments = calloc((size_t)argc + 3, sizeof(*arguments));
	if (!arguments)
		return refuse("memory");
	arguments[0] = name;
	arguments[1] = mode;
	memcpy(arguments + 2, argv, (size_t)argc * sizeof(*argv));
	execv(CONFINE_LOGIN, arguments);
	return refuse("executing confine-login");
}

/* Held by descriptor, because a name may lead elsewhere later; a caller without one has none. */
static const char *leave_directory(void)
{
	int fd = open(".", O_PATH | O_DIRECTORY);

	if (fd >= 0 && fd != SHELL_DIRECTORY_FD)
		return "holding the working directory";
	return chdir("/") < 0 ? "leaving the working directory" : NULL;
}

static const char *take_all(struct shell_state *state, char **argv, char **environment)
{
	static gid_t groups[SHELL_GROUPS_MAX];
	const char *failed = shell_state_take_ids(state, groups);

	if (!failed)
		failed = shell_state_take_limits(state);
	if (!failed)
		failed = shell_state_take_descriptors();
	if (!failed)
		failed = shell_state_take_rest(state);
	if (!failed)
		failed = shell_pack(state, groups, argv, environment);
	return failed ? failed : leave_directory();
}

static int run_confined(char **argv)
{
	static struct shell_state state;
	char name[] = "confine-login", mode[] = "confined", path[] = "PATH=/usr/bin:/bin";
	char *none[] = {NULL}, *arguments[] = {name, mode, NULL}, *fixed[] = {path, NULL};
	char **environment = environ ? environ : none;
	const char *failed;

	environ = none; /* no function of libc may see what the caller wrote there */
	failed = take_all(&state, argv, environment);
	if (failed)
		return refuse(failed);
	execve(CONFINE_LOGIN, arguments, fixed);
	return refuse("executing confine-login");
}

int main(int argc, char **argv)
{
	/* execve(2): nobody is kept from passing no argument at all. */
	if (argc < 1 || !argv[0] || !argv[0][0])
		return refuse("started without a name");
	if (geteuid() != 0 || getuid() == 0)
		return run_plain(argc, argv);
	return run_confined(argv);
}
