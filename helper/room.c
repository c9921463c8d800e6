// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helper/join.h"
#include "helper/mount.h"
#include "helper/privileges.h"
#include "helper/restrain.h"
#include "helper/room.h"
#include "policy/cleanup.h"

#define SPACES (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS)

static const char step[] = "room";

/* Attached for a moment over a directory that every host has; nobody else sees this namespace. */
static int empty_root(struct error *error)
{
	static const struct mount_option options[] = {
		{"mode", "555"}, {"size", "4k"}, {"nr_inodes", "1"}, {0}};
	cleanup_fd int root = mount_new("tmpfs", options,
					MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
						MOUNT_ATTR_NOEXEC,
					error);
	int result;

	if (root < 0)
		return root;
	result = mount_attach(root, AT_FDCWD, "/usr", error);
	if (result < 0)
		return result;
	if (fchdir(root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 ||
	    umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return error_errno(error, step, "leaving the host's root");
	return 0;
}

static int drop(struct error *error)
{
	struct privileges now = {0};
	uint64_t keep;
	int result = privileges_bound(0, error);

	if (result == 0)
		result = privileges_no_new_privs(error);
	if (result == 0)
		result = privileges_read(&now, error);
	if (result < 0)
		return result;
	keep = now.permitted & JOIN_PRIVILEGES;
	result = privileges_set(keep, keep, error);
	return result < 0 ? result : privileges_check(keep, keep, 0, error);
}

int room_enter(struct error *error)
{
	int result = privileges_fall_with_uid(error);

	if (result == 0 && unshare(SPACES) < 0)
		result = error_errno(error, step, "unshare");
	if (result == 0)
		result = mount_make_private(error);
	if (result == 0)
		result = empty_root(error);
	if (result == 0)
		result = restrain_keyring(error);
	return result < 0 ? result : drop(error);
}
