// SPDX-License-Identifier: LGPL-2.1-or-later
/* Descriptors in a host that may have closed 0, 1 or 2 and write to them all the same. */
#pragma once

#include <stddef.h>

#include "policy/error.h"

/*
 * Moves *fd to a number of at least 3, close-on-exec, if it is lower; a failed lift closes it and
 * leaves -1. A negative *fd is left alone.
 */
int descriptor_lift(int *fd, struct error *error);

/* Closes those of fds[count] that are open and sets all to -1. */
void descriptor_close_all(int *fds, size_t count);
