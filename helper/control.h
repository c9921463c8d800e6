// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The control socket of a container: /run/confine/containers/KEY/control, SOCK_SEQPACKET, in a
 * directory of root's alone. One request and one answer a connection.
 *
 *   CONTROL_SESSION  + {pidfd of the opener, supervisor's end of a session channel}
 *                    answer + {pidfd of init, O_PATH of /dev/pts, cgroup.procs of the session}
 *   CONTROL_KILL     no descriptors either way
 */
#pragma once

#include <stdint.h>

#include "helper/wire.h"

#define CONTROL_VERSION 2

enum control_kind {
	CONTROL_SESSION = 1, /* a new session in this container */
	CONTROL_KILL,	     /* end the container or one of its sessions */
};

struct control_request {
	uint32_t version;
	uint32_t kind;
	uint32_t session;      /* CONTROL_KILL: its number; 0: the whole container */
	uint32_t max_sessions; /* CONTROL_SESSION: refuse beyond; 0: no limit */
	uint32_t uid;	       /* CONTROL_SESSION: must be the container's */
	uint32_t opener;       /* pid of the opener, for listings alone */
	char service[64];
	char rhost[256];
	char tty[64];
};

#define CONTROL_SESSION_FDS 2

struct control_reply {
	uint32_t version;
	int32_t result; /* 0 or -errno, then with message */
	char message[ERROR_MESSAGE_SIZE];
	struct wire_confinement confinement; /* CONTROL_SESSION; as in wire.h, the filter last */
};

enum control_reply_fd { CONTROL_FD_INIT, CONTROL_FD_DEVPTS, CONTROL_FD_CGROUP, CONTROL_REPLY_FDS };
