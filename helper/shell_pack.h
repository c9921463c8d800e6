// SPDX-License-Identifier: LGPL-2.1-or-later
/* The state of the caller, as bytes in memory that nobody can change any more. */
#pragma once

#include "helper/shell_state.h"

/*
 * Writes state, its groups, arguments and environment (both NULL-terminated) to a sealed memfd at
 * SHELL_STATE_FD, which must be the lowest free descriptor. NULL, or the step that failed.
 */
const char *shell_pack(struct shell_state *state, const gid_t *groups, char *const *arguments,
		       char *const *environment);
