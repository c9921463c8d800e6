// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A helper that answers as it is told: the profile= of the PAM line names its role below. Its
 * containers are no cages, only new namespaces, so that tests of the module need no engine.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/wire.h"
#include "tests/root/pam_fake.h"

#define NAMESPACES                                                                                 \
	(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP)

static struct wire_request request;
static struct wire_reply reply = {.version = WIRE_VERSION, .event = "c0ffee"};
static int opener = -1;

static void answer(enum wire_verdict verdict, const char *message)
{
	reply.verdict = verdict;
	snprintf(reply.message, sizeof(reply.message), "%s", message);
	wire_send(WIRE_HELPER_FD, &reply, wire_reply_size(&reply), NULL, 0, NULL);
}

static void append(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		_exit(1);
	close(fd);
}

static int count_fds(void)
{
	DIR *directory = opendir("/proc/self/fd");
	int count = -1; /* the directory itself */

	while (directory && readdir(directory))
		count++;
	closedir(directory);
	return count - 2;
}

static int count_bent_signals(void)
{
	struct sigaction action;
	sigset_t mask;
	int count = 0;

	sigprocmask(SIG_BLOCK, NULL, &mask);
	for (int number = 1; number <= SIGRTMAX; number++) {
		if (sigismember(&mask, number) == 1)
			count++;
		if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
			count++;
	}
	return count;
}

/* Says what it was handed. */
static void look(void)
{
	char text[256], null[64] = "", directory[64] = "";
	mode_t mask = umask(0);

	if (readlink("/proc/self/fd/0", null, sizeof(null) - 1) < 0 ||
	    !getcwd(directory, sizeof(directory)))
		_exit(1);
	snprintf(text, sizeof(text),
		 "fds %d signals %d environment %d umask %03o leader %d in %s on %s", count_fds(),
		 count_bent_signals(), environ[0] != NULL, mask, getsid(0) == getpid(), directory,
		 null);
	answer(WIRE_DENY, text);
}

static int make_devpts(void)
{
	int context = fsopen("devpts", FSOPEN_CLOEXEC);

	if (context < 0 || fsconfig(context, FSCONFIG_SET_STRING, "ptmxmode", "0666", 0) < 0 ||
	    fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	return fsmount(context, FSMOUNT_CLOEXEC, 0);
}

static void __attribute__((noreturn)) be_init(int ready)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    sethostname(FAKE_HOSTNAME, strlen(FAKE_HOSTNAME)) < 0 || write(ready, "!", 1) != 1)
		_exit(1);
	syscall(SYS_close_range, 3, ~0U, 0);
	signal(SIGCHLD, SIG_IGN);
	for (;;)
		pause();
}

/* Waits to be killed; its children are those that join. */
static pid_t make_init(int *ret_pidfd)
{
	int ready[2];
	char byte;
	pid_t init;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return -1;
	init = (pid_t)syscall(SYS_clone, NAMESPACES | CLONE_PIDFD | SIGCHLD, NULL, ret_pidfd, NULL,
			      0);
	if (init == 0)
		be_init(ready[1]);
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		return -1;
	close(ready[0]);
	return init;
}

/* Everything passes but personality(2), which ends with EPERM. */
static void put_filter(struct wire_confinement *confinement)
{
	const struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0 /* number of the call */),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_personality, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	memcpy(confinement->filter, program, sizeof(program));
	confinement->filter_length = sizeof(program) / sizeof(program[0]);
}

static void put_confinement(const char *role)
{
	struct wire_confinement *confinement = &reply.confinement;
	static const char environment[] = "CONFINE_TEST=yes";

	reply.verdict = WIRE_CONFINE;
	confinement->namespaces = NAMESPACES;
	confinement->no_new_privs = strcmp(role, "new-privs") != 0;
	confinement->umask_set = 1;
	confinement->umask = 0137;
	confinement->rlimit_set = 1U << RLIMIT_NOFILE;
	confinement->rlimits[RLIMIT_NOFILE] = (struct rlimit){100, 200};
	snprintf(confinement->container, sizeof(confinement->container), "fake.1");
	memcpy(confinement->environment, environment, sizeof(environment));
	confinement->environment_length = sizeof(environment);
	put_filter(confinement);
	if (strcmp(role, "bad-namespaces") == 0)
		confinement->namespaces |= CLONE_NEWUSER;
	if (strcmp(role, "bad-filter") == 0)
		confinement->filter[confinement->filter_length - 1].code = 0xffff;
	if (strcmp(role, "bad-limit") == 0)
		confinement->rlimit_set = UINT32_C(1) << 31;
	if (strcmp(role, "bad-environment") == 0)
		confinement->environment[0] = '=';
	if (strcmp(role, "keep") == 0)
		confinement->caps_keep = FAKE_CAPS_KEPT;
}

/* The session channel, until the opener closes it or dies. */
static void serve(int session, pid_t init, const char *role)
{
	struct pollfd pollers[] = {{.fd = session, .events = POLLIN},
				   {.fd = opener, .events = POLLIN}};
	struct wire_session message;
	size_t length, count;
	int joining = -1;

	for (;;) {
		if (poll(pollers, 2, -1) < 1 || pollers[1].revents)
			break;
		if (wire_receive_some(session, &message, sizeof(message), &length, &joining, 1,
				      &count, 0, NULL) < 0)
			break;
		if (message.kind == WIRE_SESSION_CLOSE)
			break;
		append(FAKE_LOG, "join\n");
		message.kind = WIRE_SESSION_WELCOME;
		if (strcmp(role, "unwelcome") == 0)
			message.kind = WIRE_SESSION_CLOSED;
		wire_send(session, &message, sizeof(message), NULL, 0, NULL);
	}
	kill(init, SIGKILL);
	waitpid(init, NULL, 0);
	append(FAKE_LOG, "closed\n");
	message = (struct wire_session){.version = WIRE_VERSION, .kind = WIRE_SESSION_CLOSED};
	wire_send(session, &message, sizeof(message), NULL, 0, NULL);
}

static void supervise(const char *role)
{
	int channel[2], fds[WIRE_REPLY_FDS];
	pid_t init;

	setsid();
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0)
		_exit(1);
	put_confinement(role);
	init = make_init(&fds[WIRE_FD_INIT]);
	fds[WIRE_FD_DEVPTS] = strcmp(role, "bad-devpts") == 0 ? opener : make_devpts();
	fds[WIRE_FD_CGROUP] = open(FAKE_CGROUP, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	fds[WIRE_FD_SESSION] = channel[1];
	if (init < 0 || fds[WIRE_FD_DEVPTS] < 0 || fds[WIRE_FD_CGROUP] < 0)
		_exit(1);
	wire_send(WIRE_HELPER_FD, &reply, wire_reply_size(&reply), fds, WIRE_REPLY_FDS, NULL);
	close(WIRE_HELPER_FD);
	for (int i = 1; i < WIRE_REPLY_FDS; i++)
		close(fds[i]);
	if (strcmp(role, "dead") == 0) {
		kill(init, SIGKILL);
		_exit(0);
	}
	serve(channel[0], init, role);
	_exit(0);
}

/* The helper ends at once; the supervisor answers. */
static void confine(const char *role)
{
	if (request.flags & WIRE_DRY_RUN || request.kind == WIRE_VERDICT) {
		answer(WIRE_CONFINE, "would be");
		return;
	}
	if (fork() == 0)
		supervise(role);
}

static void play(const char *role)
{
	if (strcmp(role, "look") == 0)
		look();
	else if (strcmp(role, "ignore") == 0)
		answer(WIRE_IGNORE, "");
	else if (strcmp(role, "deny") == 0)
		answer(WIRE_DENY, "denied by the fake");
	else if (strcmp(role, "error") == 0)
		answer(WIRE_ERROR, "failed in the fake");
	else if (strcmp(role, "crash") == 0)
		kill(getpid(), SIGKILL);
	else if (strcmp(role, "leave") == 0)
		_exit(7);
	else if (strcmp(role, "hang") == 0)
		sleep(60);
	else if (strcmp(role, "linger") == 0)
		answer(WIRE_IGNORE, ""), sleep(60);
	else if (strcmp(role, "short") == 0)
		wire_send(WIRE_HELPER_FD, &reply, 20, NULL, 0, NULL);
	else if (strcmp(role, "version") == 0)
		reply.version = 77, answer(WIRE_IGNORE, "");
	else if (strcmp(role, "bare") == 0)
		answer(WIRE_CONFINE, "no descriptors");
	else
		confine(role);
}

int main(void)
{
	size_t length, count;
	char line[512];

	if (wire_receive_some(WIRE_HELPER_FD, &request, sizeof(request), &length, &opener, 1,
			      &count, 1000, NULL) < 0 ||
	    wire_check_request(&request, length, NULL) < 0)
		return 1;
	snprintf(line, sizeof(line), "request %u user %s service %s fds %zu container %s\n",
		 request.kind, request.user, request.service, count, request.container);
	if (strcmp(request.profile, "look") != 0)
		append(FAKE_LOG, line);
	if (request.kind == WIRE_REAP)
		answer(WIRE_IGNORE, "");
	else
		play(request.profile);
	return 0;
}
