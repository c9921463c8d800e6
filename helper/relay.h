// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Between the caller's terminal and the one inside: bytes both ways, window size, signals, stops.
 *
 * MUST leave the caller's terminal with the modes it had, whenever it is left: at the end, at a
 * stop, and at every signal that can be caught.
 */
#pragma once

#include "helper/terminal.h"

/* What relay_run() listens to: a descriptor, or -errno. Made before the child runs: it can fail. */
int relay_watch(struct error *error);

/*
 * Waits for child, which has the terminal inside, or none (terminal without master); meanwhile
 * passes TERM, INT, QUIT, HUP, USR1, USR2 and WINCH on to it. Every signal is blocked by the
 * caller. Returns the child's wait status; after a hang-up of the caller's terminal that the child
 * outlives, that of a death by SIGHUP. Closes the terminal and
 * signals, which is relay_watch()'s.
 */
int relay_run(struct terminal *terminal, pid_t child, int signals);
