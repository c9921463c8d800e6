// SPDX-License-Identifier: LGPL-2.1-or-later
/* What '%' stands for in a value: %u user, %U uid, %g primary group, %G gid, %h home, %% itself. */
#pragma once

#include <stddef.h>

#include "policy/error.h"
#include "policy/plan.h"

/*
 * Expands the first length bytes of text. The result is the caller's. Names are never allowed to
 * bring a '/' along, so that a part of a path stays one. -EINVAL for an unknown letter.
 */
int expand(const char *text, size_t length, const struct facts *facts, char **ret_text,
	   struct error *error);
