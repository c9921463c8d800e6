// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fcntl.h>

#include "helper/descriptor.h"
#include "policy/cleanup.h"

int descriptor_lift(int *fd, struct error *error)
{
	int lifted;

	if (*fd < 0 || *fd > 2)
		return 0;
	lifted = fcntl(*fd, F_DUPFD_CLOEXEC, 3);
	close_fd(fd);
	if (lifted < 0)
		return error_errno(error, "descriptor", "moving a descriptor above 2");
	*fd = lifted;
	return 0;
}

void descriptor_close_all(int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		close_fd(&fds[i]);
}
