// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A login, from the request of a door to a session in a container: policy, plan, container made or
 * found, session added. Whatever fails, the reply says so and nothing is left behind.
 */
#pragma once

#include "helper/wire.h"

/* The descriptors of a reply, by enum wire_reply_fd; all -1 unless the verdict is WIRE_CONFINE. */
struct opening {
	struct wire_reply reply;
	int fds[WIRE_REPLY_FDS];
};

/*
 * Answers a request whose strings have been checked. opener is a pidfd of the process that will
 * keep the session open (WIRE_OPEN), and stays the caller's. With WIRE_CONFINE, the calling process
 * has entered the mount namespace of the container and must do nothing but pass the reply on.
 */
void opening_answer(const struct wire_request *request, int opener, unsigned opener_pid,
		    struct opening *opening);
