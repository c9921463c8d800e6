// SPDX-License-Identifier: LGPL-2.1-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helper/cgroup.h"
#include "helper/clock.h"
#include "helper/mount.h"
#include "policy/cleanup.h"

#define PARENT	    "confine"
#define MEMBERS_MAX 256 /* that are signalled at a time */

static const char step[] = "cgroup";

int cgroup_open_root(struct error *error)
{
	static const char *const places[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		cleanup_fd int fd = open(places[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
		struct statfs info;

		if (fd >= 0 && fstatfs(fd, &info) == 0 && info.f_type == CGROUP2_SUPER_MAGIC)
			return steal_fd(&fd);
	}
	return mount_new("cgroup2", NULL, 0, error);
}

int cgroup_make(int parent, const char *name, struct error *error)
{
	int fd;

	if (mkdirat(parent, name, 0755) < 0)
		return error_errno(error, step, "making %s", name);
	fd = openat(parent, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		fd = error_errno(error, step, "opening the cgroup just made");
		unlinkat(parent, name, AT_REMOVEDIR);
	}
	return fd;
}

int cgroup_open_parent(int root, struct error *error)
{
	int fd;

	if (mkdirat(root, PARENT, 0755) < 0 && errno != EEXIST)
		return error_errno(error, step, "making " PARENT);
	fd = openat(root, PARENT, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? error_errno(error, step, "opening " PARENT) : fd;
}

void cgroup_drop_parent(int root)
{
	unlinkat(root, PARENT, AT_REMOVEDIR); /* fails while others live: as it should */
}

void cgroup_leave_parent(int root)
{
	cleanup_fd int procs = cgroup_open_procs(root, NULL);

	if (procs >= 0 && write(procs, "0", 1) == 1)
		cgroup_drop_parent(root);
}

int cgroup_create(int root, const char *id, struct error *error)
{
	int result = -ENOENT;

	/* Whoever removed the last container may take the parent away just after we made it. */
	for (int round = 0; round < 10 && result == -ENOENT; round++) {
		cleanup_fd int parent = cgroup_open_parent(root, error);

		result = parent < 0 ? parent : cgroup_make(parent, id, error);
	}
	return result;
}

int cgroup_open_procs(int cgroup, struct error *error)
{
	int fd = openat(cgroup, "cgroup.procs", O_WRONLY | O_CLOEXEC);

	return fd < 0 ? error_errno(error, step, "opening cgroup.procs") : fd;
}

/* The members' process ids, at most max of them; how many there are in ids. */
static size_t read_members(int cgroup, pid_t *ids, size_t max)
{
	int fd = openat(cgroup, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	cleanup_file FILE *list = fd < 0 ? NULL : fdopen(fd, "r");
	size_t count = 0;

	while (list && count < max && fscanf(list, "%d", &ids[count]) == 1)
		count++;
	if (!list)
		close_fd(&fd);
	return count;
}

static bool is_listed(pid_t id, const pid_t *ids, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (ids[i] == id)
			return true;
	}
	return false;
}

/*
 * Only ever reaches members: each is held by a pidfd and found a member once more before it is
 * signalled, so that a number that was recycled in between is of another, or of a dead one.
 */
static void signal_members(int cgroup, int signal)
{
	pid_t before[MEMBERS_MAX], after[MEMBERS_MAX];
	int held[MEMBERS_MAX];
	size_t count = read_members(cgroup, before, MEMBERS_MAX), left;

	for (size_t i = 0; i < count; i++)
		held[i] = (int)syscall(SYS_pidfd_open, before[i], 0);
	left = read_members(cgroup, after, MEMBERS_MAX);
	for (size_t i = 0; i < count; i++) {
		if (held[i] >= 0 && is_listed(before[i], after, left))
			syscall(SYS_pidfd_send_signal, held[i], signal, NULL, 0);
		close_fd(&held[i]);
	}
}

void cgroup_hang_up(int cgroup)
{
	signal_members(cgroup, SIGHUP);
	signal_members(cgroup, SIGCONT);
}

/*
 * cgroup.kill (Linux 5.14) takes processes that are just being forked as well, which a list cannot;
 * but it passes over one whose first thread has ended while another lives (seen on 6.18), which a
 * signal to the process ends. So both, round by round.
 */
static void kill_all(int cgroup)
{
	cleanup_fd int fd = openat(cgroup, "cgroup.kill", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, "1", 1) != 1)
		signal_members(cgroup, SIGSTOP); /* so that nobody forks faster than we read */
	signal_members(cgroup, SIGKILL);
}

bool cgroup_is_populated(int events)
{
	char text[256];
	ssize_t length = pread(events, text, sizeof(text) - 1, 0);

	if (length <= 0)
		return true;
	text[length] = '\0';
	return strstr(text, "populated 0") == NULL;
}

int cgroup_kill(int cgroup, int timeout_ms, struct error *error)
{
	cleanup_fd int events = openat(cgroup, "cgroup.events", O_RDONLY | O_CLOEXEC);
	struct pollfd poller = {.fd = events, .events = POLLPRI};
	long long end = clock_now_ms() + timeout_ms;

	if (events < 0)
		return error_errno(error, step, "opening cgroup.events");
	while (cgroup_is_populated(events)) {
		kill_all(cgroup);
		if (clock_now_ms() >= end)
			return error_set(error, ETIMEDOUT, step, "processes are left after %d ms",
					 timeout_ms);
		/* The event may have come before poll() was called: look again soon. */
		poll(&poller, 1, 20);
	}
	return 0;
}

int cgroup_remove(int root, const char *id, struct error *error)
{
	char path[128];
	cleanup_fd int fd = -1;
	struct dirent *entry;
	DIR *directory;
	int result;

	snprintf(path, sizeof(path), PARENT "/%s", id);
	fd = openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : error_errno(error, step, "opening %s", path);
	directory = fdopendir(fd);
	if (!directory)
		return error_errno(error, step, "reading %s", path);
	while ((entry = readdir(directory))) {
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			unlinkat(fd, entry->d_name, AT_REMOVEDIR);
	}
	result = unlinkat(root, path, AT_REMOVEDIR);
	if (result < 0)
		result = error_errno(error, step, "removing %s", path);
	else
		cgroup_drop_parent(root);
	fd = -1; /* closedir() closes it */
	closedir(directory);
	return result;
}
