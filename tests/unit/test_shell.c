// SPDX-License-Identifier: LGPL-2.1-or-later
/* The notes of confine-shell, from those who write them to those who read them. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "helper/caller.h"
#include "helper/inside.h"
#include "helper/shell_pack.h"
#include "helper/shell_state.h"

static char *arguments[] = {(char *)"-confine-shell", (char *)"-c", (char *)"", (char *)"a\nb",
			    NULL};
static char *variables[] = {(char *)"A=1", (char *)"EMPTY=", (char *)"A=2", (char *)"no assignment",
			    NULL};
static char *nothing[] = {NULL};

/* Descriptors 3 and 4 are the notes' and the directory's; the test's own stay out of the way. */
static int in_child(void (*body)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		close(SHELL_STATE_FD);
		close(SHELL_DIRECTORY_FD);
		body();
		_exit(0);
	}
	assert_true(waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			_exit(__LINE__ % 200 + 1);                                                 \
	} while (0)

static void round_trip(void)
{
	const gid_t groups[] = {7, 8, 9};
	struct shell_state state = {.uid = 1000, .umask = 022, .nice = -3, .group_count = 3};
	struct error error = {0};
	struct caller caller;

	CHECK(shell_pack(&state, groups, arguments, variables) == NULL);
	CHECK(open("/", O_PATH) == SHELL_DIRECTORY_FD);
	CHECK(caller_read(&caller, &error) == 0);
	CHECK(caller.state.uid == 1000 && caller.state.umask == 022 && caller.state.nice == -3);
	CHECK(caller.state.group_count == 3 && caller.groups[2] == 9);
	for (int i = 0; i < 4; i++) {
		CHECK(strcmp(caller.arguments[i], arguments[i]) == 0);
		CHECK(strcmp(caller.environment[i], variables[i]) == 0);
	}
	CHECK(!caller.arguments[4] && !caller.environment[4]);
	CHECK(strcmp(caller_variable(&caller, "A"), "1") == 0);
	CHECK(strcmp(caller_variable(&caller, "EMPTY"), "") == 0);
	CHECK(!caller_variable(&caller, "no"));
	CHECK(caller.directory == SHELL_DIRECTORY_FD);
	CHECK(fcntl(SHELL_DIRECTORY_FD, F_GETFD) == FD_CLOEXEC);
	CHECK(fcntl(SHELL_STATE_FD, F_GETFD) < 0);
	caller_finish(&caller);
	CHECK(fcntl(SHELL_DIRECTORY_FD, F_GETFD) < 0);
}

static void sealed(void)
{
	struct shell_state state = {0};

	CHECK(shell_pack(&state, NULL, arguments, nothing) == NULL);
	CHECK(pwrite(SHELL_STATE_FD, "x", 1, 0) < 0);
	CHECK(ftruncate(SHELL_STATE_FD, 0) < 0);
}

/* The descriptor that the notes should have is somebody else's. */
static void occupied(void)
{
	struct shell_state state = {0};

	CHECK(open("/dev/null", O_RDONLY) == SHELL_STATE_FD);
	CHECK(shell_pack(&state, NULL, arguments, nothing) != NULL);
}

/* Notes with one thing wrong, sealed as the right ones. */
static void write_wrong(size_t length, void (*spoil)(struct shell_state *state))
{
	static const char text[] = "name\0A=1";
	struct shell_state state = {.version = SHELL_STATE_VERSION,
				    .arguments = 1,
				    .variables = 1,
				    .text_length = sizeof(text)};
	char bytes[sizeof(state) + sizeof(text)];
	struct error error = {0};
	struct caller caller;

	spoil(&state);
	memcpy(bytes, &state, sizeof(state));
	memcpy(bytes + sizeof(state), text, sizeof(text));
	CHECK(memfd_create("notes", MFD_ALLOW_SEALING) == SHELL_STATE_FD);
	CHECK(write(SHELL_STATE_FD, bytes, length) == (ssize_t)length);
	CHECK(fcntl(SHELL_STATE_FD, F_ADD_SEALS, F_SEAL_WRITE) == 0);
	_exit(caller_read(&caller, &error) < 0 ? 0 : 1);
}

#define NOTES (sizeof(struct shell_state) + sizeof("name\0A=1"))

static void spoil_nothing(struct shell_state *state)
{
	(void)state;
}

static void spoil_version(struct shell_state *state)
{
	state->version++;
}

static void spoil_groups(struct shell_state *state)
{
	state->group_count = UINT32_MAX;
}

static void spoil_arguments(struct shell_state *state)
{
	state->arguments = UINT32_MAX;
}

static void spoil_no_arguments(struct shell_state *state)
{
	state->arguments = 0;
	state->variables = 2;
}

static void spoil_variables(struct shell_state *state)
{
	state->variables = 2;
}

static void spoil_too_few(struct shell_state *state)
{
	state->variables = 0;
}

static void spoil_length(struct shell_state *state)
{
	state->text_length--;
}

static void wrong_nothing(void)
{
	write_wrong(NOTES, spoil_nothing);
}

static void wrong_version(void)
{
	write_wrong(NOTES, spoil_version);
}

static void wrong_groups(void)
{
	write_wrong(NOTES, spoil_groups);
}

static void wrong_arguments(void)
{
	write_wrong(NOTES, spoil_arguments);
}

static void wrong_no_arguments(void)
{
	write_wrong(NOTES, spoil_no_arguments);
}

static void wrong_variables(void)
{
	write_wrong(NOTES, spoil_variables);
}

static void wrong_too_few(void)
{
	write_wrong(NOTES, spoil_too_few);
}

static void wrong_length(void)
{
	write_wrong(NOTES, spoil_length);
}

static void wrong_short(void)
{
	write_wrong(sizeof(struct shell_state) - 1, spoil_nothing);
}

static void wrong_end(void)
{
	write_wrong(NOTES - 1, spoil_length);
}

static void wrong_file(void)
{
	struct error error = {0};
	struct caller caller;

	CHECK(open("/etc/passwd", O_RDONLY) == SHELL_STATE_FD);
	CHECK(caller_read(&caller, &error) < 0);
	CHECK(caller_read(&caller, &error) < 0); /* now closed */
}

static void test_notes(void **state)
{
	(void)state;
	assert_int_equal(in_child(round_trip), 0);
	assert_int_equal(in_child(sealed), 0);
	assert_int_equal(in_child(occupied), 0);
}

static void test_wrong_notes(void **state)
{
	(void)state;
	assert_int_equal(in_child(wrong_nothing), 1); /* control: it is the spoiling that counts */
	assert_int_equal(in_child(wrong_version), 0);
	assert_int_equal(in_child(wrong_groups), 0);
	assert_int_equal(in_child(wrong_arguments), 0);
	assert_int_equal(in_child(wrong_no_arguments), 0);
	assert_int_equal(in_child(wrong_variables), 0);
	assert_int_equal(in_child(wrong_too_few), 0);
	assert_int_equal(in_child(wrong_length), 0);
	assert_int_equal(in_child(wrong_short), 0);
	assert_int_equal(in_child(wrong_end), 0);
	assert_int_equal(in_child(wrong_file), 0);
}

static void limits(void)
{
	struct shell_state state = {0};
	struct rlimit now;

	CHECK(setrlimit(RLIMIT_NOFILE, &(struct rlimit){20, 30}) == 0);
	CHECK(setrlimit(RLIMIT_FSIZE, &(struct rlimit){0, RLIM_INFINITY}) == 0);
	CHECK(shell_state_take_limits(&state) == NULL);
	CHECK(state.limits[RLIMIT_NOFILE].rlim_cur == 20 &&
	      state.limits[RLIMIT_NOFILE].rlim_max == 30);
	CHECK(getrlimit(RLIMIT_NOFILE, &now) == 0 && now.rlim_cur >= 30 && now.rlim_max >= 30);
	CHECK(getrlimit(RLIMIT_FSIZE, &now) == 0 && now.rlim_cur == RLIM_INFINITY);
	CHECK(getrlimit(RLIMIT_CORE, &now) == 0 && now.rlim_cur == 0);
}

static void descriptors(void)
{
	for (int fd = 0; fd < 100; fd++)
		dup2(1, fd);
	close(0);
	close(2);
	CHECK(shell_state_take_descriptors() == NULL);
	for (int fd = 0; fd < 100; fd++)
		CHECK((fcntl(fd, F_GETFD) >= 0) == (fd <= 2));
}

static void signals(void)
{
	struct shell_state state = {0};
	sigset_t set;

	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	signal(SIGCHLD, SIG_IGN);
	alarm(1);
	umask(0);
	/* The priority can be given back, but not everybody may raise it. */
	shell_state_take_rest(&state);
	CHECK(state.umask == 0 && umask(0) == 077);
}

static void test_state(void **state)
{
	(void)state;
	assert_int_equal(in_child(limits), 0);
	assert_int_equal(in_child(descriptors), 0);
	assert_int_equal(in_child(signals), 0);
}

static void test_inside_shell(void **state)
{
	const char *fallback = access("/bin/bash", X_OK) == 0 ? "/bin/bash" : "/bin/sh";

	(void)state;
	assert_string_equal(inside_shell("/bin/x", "/bin/y"), "/bin/x");
	assert_string_equal(inside_shell("", "/bin/y"), "/bin/y");
	assert_string_equal(inside_shell(NULL, "/opt/confine-shell"), fallback);
	assert_string_equal(inside_shell(NULL, "confine-shell"), fallback);
	assert_string_equal(inside_shell(NULL, ""), fallback);
	assert_string_equal(inside_shell(NULL, NULL), fallback);
	assert_false(inside_container());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_wrong_notes),
		cmocka_unit_test(test_state),
		cmocka_unit_test(test_inside_shell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
