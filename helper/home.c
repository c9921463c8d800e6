// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The home directory: the one place that the host and the container share, and the one whose path
 * the user may influence.
 *
 * MUST walk it with path.h, never by text alone; MUST make it nosuid and nodev; MUST bind the very
 * directory that was checked.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "helper/build.h"
#include "helper/mount.h"
#include "helper/path.h"
#include "policy/cleanup.h"

#define WRITABLE (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

static int attach_empty_home(struct build *build, int target, struct error *error)
{
	char uid[12], gid[12], bytes[24];
	const struct mount_option options[] = {
		{"mode", "700"}, {"size", bytes}, {"uid", uid}, {"gid", gid}, {0}};
	cleanup_fd int mount = -1;

	snprintf(uid, sizeof(uid), "%u", build->facts->uid);
	snprintf(gid, sizeof(gid), "%u", build->facts->gid);
	snprintf(bytes, sizeof(bytes), "%" PRIu64, build->plan->tmp_size);
	mount = mount_new("tmpfs", options, WRITABLE, error);
	return mount < 0 ? mount : mount_attach(mount, target, "", error);
}

static int attach_host_home(struct build *build, int source, int target, struct error *error)
{
	cleanup_fd int mount = -1;
	struct stat info;

	if (fstat(source, &info) < 0)
		return error_errno(error, "home", "%s", build->facts->home);
	if (!S_ISDIR(info.st_mode))
		return error_set(error, ENOTDIR, "home", "%s is not a directory",
				 build->facts->home);
	if (info.st_uid != build->facts->uid && info.st_uid != 0)
		return error_set(
			error, EPERM, "home", "%s belongs to uid %u, not to %s (uid %u) or root",
			build->facts->home, info.st_uid, build->facts->user, build->facts->uid);
	mount = mount_clone(source, "", true, WRITABLE, error);
	return mount < 0 ? mount : mount_attach(mount, target, "", error);
}

/*
 * A home that is there already ("/", "//", "/run", "/home", "/usr/games", however it is written) or
 * lies in a part of the root that others provide is left as it is: mounted over the root it would
 * bring the host's back.
 */
static bool home_is_ours_to_make(int root, const char *home)
{
	static const char *const taken[] = {"/usr", "/proc",	"/dev",	    "/sys",
					    "/etc", "/bin",	"/sbin",    "/lib",
					    "/tmp", "/var/tmp", "/run/user"};
	size_t length;

	if (path_exists_inside(root, home))
		return false;

	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		length = strlen(taken[i]);
		if (strcmp(home, taken[i]) == 0 ||
		    (length > 1 && strncmp(home, taken[i], length) == 0 && home[length] == '/'))
			return false;
	}
	return true;
}

int home_attach(struct build *build, struct error *error)
{
	const char *home = build->facts->home;
	cleanup_fd int source = -1, target = -1;

	if (build->plan->home == HOME_NONE || !home || home[0] != '/' ||
	    !home_is_ours_to_make(build->root, home))
		return 0;
	if (build->plan->home == HOME_BIND) {
		source = path_open_host(home, error);
		/* An account whose home was never made logs in without one, as on the host. */
		if (source == -ENOENT)
			return 0;
		if (source < 0)
			return source;
	}
	target = path_make_directory(build->root, home, error);
	if (target < 0)
		return target;
	if (build->plan->home == HOME_TMPFS)
		return attach_empty_home(build, target, error);
	return attach_host_home(build, source, target, error);
}
