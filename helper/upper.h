// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The upper layers of overlays: what a user changes in a template.
 *
 *   /var/lib/confine/users/UID/NAME/
 *     lock              held while a container uses the rest; says its id
 *     tree, tree.work   the changes, and overlayfs's work directory
 *     etc, etc.work     those of /etc, which is an overlay of its own
 *     volume            where changes have a size: a file system that holds these four (volume.h)
 *
 * NAME is the template's, or its path with ':' for '/', "%:" for ':' and "%%" for '%'. All of it
 * is root's and closed to others (0700), so that nothing in there can be executed or opened on the
 * host by who made it.
 */
#pragma once

#include "policy/error.h"
#include "policy/plan.h"

/* O_PATH descriptors, -1 where there is none. */
struct upper {
	int tree, tree_work;
	int etc, etc_work;
};

/* Room for the place of a user's changes, as upper_place() writes it. */
#define UPPER_PLACE_SIZE 512

/* Where the changes of this user to the plan's template are kept. -ENAMETOOLONG. */
int upper_place(const struct plan *plan, uid_t uid, char place[UPPER_PLACE_SIZE],
		struct error *error);

/*
 * On the host, before the container is made: makes the directories that are missing and takes the
 * lock in the name of container id. Whoever held it before is waited for, or, when it died and left
 * processes behind, ended. Returns a descriptor to be closed when the container is gone, -1 when
 * the plan keeps no changes; -errno: -EBUSY another container uses the changes.
 */
int upper_claim(const struct plan *plan, uid_t uid, const char *id, int *ret_lock,
		struct error *error);

/* In the container's mount namespace: opens the directory that upper_claim() has made. O_PATH. */
int upper_open(const struct plan *plan, uid_t uid, struct error *error);

/* Opens the layers in a directory, and makes those that are missing. */
int upper_make(int directory, struct upper *upper, struct error *error);

void upper_clear(struct upper *upper);
void upper_finish(struct upper *upper);
