// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * MUST NOT obey what an upper layer says about itself beyond names and contents: no redirects of
 * directories, no files whose data lies elsewhere, no index. The extended attributes of the
 * "trusted" namespace, which only root on the host can write, stay the only ones that count.
 */
#include <stdio.h>

#include "helper/mount.h"
#include "helper/overlay.h"
#include "policy/cleanup.h"

#define PLACE_SIZE sizeof("/proc/self/fd/-2147483648")

static void place_of(int fd, char place[PLACE_SIZE])
{
	snprintf(place, PLACE_SIZE, "/proc/self/fd/%d", fd);
}

int overlay_new(const struct overlay_layers *layers, uint64_t attributes, struct error *error)
{
	char below[PLACE_SIZE], above[PLACE_SIZE], upper[PLACE_SIZE], work[PLACE_SIZE];
	char lower[2 * PLACE_SIZE];
	/* "nofollow": "off" would still follow the redirects that are there, see the kernel's
	 * redirect_always_follow. The options at the end of the list are for an upper layer only.
	 */
	const struct mount_option options[] = {
		{"lowerdir", lower},
		{"metacopy", "off"},
		{"redirect_dir", "nofollow"},
		{"index", "off"},
		{layers->upper < 0 ? NULL : "upperdir", upper},
		{"workdir", work},
		{0},
	};

	place_of(layers->below, below);
	place_of(layers->above, above);
	place_of(layers->upper, upper);
	place_of(layers->work, work);
	if (layers->above < 0)
		snprintf(lower, sizeof(lower), "%s", below);
	else
		snprintf(lower, sizeof(lower), "%s:%s", above, below);
	return mount_new("overlay", options, attributes, error);
}
