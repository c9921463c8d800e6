// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The refusal room: where a refused user's process may become the user, because there is nothing
 * there. Some services (sshd) can only tell why a login is refused from a process that has become
 * the user; held back by the lock alone, it would end without a word.
 */
#pragma once

#include "policy/error.h"

/*
 * Moves the calling process, single-threaded and uid 0, into namespaces of its own with an empty,
 * read-only root and no network, and leaves it the capabilities of a joined process (join.h) and
 * nothing else: no program to execute, no file to read, nobody to talk to. Its later children are
 * in a PID namespace of their own. 0 or -errno; after a failure the caller must end the process.
 */
int room_enter(struct error *error);
