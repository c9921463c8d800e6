// SPDX-License-Identifier: LGPL-2.1-or-later
/* The network namespace of a container. */
#pragma once

#include <sys/types.h>

#include "helper/build.h"

/*
 * Forks a process that makes a network namespace with lo up, sends it over channel to whoever runs
 * network_apply() at the other end, and ends; the caller waits for it. 0 or -errno.
 */
int network_begin(int channel, pid_t *ret_pid, struct error *error);
