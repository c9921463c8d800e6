// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The texts of a container's passwd(5) and group(5), for one user. Pure.
 *
 * MUST refuse what those who read the files would take for another entry than the one meant.
 */
#pragma once

#include "policy/error.h"
#include "policy/plan.h"

#define NAMES_TTY_GID 5 /* the group of our devpts */
#define NAMES_NOBODY  65534

/*
 * Root, nobody and the user, whose shell inside and full name are given. The text is the caller's
 * to free. -EINVAL: a name or field that the file cannot hold.
 */
int names_passwd(const struct facts *facts, const char *gecos, const char *shell, char **ret_text,
		 struct error *error);

/* The user's groups, as far as they have a name, and the few that are always there. Likewise. */
int names_group(const struct facts *facts, char **ret_text, struct error *error);
