// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/login.h"

/* sshd's command counts where there is nothing else to do: not in a login shell, no -c, no script.
 */
static bool takes_command(char *const *arguments)
{
	return arguments[0][0] != '-' &&
	       (!arguments[1] || (strcmp(arguments[1], "-l") == 0 && !arguments[2]));
}

static char *make_name(const char *shell, bool dash)
{
	const char *slash = strrchr(shell, '/');
	char *name = NULL;

	return asprintf(&name, "%s%s", dash ? "-" : "", slash ? slash + 1 : shell) < 0 ? NULL
										       : name;
}

/* The shell understands its own arguments: they are passed on as they are, whatever they say. */
int login_execute(const char *shell, char *const *arguments, char *const *environment,
		  const char *command)
{
	char option[] = "-c";
	size_t count = 0;
	char **wanted;

	while (arguments[count])
		count++;
	wanted = calloc(count + 4, sizeof(*wanted));
	if (!wanted)
		return LOGIN_FAILED;
	if (command && takes_command(arguments)) {
		wanted[0] = make_name(shell, false);
		wanted[1] = option;
		wanted[2] = (char *)command;
	} else {
		wanted[0] = make_name(shell, arguments[0][0] == '-');
		memcpy(wanted + 1, arguments + 1, (count - 1) * sizeof(*wanted));
	}
	if (!wanted[0])
		return LOGIN_FAILED;
	execve(shell, wanted, environment);
	return errno == ENOENT || errno == ENOTDIR ? LOGIN_NOT_FOUND : LOGIN_NOT_EXECUTABLE;
}
