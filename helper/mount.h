// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The descriptor mount API (mount_setattr(2), fsopen(2), open_tree(2), move_mount(2)), Linux 5.12.
 * Nothing here takes a path that a user could have influenced; see path.h for those.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "policy/error.h"

struct mount_option {
	const char *name;
	const char *value; /* NULL: a flag */
};

/*
 * A new file system of this type, mounted nowhere yet. options end with {NULL}; attributes are
 * MOUNT_ATTR_*. Returns a descriptor for mount_attach() or -errno.
 */
int mount_new(const char *type, const struct mount_option *options, uint64_t attributes,
	      struct error *error);

/*
 * A detached copy of the mount at path below directory (AT_FDCWD allowed; "" for the directory
 * itself), with attributes set on it and, when recursive, on all below it. Links at the end of
 * the path are not followed. Returns a descriptor or -errno.
 */
int mount_clone(int directory, const char *path, bool recursive, uint64_t attributes,
		struct error *error);

/* Attaches a detached mount at target, relative to root ("" for root itself). */
int mount_attach(int mount, int root, const char *target, struct error *error);

/* Detaches the mount at target, below root, with all below it. */
int mount_detach(int root, const char *target, struct error *error);

/* Sets attributes on the mount at path (and all below it when recursive). */
int mount_set(int directory, const char *path, bool recursive, uint64_t attributes,
	      struct error *error);

/* Makes every mount of the calling process's namespace private, so that nothing travels back. */
int mount_make_private(struct error *error);
