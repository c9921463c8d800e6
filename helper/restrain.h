// SPDX-License-Identifier: LGPL-2.1-or-later
/* What every member of a container takes upon itself, whichever way it comes in. No path calls. */
#pragma once

#include "helper/wire.h"

/* Sets the resource limits of the confinement on the calling process, and reads them back. */
int restrain_limits(const struct wire_confinement *confinement, struct error *error);

/* A new, empty session keyring (keyctl(2)); a kernel without keys has nothing to leave behind. */
int restrain_keyring(struct error *error);

/* Installs the system-call filter, if there is one; it takes no_new_privs or CAP_SYS_ADMIN. */
int restrain_filter(const struct wire_confinement *confinement, struct error *error);
