// SPDX-License-Identifier: LGPL-2.1-or-later
/* The places anybody may write to, each a tmpfs of this container's own with policy's size. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "helper/build.h"
#include "helper/mount.h"
#include "helper/path.h"
#include "policy/cleanup.h"

#define WRITABLE (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

/* On the directory at target, never through a link; a tree without that directory goes without. */
static int open_place(struct build *build, const char *target, struct error *error)
{
	cleanup_fd int place = path_open_beneath(build->root, target, error);
	struct stat info;

	if (place == -ENOENT || place == -ELOOP || place == -ENOTDIR)
		return -ENOENT;
	if (place >= 0 && (fstat(place, &info) < 0 || !S_ISDIR(info.st_mode)))
		return -ENOENT;
	return place < 0 ? place : steal_fd(&place);
}

static int attach_tmpfs(struct build *build, const char *target, const char *mode, uint64_t size,
			struct error *error)
{
	char bytes[24], inodes[24], uid[12], gid[12];
	const bool own = mode[0] == '7';
	struct mount_option options[] = {{"mode", mode},	{"size", bytes},
					 {"nr_inodes", inodes}, {own ? "uid" : NULL, uid},
					 {"gid", gid},		{0}};
	cleanup_fd int mount = -1, place = open_place(build, target, error);

	if (place < 0)
		return place == -ENOENT ? 0 : place;
	snprintf(bytes, sizeof(bytes), "%" PRIu64, size);
	/* An inode for each 4 KiB: a flood of empty files ends as surely as one of data. */
	snprintf(inodes, sizeof(inodes), "%" PRIu64, size / 4096 + 64);
	snprintf(uid, sizeof(uid), "%u", build->facts->uid);
	snprintf(gid, sizeof(gid), "%u", build->facts->gid);
	mount = mount_new("tmpfs", options, WRITABLE, error);
	return mount < 0 ? mount : mount_attach(mount, place, "", error);
}

static int attach_runtime_directory(struct build *build, struct error *error)
{
	char target[32];

	snprintf(target, sizeof(target), "run/user/%u", build->facts->uid);
	if (mkdirat(build->root, target, 0755) < 0)
		return error_errno(error, "scratch", "making /%s", target);
	return attach_tmpfs(build, target, "700", build->plan->tmp_size, error);
}

int scratch_attach(struct build *build, struct error *error)
{
	static const char *const targets[] = {"tmp", "var/tmp", "dev/shm"};

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		int result = attach_tmpfs(build, targets[i], "1777", build->plan->tmp_size, error);

		if (result < 0)
			return result;
	}
	return attach_runtime_directory(build, error);
}
