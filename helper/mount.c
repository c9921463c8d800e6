// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "helper/mount.h"
#include "policy/cleanup.h"

static const char step[] = "mounts";

/* What the kernel says of a file system that it did not make, after the text and errno of error. */
static int explain(int context, int code, struct error *error)
{
	size_t used = error ? strlen(error->message) : 0;
	char line[256];
	ssize_t length;

	/* One message a read, "e overlay: ..."; ENODATA ends them (Linux 5.2). */
	while (error && (length = read(context, line, sizeof(line))) > 2) {
		line[(size_t)length < sizeof(line) ? length : length - 1] = '\0';
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == 'e' && used < sizeof(error->message))
			used += (size_t)snprintf(error->message + used,
						 sizeof(error->message) - used, " (%s)", line + 2);
	}
	return code;
}

int mount_new(const char *type, const struct mount_option *options, uint64_t attributes,
	      struct error *error)
{
	cleanup_fd int context = fsopen(type, FSOPEN_CLOEXEC);
	int mount, result;

	if (context < 0)
		return error_errno(error, step, "fsopen(\"%s\")", type);
	for (; options && options->name; options++) {
		result = fsconfig(context, options->value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG,
				  options->name, options->value, 0);
		if (result < 0)
			return explain(context,
				       error_errno(error, step, "%s option %s=%s", type,
						   options->name,
						   options->value ? options->value : ""),
				       error);
	}
	if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return explain(context,
			       error_errno(error, step, "creating a file system of type %s", type),
			       error);
	mount = fsmount(context, FSMOUNT_CLOEXEC, (unsigned)attributes);
	if (mount < 0)
		return error_errno(error, step, "fsmount of a %s", type);
	return mount;
}

int mount_set(int directory, const char *path, bool recursive, uint64_t attributes,
	      struct error *error)
{
	struct mount_attr attr = {.attr_set = attributes};
	unsigned flags = AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | (recursive ? AT_RECURSIVE : 0);

	if (mount_setattr(directory, path, flags, &attr, sizeof(attr)) < 0)
		return error_errno(error, step, "mount_setattr(\"%s\")", path);
	return 0;
}

int mount_clone(int directory, const char *path, bool recursive, uint64_t attributes,
		struct error *error)
{
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH |
			 AT_NO_AUTOMOUNT | (recursive ? AT_RECURSIVE : 0);
	cleanup_fd int mount = open_tree(directory, path, flags);
	int result;

	if (mount < 0)
		return error_errno(error, step, "open_tree(\"%s\")", path);
	if (attributes) {
		result = mount_set(mount, "", recursive, attributes, error);
		if (result < 0)
			return result;
	}
	return steal_fd(&mount);
}

int mount_attach(int mount, int root, const char *target, struct error *error)
{
	unsigned flags = MOVE_MOUNT_F_EMPTY_PATH | (*target ? 0 : MOVE_MOUNT_T_EMPTY_PATH);

	if (move_mount(mount, "", root, target, flags) < 0)
		return error_errno(error, step, "attaching a mount at \"%s\"", target);
	return 0;
}

int mount_detach(int root, const char *target, struct error *error)
{
	/* umount2(2) takes no directory descriptor. */
	if (fchdir(root) < 0 || umount2(target, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
		return error_errno(error, step, "detaching the mount at \"%s\"", target);
	return 0;
}

int mount_make_private(struct error *error)
{
	struct mount_attr attr = {.propagation = MS_PRIVATE};

	if (mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attr, sizeof(attr)) < 0)
		return error_errno(error, step, "making the mounts private");
	return 0;
}
