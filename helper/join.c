// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The order, and why:
 *
 *   prepare   all that can fail for an outside reason, while still outside: the supervisor's
 *             welcome, the cgroup, limits, umask, keyring, no_new_privs, bounding set
 *   enter     one setns(2) with the pidfd of init for all namespaces: all or nothing, Linux 5.8;
 *             then every descriptor of ours is closed, so that none is left inside
 *   finish    the capability sets and the filter. Only kernel state of this process is touched.
 *             They stand after the setns because it needs what they take away: CAP_SYS_ADMIN,
 *             CAP_SYS_CHROOT and CAP_SYS_PTRACE, and a system call that the filter denies.
 */
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helper/job.h"
#include "helper/join.h"
#include "helper/privileges.h"
#include "helper/restrain.h"
#include "policy/cleanup.h"

static const char step[] = "join";

#define WELCOME_TIMEOUT_MS 10000

/* setns() takes these in one call; a user or time namespace needs steps that are not built yet. */
#define NAMESPACES_REQUIRED ((uint64_t)(CLONE_NEWNS | CLONE_NEWPID))
#define NAMESPACES_POSSIBLE                                                                        \
	(NAMESPACES_REQUIRED |                                                                     \
	 (uint64_t)(CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP))

static int check_confinement(const struct wire_confinement *confinement, struct error *error)
{
	uint64_t namespaces = confinement->namespaces;

	if ((namespaces & NAMESPACES_REQUIRED) != NAMESPACES_REQUIRED ||
	    (namespaces & ~NAMESPACES_POSSIBLE) != 0)
		return error_set(error, ENOTSUP, step, "namespaces %llx cannot be joined",
				 (unsigned long long)namespaces);
	if (confinement->rlimit_set >> RLIM_NLIMITS)
		return error_set(error, ENOTSUP, step, "limits %x are not known",
				 confinement->rlimit_set);
	if (confinement->filter_length > WIRE_FILTER_MAX)
		return error_set(error, EPROTO, step, "a filter of %u instructions",
				 confinement->filter_length);
	return 0;
}

/* An answer to a child that died before it read it must not pass for ours. */
static void forget_old_answers(int session)
{
	struct wire_session old;
	size_t length;

	while (wire_receive(session, &old, sizeof(old), &length, NULL, 0, 0, NULL) == 0)
		;
}

static int announce(int session, struct error *error)
{
	struct wire_session message = {.version = WIRE_VERSION, .kind = WIRE_SESSION_JOIN};
	cleanup_fd int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	size_t length;
	int result;

	if (self < 0)
		return error_errno(error, step, "pidfd_open of this process");
	forget_old_answers(session);
	result = wire_send(session, &message, sizeof(message), &self, 1, error);
	if (result == 0)
		result = wire_receive(session, &message, sizeof(message), &length, NULL, 0,
				      WELCOME_TIMEOUT_MS, error);
	if (result == 0)
		result = wire_check_session(&message, length, error);
	if (result < 0)
		return result;
	if (message.kind != WIRE_SESSION_WELCOME)
		return error_set(error, ECONNREFUSED, step, "the container is closing");
	return 0;
}

static int enter_cgroup(int procs, struct error *error)
{
	ssize_t written;

	do
		written = write(procs, "0", 1);
	while (written < 0 && errno == EINTR);
	if (written != 1)
		return error_errno(error, step, "entering the session's cgroup");
	return 0;
}

static int prepare(const struct wire_confinement *confinement, const int fds[WIRE_REPLY_FDS],
		   struct error *error)
{
	int result = check_confinement(confinement, error);

	if (result == 0)
		result = privileges_fall_with_uid(error);
	if (result == 0)
		result = announce(fds[WIRE_FD_SESSION], error);
	if (result == 0)
		result = enter_cgroup(fds[WIRE_FD_CGROUP], error);
	if (result == 0)
		result = restrain_keyring(error);
	if (result == 0)
		result = restrain_limits(confinement, error);
	if (result == 0)
		result = privileges_bound(confinement->caps_keep, error);
	if (result == 0 && confinement->no_new_privs)
		result = privileges_no_new_privs(error);
	if (result == 0 && confinement->umask_set)
		umask(confinement->umask & 0777);
	return result;
}

static void close_all(int fds[WIRE_REPLY_FDS])
{
	for (int i = 0; i < WIRE_REPLY_FDS; i++)
		close_fd(&fds[i]);
}

static int enter(const struct wire_confinement *confinement, int fds[WIRE_REPLY_FDS],
		 struct error *error)
{
	if (setns(fds[WIRE_FD_INIT], (int)confinement->namespaces) < 0)
		return error_errno(error, step, "setns to the container");
	close_all(fds);
	return 0;
}

static int keep_only_join_privileges(const struct wire_confinement *confinement,
				     struct error *error)
{
	struct privileges now;
	uint64_t keep;
	int result = privileges_read(&now, error);

	if (result < 0)
		return result;
	keep = now.permitted & JOIN_PRIVILEGES;
	result = privileges_set(keep, keep, error);
	if (result < 0)
		return result;
	return privileges_check(keep, keep, confinement->caps_keep, error);
}

/* Without no_new_privs a filter takes CAP_SYS_ADMIN, so that it must come before the drop. */
static int finish(const struct wire_confinement *confinement, struct error *error)
{
	int result;

	if (!confinement->no_new_privs) {
		result = restrain_filter(confinement, error);
		return result < 0 ? result : keep_only_join_privileges(confinement, error);
	}
	result = keep_only_join_privileges(confinement, error);
	return result < 0 ? result : restrain_filter(confinement, error);
}

int join_container(const struct wire_confinement *confinement, int fds[WIRE_REPLY_FDS],
		   struct error *error)
{
	int result = prepare(confinement, fds, error);

	if (result == 0)
		result = enter(confinement, fds, error);
	if (result == 0)
		result = finish(confinement, error);
	close_all(fds);
	return result;
}

int join_processes(int init, struct error *error)
{
	if (setns(init, CLONE_NEWPID) < 0)
		return error_errno(error, step, "setns to the container's processes");
	return 0;
}

/* The second setns() names the PID namespace again, in which the child is by now: no change. */
int join_container_as_job(const struct wire_confinement *confinement, int fds[WIRE_REPLY_FDS],
			  uid_t uid, gid_t gid, struct error *error)
{
	int result = prepare(confinement, fds, error);

	if (result == 0)
		result = join_processes(fds[WIRE_FD_INIT], error);
	if (result == 0)
		result = job_fork(uid, gid, error);
	if (result == 0)
		result = enter(confinement, fds, error);
	if (result == 0)
		result = finish(confinement, error);
	close_all(fds);
	return result;
}
