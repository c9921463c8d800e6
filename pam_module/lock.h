// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The lock: a process without effective CAP_SETUID, and every child of it, cannot become the user.
 * It is what makes this door fail closed, whatever the login service makes of return codes.
 *
 * MUST be engaged at the end of every open_session for a covered user, refused or not. Only a
 * completed join and the close line release it.
 */
#pragma once

#include <stdbool.h>

#include "policy/error.h"

/* Gives up effective CAP_SETUID and reads it back. 0 or -errno; then the process must not go on. */
int lock_engage(struct error *error);

/* Whether some handle of this process has engaged it: permitted, but not effective. */
bool lock_is_engaged(void);

/* Takes it back. A process that may not have it (permitted set) never had it: 0. */
int lock_release(struct error *error);
