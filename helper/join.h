// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Becoming a member of a running container: the calling process, single-threaded and uid 0, moves
 * itself. It never moves the process that keeps the session open for the login service.
 *
 * MUST make no path system call after the setns: uid 0 is then inside a root that the user may be
 * able to write. MUST NOT return to the service after a failure: half a join is no join, so the
 * caller ends the process, and logs through a descriptor that it opened before.
 */
#pragma once

#include <linux/capability.h>

#include "helper/privileges.h"
#include "helper/wire.h"

/*
 * What stays, until the service's own switch of user removes it: what the switch takes, chroot for
 * services that do one, and the audit record that libpam writes when our setcred has returned.
 * Without CAP_AUDIT_WRITE libaudit would ask why, by path, in /proc of the container.
 */
#define JOIN_PRIVILEGES                                                                            \
	(PRIVILEGE(CAP_SETUID) | PRIVILEGE(CAP_SETGID) | PRIVILEGE(CAP_SYS_CHROOT) |               \
	 PRIVILEGE(CAP_AUDIT_WRITE))

/*
 * Moves the calling process into the container: session, cgroup, limits, umask, keyring, bounding
 * set, no_new_privs, one setns() for all namespaces, capability sets, filter, each read back.
 * Afterwards later children are in the container's PID namespace; the process itself is not.
 * fds are those of the reply (enum wire_reply_fd); all are closed and set to -1, on failure too.
 * 0 or -errno: -ENOTSUP for a confinement that this version cannot carry out, -ETIMEDOUT or
 * -ECONNRESET when the supervisor does not answer or is gone.
 */
int join_container(const struct wire_confinement *confinement, int fds[WIRE_REPLY_FDS],
		   struct error *error);

/*
 * For a caller whose child is to join: makes the container's PID namespace that of the caller's
 * later children, and changes nothing else. init is the pidfd of WIRE_FD_INIT.
 */
int join_processes(int init, struct error *error);

/*
 * As join_container(), for a service that executes the user's job in the calling process (cron):
 * forks into the PID namespace, and only the child joins all the rest and returns.
 * The parent stays outside, becomes uid:gid with no capability and no descriptor, waits for the
 * child, passes TERM, INT, QUIT and HUP on to it, and ends as it ended. Returns in the calling
 * process on failure.
 */
int join_container_as_job(const struct wire_confinement *confinement, int fds[WIRE_REPLY_FDS],
			  uid_t uid, gid_t gid, struct error *error);
