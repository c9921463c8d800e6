// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/descriptor.h"
#include "helper/start.h"
#include "policy/cleanup.h"

static const char step[] = "start";

#define ALIVE_TIMEOUT_MS 5000 /* a helper that starts at all says so much sooner */
#define STACK_SIZE	 (64 * 1024)
#define EXIT_PATIENCE_MS 2000 /* the helper has answered: what is left for it is to end */

struct launch {
	const char *path;
	int socket;
	int failure; /* errno of what failed in the child, 0: it was executed */
};

static void reset_signals(void)
{
	struct sigaction plain = {.sa_handler = SIG_DFL};

	for (int number = 1; number <= SIGRTMAX; number++)
		sigaction(number, &plain, NULL); /* fails for KILL, STOP and libc's own: fine */
}

static int arrange_descriptors(int socket)
{
	int null;

	if (socket == WIRE_HELPER_FD ? fcntl(socket, F_SETFD, 0) < 0
				     : dup2(socket, WIRE_HELPER_FD) < 0)
		return -1;
	null = open("/dev/null", O_RDWR);
	if (null < 0)
		return -1;
	for (int fd = 0; fd <= 2; fd++)
		if (dup2(null, fd) < 0)
			return -1;
	return (int)syscall(SYS_close_range, WIRE_HELPER_FD + 1, ~0U, 0);
}

/*
 * Runs in the parent's memory on a stack of its own, the parent being suspended and all signals
 * blocked: system calls only, nothing that allocates, and no variable of the parent but launch.
 */
__attribute__((no_sanitize("address"))) static int become_helper(void *argument)
{
	static char *const no_environment[] = {NULL};
	char name[] = "confine-helper", *arguments[] = {name, NULL};
	struct launch *launch = argument;
	sigset_t none;

	sigemptyset(&none);
	reset_signals();
	if (setsid() < 0 || chdir("/") < 0 || arrange_descriptors(launch->socket) < 0) {
		launch->failure = errno;
		_exit(127);
	}
	umask(077);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(launch->path, arguments, no_environment);
	launch->failure = errno;
	_exit(127);
}

/*
 * A child that shares memory until it executes: the host may be large, and copying its page tables
 * would be the most expensive part of a login that is none of our business.
 */
static pid_t launch_child(struct launch *launch, int *ret_pidfd, struct error *error)
{
	char *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	sigset_t all, before;
	pid_t child;

	if (stack == MAP_FAILED)
		return error_errno(error, step, "mapping a stack");
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	child = clone(become_helper, stack + STACK_SIZE,
		      CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, launch, ret_pidfd);
	if (child < 0)
		child = error_errno(error, step, "clone");
	sigprocmask(SIG_SETMASK, &before, NULL);
	munmap(stack, STACK_SIZE);
	return child;
}

/* A host that ignores SIGCHLD leaves no status: -1 then. */
static int reap(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

/* Kills the helper, and whatever it left in its process group, unless it ends by itself in time. */
static int finish_child(pid_t child, int pidfd, int patience_ms)
{
	struct pollfd poller = {.fd = pidfd, .events = POLLIN};
	int ready;

	do
		ready = poll(&poller, 1, patience_ms);
	while (ready < 0 && errno == EINTR);
	if (ready != 1) {
		kill(-child, SIGKILL);
		syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
	}
	return reap(child);
}

/* The answer's descriptors, all or none, must be those that the verdict promises. */
static int check_answer(const struct wire_request *request, const struct wire_reply *reply,
			size_t length, size_t count, struct error *error)
{
	int result = wire_check_reply(reply, length, error);
	size_t expected = 0;

	if (result < 0)
		return result;
	if (request->kind == WIRE_OPEN && !(request->flags & WIRE_DRY_RUN) &&
	    reply->verdict == WIRE_CONFINE)
		expected = WIRE_REPLY_FDS;
	if (count != expected)
		return error_set(error, EPROTO, step, "%zu descriptors where %zu were expected",
				 count, expected);
	return 0;
}

static int shorter(int one_ms, int other_ms)
{
	return one_ms >= 0 && one_ms < other_ms ? one_ms : other_ms;
}

static int converse(int socket, int timeout_ms, const struct wire_request *request, int opener,
		    struct wire_reply *reply, int fds[WIRE_REPLY_FDS], struct error *error)
{
	size_t length = 0, count = 0;
	int result = wire_send(socket, request, wire_request_size(request), &opener,
			       opener >= 0 ? 1 : 0, error);

	if (result < 0)
		return result;
	result = wire_receive_some(socket, reply, sizeof(*reply), &length, fds, WIRE_REPLY_FDS,
				   &count, shorter(timeout_ms, ALIVE_TIMEOUT_MS), error);
	if (result == 0 && count == 0 && length >= offsetof(struct wire_reply, confinement) &&
	    reply->verdict == WIRE_WORKING)
		result = wire_receive_some(socket, reply, sizeof(*reply), &length, fds,
					   WIRE_REPLY_FDS, &count, timeout_ms, error);
	if (result < 0)
		return result;
	for (size_t i = 0; i < count; i++)
		if (result == 0)
			result = descriptor_lift(&fds[i], error);
	if (result == 0)
		result = check_answer(request, reply, length, count, error);
	if (result < 0)
		descriptor_close_all(fds, WIRE_REPLY_FDS);
	return result;
}

static int describe_end(int result, int status, struct error *error)
{
	if (result != -ECONNRESET && result != -EPIPE)
		return result;
	if (status != -1 && WIFSIGNALED(status))
		return error_set(error, -result, step, "the helper ended by signal %d",
				 WTERMSIG(status));
	return error_set(error, -result, step, "the helper ended without an answer, status %d",
			 status == -1 ? -1 : WEXITSTATUS(status));
}

static int run(const struct start *start, int ours, int *theirs, const struct wire_request *request,
	       int opener, struct wire_reply *ret_reply, int ret_fds[WIRE_REPLY_FDS],
	       struct error *error)
{
	struct launch launch = {.path = start->path, .socket = *theirs};
	cleanup_fd int pidfd = -1;
	pid_t child = launch_child(&launch, &pidfd, error);
	int result, status;

	close_fd(theirs);
	if (child < 0)
		return child;
	if (launch.failure != 0) {
		reap(child);
		errno = launch.failure;
		return error_errno(error, step, "executing %s", start->path);
	}
	result = converse(ours, start->timeout_ms, request, opener, ret_reply, ret_fds, error);
	status = finish_child(child, pidfd, result == -ETIMEDOUT ? 0 : EXIT_PATIENCE_MS);
	return describe_end(result, status, error);
}

/*
 * SIGCHLD stays blocked until the child has been waited for: a handler of the host must not find
 * it with a wait for any child. What stays pending is one SIGCHLD too many, never one too few.
 */
int start_helper(const struct start *start, const struct wire_request *request, int opener,
		 struct wire_reply *ret_reply, int ret_fds[WIRE_REPLY_FDS], struct error *error)
{
	cleanup_fd int ours = -1, theirs = -1;
	int pair[2], result;
	sigset_t child, before;

	for (int i = 0; i < WIRE_REPLY_FDS; i++)
		ret_fds[i] = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_errno(error, step, "socketpair");
	ours = pair[0];
	theirs = pair[1];
	result = descriptor_lift(&ours, error);
	if (result == 0)
		result = descriptor_lift(&theirs, error);
	if (result < 0)
		return result;
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, &before);
	result = run(start, ours, &theirs, request, opener, ret_reply, ret_fds, error);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return result;
}
