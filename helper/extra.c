// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What policy adds to the root or hides in it (bind, bind-ro, bind-try, tmpfs, symlink, mask), in
 * the order of the policy, and the log socket.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper/build.h"
#include "helper/mount.h"
#include "helper/path.h"
#include "policy/cleanup.h"

#define MASKED (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC)

static int open_target(int root, const char *target, mode_t type, struct error *error)
{
	if (S_ISDIR(type))
		return path_make_directory(root, target, error);
	return path_make_file(root, target, error);
}

static int attach_source(struct build *build, int source, const char *target, uint64_t attributes,
			 struct error *error)
{
	cleanup_fd int mount = -1, place = -1;
	struct stat info;

	if (fstat(source, &info) < 0)
		return error_errno(error, "mounts", "fstat of the source of %s", target);
	place = open_target(build->root, target, info.st_mode, error);
	if (place < 0)
		return place;
	mount = mount_clone(source, "", S_ISDIR(info.st_mode), attributes, error);
	return mount < 0 ? mount : mount_attach(mount, place, "", error);
}

static int attach_bind(struct build *build, const struct plan_mount *row, struct error *error)
{
	/* nosuid and nodev always: what one user can write must not act for another. */
	uint64_t attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			      (row->noexec ? MOUNT_ATTR_NOEXEC : 0) |
			      (row->kind == MOUNT_BIND_RO ? MOUNT_ATTR_RDONLY : 0);
	cleanup_fd int source = path_open_host(row->source, error);

	if (source == -ENOENT && row->kind == MOUNT_BIND_TRY)
		return 0;
	if (source < 0)
		return source;
	return attach_source(build, source, row->target, attributes, error);
}

static int attach_tmpfs(struct build *build, const struct plan_mount *row, struct error *error)
{
	char bytes[24];
	const struct mount_option options[] = {{"mode", "1777"}, {"size", bytes}, {0}};
	cleanup_fd int mount = -1, place = path_make_directory(build->root, row->target, error);

	if (place < 0)
		return place;
	snprintf(bytes, sizeof(bytes), "%" PRIu64, build->plan->tmp_size);
	mount = mount_new("tmpfs", options,
			  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
				  (row->noexec ? MOUNT_ATTR_NOEXEC : 0),
			  error);
	return mount < 0 ? mount : mount_attach(mount, place, "", error);
}

static int make_symlink(struct build *build, const struct plan_mount *row, struct error *error)
{
	char name[NAME_MAX + 1];
	cleanup_fd int place = path_make_parent(build->root, row->target, name, error);

	if (place < 0)
		return place;
	if (symlinkat(row->source, place, name) < 0)
		return error_errno(error, "mounts", "linking %s", row->target);
	return 0;
}

/* Hides what is there behind an empty, read-only file or directory; what is not there is fine. */
static int attach_mask(struct build *build, const struct plan_mount *row, struct error *error)
{
	static const struct mount_option empty[] = {{"mode", "755"}, {"nr_inodes", "1"}, {0}};
	cleanup_fd int mount = -1, place = path_open_inside(build->root, row->target, error);
	struct stat info;

	if (place == -ENOENT)
		return 0;
	if (place < 0)
		return place;
	if (fstat(place, &info) < 0)
		return error_errno(error, "mounts", "mask %s", row->target);
	/* Not a clone of some empty directory of ours, over which policy may have put a mount. */
	if (S_ISDIR(info.st_mode))
		mount = mount_new("tmpfs", empty, MASKED | MOUNT_ATTR_NODEV, error);
	else
		mount = mount_clone(build->root, "dev/null", false, MASKED, error);
	return mount < 0 ? mount : mount_attach(mount, place, "", error);
}

static int (*const kinds[])(struct build *, const struct plan_mount *, struct error *) = {
	[MOUNT_BIND] = attach_bind,	[MOUNT_BIND_RO] = attach_bind,
	[MOUNT_BIND_TRY] = attach_bind, [MOUNT_TMPFS] = attach_tmpfs,
	[MOUNT_SYMLINK] = make_symlink, [MOUNT_MASK] = attach_mask,
};

/* /dev/log of the container leads to the host's socket, wherever the host keeps it. */
static int attach_log(struct build *build, struct error *error)
{
	cleanup_fd int source = path_open_host("/dev/log", error);
	struct stat info;

	if (source == -ENOENT)
		return 0;
	if (source < 0)
		return source;
	if (fstat(source, &info) < 0 || !S_ISSOCK(info.st_mode))
		return 0;
	return attach_source(build, source, "/dev/log",
			     MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, error);
}

int extra_attach(struct build *build, struct error *error)
{
	int result = build->plan->log ? attach_log(build, error) : 0;

	for (size_t i = 0; result == 0 && i < build->plan->mount_count; i++) {
		const struct plan_mount *row = &build->plan->mounts[i];

		result = kinds[row->kind](build, row, error);
	}
	return result;
}
