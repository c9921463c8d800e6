// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper/trusted.h"
#include "policy/cleanup.h"

static const char step[] = "trust";

/* shown: the path up to what is asked about, for the message. */
static int check(int fd, const char *shown, int length, mode_t *ret_type, struct error *error)
{
	struct stat info;

	if (fstat(fd, &info) < 0)
		return error_errno(error, step, "fstat of %.*s", length, shown);
	if (S_ISLNK(info.st_mode))
		return error_set(
			error, ELOOP, step,
			"%.*s is a link; none is followed here, write the path it leads to", length,
			shown);
	if (!S_ISDIR(info.st_mode) && !S_ISREG(info.st_mode))
		return error_set(error, EINVAL, step, "%.*s is neither a directory nor a file",
				 length, shown);
	if (info.st_uid != 0)
		return error_set(error, EPERM, step, "%.*s belongs to uid %u, not to root", length,
				 shown, info.st_uid);
	if (info.st_mode & 022)
		return error_set(error, EPERM, step,
				 "%.*s can be written by others than root (mode %04o)", length,
				 shown, info.st_mode & 07777);
	*ret_type = info.st_mode & S_IFMT;
	return 0;
}

/* Replaces *directory by its entry name; end is where the entry's name ends in path. */
static int descend(int *directory, const char *name, const char *path, const char *end,
		   mode_t *ret_type, struct error *error)
{
	int length = (int)(end - path);
	cleanup_fd int next = openat(*directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	int result;

	if (next < 0)
		return error_errno(error, step, "%.*s", length, path);
	result = check(next, path, length, ret_type, error);
	if (result < 0)
		return result;
	close_fd(directory);
	*directory = steal_fd(&next);
	return 0;
}

int trusted_open(const char *path, mode_t *ret_type, struct error *error)
{
	cleanup_fd int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char name[NAME_MAX + 1];
	const char *at = path;
	int result;

	if (fd < 0)
		return error_errno(error, step, "opening /");
	if (*path != '/')
		return error_set(error, EINVAL, step, "%.128s is not absolute", path);
	result = check(fd, "/", 1, ret_type, error);
	while (result == 0 && *(at += strspn(at, "/"))) {
		size_t length = strcspn(at, "/");

		if (length > NAME_MAX)
			return error_set(error, ENAMETOOLONG, step, "%.64s...", at);
		memcpy(name, at, length);
		name[length] = '\0';
		at += length;
		result = descend(&fd, name, path, at, ret_type, error);
	}
	return result < 0 ? result : steal_fd(&fd);
}

int trusted_make(int directory, const char *name, mode_t mode, struct error *error)
{
	cleanup_fd int fd = -1;
	struct stat info = {0};
	mode_t type;
	int result;

	if (mkdirat(directory, name, mode) < 0 && errno != EEXIST)
		return error_errno(error, step, "making the directory %s", name);
	fd = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_errno(error, step, "%s", name);
	result = check(fd, name, (int)strlen(name), &type, error);
	if (result == 0 && (fstat(fd, &info) < 0 || (info.st_mode & 077 & ~mode)))
		result = error_set(error, EPERM, step, "%s is open to others (mode %04o, not %04o)",
				   name, info.st_mode & 07777, mode);
	if (result == 0 && type != S_IFDIR)
		result = error_set(error, ENOTDIR, step, "%s is not a directory", name);
	return result < 0 ? result : steal_fd(&fd);
}
