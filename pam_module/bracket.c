// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <paths.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utmp.h>

#include "helper/descriptor.h"
#include "pam_module/bracket.h"
#include "policy/cleanup.h"

static const char step[] = "bracket";
static const char devpts_path[] = "/dev/pts";

#define cleanup_view __attribute__((cleanup(view_close)))

/* Who is logged in, who was, and when last: written by the service, in the opener, by path. */
static const struct {
	const char *name;
	const char *path;
} records[] = {
	{"utmp", _PATH_UTMP},
	{"wtmp", _PATH_WTMP},
	{"lastlog", _PATH_LASTLOG},
};

void view_close(struct view *view)
{
	close_fd(&view->namespace);
	close_fd(&view->root);
}

static int view_open(struct view *ret_view, struct error *error)
{
	cleanup_view struct view view = VIEW_NONE;
	int result;

	view.namespace = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	if (view.namespace < 0)
		return error_errno(error, step, "/proc/self/ns/mnt");
	view.root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (view.root < 0)
		return error_errno(error, step, "/");
	result = descriptor_lift(&view.namespace, error);
	if (result == 0)
		result = descriptor_lift(&view.root, error);
	if (result < 0)
		return result;
	ret_view->namespace = steal_fd(&view.namespace);
	ret_view->root = steal_fd(&view.root);
	return 0;
}

int view_enter(const struct view *view, struct error *error)
{
	char directory[PATH_MAX];

	if (!getcwd(directory, sizeof(directory)) || directory[0] != '/')
		directory[0] = '\0';
	if (setns(view->namespace, CLONE_NEWNS) < 0)
		return error_errno(error, step, "setns to a mount namespace");
	if (fchdir(view->root) < 0 || chroot(".") < 0)
		return error_errno(error, step, "returning to the root directory");
	if ((directory[0] == '\0' || chdir(directory) < 0) && chdir("/") < 0)
		return error_errno(error, step, "chdir");
	return 0;
}

static int make_records(struct error *error)
{
	cleanup_fd int context = fsopen("tmpfs", FSOPEN_CLOEXEC), mount = -1;

	if (context < 0)
		return error_errno(error, step, "fsopen tmpfs");
	if (fsconfig(context, FSCONFIG_SET_STRING, "size", "1m", 0) < 0 ||
	    fsconfig(context, FSCONFIG_SET_STRING, "nr_inodes", "8", 0) < 0 ||
	    fsconfig(context, FSCONFIG_SET_STRING, "mode", "0755", 0) < 0 ||
	    fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return error_errno(error, step, "configuring tmpfs");
	mount = fsmount(context, FSMOUNT_CLOEXEC,
			MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	if (mount < 0)
		return error_errno(error, step, "fsmount tmpfs");
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		cleanup_fd int file = openat(mount, records[i].name,
					     O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

		if (file < 0)
			return error_errno(error, step, "making a private %s", records[i].name);
	}
	return steal_fd(&mount);
}

/* A record that the host does not keep, or keeps in a device, is left alone. */
static int cover_record(int mount, const char *name, const char *path, struct error *error)
{
	cleanup_fd int target = open(path, O_PATH | O_CLOEXEC), copy = -1;
	struct stat status;

	if (target < 0 && errno == ENOENT)
		return 0;
	if (target < 0 || fstat(target, &status) < 0)
		return error_errno(error, step, "%s", path);
	if (!S_ISREG(status.st_mode))
		return 0;
	copy = open_tree(mount, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (copy < 0)
		return error_errno(error, step, "open_tree of a private %s", name);
	if (move_mount(copy, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return error_errno(error, step, "move_mount on %s", path);
	return 0;
}

/*
 * A mount must be attached somewhere before parts of it can be cloned (before Linux 6.15); /dev/pts
 * serves for that moment, because it exists and is about to be covered anyway.
 */
static int cover_records(struct error *error)
{
	cleanup_fd int mount = make_records(error);
	int result = 0;

	if (mount < 0)
		return mount;
	if (move_mount(mount, "", AT_FDCWD, devpts_path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return error_errno(error, step, "move_mount on %s", devpts_path);
	for (size_t i = 0; result == 0 && i < sizeof(records) / sizeof(records[0]); i++)
		result = cover_record(mount, records[i].name, records[i].path, error);
	if (umount2(devpts_path, MNT_DETACH) < 0 && result == 0)
		return error_errno(error, step, "umount of %s", devpts_path);
	return result;
}

static int furnish(int devpts, struct error *error)
{
	int result;

	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return error_errno(error, step, "making / a slave");
	result = cover_records(error);
	if (result < 0)
		return result;
	if (move_mount(devpts, "", AT_FDCWD, devpts_path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return error_errno(error, step, "move_mount of devpts on %s", devpts_path);
	return 0;
}

int bracket_open(int devpts, struct view *ret_host, struct view *ret_private, struct error *error)
{
	cleanup_view struct view host = VIEW_NONE, private = VIEW_NONE;
	int result = view_open(&host, error);

	if (result < 0)
		return result;
	if (unshare(CLONE_NEWNS) < 0)
		return error_errno(error, step, "unshare of the mount namespace");
	result = furnish(devpts, error);
	if (result == 0)
		result = view_open(&private, error);
	if (result < 0) {
		view_enter(&host, NULL);
		return result;
	}
	*ret_host = host;
	*ret_private = private;
	host = private = (struct view)VIEW_NONE;
	return 0;
}
