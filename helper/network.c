// SPDX-License-Identifier: LGPL-2.1-or-later
/* network = none: a namespace with nothing but lo, brought up (netdevice(7)). */
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "helper/build.h"
#include "policy/cleanup.h"

int network_apply(struct build *build, struct error *error)
{
	cleanup_fd int any = -1;
	struct ifreq lo = {.ifr_name = "lo"};

	if (!(build->plan->namespaces & CLONE_NEWNET))
		return 0;
	any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (any < 0)
		return error_errno(error, "network", "socket");
	if (ioctl(any, SIOCGIFFLAGS, &lo) < 0)
		return error_errno(error, "network", "reading the flags of lo");
	lo.ifr_flags |= IFF_UP;
	if (ioctl(any, SIOCSIFFLAGS, &lo) < 0)
		return error_errno(error, "network", "bringing lo up");
	return 0;
}
