// SPDX-License-Identifier: LGPL-2.1-or-later
/* The sessions of one container: each a cgroup, an opener on the host, a channel to it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "helper/container.h"
#include "helper/control.h"

struct session {
	unsigned number;
	bool joined;	   /* some process has become a member */
	bool ending;	   /* asked to end: its processes have until expires to do so themselves */
	long long expires; /* monotonic ms: by when one must have joined, or all ended; 0: never */
	int opener;	   /* pidfd of the process that keeps it open */
	int channel;	   /* to that process; -1: closed by it */
	int cgroup;	   /* confine/ID/sN */
	int events;	   /* its cgroup.events: POLLPRI when the last process has gone */
	time_t since;
	struct control_request request; /* service, rhost, tty, opener for listings */
};

struct sessions {
	struct session *list;
	size_t count;
	unsigned last; /* number of the newest ever */
};

/*
 * Adds a session; takes opener and channel over (closed on failure). Returns 0 and its cgroup.procs
 * in *ret_procs, or -errno with nothing left: -EMFILE over the limits of the request or our own.
 */
int sessions_add(struct sessions *sessions, struct container *container,
		 const struct control_request *request, int opener, int channel, int *ret_procs,
		 struct error *error);

/*
 * Begins to end a session: whatever a hang-up of its terminal tells to end gets a moment to save
 * its work. Returns 1 when nothing is left to wait for.
 */
int session_begin_end(struct session *session);

/* Whether a session that is ending is over: by its deadline, or because no process is left. */
bool session_is_over(const struct session *session);

/* Ends every process of the session at index and forgets it. */
int sessions_end(struct sessions *sessions, struct container *container, size_t index,
		 struct error *error);

/* Serves one message of the channel of a session. Returns 1 when the session is to be ended. */
int session_serve(struct session *session);

/* Tells the opener that its session has ended. */
void session_say_closed(int channel);
