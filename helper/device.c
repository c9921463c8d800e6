// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * /dev, made from nothing: never the host's, never one that the user's tree brought along. The
 * nodes stand on the root's own tmpfs, which is sealed afterwards and on which nobody inside can
 * make a node.
 */
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "helper/build.h"
#include "helper/mount.h"
#include "policy/cleanup.h"

/* Numbers: admin-guide/devices.txt of the kernel. */
static const struct {
	const char *path;
	unsigned major, minor;
} nodes[] = {
	{"dev/null", 1, 3},   {"dev/zero", 1, 5},    {"dev/full", 1, 7},
	{"dev/random", 1, 8}, {"dev/urandom", 1, 9}, {"dev/tty", 5, 0},
};

static const struct {
	const char *text, *path;
} links[] = {
	{"pts/ptmx", "dev/ptmx"},	   {"/proc/self/fd", "dev/fd"},
	{"/proc/self/fd/0", "dev/stdin"},  {"/proc/self/fd/1", "dev/stdout"},
	{"/proc/self/fd/2", "dev/stderr"},
};

static int make_nodes(int root, struct error *error)
{
	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
		if (mknodat(root, nodes[i].path, S_IFCHR | 0666,
			    makedev(nodes[i].major, nodes[i].minor)) < 0 ||
		    fchmodat(root, nodes[i].path, 0666, 0) < 0)
			return error_errno(error, "devices", "making /%s", nodes[i].path);
	}
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		if (symlinkat(links[i].text, root, links[i].path) < 0)
			return error_errno(error, "devices", "linking /%s", links[i].path);
	}
	return 0;
}

static int attach(int root, const char *type, const struct mount_option *options,
		  uint64_t attributes, const char *target, struct error *error)
{
	cleanup_fd int mount = mount_new(type, options, attributes, error);

	return mount < 0 ? mount : mount_attach(mount, root, target, error);
}

int device_create(struct build *build, struct error *error)
{
	/* Group 5 is tty on every distribution; max keeps one user from taking all of the host's
	 * terminals (kernel.pty.max). */
	static const struct mount_option devpts[] = {
		{"gid", "5"}, {"mode", "620"}, {"ptmxmode", "666"}, {"max", "512"}, {0}};
	int result = make_nodes(build->root, error);

	if (result < 0)
		return result;
	result = attach(build->root, "devpts", devpts, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
			"dev/pts", error);
	if (result < 0)
		return result;
	build->devpts = openat(build->root, "dev/pts", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (build->devpts < 0)
		return error_errno(error, "devices", "opening the new /dev/pts");
	build->devpts_mount = mount_clone(build->devpts, "", false, 0, error);
	if (build->devpts_mount < 0)
		return build->devpts_mount;
	if (!(build->plan->namespaces & CLONE_NEWIPC))
		return 0;
	return attach(build->root, "mqueue", NULL,
		      MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, "dev/mqueue",
		      error);
}
