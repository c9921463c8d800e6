// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <syslog.h>
#include <unistd.h>

#include "helper/allow.h"
#include "helper/cgroup.h"
#include "helper/descriptors.h"
#include "helper/log.h"
#include "helper/privileges.h"
#include "helper/supervisor.h"
#include "helper/supervisor_serve.h"
#include "policy/cleanup.h"

#define FORK_ROUNDS 10

static const char step[] = "supervisor";

/* Everything a supervisor does once the container stands. */
static const int calls[] = {
	SYS_accept4,	    SYS_brk,
	SYS_clock_gettime,  SYS_clock_nanosleep,
	SYS_close,	    SYS_connect,
	SYS_exit_group,	    SYS_fcntl,
	SYS_fstat,	    SYS_futex,
	SYS_getdents64,	    SYS_getpid,
	SYS_getsockopt,	    SYS_kill,
	SYS_lseek,	    SYS_madvise,
	SYS_mkdirat,	    SYS_mmap,
	SYS_mremap,	    SYS_munmap,
	SYS_newfstatat,	    SYS_openat,
	SYS_pidfd_open,	    SYS_pidfd_send_signal,
	SYS_ppoll,	    SYS_pread64,
	SYS_read,	    SYS_recvmsg,
	SYS_renameat,	    SYS_restart_syscall,
	SYS_rt_sigprocmask, SYS_rt_sigreturn,
	SYS_sendmsg,	    SYS_sendto,
	SYS_socket,	    SYS_statfs,
	SYS_fstatfs,	    SYS_unlinkat,
	SYS_wait4,	    SYS_waitid,
	SYS_write,
#ifdef SYS_poll /* newer architectures have ppoll(2) alone */
	SYS_poll,
#endif
};

static int drop(struct error *error)
{
	const uint64_t kept = PRIVILEGE(CAP_KILL);
	int result = privileges_bound(0, error);

	if (result == 0)
		result = privileges_set(kept, kept, error);
	if (result == 0)
		result = privileges_no_new_privs(error);
	if (result == 0)
		result = privileges_check(kept, kept, 0, error);
	if (result == 0)
		result = allow_only(calls, sizeof(calls) / sizeof(calls[0]), error);
	return result;
}

static int block_signals(struct error *error)
{
	sigset_t set;
	int fd;

	sigfillset(&set);
	if (sigprocmask(SIG_SETMASK, &set, NULL) < 0)
		return error_errno(error, step, "sigprocmask");
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	return fd < 0 ? error_errno(error, step, "signalfd") : fd;
}

/* Nothing of the helper's but the registry and what the first session needs. */
static int detach(struct supervisor *supervisor, const struct supervisor_first *first,
		  struct error *error)
{
	const int keep[] = {first->opener, first->module, first->lock, supervisor->registry->state,
			    supervisor->registry->containers};
	int result;

	if (setsid() < 0 || prctl(PR_SET_NAME, "confine-super") < 0)
		return error_errno(error, step, "leaving the login service");
	closelog(); /* its descriptor is closed below; syslog(3) makes another */
	result = descriptors_keep(keep, sizeof(keep) / sizeof(keep[0]), error);
	return result < 0 ? result : descriptors_null(0, error);
}

/* The first session is added without the control socket: it is what the container is made for. */
static int add_first(struct supervisor *supervisor, const struct supervisor_first *first,
		     int fds[WIRE_REPLY_FDS], struct error *error)
{
	int channel[2], opener = fcntl(first->opener, F_DUPFD_CLOEXEC, 3);

	if (opener < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0)
		return error_errno(error, step, "socketpair");
	fds[WIRE_FD_SESSION] = channel[0];
	supervisor->served = true;
	return sessions_add(&supervisor->sessions, &supervisor->container, &first->request, opener,
			    channel[1], &fds[WIRE_FD_CGROUP], error);
}

/* While init builds: what the container needs on the outside. */
static int prepare(struct supervisor *supervisor, const struct supervisor_first *first,
		   int fds[WIRE_REPLY_FDS], struct error *error)
{
	supervisor->listener = registry_listen(supervisor->registry, supervisor->spec->key, error);
	if (supervisor->listener < 0)
		return supervisor->listener;
	return add_first(supervisor, first, fds, error);
}

static int make_container(struct supervisor *supervisor, const struct supervisor_first *first,
			  int fds[WIRE_REPLY_FDS], struct error *error)
{
	struct container_pending pending;
	int result = container_begin(supervisor->spec, &supervisor->container, &pending, error);

	if (result < 0)
		return result;
	result = prepare(supervisor, first, fds, error);
	if (result < 0) {
		container_destroy(&supervisor->container, NULL);
		return result;
	}
	return container_finish(&supervisor->container, &pending, error);
}

static int set_up(struct supervisor *supervisor, const struct supervisor_first *first,
		  int fds[WIRE_REPLY_FDS], struct error *error)
{
	int result;

	supervisor->signals = block_signals(error);
	if (supervisor->signals < 0)
		return supervisor->signals;
	result = registry_enter(supervisor->registry, supervisor->spec->key, error);
	if (result < 0)
		return result;
	/* The id first: whatever is made from here on can be cleared by it. */
	supervisor_save_state(supervisor);
	result = make_container(supervisor, first, fds, error);
	if (result < 0)
		registry_remove(supervisor->registry, supervisor->spec->key);
	return result;
}

/* Gives the session's descriptors away; those that are ours alone stay open. */
static int answer_first(struct supervisor *supervisor, const struct supervisor_first *first,
			int fds[WIRE_REPLY_FDS], struct error *error)
{
	int result;

	first->reply->verdict = WIRE_CONFINE;
	first->reply->confinement = *supervisor->spec->confinement;
	fds[WIRE_FD_INIT] = supervisor->container.init;
	fds[WIRE_FD_DEVPTS] = supervisor->container.devpts_mount;
	result = wire_send(first->module, first->reply, wire_reply_size(first->reply), fds,
			   WIRE_REPLY_FDS, error);
	close_fd(&fds[WIRE_FD_CGROUP]);
	close_fd(&fds[WIRE_FD_SESSION]);
	return result;
}

static void answer_failure(const struct supervisor_first *first, const struct error *error)
{
	struct wire_reply *reply = first->reply;

	reply->verdict = first->on_failure;
	snprintf(reply->message, sizeof(reply->message), "%.60s: %.440s",
		 error->step ? error->step : step, error->message);
	wire_send(first->module, reply, wire_reply_size(reply), NULL, 0, NULL);
}

/* From the answer on, nobody waits for us: what else the supervisor must do and give up. */
static int settle(struct supervisor *supervisor, const struct supervisor_first *first,
		  struct error *error)
{
	int fds[] = {first->opener, first->module, first->lock};

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		close_fd(&fds[i]);
	close_fd(&supervisor->container.devpts_mount);
	openlog("confine", LOG_PID | LOG_NDELAY, LOG_AUTHPRIV);
	supervisor_save_state(supervisor);
	return drop(error);
}

static void leave_cgroup(void)
{
	cleanup_fd int root = cgroup_open_root(NULL);

	if (root >= 0)
		cgroup_leave_parent(root);
}

static void supervisor_main(struct registry *registry, const struct container_spec *spec,
			    const struct supervisor_first *first) __attribute__((noreturn));
static void supervisor_main(struct registry *registry, const struct container_spec *spec,
			    const struct supervisor_first *first)
{
	struct supervisor supervisor = {.registry = registry,
					.spec = spec,
					.since = time(NULL),
					.listener = -1,
					.signals = -1};
	int fds[WIRE_REPLY_FDS] = {-1, -1, -1, -1}, result, off_registry = 0;
	struct error error = {0};

	container_clear(&supervisor.container);
	result = detach(&supervisor, first, &error);
	if (result == 0)
		result = set_up(&supervisor, first, fds, &error);
	if (result < 0) {
		answer_failure(first, &error);
		leave_cgroup();
		_exit(1);
	}
	result = answer_first(&supervisor, first, fds, &error);
	if (result < 0)
		answer_failure(first, &error);
	else
		result = settle(&supervisor, first, &error);
	if (result == 0)
		off_registry = supervisor_serve(&supervisor);
	supervisor_log(&supervisor, "serving it", result, &error);
	supervisor_end(&supervisor, off_registry);
	_exit(0);
}

/* Born in its own cgroup, so that neither the unit nor the session it came from owns it. */
static long fork_into_parent(int cgroup_root, struct error *error)
{
	long pid = -1;

	for (int round = 0; round < FORK_ROUNDS && pid < 0; round++) {
		cleanup_fd int parent = cgroup_open_parent(cgroup_root, error);
		struct clone_args args = {.flags = CLONE_INTO_CGROUP,
					  .exit_signal = SIGCHLD,
					  .cgroup = (uint64_t)parent};

		if (parent < 0 && parent != -ENOENT)
			return parent;
		if (parent >= 0)
			pid = syscall(SYS_clone3, &args, sizeof(args));
		/* ENOENT, ENODEV: the last one out has just removed it. */
		if (pid < 0 && errno != ENOENT && errno != ENODEV)
			break;
	}
	if (pid >= 0)
		return pid;
	error_errno(error, step, "clone3");
	cgroup_drop_parent(cgroup_root);
	return -error->code;
}

int supervisor_start(struct registry *registry, const struct container_spec *spec,
		     const struct supervisor_first *first, struct error *error)
{
	cleanup_fd int cgroup_root = cgroup_open_root(error);
	long pid = cgroup_root < 0 ? cgroup_root : fork_into_parent(cgroup_root, error);

	if (pid < 0)
		return (int)pid;
	if (pid == 0)
		supervisor_main(registry, spec, first);
	return 0;
}
