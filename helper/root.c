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
#include <limits.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helper/build.h"
#include "helper/inside.h"
#include "helper/mount.h"
#include "helper/path.h"
#include "policy/cleanup.h"

struct entry {
	const char *path;
	mode_t mode;
	const char *link; /* its text; NULL: a directory */
};

/* Ours in every root. */
static const struct entry always[] = {
	{"dev", 0755},	    {"dev/pts", 0755}, {"dev/shm", 01777}, {"dev/mqueue", 01777},
	{"etc", 0755},	    {"home", 0755},    {"media", 0755},	   {"proc", 0555},
	{"root", 0700},	    {"run", 0755},     {"run/host", 0755}, {"run/lock", 0755},
	{"run/user", 0755}, {"sys", 0555},     {"tmp", 01777},	   {0},
};

/* Ours where nobody else has brought one. */
static const struct entry otherwise[] = {
	{"mnt", 0755},
	{"opt", 0755},
	{"srv", 0755},
	{"usr", 0755},
	{"var", 0755},
	{"var/lib", 0755},
	{"var/log", 0755},
	{"var/tmp", 01777},
	{"var/cache", 0755},
	{"var/spool", 0755},
	{"var/run", 0, "/run"},
	{"var/lock", 0, "/run/lock"},
	{0},
};

static int make(int root, const struct entry *entry, struct error *error)
{
	int result = entry->link ? symlinkat(entry->link, root, entry->path)
				 : mkdirat(root, entry->path, entry->mode);

	/* The umask is 022: sticky, world-writable modes need the chmod. */
	if (result == 0 && (entry->mode & 022))
		result = fchmodat(root, entry->path, entry->mode, 0);
	return result < 0 ? error_errno(error, "root", "making /%s", entry->path) : 0;
}

static int make_all(int root, const struct entry *entry, struct error *error)
{
	int result = 0;

	for (; entry->path && result == 0; entry++)
		result = make(root, entry, error);
	return result;
}

/* What is at the top of path: of our own making (1), another's (0), nothing (-1). */
static int whose_top(int root, const char *path)
{
	char top[NAME_MAX + 1] = "";
	struct stat own, info;

	memcpy(top, path, strcspn(path, "/"));
	if (fstatat(root, top, &info, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	return fstat(root, &own) == 0 && own.st_dev == info.st_dev && S_ISDIR(info.st_mode);
}

int root_complete(struct build *build, struct error *error)
{
	int result = 0;

	for (const struct entry *entry = otherwise; entry->path && result == 0; entry++) {
		int whose = whose_top(build->root, entry->path);

		if (strchr(entry->path, '/') ? whose == 1 : whose == -1)
			result = make(build->root, entry, error);
	}
	return result;
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
	result = make_all(build->root, always, error);
	if (result == 0 && build->plan->root == ROOT_HOST)
		result = make_all(build->root, otherwise, error);
	return result < 0 ? result
			  : path_write_file(build->root, &INSIDE_MARK[1], INSIDE_NAME "\n", error);
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
