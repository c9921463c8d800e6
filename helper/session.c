// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "helper/cgroup.h"
#include "helper/clock.h"
#include "helper/session.h"
#include "policy/cleanup.h"

#define SESSIONS_MAX	1000  /* of one container */
#define JOIN_TIMEOUT_MS 60000 /* from the open to the first member */
#define KILL_TIMEOUT_MS 5000
#define REMOVE_ROUNDS	100
#define GRACE_MS	1000 /* between the end of the opener's session and SIGKILL */

static const char step[] = "session";

static int check_limit(const struct sessions *sessions, const struct control_request *request,
		       struct error *error)
{
	unsigned limit = request->max_sessions ? request->max_sessions : SESSIONS_MAX;

	if (limit > SESSIONS_MAX)
		limit = SESSIONS_MAX;
	if (sessions->count < limit)
		return 0;
	return error_set(error, EMFILE, step, "%zu sessions are open, max-sessions is %u",
			 sessions->count, limit);
}

static int make_cgroup(struct container *container, unsigned number, int *ret_procs,
		       struct error *error)
{
	char name[24];
	int cgroup;

	snprintf(name, sizeof(name), "s%u", number);
	cgroup = cgroup_make(container->cgroup, name, error);
	if (cgroup < 0)
		return cgroup;
	*ret_procs = cgroup_open_procs(cgroup, error);
	if (*ret_procs >= 0)
		return cgroup;
	close_fd(&cgroup);
	unlinkat(container->cgroup, name, AT_REMOVEDIR);
	return *ret_procs;
}

int sessions_add(struct sessions *sessions, struct container *container,
		 const struct control_request *request, int opener, int channel, int *ret_procs,
		 struct error *error)
{
	cleanup_fd int owned_opener = opener, owned_channel = channel;
	struct session *list, *session;
	int result = check_limit(sessions, request, error), cgroup, events;

	if (result < 0)
		return result;
	list = reallocarray(sessions->list, sessions->count + 1, sizeof(*list));
	if (!list)
		return error_set(error, ENOMEM, step, "no memory for another session");
	sessions->list = list;
	cgroup = make_cgroup(container, ++sessions->last, ret_procs, error);
	if (cgroup < 0)
		return cgroup;
	events = openat(cgroup, "cgroup.events", O_RDONLY | O_CLOEXEC);
	session = &list[sessions->count++];
	*session = (struct session){.number = sessions->last,
				    .expires = clock_now_ms() + JOIN_TIMEOUT_MS,
				    .opener = steal_fd(&owned_opener),
				    .channel = steal_fd(&owned_channel),
				    .cgroup = cgroup,
				    .events = events,
				    .since = time(NULL),
				    .request = *request};
	return 0;
}

bool session_is_over(const struct session *session)
{
	return session->ending &&
	       (!cgroup_is_populated(session->events) || clock_now_ms() >= session->expires);
}

int session_begin_end(struct session *session)
{
	if (!session->ending) {
		session->ending = true;
		cgroup_hang_up(session->cgroup);
		session->expires = clock_now_ms() + GRACE_MS;
	}
	return session_is_over(session);
}

/* A process that was welcomed just before may still enter between the kill and the removal. */
static int remove_cgroup(const struct session *session, struct container *container,
			 struct error *error)
{
	char name[24];
	int result = 0;

	snprintf(name, sizeof(name), "s%u", session->number);
	for (int round = 0; round < REMOVE_ROUNDS && result == 0; round++) {
		result = cgroup_kill(session->cgroup, KILL_TIMEOUT_MS, error);
		if (unlinkat(container->cgroup, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
			return result;
	}
	return result < 0 ? result : error_errno(error, step, "removing %s", name);
}

int sessions_end(struct sessions *sessions, struct container *container, size_t index,
		 struct error *error)
{
	struct session *session = &sessions->list[index];
	int result = remove_cgroup(session, container, error);

	if (session->channel >= 0)
		session_say_closed(session->channel);
	close_fd(&session->cgroup);
	close_fd(&session->events);
	close_fd(&session->opener);
	close_fd(&session->channel);
	*session = sessions->list[--sessions->count];
	return result;
}

static void say(int channel, enum wire_session_kind kind)
{
	const struct wire_session message = {.version = WIRE_VERSION, .kind = kind};

	wire_send(channel, &message, sizeof(message), NULL, 0, NULL);
}

void session_say_closed(int channel)
{
	say(channel, WIRE_SESSION_CLOSED);
}

int session_serve(struct session *session)
{
	struct wire_session message;
	cleanup_fd int joining = -1;
	size_t length, count;
	int result = wire_receive_some(session->channel, &message, sizeof(message), &length,
				       &joining, 1, &count, 0, NULL);

	if (result == -ECONNRESET) {
		/* The opener has let go of the channel. It may live on (one that executes another
		 * program does), so that its pidfd decides, unless nobody has joined. */
		close_fd(&session->channel);
		return !session->joined;
	}
	if (result < 0 || wire_check_session(&message, length, NULL) < 0)
		return 1;
	if (message.kind == WIRE_SESSION_CLOSE)
		return 1;
	if (message.kind != WIRE_SESSION_JOIN || count != 1)
		return 1;
	if (session->ending)
		return 0; /* too late: without a welcome it ends itself */
	session->joined = true;
	session->expires = 0;
	say(session->channel, WIRE_SESSION_WELCOME);
	return 0;
}
