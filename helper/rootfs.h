// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which root a container gets: one provider for each kind, and what can be said before a login. */
#pragma once

#include "helper/build.h"

/* The providers, as the view step calls them; each fills build->root, which root_create() made. */
int host_attach(struct build *build, struct error *error);
int tree_attach(struct build *build, struct error *error);

/*
 * Opens the plan's tree, template or image (by its way, see trusted.h), and says why it cannot be
 * used: not there, not root's alone, of the wrong kind. Returns a descriptor, -errno with the
 * reason, or -ENOENT, -EACCES ... of the way. A directory is O_PATH, an image open for reading.
 */
int rootfs_open(const struct plan *plan, mode_t *ret_type, struct error *error);

/*
 * For "check" and "explain": everything that can be known of the plan's root without root's rights
 * and without making anything. 0, or -errno with the reason; -EACCES: not for us to know.
 */
int rootfs_verify(const struct plan *plan, struct error *error);
