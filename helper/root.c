// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The root itself: a tmpfs made from nothing, in which every directory is ours, filled by the
 * later steps, sealed read-only, and entered.
 *
 * MUST be attached before anything is attached in it (mounting on a detached tree needs Linux
 * 6.15), on a directory that exists on every host and that only root can see: the state directory.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helper/build.h"
#include "helper/inside.h"
#include "helper/mount.h"
#include "helper/path.h"
#include "policy/cleanup.h"

static const struct {
	const char *path;
	mode_t mode;
} directories[] = {
	{"dev", 0755},	     {"dev/pts", 0755},	 {"dev/shm", 01777}, {"dev/mqueue", 01777},
	{"etc", 0755},	     {"home", 0755},	 {"media", 0755},    {"mnt", 0755},
	{"opt", 0755},	     {"proc", 0555},	 {"root", 0700},     {"run", 0755},
	{"run/host", 0755},  {"run/lock", 0755}, {"run/user", 0755}, {"srv", 0755},
	{"sys", 0555},	     {"tmp", 01777},	 {"usr", 0755},	     {"var", 0755},
	{"var/lib", 0755},   {"var/log", 0755},	 {"var/tmp", 01777}, {"var/cache", 0755},
	{"var/spool", 0755},
};

static const struct {
	const char *text, *path;
} links[] = {
	{"/run", "var/run"},
	{"/run/lock", "var/lock"},
};

static int make_directories(int root, struct error *error)
{
	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		/* The umask is 022: sticky, world-writable modes need the chmod. */
		if (mkdirat(root, directories[i].path, directories[i].mode) < 0 ||
		    ((directories[i].mode & 022) &&
		     fchmodat(root, directories[i].path, directories[i].mode, 0) < 0))
			return error_errno(error, "root", "making /%s", directories[i].path);
	}
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		if (symlinkat(links[i].text, root, links[i].path) < 0)
			return error_errno(error, "root", "linking /%s", links[i].path);
	}
	return 0;
}

int root_create(struct build *build, struct error *error)
{
	/* Small: it holds names and a few kilobytes of text, and the user cannot write to it. */
	static const struct mount_option options[] = {
		{"mode", "755"}, {"size", "4M"}, {"nr_inodes", "4096"}, {0}};
	cleanup_fd int mount = mount_new("tmpfs", options, MOUNT_ATTR_NOSUID, error);
	int result;

	if (mount < 0)
		return mount;
	result = mount_attach(mount, AT_FDCWD, build->scaffold, error);
	if (result < 0)
		return result;
	build->root = steal_fd(&mount);
	result = make_directories(build->root, error);
	return result < 0 ? result
			  : path_write_file(build->root, INSIDE_MARK + 1, INSIDE_NAME "\n", error);
}

int root_seal(struct build *build, struct error *error)
{
	return mount_set(build->root, "", false, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, error);
}

int root_enter(struct build *build, struct error *error)
{
	if (fchdir(build->root) < 0)
		return error_errno(error, "pivot", "entering the new root");
	/* "." twice: the old root ends up on top of the new one and needs no directory of its own
	 * (pivot_root(2), NOTES). */
	if (syscall(SYS_pivot_root, ".", ".") < 0)
		return error_errno(error, "pivot", "pivot_root");
	if (umount2(".", MNT_DETACH) < 0)
		return error_errno(error, "pivot", "detaching the old root");
	if (chdir("/") < 0)
		return error_errno(error, "pivot", "chdir to the new root");
	return 0;
}
