// SPDX-License-Identifier: LGPL-2.1-or-later
/* Whoever is covered and cannot be confined is refused, and nobody else is. */
#include "tests/root/pam_asserts.h"

#include <errno.h>
#include <security/pam_appl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/root/pam_fake.h"

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

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(denied_user),
		cmocka_unit_test(quiet_says_nothing),
		cmocka_unit_test(helper_fails),
		cmocka_unit_test(helper_missing),
		cmocka_unit_test(confinement_fails_at_open),
		cmocka_unit_test(join_fails),
		cmocka_unit_test(auth_line_missing),
		cmocka_unit_test(auth_line_skipped),
		cmocka_unit_test(auth_line_ends_no_stack),
		cmocka_unit_test(session_lines_missing),
		cmocka_unit_test(setcred_never_called),
		cmocka_unit_test(threads_are_refused),
		cmocka_unit_test(fork_before_open_is_refused),
		cmocka_unit_test(bad_arguments_refuse),
	};

	if (argc != 3 || !machine_make(argv[1], argv[2]))
		return argc == 3 ? 77 : 2;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
