// SPDX-License-Identifier: LGPL-2.1-or-later
/* Paths as text: whether one may appear in a plan. What it leads to is for the engine to check. */
#pragma once

#include "policy/error.h"

/*
 * -EINVAL unless path is absolute, shorter than PATH_MAX, not the root itself, and made of
 * components that are neither empty nor "." nor "..", without control characters.
 */
int path_check(const char *path, struct error *error);
