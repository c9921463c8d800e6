// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Trees, images and stores of the administrator's: what root may build a container from.
 *
 * MUST be root's alone: every directory of the way, and what it leads to, belongs to uid 0 and
 * nobody else may write to it (an ACL shows in the group's bits: acl(5)). MUST follow no link at
 * all. What was checked is known by its descriptor from then on, never by its name again.
 */
#pragma once

#include <sys/types.h>

#include "policy/error.h"

/*
 * Opens an absolute path as O_PATH|O_CLOEXEC; *ret_type is S_IFDIR or S_IFREG (anything else is
 * refused). Returns a descriptor, or -errno with the reason: -EPERM others could have written it,
 * -ELOOP a link on the way, -ENOENT.
 */
int trusted_open(const char *path, mode_t *ret_type, struct error *error);

/*
 * Opens the directory name of directory, making it (root's, mode) if it is missing. O_PATH. It is
 * checked as those of trusted_open() are, and refused if it is more open to others than mode says.
 */
int trusted_make(int directory, const char *name, mode_t mode, struct error *error);
