// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * rootfs = directory, overlay or image: a tree that brings its own programs and settings.
 *
 * The root stays a small tmpfs of our own, as with rootfs = host, and the entries of the tree's top
 * level are attached in it, each in the place of its name. The other way, the tree as the root and
 * our mounts on top, was not taken: every mount point (/dev, /proc, /tmp, the home ...) would have
 * to be found in a tree where it may be missing, a link, or a file that somebody planted, and could
 * not be made in a tree that is read-only or shared. Here all of these are directories that we
 * made a moment ago, and what the tree has in their place is not even looked at.
 *
 * What this costs: nobody inside can make a new name directly in "/", which takes root's rights in
 * any sane tree anyway; and "/usr" and "/opt" are two mounts of one file system, between which
 * rename(2) and link(2) say EXDEV, as between two disks.
 *
 * /etc is an overlay of two read-only layers, the generated files above the tree's. So passwd,
 * resolv.conf and the like need no mount point each, nothing is made in the tree, and it does not
 * matter whether the tree has them as files, as links (to anywhere) or not at all.
 *
 * rootfs = overlay puts an upper layer under each: the tree's overlay, of which the entries are
 * attached, and that of /etc. A user can change what the template's owners and modes allow to the
 * user's uid, and nothing else: no id is mapped or given away. What he changed may hide the
 * template's files or be links to anywhere; that is why later steps go by path.h alone, and why
 * the upper layers are closed to everybody on the host.
 *
 * MUST make everything that the user can write nosuid and nodev, and all else read-only as well.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper/image.h"
#include "helper/mount.h"
#include "helper/overlay.h"
#include "helper/rootfs.h"
#include "helper/upper.h"
#include "helper/volume.h"
#include "policy/cleanup.h"

#define SAFE	  (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)
#define READ_ONLY (MOUNT_ATTR_RDONLY | SAFE)
#define HOLD	  "media" /* where mounts are attached while parts of them are taken */

static const char step[] = "tree";

/* Ours whatever the tree has there. */
static const char *const ours[] = {"dev",  "etc", "home", HOLD,	 "proc",
				   "root", "run", "sys",  "tmp", "lost+found"};

struct tree {
	struct build *build;
	int below;	     /* the tree itself, read-only: what decides what there is */
	int shown;	     /* what is attached of: the tree, or the overlay over it */
	struct upper upper;  /* -1 each: nothing can be changed */
	uint64_t attributes; /* of what is attached */
	unsigned held;	     /* mounts on HOLD, one upon the other */
};

static int hold(struct tree *tree, int mount, struct error *error)
{
	int result = mount_attach(mount, tree->build->root, HOLD, error);

	tree->held += result == 0;
	return result;
}

static int release(struct tree *tree, struct error *error)
{
	int result = 0;

	for (; tree->held > 0 && result == 0; tree->held--)
		result = mount_detach(tree->build->root, HOLD, error);
	return result;
}

/* The tree that everything is taken from: a directory, or the image's, mounted. */
static int open_below(struct tree *tree, struct error *error)
{
	cleanup_fd int source = -1, mount = -1;
	mode_t type;
	int result;

	source = rootfs_open(tree->build->plan, &type, error);
	if (source < 0)
		return source;
	if (type == S_IFDIR) {
		tree->below = steal_fd(&source);
		return 0;
	}
	mount = image_mount(source, error);
	result = mount < 0 ? mount : hold(tree, mount, error);
	if (result == 0)
		tree->below = steal_fd(&mount);
	return result;
}

/* An upper layer in memory: its size is a limit, and it goes with its last mount. */
static int make_discarded(struct tree *tree, struct error *error)
{
	char bytes[24], inodes[24];
	const struct mount_option options[] = {
		{"mode", "755"}, {"size", bytes}, {"nr_inodes", inodes}, {0}};
	cleanup_fd int mount = -1;
	uint64_t size = tree->build->plan->upper_size;
	int result;

	snprintf(bytes, sizeof(bytes), "%" PRIu64, size);
	snprintf(inodes, sizeof(inodes), "%" PRIu64, size / 4096 + 64);
	mount = mount_new("tmpfs", options, SAFE, error);
	result = mount < 0 ? mount : hold(tree, mount, error);
	return result < 0 ? result : upper_make(mount, &tree->upper, error);
}

/* The upper layer that stays: in its directory, or in the volume of that, if there is one. */
static int open_kept(struct tree *tree, struct error *error)
{
	const struct build *build = tree->build;
	cleanup_fd int directory = upper_open(build->plan, build->facts->uid, error);
	cleanup_fd int volume = directory < 0 ? directory : volume_mount(directory, error);
	int result;

	if (directory >= 0 && volume == -ENOENT)
		return upper_make(directory, &tree->upper, error);
	result = volume < 0 ? volume : hold(tree, volume, error);
	if (result == 0)
		result = volume_fill(volume, directory, build->plan->upper_size, error);
	return result < 0 ? result : upper_make(volume, &tree->upper, error);
}

/* An overlay's own top has the owner and mode of its uppermost layer. */
static int match_top(int below, int upper, struct error *error)
{
	char self[32];
	struct stat info;

	/* By /proc: fchmodat2(2), which takes O_PATH descriptors, is of Linux 6.6. */
	snprintf(self, sizeof(self), "/proc/self/fd/%d", upper);
	if (fstat(below, &info) < 0 || chown(self, info.st_uid, info.st_gid) < 0 ||
	    chmod(self, info.st_mode & 07777) < 0)
		return error_errno(error, step, "owner and mode of an upper layer");
	return 0;
}

/* The tree's overlay, if there is to be one. */
static int open_shown(struct tree *tree, struct error *error)
{
	const struct plan *plan = tree->build->plan;
	struct overlay_layers layers = {.above = -1, .below = tree->below};
	cleanup_fd int mount = -1;
	int result;

	if (plan->root != ROOT_OVERLAY) {
		tree->shown = fcntl(tree->below, F_DUPFD_CLOEXEC, 3);
		return tree->shown < 0 ? error_errno(error, step, "dup") : 0;
	}
	if (plan->upper == UPPER_DISCARD)
		result = make_discarded(tree, error);
	else
		result = open_kept(tree, error);
	if (result == 0)
		result = match_top(tree->below, tree->upper.tree, error);
	if (result < 0)
		return result;
	layers.upper = tree->upper.tree;
	layers.work = tree->upper.tree_work;
	mount = overlay_new(&layers, SAFE, error);
	result = mount < 0 ? mount : hold(tree, mount, error);
	if (result == 0)
		tree->shown = steal_fd(&mount);
	return result;
}

static bool is_ours(const char *name)
{
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strcmp(name, ours[i]) == 0)
			return true;
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* A directory in which nobody but root could have put something, and root has not. */
static bool is_bare(int fd, const struct stat *info)
{
	DIR *directory;
	int names = 0;

	if (info->st_uid != 0 || (info->st_mode & 022))
		return false;
	fd = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	directory = fd < 0 ? NULL : fdopendir(fd);
	if (!directory) {
		close_fd(&fd);
		return false;
	}
	while (names < 3 && readdir(directory))
		names++;
	closedir(directory);
	return names < 3;
}

static int copy_link(struct tree *tree, int link, const char *name, struct error *error)
{
	char text[PATH_MAX];
	ssize_t length = readlinkat(link, "", text, sizeof(text) - 1);

	if (length <= 0)
		return error_errno(error, step, "reading the link %s", name);
	text[length] = '\0';
	if (symlinkat(text, tree->build->root, name) < 0)
		return error_errno(error, step, "making the link /%s", name);
	return 0;
}

static int attach_shown(struct tree *tree, const char *name, mode_t type, struct error *error)
{
	int root = tree->build->root, result;
	cleanup_fd int mount = -1;

	if (type == S_IFDIR)
		result = mkdirat(root, name, 0755);
	else
		result = mknodat(root, name, S_IFREG | 0644, 0);
	if (result < 0)
		return error_errno(error, step, "making /%s", name);
	mount = mount_clone(tree->shown, name, type == S_IFDIR, tree->attributes, error);
	return mount < 0 ? mount : mount_attach(mount, root, name, error);
}

/*
 * One entry of the tree's top. What it is, the tree says and not the overlay over it; should the
 * user have come to replace it there, the mount fails on the difference. A bare directory is left
 * to root_complete(): in one of ours, mount points can be made.
 */
static int attach_entry(struct tree *tree, const char *name, struct error *error)
{
	cleanup_fd int entry = openat(tree->below, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat info;

	if (entry < 0 || fstat(entry, &info) < 0)
		return error_errno(error, step, "/%s", name);
	if (S_ISLNK(info.st_mode))
		return copy_link(tree, entry, name, error);
	if (S_ISDIR(info.st_mode) && is_bare(entry, &info)) {
		if (mkdirat(tree->build->root, name, 0755) < 0)
			return error_errno(error, step, "making /%s", name);
		return 0;
	}
	/* A device, FIFO or socket in "/" is nobody's program or setting. */
	if (!S_ISDIR(info.st_mode) && !S_ISREG(info.st_mode))
		return 0;
	return attach_shown(tree, name, info.st_mode & S_IFMT, error);
}

static int attach_entries(struct tree *tree, struct error *error)
{
	int fd = openat(tree->below, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), result = 0;
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!directory) {
		result = error_errno(error, step, "reading %s", tree->build->plan->root_source);
		close_fd(&fd);
		return result;
	}
	while (result == 0 && (entry = readdir(directory)))
		if (!is_ours(entry->d_name))
			result = attach_entry(tree, entry->d_name, error);
	closedir(directory);
	return result;
}

/* The generated files, which stand in our own /etc, over the tree's /etc, in the same place. */
static int attach_etc(struct tree *tree, struct error *error)
{
	int root = tree->build->root, result = 0;
	cleanup_fd int above = openat(root, "etc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_fd int below = openat(tree->below, "etc", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	const struct overlay_layers layers = {above, below, tree->upper.etc, tree->upper.etc_work};
	cleanup_fd int mount = -1;
	struct stat info;

	if (above < 0)
		return error_errno(error, step, "/etc");
	if (below < 0)
		return errno == ENOENT ? 0 : error_errno(error, step, "/etc of the tree");
	if (fstat(below, &info) < 0 || !S_ISDIR(info.st_mode))
		return error_set(error, ENOTDIR, step, "/etc of %s is not a directory",
				 tree->build->plan->root_source);
	if (tree->upper.etc >= 0)
		result = match_top(below, tree->upper.etc, error);
	if (result < 0)
		return result;
	mount = overlay_new(&layers, tree->attributes, error);
	return mount < 0 ? mount : mount_attach(mount, root, "etc", error);
}

static void tree_finish(struct tree *tree)
{
	close_fd(&tree->below);
	close_fd(&tree->shown);
	upper_finish(&tree->upper);
}

int tree_attach(struct build *build, struct error *error)
{
	__attribute__((cleanup(tree_finish))) struct tree tree = {
		.build = build,
		.below = -1,
		.shown = -1,
		.attributes = build->plan->root == ROOT_OVERLAY ? SAFE : READ_ONLY,
	};
	int result;

	upper_clear(&tree.upper);
	result = open_below(&tree, error);
	if (result == 0)
		result = open_shown(&tree, error);
	if (result == 0)
		result = attach_entries(&tree, error);
	if (result == 0)
		result = attach_etc(&tree, error);
	if (result == 0)
		result = release(&tree, error);
	return result < 0 ? result : root_complete(build, error);
}
