// SPDX-License-Identifier: LGPL-2.1-or-later
/* The module as a login service meets it, against a helper that plays a role: see pam_host.h. */
#include "tests/root/pam_asserts.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <security/pam_appl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/root/pam_fake.h"

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

static void dead_supervisor_is_cleared_up(void **state)
{
	const struct host host = {.lines = STACK("profile=dead")};

	(void)state;
	host_run(&host);
	assert_true(machine_helper_logged("request 3 user  service  fds 0 container fake.1"));
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
		cmocka_unit_test(dead_supervisor_is_cleared_up),
		cmocka_unit_test(second_open_is_refused),
		cmocka_unit_test(open_without_close),
		cmocka_unit_test(closed_stdio_is_left_alone),
		cmocka_unit_test(hundred_rounds_leak_nothing),
	};

	if (argc != 3 || !machine_make(argv[1], argv[2]))
		return argc == 3 ? 77 : 2;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
