// SPDX-License-Identifier: LGPL-2.1-or-later
/* Descriptors of a process that must not carry anybody else's. */
#pragma once

#include <stddef.h>

#include "policy/error.h"

/* Closes every descriptor but 0, 1, 2 and those of keep[count] (negative ones are skipped). */
int descriptors_keep(const int *keep, size_t count, struct error *error);

/* Puts /dev/null on 0, 1 and 2; only_missing: on those that are closed. 0 or -errno. */
int descriptors_null(int only_missing, struct error *error);

/*
 * Refuses (-EISDIR) when 0, 1 or 2 is a directory: inside, /proc/self/fd/0 of such a one leads out.
 */
int descriptors_no_directory(struct error *error);
