// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <poll.h>
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
#include "helper/session.h"
#include "helper/state.h"
#include "helper/supervisor.h"
#include "policy/cleanup.h"

#define REQUEST_TIMEOUT_MS 1000
#define FORK_ROUNDS	   10
#define RETRY_MS	   5 /* while somebody holds our lock */
#define LOCK_TIMEOUT_MS	   10000
#define ENDING_MS	   50 /* how often to look after a session that is ending */

static const char step[] = "supervisor";

/* Everything a supervisor does once the container stands. */
static const int calls[] = {
	SYS_accept4,	  SYS_brk,	SYS_clock_gettime,   SYS_clock_nanosleep,
	SYS_close,	  SYS_connect,	SYS_exit_group,	     SYS_fcntl,
	SYS_fstat,	  SYS_futex,	SYS_getdents64,	     SYS_getpid,
	SYS_getsockopt,	  SYS_kill,	SYS_lseek,	     SYS_madvise,
	SYS_mkdirat,	  SYS_mmap,	SYS_mremap,	     SYS_munmap,
	SYS_newfstatat,	  SYS_openat,	SYS_pidfd_open,	     SYS_pidfd_send_signal,
	SYS_poll,	  SYS_ppoll,	SYS_pread64,	     SYS_read,
	SYS_recvmsg,	  SYS_renameat, SYS_restart_syscall, SYS_rt_sigprocmask,
	SYS_rt_sigreturn, SYS_sendmsg,	SYS_sendto,	     SYS_socket,
	SYS_statfs,	  SYS_fstatfs,	SYS_unlinkat,	     SYS_wait4,
	SYS_waitid,	  SYS_write,
};

struct supervisor {
	struct registry *registry;
	const struct container_spec *spec;
	struct container container;
	struct sessions sessions;
	time_t since;
	int listener;
	int signals;
	bool served; /* a session has been here */
	bool ending; /* off the registry, or about to be */
};

static void save_state(struct supervisor *supervisor)
{
	struct error error = {0};
	char *text = state_text(supervisor->spec, &supervisor->container, &supervisor->sessions,
				supervisor->since);

	if (!text ||
	    registry_write_state(supervisor->registry, supervisor->spec->key, text, &error) < 0)
		log_line(LOG_ERR, "container %s: state not written: %s", supervisor->spec->id,
			 error.message);
	free(text);
}

static void log_end(struct supervisor *supervisor, const char *what, int result,
		    const struct error *error)
{
	if (result < 0)
		log_line(LOG_ERR, "container %s: %s: %s", supervisor->spec->id, what,
			 error->message);
}

static void end_session(struct supervisor *supervisor, size_t index)
{
	struct error error = {0};
	unsigned number = supervisor->sessions.list[index].number;
	int result = sessions_end(&supervisor->sessions, &supervisor->container, index, &error);

	log_end(supervisor, "ending a session", result, &error);
	log_line(LOG_INFO, "container %s: session %u of %s ended", supervisor->spec->id, number,
		 supervisor->spec->facts->user);
	/* Once it ends as a whole, the entry may be a successor's. */
	if (supervisor->sessions.count > 0 && !supervisor->ending)
		save_state(supervisor);
}

static int add_session(struct supervisor *supervisor, const struct control_request *request,
		       int fds[CONTROL_SESSION_FDS], int *ret_procs, struct error *error)
{
	int opener = steal_fd(&fds[0]), channel = steal_fd(&fds[1]), result;

	if (request->uid != supervisor->spec->facts->uid) {
		close_fd(&opener);
		close_fd(&channel);
		return error_set(error, EPERM, step, "container %s is not of uid %u",
				 supervisor->spec->id, request->uid);
	}
	result = sessions_add(&supervisor->sessions, &supervisor->container, request, opener,
			      channel, ret_procs, error);
	if (result == 0) {
		supervisor->served = true;
		save_state(supervisor);
	}
	return result;
}

static void answer_session(struct supervisor *supervisor, int connection,
			   const struct control_request *request, int fds[CONTROL_SESSION_FDS])
{
	cleanup_free struct control_reply *reply = calloc(1, sizeof(*reply));
	struct error error = {0};
	cleanup_fd int procs = -1;
	size_t length = offsetof(struct control_reply, confinement);
	int answer[CONTROL_REPLY_FDS];

	if (!reply)
		return;
	reply->version = CONTROL_VERSION;
	reply->result = add_session(supervisor, request, fds, &procs, &error);
	memcpy(reply->message, error.message, sizeof(reply->message));
	if (reply->result == 0) {
		reply->confinement = *supervisor->spec->confinement;
		length = offsetof(struct control_reply, confinement.filter) +
			 reply->confinement.filter_length * sizeof(struct sock_filter);
	}
	answer[CONTROL_FD_INIT] = supervisor->container.init;
	answer[CONTROL_FD_DEVPTS] = supervisor->container.devpts;
	answer[CONTROL_FD_CGROUP] = procs;
	wire_send(connection, reply, length, answer, reply->result == 0 ? CONTROL_REPLY_FDS : 0,
		  NULL);
}

/* Returns 1 when the container is to end. */
static int answer_kill(struct supervisor *supervisor, int connection,
		       const struct control_request *request)
{
	struct control_reply reply = {.version = CONTROL_VERSION};
	int whole = request->session == 0;

	for (size_t i = 0; !whole && i < supervisor->sessions.count; i++) {
		if (supervisor->sessions.list[i].number == request->session) {
			end_session(supervisor, i);
			whole = -1;
		}
	}
	if (whole == 0)
		reply.result = error_set(NULL, ENOENT, step, " ");
	wire_send(connection, &reply, offsetof(struct control_reply, confinement), NULL, 0, NULL);
	return whole > 0;
}

static bool peer_is_root(int connection)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);

	return getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 &&
	       peer.uid == 0;
}

/* One request of one connection. Returns 1 when the container is to end. */
static int serve_connection(struct supervisor *supervisor)
{
	cleanup_fd int connection = accept4(supervisor->listener, NULL, NULL, SOCK_CLOEXEC);
	int fds[CONTROL_SESSION_FDS] = {-1, -1}, ends = 0;
	struct control_request request;
	size_t length, count;

	if (connection < 0 || !peer_is_root(connection) ||
	    wire_receive_some(connection, &request, sizeof(request), &length, fds,
			      CONTROL_SESSION_FDS, &count, REQUEST_TIMEOUT_MS, NULL) < 0)
		return 0;
	request.service[sizeof(request.service) - 1] = '\0';
	request.rhost[sizeof(request.rhost) - 1] = '\0';
	request.tty[sizeof(request.tty) - 1] = '\0';
	if (length == sizeof(request) && request.version == CONTROL_VERSION) {
		if (request.kind == CONTROL_SESSION && count == CONTROL_SESSION_FDS)
			answer_session(supervisor, connection, &request, fds);
		else if (request.kind == CONTROL_KILL)
			ends = answer_kill(supervisor, connection, &request);
	}
	close_fd(&fds[0]);
	close_fd(&fds[1]);
	return ends;
}

enum { POLL_LISTENER, POLL_INIT, POLL_SIGNALS, POLL_FIXED };
enum { POLL_OPENER, POLL_CHANNEL, POLL_EVENTS, POLL_EACH };

static struct pollfd *make_poll_list(struct supervisor *supervisor, size_t *ret_count)
{
	size_t count = POLL_FIXED + POLL_EACH * supervisor->sessions.count;
	struct pollfd *list = calloc(count, sizeof(*list));

	if (!list)
		return NULL;
	list[POLL_LISTENER] = (struct pollfd){.fd = supervisor->listener, .events = POLLIN};
	list[POLL_INIT] = (struct pollfd){.fd = supervisor->container.init, .events = POLLIN};
	list[POLL_SIGNALS] = (struct pollfd){.fd = supervisor->signals, .events = POLLIN};
	for (size_t i = 0; i < supervisor->sessions.count; i++) {
		const struct session *session = &supervisor->sessions.list[i];

		struct pollfd *own = &list[POLL_FIXED + POLL_EACH * i];

		/* The end of what was asked to end: its last process, or its deadline. */
		own[POLL_OPENER] = (struct pollfd){.fd = session->ending ? -1 : session->opener,
						   .events = POLLIN};
		own[POLL_CHANNEL] = (struct pollfd){.fd = session->channel, .events = POLLIN};
		own[POLL_EVENTS] = (struct pollfd){.fd = session->ending ? session->events : -1,
						   .events = POLLPRI};
	}
	*ret_count = count;
	return list;
}

/* From the last to the first, because the end of a session moves the last into its place. */
static void serve_sessions(struct supervisor *supervisor, const struct pollfd *list)
{
	for (size_t i = supervisor->sessions.count; i-- > 0;) {
		struct session *session = &supervisor->sessions.list[i];
		const struct pollfd *own = &list[POLL_FIXED + POLL_EACH * i];
		int over = 0;

		if (own[POLL_CHANNEL].revents && session->channel >= 0)
			over = session_serve(session);
		if (over || own[POLL_OPENER].revents ||
		    (!session->ending && session->expires && session_now() > session->expires))
			session_begin_end(session);
		if (session_is_over(session))
			end_session(supervisor, i);
	}
}

/*
 * Once the last session has gone: takes the container off the registry, unless somebody holds the
 * lock, who may be about to add a session. Returns 1 when it is off.
 */
static int leave_registry(struct supervisor *supervisor, int timeout_ms)
{
	const struct container_spec *spec = supervisor->spec;
	char text[4096] = "", id[REGISTRY_ID_SIZE] = "";
	cleanup_fd int lock = registry_lock(supervisor->registry, spec->key, timeout_ms, NULL);

	if (lock < 0)
		return 0;
	/* A successor may have cleared our entry away and stand there itself. */
	registry_read_state(supervisor->registry, spec->key, text, sizeof(text), NULL);
	if (registry_state_value(text, "id", id, sizeof(id)) && strcmp(id, spec->id) == 0)
		registry_remove(supervisor->registry, spec->key);
	return 1;
}

static int poll_timeout(const struct supervisor *supervisor)
{
	int waiting = -1;

	if (supervisor->served && supervisor->sessions.count == 0)
		return RETRY_MS;
	if (!supervisor->served)
		return LOCK_TIMEOUT_MS;
	for (size_t i = 0; i < supervisor->sessions.count; i++) {
		const struct session *session = &supervisor->sessions.list[i];

		if (session->ending && session->expires <= session_now())
			return 0;
		if (session->ending)
			waiting = ENDING_MS;
		else if (session->expires && waiting < 0)
			waiting = 1000;
	}
	return waiting;
}

/* Serves until the container is to end. Returns 1 if it is off the registry already. */
static int serve(struct supervisor *supervisor)
{
	for (;;) {
		cleanup_free struct pollfd *list = NULL;
		size_t count;
		int ready;

		if (supervisor->served && supervisor->sessions.count == 0 &&
		    leave_registry(supervisor, 0))
			return 1;
		list = make_poll_list(supervisor, &count);
		if (!list)
			return 0;
		ready = poll(list, count, poll_timeout(supervisor));
		if (ready < 0 && errno != EINTR)
			return 0;
		if (ready == 0 && !supervisor->served)
			return 0; /* whoever had us made never asked for a session */
		if (list[POLL_INIT].revents || list[POLL_SIGNALS].revents)
			return 0;
		serve_sessions(supervisor, list);
		if (list[POLL_LISTENER].revents && serve_connection(supervisor))
			return 0;
	}
}

static void end_all(struct supervisor *supervisor, int off_registry)
{
	cleanup_fd int cgroup_root = fcntl(supervisor->container.cgroup_root, F_DUPFD_CLOEXEC, 3);
	struct error error = {0};
	int result;

	supervisor->ending = true;
	close_fd(&supervisor->listener); /* from here on, a newcomer is refused and clears up */
	while (supervisor->sessions.count > 0)
		end_session(supervisor, supervisor->sessions.count - 1);
	result = container_destroy(&supervisor->container, &error);
	log_end(supervisor, "ending it", result, &error);
	if (!off_registry)
		leave_registry(supervisor, LOCK_TIMEOUT_MS);
	cgroup_leave_parent(cgroup_root);
	registry_sweep(supervisor->registry); /* what other supervisors left that were killed */
	log_line(LOG_INFO, "container %s of %s ended", supervisor->spec->id,
		 supervisor->spec->facts->user);
}

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

static int set_up(struct supervisor *supervisor, struct error *error)
{
	int result;

	supervisor->signals = block_signals(error);
	if (supervisor->signals < 0)
		return supervisor->signals;
	supervisor->listener = registry_listen(supervisor->registry, supervisor->spec->key, error);
	if (supervisor->listener < 0)
		return supervisor->listener;
	/* The id first: whatever is made from here on can be cleared by it. */
	save_state(supervisor);
	result = container_create(supervisor->spec, &supervisor->container, error);
	if (result < 0)
		registry_remove(supervisor->registry, supervisor->spec->key);
	return result;
}

/* The first session is added without the control socket: it is what the container is made for. */
static int serve_first(struct supervisor *supervisor, const struct supervisor_first *first,
		       struct error *error)
{
	int fds[WIRE_REPLY_FDS], channel[2], opener, result;
	cleanup_fd int procs = -1, ours = -1;

	opener = fcntl(first->opener, F_DUPFD_CLOEXEC, 3);
	if (opener < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0)
		return error_errno(error, step, "socketpair");
	ours = channel[0];
	result = sessions_add(&supervisor->sessions, &supervisor->container, &first->request,
			      opener, channel[1], &procs, error);
	if (result < 0)
		return result;
	supervisor->served = true;
	first->reply->verdict = WIRE_CONFINE;
	first->reply->confinement = *supervisor->spec->confinement;
	fds[WIRE_FD_INIT] = supervisor->container.init;
	fds[WIRE_FD_DEVPTS] = supervisor->container.devpts_mount;
	fds[WIRE_FD_CGROUP] = procs;
	fds[WIRE_FD_SESSION] = ours;
	return wire_send(first->module, first->reply, wire_reply_size(first->reply), fds,
			 WIRE_REPLY_FDS, error);
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
	save_state(supervisor);
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
	struct error error = {0};
	int result, off_registry = 0;

	container_clear(&supervisor.container);
	result = detach(&supervisor, first, &error);
	if (result == 0)
		result = set_up(&supervisor, &error);
	if (result < 0) {
		answer_failure(first, &error);
		leave_cgroup();
		_exit(1);
	}
	result = serve_first(&supervisor, first, &error);
	if (result < 0)
		answer_failure(first, &error);
	else
		result = settle(&supervisor, first, &error);
	if (result == 0)
		off_registry = serve(&supervisor);
	log_end(&supervisor, "serving it", result, &error);
	end_all(&supervisor, off_registry);
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
