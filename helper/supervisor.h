// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The supervisor: one process a container, on the host, no child of the login service. It owns
 * init and the sessions' cgroups, serves the control socket, and clears everything away when the
 * last session has ended, the opener of a session has died, or init has.
 *
 * MUST keep nothing after the build but CAP_KILL and the calls of its own filter.
 */
#pragma once

#include "helper/container.h"
#include "helper/control.h"
#include "helper/registry.h"

/* The session that a container is made for. Its descriptors become the supervisor's. */
struct supervisor_first {
	struct control_request request;
	struct wire_reply *reply;     /* answered once the session stands; event is set */
	enum wire_verdict on_failure; /* answered with the reason if it cannot */
	int opener, module, lock;     /* pidfd; the socket for the answer; the key's lock */
};

/*
 * Starts the supervisor of a new container, which answers the request itself: 0 means that the
 * calling process has nothing more to say. The caller holds the lock of spec->key, which the
 * supervisor lets go when the container can be found. On failure (-errno) nothing is left.
 */
int supervisor_start(struct registry *registry, const struct container_spec *spec,
		     const struct supervisor_first *first, struct error *error);
