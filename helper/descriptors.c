// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper/descriptors.h"

static const char step[] = "descriptors";

/* The smallest kept descriptor from start on, or UINT_MAX. */
static unsigned next_kept(const int *keep, size_t count, unsigned start)
{
	unsigned next = UINT_MAX;

	for (size_t i = 0; i < count; i++) {
		if (keep[i] >= 0 && (unsigned)keep[i] >= start && (unsigned)keep[i] < next)
			next = (unsigned)keep[i];
	}
	return next;
}

int descriptors_keep(const int *keep, size_t count, struct error *error)
{
	unsigned start = 3;

	for (;;) {
		unsigned next = next_kept(keep, count, start);

		if (next > start &&
		    close_range(start, next == UINT_MAX ? UINT_MAX : next - 1, 0) < 0)
			return error_errno(error, step, "close_range");
		if (next == UINT_MAX)
			return 0;
		start = next + 1;
	}
}

int descriptors_null(int only_missing, struct error *error)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), result = 0;

	if (null < 0)
		return error_errno(error, step, "/dev/null");
	for (int fd = 0; fd <= 2 && result == 0; fd++) {
		if (fd == null)
			fcntl(fd, F_SETFD, 0); /* it was closed, and so became ours */
		else if ((!only_missing || fcntl(fd, F_GETFD) < 0) && dup2(null, fd) < 0)
			result = error_errno(error, step, "dup2");
	}
	if (null > 2)
		close(null);
	return result;
}

int descriptors_no_directory(struct error *error)
{
	struct stat info;

	for (int fd = 0; fd <= 2; fd++) {
		if (fstat(fd, &info) < 0)
			return error_errno(error, step, "fstat of descriptor %d", fd);
		if (S_ISDIR(info.st_mode))
			return error_set(error, EISDIR, step,
					 "descriptor %d is a directory, through which the host "
					 "could be entered",
					 fd);
	}
	return 0;
}
