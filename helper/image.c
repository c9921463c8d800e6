// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * MUST mount only what the kernel's driver expects of an image that only root has written: the file
 * is looked at by trusted.h first, and only two file systems are tried, both made for reading.
 * MUST leave no loop device behind: it is told to go by itself at the moment it is set up.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "helper/image.h"
#include "helper/mount.h"
#include "policy/cleanup.h"

#define READ	    (O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
#define READ_WRITE  (O_RDWR | O_CLOEXEC | O_NOFOLLOW)
#define LOOP_ROUNDS 64 /* others may take the device that was free a moment ago */

static const char step[] = "image";

static const struct {
	const char *type;
	off_t offset;
	const char *magic; /* four bytes */
} types[] = {
	{"squashfs", 0, "hsqs"},
	{"erofs", 1024, "\xe2\xe1\xf5\xe0"},
};

const char *image_type(int file, struct error *error)
{
	char bytes[4];

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (pread(file, bytes, sizeof(bytes), types[i].offset) == (ssize_t)sizeof(bytes) &&
		    memcmp(bytes, types[i].magic, sizeof(bytes)) == 0)
			return types[i].type;
	error_set(error, EINVAL, step, "it holds neither squashfs nor erofs");
	return NULL;
}

/* A loop device over file; -EBUSY when another was quicker. */
static int loop_take(int control, const struct loop_config *config, struct error *error)
{
	int number = ioctl(control, LOOP_CTL_GET_FREE);
	cleanup_fd int loop = -1;
	char path[32];

	if (number < 0)
		return error_errno(error, step, "asking for a free loop device");
	snprintf(path, sizeof(path), "/dev/loop%d", number);
	loop = open(path, config->info.lo_flags & LO_FLAGS_READ_ONLY ? READ : READ_WRITE);
	if (loop < 0)
		return error_errno(error, step, "opening %s", path);
	if (ioctl(loop, LOOP_CONFIGURE, config) < 0)
		return error_errno(error, step, "setting up %s", path);
	return steal_fd(&loop);
}

int image_loop(int file, unsigned flags, struct error *error)
{
	const struct loop_config config = {
		.fd = (uint32_t)file,
		.info = {.lo_flags = flags | LO_FLAGS_AUTOCLEAR},
	};
	cleanup_fd int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	int loop = -EBUSY;

	if (control < 0)
		return error_errno(error, step, "opening /dev/loop-control");
	for (int round = 0; round < LOOP_ROUNDS && loop == -EBUSY; round++)
		loop = loop_take(control, &config, error);
	return loop;
}

int image_mount(int file, struct error *error)
{
	char source[32];
	const struct mount_option options[] = {{"source", source}, {"ro", NULL}, {0}};
	const char *type = image_type(file, error);
	cleanup_fd int loop = type ? image_loop(file, LO_FLAGS_READ_ONLY, error) : -EINVAL;

	if (loop < 0)
		return loop;
	snprintf(source, sizeof(source), "/proc/self/fd/%d", loop);
	return mount_new(type, options, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
			 error);
}
