// SPDX-License-Identifier: LGPL-2.1-or-later
/* Images: a file system in a file, squashfs or erofs, read-only. */
#pragma once

#include "policy/error.h"

/* What the file system in an image is called ("squashfs", "erofs"); NULL: none of these, with the
 * reason in error. file is open for reading. */
const char *image_type(int file, struct error *error);

/*
 * A loop device over file (open for reading, or for writing as well) that goes with its last user,
 * whatever becomes of the process; flags: LO_FLAGS_ of loop(4), in addition. Linux 5.8. Returns a
 * descriptor of it or -errno.
 */
int image_loop(int file, unsigned flags, struct error *error);

/*
 * Mounts what is in file (open for reading), read-only, nosuid and nodev, nowhere yet, by an
 * image_loop(). Returns a descriptor for mount_attach() or -errno.
 */
int image_mount(int file, struct error *error);
