// SPDX-License-Identifier: LGPL-2.1-or-later
/* The module as a login service meets it, against a helper that plays a role: see pam_host.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "helper/wire.h"
#include "tests/root/pam_fake.h"
#include "tests/root/pam_host.h"
#include "tests/root/pam_machine.h"

/* What sshd's service file looks like, with an argument for both session lines. */
#define STACK(options)                                                                             \
	"auth required pam_permit.so\n"                                                            \
	"auth required @\n"                                                                        \
	"account required pam_permit.so\n"                                                         \
	"session required @ close\n"                                                               \
	"session required pam_permit.so\n"                                                         \
	"session required @ config=" MACHINE_CONFIG " " options "\n"

static void assert_nothing_left(const struct privileges *privileges, uint64_t bounding)
{
	assert_int_equal(privileges->effective, 0);
	assert_int_equal(privileges->permitted, 0);
	assert_int_equal(privileges->inheritable, 0);
	assert_int_equal(privileges->ambient, 0);
	assert_int_equal(privileges->bounding, bounding);
}

/* The room: the user, with nothing around, so that the service can say why. */
static void assert_in_room(const struct inside *inside)
{
	assert_int_equal(inside->setcred, PAM_SUCCESS);
	assert_int_equal(inside->become_user, 0);
	assert_int_equal(inside->root_entries, 2);
	assert_nothing_left(&inside->privileges, 0);
	assert_int_equal(inside->no_new_privs, 1);
	assert_int_equal(inside->child_pid, 1);
}

static void assert_refused(const struct outcome *seen)
{
	assert_true(seen->ended);
	assert_int_equal(seen->open, PAM_SYSTEM_ERR);
	assert_true(seen->locked_after_open);
	assert_string_equal(seen->after_open, seen->before);
	assert_in_room(&seen->inside);
	assert_int_equal(seen->descriptors_after, seen->descriptors_before);
}

static void assert_untouched(const struct outcome *seen)
{
	assert_true(seen->ended);
	assert_int_equal(seen->open, PAM_SUCCESS);
	assert_false(seen->locked_after_open);
	assert_false(seen->own_devpts);
	assert_string_equal(seen->after_open, seen->before);
	assert_string_equal(seen->inside.mount_namespace, seen->before);
	assert_int_equal(seen->inside.become_user, 0);
	assert_int_equal(seen->inside.no_new_privs, 0);
	assert_string_equal(seen->said, "");
	assert_int_equal(seen->close, PAM_SUCCESS);
}

static void assert_inside(const struct outcome *seen)
{
	const struct inside *inside = &seen->inside;

	assert_int_equal(inside->setcred, PAM_SUCCESS);
	assert_int_equal(inside->become_user, 0);
	assert_int_equal(inside->status, 0);
	assert_nothing_left(&inside->privileges, 0);
	assert_int_equal(inside->no_new_privs, 1);
	assert_int_equal(inside->seccomp, SECCOMP_MODE_FILTER);
	assert_int_equal(inside->personality_errno, EPERM);
	assert_int_equal(inside->umask, 0137);
	assert_int_equal(inside->files_soft, 100);
	assert_int_equal(inside->files_hard, 200);
	assert_string_equal(inside->hostname, FAKE_HOSTNAME);
	assert_string_not_equal(inside->mount_namespace, seen->before);
	assert_string_not_equal(inside->mount_namespace, seen->after_open);
	assert_int_equal(inside->child_pid, 2);
	assert_int_equal(inside->new_descriptors, 0);
}

static void confined_session(void **state)
{
	const struct host host = {.lines = STACK("profile=confine")};
	const struct outcome *seen = host_run(&host);

	(void)state;
	assert_true(seen->ended);
	assert_int_equal(seen->authenticate, PAM_SUCCESS);
	assert_int_equal(seen->open, PAM_SUCCESS);
	assert_string_equal(seen->said, "");
	assert_true(seen->locked_after_open);
	assert_true(seen->own_devpts);
	assert_true(seen->own_utmp);
	assert_string_equal(seen->variable, "yes");
	assert_inside(seen);
	assert_int_equal(seen->close, PAM_SUCCESS);
	assert_false(seen->locked_after_close);
	assert_string_equal(seen->after_close, seen->after_open);
	assert_int_equal(seen->descriptors_after, seen->descriptors_before);
	assert_true(machine_helper_logged("request 1 user nobody service sshd fds 1"));
	assert_true(machine_helper_logged("join\nclosed\n"));
	assert_false(machine_helper_logged("request 3"));
}

/* The module between our two close lines sees the host's mounts again; the service then does not.
 */
static void close_is_a_bracket(void **state)
{
	const struct host host = {
		.lines = "auth required pam_permit.so\n"
			 "auth required @\n"
			 "session required @ close\n"
			 "session required pam_exec.so type=close_session log=" FAKE_LOG
			 " /bin/readlink /proc/self/ns/mnt\n"
			 "session required @ profile=confine\n"};
	const struct outcome *seen = host_run(&host);

	(void)state;
	assert_int_equal(seen->close, PAM_SUCCESS);
	assert_string_not_equal(seen->after_open, seen->before);
	assert_string_equal(seen->after_close, seen->after_open);
	assert_true(machine_helper_logged(seen->before));
	assert_false(machine_helper_logged(seen->after_open));
}

static void close_without_its_first_line(void **state)
{
	const struct host host = {.lines = "auth required pam_permit.so\nauth required @\n"
					   "session required @ profile=confine\n"};
	const struct outcome *seen = host_run(&host);

	(void)state;
	assert_inside(seen);
	assert_int_equal(seen->close, PAM_SUCCESS);
	assert_false(seen->locked_after_close);
	assert_string_equal(seen->after_close, seen->after_open);
	assert_true(machine_helper_logged("closed"));
	assert_true(machine_logged("the close line is missing"));
}

static void kept_capabilities_bound_only(void **state)
{
	const struct host host = {.lines = STACK("profile=keep")};
	const struct outcome *seen = host_run(&host);

	(void)state;
	assert_nothing_left(&seen->inside.privileges, FAKE_CAPS_KEPT);
}

/* A service that asked the kernel to keep capabilities over its switch of user gets none. */
static void keepcaps_is_undone(void **state)
{
	const struct host host = {.lines = STACK("profile=confine"), .keep_caps = true};

	(void)state;
	assert_inside(host_run(&host));
}

static void filter_without_no_new_privs(void **state)
{
	const struct host host = {.lines = STACK("profile=new-privs")};
	const struct outcome *seen = host_run(&host);

	(void)state;
	assert_int_equal(seen->inside.become_user, 0);
	assert_int_equal(seen->inside.no_new_privs, 0);
	assert_int_equal(seen->inside.seccomp, SECCOMP_MODE_FILTER);
	assert_nothing_left(&seen->inside.privileges, 0);
}

static void job_is_inside_itself(void **state)
{
	const struct host host = {
		.lines = STACK("profile=confine"), .service = "cron", .job = true};
	const struct outcome *seen = host_run(&host);

	(void)state;
	assert_int_equal(seen->inside.setcred, PAM_SUCCESS);
	assert_int_equal(seen->inside.own_pid, 2);
	assert_int_equal(seen->inside.child_pid, 3);
	assert_string_equal(seen->inside.hostname, FAKE_HOSTNAME);
	assert_nothing_left(&seen->inside.privileges, 0);
	assert_int_equal(seen->inside.new_descriptors, 0);
	assert_true(WIFEXITED(seen->inside.status));
	assert_int_equal(WEXITSTATUS(seen->inside.status), 3);
}

/* libpam's own audit record must not make root resolve names with the container's files. */
static void no_name_to_resolve_inside(void **state)
{
	const struct host named = {.lines = STACK("profile=confine"), .rhost = "client.example"};
	const struct host six = {.lines = STACK("profile=confine"), .rhost = "2001:db8::1"};
	const struct outcome *seen = host_run(&named);

	(void)state;
	assert_inside(seen);
	assert_string_equal(seen->inside.rhost, "");
	assert_string_equal(seen->inside.tty, "sshd");
	assert_string_equal(host_run(&six)->inside.rhost, "2001:db8::1");
}

static void uncovered_user(void **state)
{
	const struct host host = {.lines = STACK("profile=ignore")};

	(void)state;
	assert_untouched(host_run(&host));
}

static void root_never_meets_the_helper(void **state)
{
	const struct host host = {.lines = STACK("profile=deny"), .user = "root"};

	(void)state;
	assert_untouched(host_run(&host));
	assert_false(machine_helper_logged("request"));
}

static void dry_run_changes_nothing(void **state)
{
	const struct host denied = {.lines = STACK("dry_run profile=deny")};
	const struct host confined = {.lines = STACK("dry_run profile=confine")};

	(void)state;
	assert_untouched(host_run(&denied));
	assert_true(machine_logged("dry run: would be refused"));
	assert_untouched(host_run(&confined));
	assert_true(machine_logged("dry run: would be confined"));
}

static void denied_user(void **state)
{
	const struct host host = {.lines = STACK("profile=deny")};
	const struct outcome *seen = host_run(&host);

	(void)state;
	assert_refused(seen);
	assert_string_equal(seen->said, "confine: login refused (event c0ffee)\n");
	assert_true(machine_logged("event c0ffee): denied by the fake"));
}

static void quiet_says_nothing(void **state)
{
	const struct host host = {.lines = STACK("quiet profile=error")};
	const struct outcome *seen = host_run(&host);

	(void)state;
	assert_refused(seen);
	assert_string_equal(seen->said, "");
	assert_true(machine_logged("failed in the fake"));
}

/* Whatever the helper does instead of answering. */
static void helper_fails(void **state)
{
	static const struct {
		const char *lines, *logged;
	} rows[] = {
		{STACK("profile=crash"), "ended by signal 9"},
		{STACK("profile=leave"), "ended without an answer, status 7"},
		{STACK("profile=short"), "a reply of 20 bytes"},
		{STACK("profile=version"), "version 77"},
		{STACK("profile=bare"), "0 descriptors where 4 were expected"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct host host = {.lines = rows[i].lines};

		assert_refused(host_run(&host));
		assert_true(machine_logged(rows[i].logged));
	}
}

static void helper_missing(void **state)
{
	const struct host host = {.lines = STACK("")};

	(void)state;
	machine_helper(false);
	machine_policy("[global]\nexempt-users = root\n");
	assert_refused(host_run(&host));
	assert_true(machine_logged("No such file"));
	machine_policy("[global]\nexempt-users = root, nobody\n");
	assert_untouched(host_run(&host));
	assert_true(machine_logged("let through, not confined: exempt"));
	machine_policy("");
	machine_helper(true);
}

static void confinement_fails_at_open(void **state)
{
	static const char *const lines[] = {
		STACK("profile=bad-devpts"),
		STACK("profile=bad-environment"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const struct host host = {.lines = lines[i]};

		assert_refused(host_run(&host));
		assert_true(machine_helper_logged("closed"));
	}
}

static void join_fails(void **state)
{
	static const struct {
		const char *lines, *logged;
	} rows[] = {
		{STACK("profile=bad-namespaces"), "cannot be joined"},
		{STACK("profile=bad-limit"), "are not known"},
		{STACK("profile=dead"), "it could not join: wire"},
		{STACK("profile=unwelcome"), "the container is closing"},
		{STACK("profile=bad-filter"), "installing the system-call filter"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct host host = {.lines = rows[i].lines};
		const struct outcome *seen = host_run(&host);

		assert_int_equal(seen->open, PAM_SUCCESS);
		assert_int_equal(seen->inside.setcred, NOT_REACHED);
		assert_true(WIFEXITED(seen->inside.status));
		assert_int_equal(WEXITSTATUS(seen->inside.status), 255);
		assert_true(machine_logged(rows[i].logged));
		assert_int_equal(seen->close, PAM_SUCCESS);
		assert_false(seen->locked_after_close);
	}
}

static void dead_supervisor_is_cleared_up(void **state)
{
	const struct host host = {.lines = STACK("profile=dead")};

	(void)state;
	host_run(&host);
	assert_true(machine_helper_logged("request 3 user  service  fds 0 container fake.1"));
}

static void auth_line_missing(void **state)
{
	const struct host host = {.lines = "auth required pam_permit.so\n"
					   "session required @ close\n"
					   "session required @ profile=confine\n"};
	const struct outcome *seen = host_run(&host);

	(void)state;
	assert_int_equal(seen->open, PAM_SYSTEM_ERR);
	assert_true(seen->locked_after_open);
	/* Nothing of ours runs in the child: the lock alone stops it. */
	assert_int_equal(seen->inside.setcred, PAM_SUCCESS);
	assert_int_equal(seen->inside.become_user, EPERM);
	assert_true(machine_logged("the auth line is missing"));
	assert_true(machine_helper_logged("request 2"));
	assert_false(machine_helper_logged("request 1"));
}

static void auth_line_skipped(void **state)
{
	const struct host host = {.lines = "auth sufficient pam_permit.so\n"
					   "auth required @\n"
					   "session required @ close\n"
					   "session required @ profile=confine\n"};
	const struct outcome *seen = host_run(&host);

	(void)state;
	assert_int_equal(seen->open, PAM_SYSTEM_ERR);
	assert_int_equal(seen->inside.become_user, EPERM);
}

static void auth_line_ends_no_stack(void **state)
{
	const struct host host = {.lines = "auth sufficient @\nauth required pam_deny.so\n"};
	const struct outcome *seen = host_run(&host);

	(void)state;
	assert_int_not_equal(seen->authenticate, PAM_SUCCESS);
}

static void session_lines_missing(void **state)
{
	const struct host covered = {.lines = "auth required pam_permit.so\n"
					      "auth required @ profile=confine\n"
					      "session required pam_permit.so\n"};
	const struct host uncovered = {.lines = "auth required pam_permit.so\n"
						"auth required @ profile=ignore\n"
						"session required pam_permit.so\n"};
	const struct outcome *seen = host_run(&covered);

	(void)state;
	assert_int_equal(seen->inside.setcred, NOT_REACHED);
	assert_true(WIFEXITED(seen->inside.status));
	assert_int_equal(WEXITSTATUS(seen->inside.status), 255);
	assert_untouched(host_run(&uncovered));
}

static void setcred_never_called(void **state)
{
	const struct host host = {.lines = STACK("profile=confine"), .no_setcred = true};

	(void)state;
	assert_refused(host_run(&host));
}

static void threads_are_refused(void **state)
{
	const struct host host = {.lines = STACK("profile=confine"), .threads = true};
	const struct outcome *seen = host_run(&host);

	(void)state;
	assert_int_equal(seen->open, PAM_SYSTEM_ERR);
	assert_true(seen->locked_after_open);
	assert_in_room(&seen->inside);
	assert_true(machine_logged("threads"));
}

static void fork_before_open_is_refused(void **state)
{
	const struct host host = {.lines = STACK("profile=confine"), .fork_before_open = true};

	(void)state;
	assert_refused(host_run(&host));
	assert_true(machine_logged("another process"));
}

static void second_open_is_refused(void **state)
{
	const struct host host = {.lines = STACK("profile=confine"), .open_twice = true};
	const struct outcome *seen = host_run(&host);

	(void)state;
	assert_int_equal(seen->open, PAM_SUCCESS);
	assert_int_equal(seen->open_again, PAM_SYSTEM_ERR);
	assert_inside(seen);
	/* libpam remembers the second open's error: the result of close says nothing. */
	assert_false(seen->locked_after_close);
	assert_true(machine_helper_logged("closed"));
	assert_int_equal(seen->descriptors_after, seen->descriptors_before);
}

static void open_without_close(void **state)
{
	const struct host host = {.lines = STACK("profile=confine"), .no_close = true};
	const struct outcome *seen = host_run(&host);

	(void)state;
	assert_inside(seen);
	assert_true(seen->locked_after_close);
	assert_int_equal(seen->descriptors_after, seen->descriptors_before);
	for (int i = 0; i < 200 && !machine_helper_logged("closed"); i++)
		usleep(10000);
	assert_true(machine_helper_logged("closed"));
}

static void bad_arguments_refuse(void **state)
{
	static const char *const lines[] = {
		STACK("profile=confine nonsense"),
		STACK("profile=confine join=caller"),
	};

	(void)state;
	machine_policy("[global]\nexempt-users = root\n");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const struct host host = {.lines = lines[i]};

		assert_refused(host_run(&host));
		assert_false(machine_helper_logged("request"));
	}
}

static void closed_stdio_is_left_alone(void **state)
{
	const struct host host = {.lines = STACK("profile=confine"), .closed_stdio = true};
	const struct outcome *seen = host_run(&host);

	(void)state;
	assert_inside(seen);
	assert_int_equal(seen->descriptors_after, seen->descriptors_before);
}

static void hundred_rounds_leak_nothing(void **state)
{
	const struct host host = {.lines = STACK("profile=confine"), .rounds = 100};
	const struct outcome *seen = host_run(&host);

	(void)state;
	assert_true(seen->ended);
	assert_inside(seen);
	assert_int_equal(seen->close, PAM_SUCCESS);
	assert_int_equal(seen->descriptors_after, seen->descriptors_before);
	assert_int_equal(seen->memory_growth, 0);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(confined_session),
		cmocka_unit_test(close_is_a_bracket),
		cmocka_unit_test(close_without_its_first_line),
		cmocka_unit_test(kept_capabilities_bound_only),
		cmocka_unit_test(keepcaps_is_undone),
		cmocka_unit_test(filter_without_no_new_privs),
		cmocka_unit_test(job_is_inside_itself),
		cmocka_unit_test(no_name_to_resolve_inside),
		cmocka_unit_test(uncovered_user),
		cmocka_unit_test(root_never_meets_the_helper),
		cmocka_unit_test(dry_run_changes_nothing),
		cmocka_unit_test(denied_user),
		cmocka_unit_test(quiet_says_nothing),
		cmocka_unit_test(helper_fails),
		cmocka_unit_test(helper_missing),
		cmocka_unit_test(confinement_fails_at_open),
		cmocka_unit_test(join_fails),
		cmocka_unit_test(dead_supervisor_is_cleared_up),
		cmocka_unit_test(auth_line_missing),
		cmocka_unit_test(auth_line_skipped),
		cmocka_unit_test(auth_line_ends_no_stack),
		cmocka_unit_test(session_lines_missing),
		cmocka_unit_test(setcred_never_called),
		cmocka_unit_test(threads_are_refused),
		cmocka_unit_test(fork_before_open_is_refused),
		cmocka_unit_test(second_open_is_refused),
		cmocka_unit_test(open_without_close),
		cmocka_unit_test(bad_arguments_refuse),
		cmocka_unit_test(closed_stdio_is_left_alone),
		cmocka_unit_test(hundred_rounds_leak_nothing),
	};

	if (argc != 3 || !machine_make(argv[1], argv[2]))
		return argc == 3 ? 77 : 2;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
