// SPDX-License-Identifier: LGPL-2.1-or-later
/* What starting the helper leaves with the host, and what it hands to the helper. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "helper/start.h"
#include "tests/root/pam_fake.h"

static struct start start;
static struct wire_reply reply;
static int fds[WIRE_REPLY_FDS];
static volatile sig_atomic_t reaped_by_handler;

static int ask(const char *role, struct error *error)
{
	struct wire_request request = {.version = WIRE_VERSION, .kind = WIRE_VERDICT};

	snprintf(request.profile, sizeof(request.profile), "%s", role);
	return start_helper(&start, &request, -1, &reply, fds, error);
}

static void helper_is_handed_nothing(void **state)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, plain = {.sa_handler = SIG_DFL};
	struct error error = {0};
	int extra = open("/dev/null", O_RDONLY), result;
	sigset_t usr, before;

	(void)state;
	sigaction(SIGPIPE, &ignore, NULL);
	sigemptyset(&usr);
	sigaddset(&usr, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr, &before);
	result = ask("look", &error);
	sigprocmask(SIG_SETMASK, &before, NULL);
	sigaction(SIGPIPE, &plain, NULL);
	close(extra);
	assert_int_equal(result, 0);
	assert_int_equal(reply.verdict, WIRE_DENY);
	assert_string_equal(reply.message, "fds 4 signals 0 environment 0 umask 077 leader 1 in / "
					   "on /dev/null");
}

static void reap_any(int number)
{
	(void)number;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		reaped_by_handler++;
}

/* As sshd's: it takes whatever child has ended. The helper's end must not be among it. */
static void handler_of_the_host_is_not_disturbed(void **state)
{
	struct sigaction handler = {.sa_handler = reap_any}, before;
	struct error error = {0};
	int result;

	(void)state;
	reaped_by_handler = 0;
	sigaction(SIGCHLD, &handler, &before);
	result = ask("leave", &error);
	sigaction(SIGCHLD, &before, NULL);
	assert_int_equal(result, -ECONNRESET);
	assert_non_null(strstr(error.message, "status 7"));
	assert_int_equal(reaped_by_handler, 0);
}

static void host_that_ignores_its_children(void **state)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
	int result;

	(void)state;
	sigaction(SIGCHLD, &ignore, &before);
	result = ask("ignore", NULL);
	sigaction(SIGCHLD, &before, NULL);
	assert_int_equal(result, 0);
	assert_int_equal(reply.verdict, WIRE_IGNORE);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void hanging_helper_is_killed(void **state)
{
	double before = seconds();
	struct error error = {0};

	(void)state;
	assert_int_equal(ask("hang", &error), -ETIMEDOUT);
	assert_true(seconds() - before < 2);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void lingering_helper_is_killed(void **state)
{
	double before = seconds();

	(void)state;
	assert_int_equal(ask("linger", NULL), 0);
	assert_int_equal(reply.verdict, WIRE_IGNORE);
	assert_true(seconds() - before < 5);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void not_executable(void **state)
{
	const struct start missing = {.path = "/nonexistent/helper", .timeout_ms = 1000};
	const struct start directory = {.path = "/", .timeout_ms = 1000};
	struct wire_request request = {.version = WIRE_VERSION, .kind = WIRE_VERDICT};
	struct error error = {0};

	(void)state;
	assert_int_equal(start_helper(&missing, &request, -1, &reply, fds, &error), -ENOENT);
	assert_non_null(strstr(error.message, "/nonexistent/helper: No such file"));
	assert_int_equal(start_helper(&directory, &request, -1, &reply, fds, &error), -EACCES);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* No descriptor and no memory left for it: an error, and nothing is left behind. */
static void host_at_its_limits(void **state)
{
	struct rlimit before, none;

	(void)state;
	getrlimit(RLIMIT_NOFILE, &before);
	for (rlim_t files = 0; files < 6; files++) {
		none = (struct rlimit){files, before.rlim_max};
		setrlimit(RLIMIT_NOFILE, &none);
		assert_true(ask("ignore", NULL) <= 0);
		setrlimit(RLIMIT_NOFILE, &before);
		assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	}
	assert_int_equal(ask("ignore", NULL), 0);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(helper_is_handed_nothing),
		cmocka_unit_test(handler_of_the_host_is_not_disturbed),
		cmocka_unit_test(host_that_ignores_its_children),
		cmocka_unit_test(hanging_helper_is_killed),
		cmocka_unit_test(lingering_helper_is_killed),
		cmocka_unit_test(not_executable),
		cmocka_unit_test(host_at_its_limits),
	};

	if (argc != 2)
		return 2;
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", FAKE_DIRECTORY, "tmpfs", 0, NULL) < 0) {
		perror("a mount namespace");
		return 77;
	}
	start = (struct start){.path = realpath(argv[1], NULL), .timeout_ms = 500};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
