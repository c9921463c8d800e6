// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a session finds inside that tells it where it is, and which shell it gets there. */
#pragma once

#include <stdbool.h>

/* Where a container says who made it (systemd.io/CONTAINER_INTERFACE): in its own, sealed root. */
#define INSIDE_MARK "/run/host/container-manager"
#define INSIDE_NAME "confine"

/* Whether the calling process is in a container of ours, as a file of root's says. */
bool inside_container(void);

/*
 * The shell that an account gets: that of the policy (NULL or empty: none), else its own, unless
 * that is confine-shell, in which case bash where the caller can see one, otherwise sh. Borrowed.
 */
const char *inside_shell(const char *policy, const char *account);
