// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The init reaper: PID 1 of a container. It builds the container as root, then becomes a reserved
 * uid without a capability, and from then on only waits for children (and, where it owns the one
 * command of "confinectl run", passes signals on to it).
 *
 * MUST die with its supervisor, MUST NOT be dumpable, MUST own no descriptor of the host.
 */
#pragma once

#include "helper/build.h"
#include "helper/command.h"

struct init_spec {
	struct build build;
	const struct command *command; /* NULL: sessions join from outside */
	int channel;		       /* to the supervisor: one init_report comes over it */
};

/* What init tells its supervisor once; with descriptors when result is 0. */
struct init_report {
	int result; /* 0 or -errno */
	char step[32];
	char message[ERROR_MESSAGE_SIZE];
};

enum init_fd { INIT_FD_DEVPTS, INIT_FD_DEVPTS_MOUNT, INIT_FDS };

/* The whole life of PID 1; called in the fresh child. */
void init_main(struct init_spec *spec) __attribute__((noreturn));
