// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The filter of our own long-lived processes: a plain list of the calls that they make, without
 * libseccomp, whose compiling would cost more than the rest of a login.
 */
#pragma once

#include <stddef.h>

#include "policy/error.h"

/*
 * From now on, the calling process may make only these system calls of the native architecture;
 * any other fails with EPERM. no_new_privs must be set, or CAP_SYS_ADMIN effective. 0 or -errno.
 */
int allow_only(const int *calls, size_t count, struct error *error);
