// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Paths that root must walk although users own parts of them.
 *
 * MUST never follow a link that somebody other than root could have made, MUST never block on what
 * it finds (O_PATH throughout), and MUST never leave the root it was given.
 */
#pragma once

#include <stdbool.h>

#include "policy/error.h"

/*
 * Opens an absolute path of the host as O_PATH|O_CLOEXEC. A link on the way is followed only when
 * it and the directory it stands in belong to root and nobody else can write there; any other link
 * is refused with -ELOOP. Returns a descriptor or -errno.
 */
int path_open_host(const char *path, struct error *error);

/*
 * Makes the directory target (absolute, seen from inside) below root with all missing parents,
 * mode 0755, owner root, and returns an O_PATH descriptor of it. New directories are made only on
 * the root's own file system: -EROFS where the way leads into another mount. A link is followed,
 * and never out of the root, when it and the directory it stands in belong to root and nobody else
 * can write there (-ELOOP).
 */
int path_make_directory(int root, const char *target, struct error *error);

/*
 * As path_make_directory() for all but the last component, whose name goes to name[NAME_MAX + 1].
 * -EROFS also when the parent is not on the root's own file system, where nothing may be made.
 */
int path_make_parent(int root, const char *target, char *name, struct error *error);

/* Opens what is at target (absolute, seen from inside) as O_PATH, links as path_make_directory().
 */
int path_open_inside(int root, const char *target, struct error *error);

/* Opens path (relative) below root as O_PATH, without following any link. -ELOOP, -ENOENT, ... */
int path_open_beneath(int root, const char *path, struct error *error);

/* Whether there is anything at target, seen from inside and through links; yes when in doubt. */
bool path_exists_inside(int root, const char *target);

/* As path_make_directory() for the parent; the last component becomes an empty file (0644). */
int path_make_file(int root, const char *target, struct error *error);

/* Writes text to a new file at path (relative) below root; mode 0644. 0 or -errno. */
int path_write_file(int root, const char *path, const char *text, struct error *error);
