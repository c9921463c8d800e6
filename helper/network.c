// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * network = none: a namespace with nothing but lo, brought up (netdevice(7)).
 *
 * Making one takes the kernel as long as everything else together, so another process makes it
 * while init builds the root, and init enters it at the end. Nothing in between needs it.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "helper/network.h"
#include "helper/wire.h"
#include "policy/cleanup.h"

#define MAKE_TIMEOUT_MS 10000

static const char step[] = "network";

static int bring_lo_up(struct error *error)
{
	cleanup_fd int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq lo = {.ifr_name = "lo"};

	if (any < 0)
		return error_errno(error, step, "socket");
	if (ioctl(any, SIOCGIFFLAGS, &lo) < 0)
		return error_errno(error, step, "reading the flags of lo");
	lo.ifr_flags |= IFF_UP;
	if (ioctl(any, SIOCSIFFLAGS, &lo) < 0)
		return error_errno(error, step, "bringing lo up");
	return 0;
}

static int make(struct error *error)
{
	int space, result;

	if (unshare(CLONE_NEWNET) < 0)
		return error_errno(error, step, "unshare(CLONE_NEWNET)");
	result = bring_lo_up(error);
	if (result < 0)
		return result;
	space = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	return space < 0 ? error_errno(error, step, "/proc/self/ns/net") : space;
}

/* The descriptor, or the reason why there is none, to init. */
static void make_and_send(int channel) __attribute__((noreturn));
static void make_and_send(int channel)
{
	struct error error = {0};
	int space = make(&error);

	error.step = NULL;
	wire_send(channel, &error, sizeof(error), &space, space < 0 ? 0 : 1, NULL);
	_exit(0);
}

int network_begin(int channel, pid_t *ret_pid, struct error *error)
{
	*ret_pid = fork();
	if (*ret_pid < 0)
		return error_errno(error, step, "fork");
	if (*ret_pid == 0)
		make_and_send(channel);
	return 0;
}

int network_apply(struct build *build, struct error *error)
{
	struct error report;
	cleanup_fd int space = -1;
	size_t length, count;
	int result;

	if (!(build->plan->namespaces & CLONE_NEWNET))
		return 0;
	result = wire_receive_some(build->network, &report, sizeof(report), &length, &space, 1,
				   &count, MAKE_TIMEOUT_MS, error);
	if (result < 0)
		return result;
	if (length != sizeof(report) || count != 1) {
		report.message[sizeof(report.message) - 1] = '\0';
		return error_set(error, report.code > 0 ? report.code : EPROTO, step, "%s",
				 report.message);
	}
	if (setns(space, CLONE_NEWNET) < 0)
		return error_errno(error, step, "setns");
	return 0;
}
