// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include "helper/cgroup.h"
#include "helper/clock.h"
#include "helper/log.h"
#include "helper/memory.h"
#include "helper/state.h"
#include "helper/supervisor_serve.h"
#include "policy/cleanup.h"

#define REQUEST_TIMEOUT_MS 1000
#define RETRY_MS	   5 /* while somebody holds our lock */
#define LOCK_TIMEOUT_MS	   10000
#define ENDING_MS	   50 /* how often to look after a session that is ending */

static const char step[] = "supervisor";

void supervisor_save_state(struct supervisor *supervisor)
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

void supervisor_log(const struct supervisor *supervisor, const char *what, int result,
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

	supervisor_log(supervisor, "ending a session", result, &error);
	log_line(LOG_INFO, "container %s: session %u of %s ended", supervisor->spec->id, number,
		 supervisor->spec->facts->user);
	/* Once it ends as a whole, the entry may be a successor's. */
	if (supervisor->sessions.count > 0 && !supervisor->ending)
		supervisor_save_state(supervisor);
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
		supervisor_save_state(supervisor);
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
		    (!session->ending && session->expires && clock_now_ms() > session->expires))
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

		if (session->ending && session->expires <= clock_now_ms())
			return 0;
		if (session->ending)
			waiting = ENDING_MS;
		else if (session->expires && waiting < 0)
			waiting = 1000;
	}
	return waiting;
}

int supervisor_serve(struct supervisor *supervisor)
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
		memory_give_back();
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

void supervisor_end(struct supervisor *supervisor, int off_registry)
{
	cleanup_fd int cgroup_root = fcntl(supervisor->container.cgroup_root, F_DUPFD_CLOEXEC, 3);
	struct error error = {0};
	int result;

	supervisor->ending = true;
	close_fd(&supervisor->listener); /* from here on, a newcomer is refused and clears up */
	while (supervisor->sessions.count > 0)
		end_session(supervisor, supervisor->sessions.count - 1);
	result = container_destroy(&supervisor->container, &error);
	supervisor_log(supervisor, "ending it", result, &error);
	if (!off_registry)
		leave_registry(supervisor, LOCK_TIMEOUT_MS);
	cgroup_leave_parent(cgroup_root);
	registry_sweep(supervisor->registry); /* what other supervisors left that were killed */
	log_line(LOG_INFO, "container %s of %s ended", supervisor->spec->id,
		 supervisor->spec->facts->user);
}
