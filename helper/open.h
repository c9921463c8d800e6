// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A login, from the request of a door to a session in a container: policy, plan, container made or
 * found, session added. Whatever fails, the reply says so and nothing is left behind.
 */
#pragma once

#include <stdbool.h>

#include "helper/wire.h"

/* The descriptors of a reply, by enum wire_reply_fd; all -1 unless the verdict is WIRE_CONFINE. */
struct opening {
	struct wire_reply reply;
	int fds[WIRE_REPLY_FDS];
	bool handed_over; /* the supervisor of a new container answers, or has done so */
};

/*
 * Answers a request whose strings have been checked. opener is a pidfd of the process that will
 * keep the session open (WIRE_OPEN), module the socket on which it waits; both stay the caller's.
 * With WIRE_CONFINE, the calling process has entered the mount namespace of the container and must
 * do nothing but pass the reply on; when it is handed over, not even that.
 */
void opening_answer(const struct wire_request *request, int opener, unsigned opener_pid, int module,
		    struct opening *opening);
