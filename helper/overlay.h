// SPDX-License-Identifier: LGPL-2.1-or-later
/* Overlays (filesystems/overlayfs of the kernel's documentation), by descriptor. */
#pragma once

#include <stdint.h>

#include "policy/error.h"

/* The layers, each an O_PATH descriptor of a directory in the caller's mount namespace. */
struct overlay_layers {
	int above; /* a lower layer that hides what lies in below; -1: none */
	int below;
	int upper; /* where changes go; -1: none, and nobody can make any */
	int work;  /* an empty directory on the file system of upper */
};

/*
 * An overlay of these layers, mounted nowhere yet; attributes are MOUNT_ATTR_*. Needs /proc.
 * Returns a descriptor for mount_attach() or -errno.
 */
int overlay_new(const struct overlay_layers *layers, uint64_t attributes, struct error *error);
