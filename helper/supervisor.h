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
#include "helper/registry.h"

/*
 * Starts the supervisor of a new container and waits until its control socket serves; the caller
 * holds the lock of spec->key. On failure nothing is left. 0 or -errno.
 */
int supervisor_start(struct registry *registry, const struct container_spec *spec,
		     struct error *error);
