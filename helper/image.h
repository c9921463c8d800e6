// SPDX-License-Identifier: LGPL-2.1-or-later
/* Images: a file system in a file, squashfs or erofs, read-only. */
#pragma once

#include "policy/error.h"

/* What the file system in an image is called ("squashfs", "erofs"); NULL: none of these, with the
 * reason in error. file is open for reading. */
const char *image_type(int file, struct error *error);

/*
 * Mounts what is in file (open for reading), read-only, nosuid and nodev, nowhere yet. The loop
 * device under it goes with the last mount of it, whatever becomes of the process (loop(4),
 * LO_FLAGS_AUTOCLEAR). Linux 5.8. Returns a descriptor for mount_attach() or -errno.
 */
int image_mount(int file, struct error *error);
