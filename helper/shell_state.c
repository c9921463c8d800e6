// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "helper/shell_state.h"

#define FILES_ENOUGH 8192	       /* the helper's, at the most */
#define STACK_ENOUGH (8 * 1024 * 1024) /* soft; the kernel's own default */

static bool is_root(void)
{
	uid_t uids[3];
	gid_t gids[3];

	return getresuid(&uids[0], &uids[1], &uids[2]) == 0 &&
	       getresgid(&gids[0], &gids[1], &gids[2]) == 0 && !uids[0] && !uids[1] && !uids[2] &&
	       !gids[0] && !gids[1] && !gids[2] && getgroups(0, NULL) == 0;
}

const char *shell_state_take_ids(struct shell_state *state, gid_t groups[SHELL_GROUPS_MAX])
{
	int count;

	state->uid = getuid();
	state->gid = getgid();
	state->egid = getegid();
	/* First of all: as long as the real uid is the user's, he may stop us at any place. */
	if (setresuid(0, 0, 0) < 0)
		return "becoming root";
	count = getgroups(SHELL_GROUPS_MAX, groups);
	if (count < 0)
		return "reading the groups";
	state->group_count = (uint32_t)count;
	if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0)
		return "leaving the groups";
	if (!is_root()) {
		errno = EPERM;
		return "checking the ids";
	}
	return NULL;
}

/* What we need, whatever the caller was left with. RLIMIT_CORE stays at 0: nothing of ours dumps.
 */
static struct rlimit limit_for(int kind, const struct rlimit *found)
{
	struct rlimit wanted = {RLIM_INFINITY, RLIM_INFINITY};

	switch (kind) {
	case RLIMIT_CORE:
		wanted = (struct rlimit){0, found->rlim_max};
		break;
	case RLIMIT_NOFILE:
		wanted.rlim_max = found->rlim_max > FILES_ENOUGH ? found->rlim_max : FILES_ENOUGH;
		wanted.rlim_cur = FILES_ENOUGH;
		break;
	case RLIMIT_STACK:
		wanted.rlim_cur = STACK_ENOUGH;
		break;
	case RLIMIT_AS:
	case RLIMIT_CPU:
	case RLIMIT_DATA:
	case RLIMIT_FSIZE:
	case RLIMIT_NPROC:
	case RLIMIT_RTTIME:
	case RLIMIT_SIGPENDING:
		break;
	default:
		wanted = *found;
	}
	return wanted;
}

/* A root without CAP_SYS_RESOURCE, as in some containers, gets as far as the hard limit. */
static int set_limit(int kind, struct rlimit wanted, const struct rlimit *found)
{
	if (setrlimit((__rlimit_resource_t)kind, &wanted) == 0)
		return 0;
	wanted.rlim_max = found->rlim_max;
	if (wanted.rlim_cur > found->rlim_max)
		wanted.rlim_cur = found->rlim_max;
	return setrlimit((__rlimit_resource_t)kind, &wanted);
}

const char *shell_state_take_limits(struct shell_state *state)
{
	for (int kind = 0; kind < RLIM_NLIMITS; kind++) {
		struct rlimit *found = &state->limits[kind];

		if (getrlimit((__rlimit_resource_t)kind, found) < 0)
			return "reading a limit";
		if (set_limit(kind, limit_for(kind, found), found) < 0)
			return "setting a limit";
	}
	return NULL;
}

const char *shell_state_take_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		/* The lowest free number is this one: those below are open by now. */
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR | O_NOCTTY) != fd)
			return "opening /dev/null";
	}
	if (syscall(SYS_close_range, 3, ~0U, 0) < 0)
		return "closing descriptors";
	return NULL;
}

static const char *reset_signals(void)
{
	static const struct itimerval off;
	struct sigaction plain = {.sa_handler = SIG_DFL};
	sigset_t none;

	alarm(0);
	if (setitimer(ITIMER_REAL, &off, NULL) < 0 || setitimer(ITIMER_VIRTUAL, &off, NULL) < 0 ||
	    setitimer(ITIMER_PROF, &off, NULL) < 0)
		return "stopping the timers";
	for (int number = 1; number <= SIGRTMAX; number++)
		sigaction(number, &plain, NULL); /* fails for KILL, STOP and libc's own: fine */
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL) < 0 ? "unblocking signals" : NULL;
}

const char *shell_state_take_rest(struct shell_state *state)
{
	state->umask = umask(077);
	errno = 0;
	state->nice = getpriority(PRIO_PROCESS, 0);
	if (errno != 0 || setpriority(PRIO_PROCESS, 0, 0) < 0)
		return "setting the priority";
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return "becoming undumpable";
	return reset_signals();
}
