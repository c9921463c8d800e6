// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "helper/image.h"
#include "helper/rootfs.h"
#include "helper/trusted.h"
#include "helper/volume.h"
#include "policy/cleanup.h"

static const char step[] = "rootfs";

static int (*const providers[])(struct build *, struct error *) = {
	[ROOT_HOST] = host_attach,
	[ROOT_DIRECTORY] = tree_attach,
	[ROOT_OVERLAY] = tree_attach,
	[ROOT_IMAGE] = tree_attach,
};

int view_attach(struct build *build, struct error *error)
{
	return providers[build->plan->root](build, error);
}

static int wrong_kind(const struct plan *plan, mode_t type, struct error *error)
{
	if (plan->root == ROOT_DIRECTORY && type != S_IFDIR)
		return error_set(error, ENOTDIR, step,
				 "%s is not a directory; rootfs = image:FILE takes a file",
				 plan->root_source);
	if (plan->root == ROOT_IMAGE && type != S_IFREG)
		return error_set(error, EISDIR, step,
				 "%s is not a file; rootfs = directory:PATH takes a directory",
				 plan->root_source);
	return 0;
}

/* The very file that was checked, this time for reading. */
static int reopen(int fd, const char *path, struct error *error)
{
	char self[32];
	int file;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	file = open(self, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	return file < 0 ? error_errno(error, step, "opening %s", path) : file;
}

int rootfs_open(const struct plan *plan, mode_t *ret_type, struct error *error)
{
	cleanup_fd int fd = trusted_open(plan->root_source, ret_type, error);
	int result = fd < 0 ? fd : wrong_kind(plan, *ret_type, error);

	if (result < 0)
		return result;
	return *ret_type == S_IFREG ? reopen(fd, plan->root_source, error) : steal_fd(&fd);
}

/* Whether a line of a small text file has word in it. */
static int file_mentions(const char *path, const char *word)
{
	cleanup_file FILE *file = fopen(path, "re");
	char line[1024];

	while (file && fgets(line, sizeof(line), file))
		if (strstr(line, word))
			return 1;
	return 0;
}

/* The kernel lists what it has; what it could load stands in lists beside its modules. */
static int kernel_has(const char *type, struct error *error)
{
	static const char *const lists[] = {"modules.dep", "modules.builtin"};
	char word[64], path[512];
	struct utsname name;

	snprintf(word, sizeof(word), "\t%s\n", type);
	if (file_mentions("/proc/filesystems", word) || uname(&name) < 0)
		return 0;
	snprintf(word, sizeof(word), "/%s.ko", type);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		snprintf(path, sizeof(path), "/lib/modules/%s/%s", name.release, lists[i]);
		if (file_mentions(path, word))
			return 0;
	}
	return error_set(error, ENODEV, step, "this kernel has no %s", type);
}

/* What a size of kept changes takes. */
static int can_limit(struct error *error)
{
	if (access(VOLUME_MAKER, X_OK) < 0)
		return error_errno(error, step, "upper-size takes " VOLUME_MAKER);
	return kernel_has("ext4", error);
}

int rootfs_verify(const struct plan *plan, struct error *error)
{
	cleanup_fd int fd = -1;
	const char *type;
	mode_t mode = 0;
	int result;

	if (plan->root == ROOT_HOST)
		return 0;
	fd = rootfs_open(plan, &mode, error);
	if (fd < 0)
		return fd;
	/* Also the others' /etc is one: the generated files over the tree's. */
	result = kernel_has("overlay", error);
	if (result == 0 && plan->root == ROOT_OVERLAY && plan->upper == UPPER_KEEP &&
	    plan->upper_size)
		result = can_limit(error);
	if (result < 0 || mode == S_IFDIR)
		return result;
	type = image_type(fd, error);
	return type ? kernel_has(type, error) : -EINVAL;
}
