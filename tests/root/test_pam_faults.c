// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Every system call of the open and of the join fails in its turn: the login is refused, or the
 * process ends; the child never becomes the user outside. The control is the first test: the same
 * filter on a call that nobody makes lets the session through.
 */
#include "tests/root/pam_asserts.h"

#include <errno.h>
#include <linux/prctl.h>
#include <sched.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define ANY(name, error)                                                                           \
	{                                                                                          \
#name,                                                                             \
		{                                                                                  \
			SYS_##name, false, 0, error                                                \
		}                                                                                  \
	}
#define WITH(name, first)                                                                          \
	{                                                                                          \
#name " " #first,                                                                  \
		{                                                                                  \
			SYS_##name, true, (unsigned)(first), EPERM                                 \
		}                                                                                  \
	}

struct row {
	const char *name;
	struct host_fault fault;
};

static void filter_alone_harms_nothing(void **state)
{
	static const struct host_fault unused = {SYS_acct, false, 0, EPERM};
	const struct host host = {
		.lines = STACK("profile=confine"), .opener_fault = &unused, .child_fault = &unused};
	const struct outcome *seen = host_run(&host);

	(void)state;
	assert_int_equal(seen->open, PAM_SUCCESS);
	assert_inside(seen);
}

/* Nobody became the user but in the room: the child's filter may hinder it from getting there. */
static void assert_not_outside(const struct outcome *seen)
{
	const struct inside *inside = &seen->inside;

	if (inside->setcred != NOT_REACHED && inside->become_user == 0)
		assert_in_room(inside);
	else if (inside->setcred == NOT_REACHED)
		assert_int_equal(inside->status, 255 << 8);
}

static void open_fails_at_each_call(void **state)
{
	static const struct row rows[] = {
		ANY(socketpair, EMFILE),
		WITH(clone, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD),
		ANY(pidfd_open, EMFILE),
		ANY(sendmsg, ENOBUFS),
		ANY(recvmsg, ENOMEM),
		ANY(execve, ENOMEM),
		ANY(unshare, ENOSPC),
		ANY(mount, EPERM),
		ANY(fsopen, ENODEV),
		ANY(fsconfig, EINVAL),
		ANY(fsmount, ENOMEM),
		ANY(open_tree, ENOSYS),
		ANY(move_mount, EINVAL),
		ANY(umount2, EBUSY),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct host host = {.lines = STACK("profile=confine"),
					  .opener_fault = &rows[i].fault};
		const struct outcome *seen = host_run(&host);

		print_message("%s: open %d, setcred %d, status %x\n", rows[i].name, seen->open,
			      seen->inside.setcred, (unsigned)seen->inside.status);
		assert_true(seen->ended);
		assert_int_equal(seen->open, PAM_SYSTEM_ERR);
		assert_true(seen->locked_after_open);
		assert_string_equal(seen->after_open, seen->before);
		assert_not_outside(seen);
		assert_int_equal(seen->descriptors_after, seen->descriptors_before);
	}
}

/* Without the lock nobody may go on, neither confined nor refused. */
static void lock_fails(void **state)
{
	static const struct row rows[] = {ANY(capget, EPERM), ANY(capset, EPERM)};
	static const char *const lines[] = {STACK("profile=confine"), STACK("profile=deny")};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		const struct host host = {.lines = lines[i / 2],
					  .opener_fault = &rows[i % 2].fault};
		const struct outcome *seen = host_run(&host);

		assert_false(seen->ended);
		assert_int_equal(seen->inside.setcred, NOT_REACHED);
		assert_int_equal(seen->inside.status, 0);
		assert_true(machine_logged("could not be locked"));
	}
}

static void join_fails_at_each_call(void **state)
{
	static const struct row rows[] = {
		ANY(pidfd_open, EMFILE),
		ANY(sendmsg, ENOBUFS),
		ANY(recvmsg, ENOMEM),
		ANY(write, EIO),
		ANY(keyctl, EDQUOT),
		ANY(prlimit64, EPERM),
		WITH(prctl, PR_SET_KEEPCAPS),
		WITH(prctl, PR_GET_SECUREBITS),
		WITH(prctl, PR_CAPBSET_DROP),
		WITH(prctl, PR_SET_NO_NEW_PRIVS),
		WITH(prctl, PR_GET_NO_NEW_PRIVS),
		WITH(prctl, PR_CAP_AMBIENT),
		WITH(prctl, PR_GET_SECCOMP),
		ANY(setns, EPERM),
		ANY(capget, EPERM),
		ANY(capset, EPERM),
		ANY(seccomp, ENOMEM),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct host host = {.lines = STACK("profile=confine"),
					  .child_fault = &rows[i].fault};
		const struct outcome *seen = host_run(&host);

		print_message("%s: setcred %d\n", rows[i].name, seen->inside.setcred);
		assert_int_equal(seen->open, PAM_SUCCESS);
		assert_int_equal(seen->inside.setcred, NOT_REACHED);
		assert_int_equal(seen->inside.status, 255 << 8);
		assert_true(machine_logged("it could not join"));
		assert_int_equal(seen->close, PAM_SUCCESS);
	}
}

/* The same for a job, whose join forks. */
static void job_fails_at_each_call(void **state)
{
	static const struct row rows[] = {
		ANY(setns, EPERM),
		WITH(clone, CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID | SIGCHLD),
		ANY(setresgid, EPERM),
		ANY(setresuid, EAGAIN),
		ANY(close_range, EINTR),
		ANY(capset, EPERM),
		ANY(seccomp, ENOMEM),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct host host = {.lines = STACK("profile=confine"),
					  .service = "cron",
					  .job = true,
					  .child_fault = &rows[i].fault};
		const struct outcome *seen = host_run(&host);

		print_message("%s: setcred %d, become %d, status %x\n", rows[i].name,
			      seen->inside.setcred, seen->inside.become_user,
			      (unsigned)seen->inside.status);
		assert_int_equal(seen->open, PAM_SUCCESS);
		assert_int_equal(seen->inside.status, 255 << 8);
	}
}

/* A refused child that cannot even get to the room ends. */
static void room_fails_at_each_call(void **state)
{
	static const struct row rows[] = {
		WITH(prctl, PR_SET_KEEPCAPS), ANY(unshare, ENOSPC),
		ANY(fsopen, ENODEV),	      ANY(fsmount, ENOMEM),
		ANY(move_mount, EINVAL),      ANY(pivot_root, EINVAL),
		ANY(umount2, EINVAL),	      ANY(keyctl, EDQUOT),
		WITH(prctl, PR_CAPBSET_DROP), WITH(prctl, PR_SET_NO_NEW_PRIVS),
		ANY(capget, EPERM),	      ANY(capset, EPERM),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct host host = {.lines = STACK("profile=deny"),
					  .child_fault = &rows[i].fault};
		const struct outcome *seen = host_run(&host);

		print_message("%s: setcred %d\n", rows[i].name, seen->inside.setcred);
		assert_int_equal(seen->open, PAM_SYSTEM_ERR);
		assert_int_equal(seen->inside.setcred, NOT_REACHED);
		assert_int_equal(seen->inside.status, 255 << 8);
	}
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(filter_alone_harms_nothing),
		cmocka_unit_test(open_fails_at_each_call),
		cmocka_unit_test(lock_fails),
		cmocka_unit_test(join_fails_at_each_call),
		cmocka_unit_test(job_fails_at_each_call),
		cmocka_unit_test(room_fails_at_each_call),
	};

	if (argc != 3 || !machine_make(argv[1], argv[2]))
		return argc == 3 ? 77 : 2;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
