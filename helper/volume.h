// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Volumes: a file system of a given size (ext4) in a file, "volume", of a directory of root's. What
 * a user keeps in it ends with ENOSPC, whatever file system the directory is on.
 */
#pragma once

#include <stdint.h>

#include "policy/error.h"

#define VOLUME_MAKER "/sbin/mkfs.ext4"

/*
 * Makes the volume of directory, or lets the file of one that is smaller grow to size (bytes). A
 * volume is there as a whole or not at all, whenever its maker is killed. -EFBIG: it is larger.
 */
int volume_prepare(int directory, uint64_t size, struct error *error);

/*
 * Mounts the volume of directory, nosuid and nodev, nowhere yet; its loop device goes with the last
 * mount. Waits until nobody else has it mounted. -ENOENT: there is none.
 */
int volume_mount(int directory, struct error *error);

/*
 * Lets the file system of a mounted volume grow to size, after volume_prepare() has done so to its
 * file; size 0: it is right as it is. -EPERM: without CAP_SYS_RESOURCE.
 */
int volume_fill(int mount, int directory, uint64_t size, struct error *error);
