// SPDX-License-Identifier: LGPL-2.1-or-later
/* One command as the user, started by init inside the finished container. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "helper/wire.h"
#include "policy/plan.h"

struct command {
	char *const *argv;
	const struct facts *facts; /* whose uid, gid and groups it gets */
	const struct wire_confinement *confinement;
	bool own_session; /* setsid(2): no terminal of the caller's is left to it */
};

/*
 * Forks; the child restrains itself (limits, keyring, groups, uid, capabilities, no_new_privs,
 * filter), waits for a byte from *ret_gate, which becomes the caller's, and executes argv, looked
 * up in PATH inside, with 0, 1 and 2 as they are and nothing else. A child that cannot ends with
 * 125 (confine failed, or the gate was closed), 126 (not executable) or 127 (not found), after one
 * line on its standard error. Returns 0 or -errno of the fork.
 */
int command_start(const struct command *command, pid_t *ret_pid, int *ret_gate,
		  struct error *error);
