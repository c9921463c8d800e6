// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * confine-helper: started by the PAM module for one request over descriptor 3, ends with the
 * answer. It trusts only who started it: it is not setuid, and whoever is not root gets nowhere.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "helper/descriptors.h"
#include "helper/log.h"
#include "helper/open.h"
#include "policy/cleanup.h"

#define REQUEST_TIMEOUT_MS 10000
#define REFUSED		   125
#define FILES_MAX	   8192 /* some for each of a container's sessions */

static int refuse(const char *text)
{
	fprintf(stderr, "confine-helper: %s\n", text);
	return REFUSED;
}

/* The module's process id, for listings only: what decides is the pidfd that it sent. */
static unsigned peer_pid(void)
{
	struct ucred peer = {0};
	socklen_t length = sizeof(peer);

	if (getsockopt(WIRE_HELPER_FD, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0)
		return 0;
	return (unsigned)peer.pid;
}

static int receive_request(struct wire_request *request, int *ret_opener, struct error *error)
{
	size_t length, count;
	int result =
		wire_receive_some(WIRE_HELPER_FD, request, sizeof(*request), &length, ret_opener,
				  WIRE_REQUEST_FDS, &count, REQUEST_TIMEOUT_MS, error);

	if (result == 0)
		result = wire_check_request(request, length, error);
	if (result == 0 && (request->kind == WIRE_OPEN) != (count == WIRE_REQUEST_FDS))
		result = error_set(error, EPROTO, "wire", "%zu descriptors with request %u", count,
				   request->kind);
	return result;
}

/*
 * The limits of whoever logs in (limits.conf) are not those of what outlives his login as the
 * supervisor of all his sessions. As far as we may: without CAP_SYS_RESOURCE up to the hard limit.
 */
static void lift_limits(void)
{
	static const __rlimit_resource_t kinds[] = {RLIMIT_NOFILE, RLIMIT_FSIZE, RLIMIT_CPU,
						    RLIMIT_AS, RLIMIT_DATA};
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const rlim_t wanted = kinds[i] == RLIMIT_NOFILE ? FILES_MAX : RLIM_INFINITY;

		if (getrlimit(kinds[i], &limit) < 0)
			continue;
		if (limit.rlim_max >= wanted ||
		    setrlimit(kinds[i], &(struct rlimit){wanted, wanted}) < 0)
			setrlimit(kinds[i], &(struct rlimit){limit.rlim_max, limit.rlim_max});
	}
}

/* Tells a helper that works from one that hangs, without making everybody wait for the worst. */
static void say_working(void)
{
	const struct wire_reply reply = {.version = WIRE_VERSION, .verdict = WIRE_WORKING};

	wire_send(WIRE_HELPER_FD, &reply, offsetof(struct wire_reply, confinement), NULL, 0, NULL);
}

static int answer(struct opening *opening)
{
	int confined = opening->fds[WIRE_FD_INIT] >= 0;
	/* A mere verdict of WIRE_CONFINE comes without a confinement: an empty one. */
	return wire_send(WIRE_HELPER_FD, &opening->reply, wire_reply_size(&opening->reply),
			 opening->fds, confined ? WIRE_REPLY_FDS : 0, NULL);
}

int main(int argc, char **argv)
{
	static struct opening opening;
	static struct wire_request request;
	struct error error = {0};
	int opener = -1;

	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		printf("confine-helper " CONFINE_VERSION "\n");
		return 0;
	}
	if (argc != 1 || geteuid() != 0 || getuid() != 0)
		return refuse("is started by the PAM module, as root, without arguments");
	umask(077);
	lift_limits();
	prctl(PR_SET_DUMPABLE, 0);
	if (chdir("/") < 0 || descriptors_null(1, &error) < 0)
		return REFUSED;
	openlog("confine", LOG_PID | LOG_NDELAY, LOG_AUTHPRIV);
	if (receive_request(&request, &opener, &error) < 0) {
		log_line(LOG_ERR, "request refused: %s", error.message);
		return refuse(error.message);
	}
	say_working();
	opening_answer(&request, opener, peer_pid(), WIRE_HELPER_FD, &opening);
	if (opening.handed_over)
		return 0;
	return answer(&opening) < 0 ? REFUSED : 0;
}
