// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "policy/cleanup.h"
#include "tests/root/pam_fake.h"
#include "tests/root/pam_machine.h"

static const char module_path[] = FAKE_DIRECTORY "/pam_confine.so";
static const char helper_path[] = FAKE_DIRECTORY "/helper";

static int log_socket = -1;
static char logged[64 * 1024];

static bool fails(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	return false;
}

static bool write_file(const char *path, const void *data, size_t size, mode_t mode)
{
	cleanup_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

	return (fd >= 0 && fchmod(fd, mode) == 0 && write(fd, data, size) == (ssize_t)size) ||
	       fails(path);
}

static bool copy_file(const char *from, const char *to)
{
	cleanup_fd int source = open(from, O_RDONLY | O_CLOEXEC);
	struct stat status;
	cleanup_free char *data = NULL;

	if (source < 0 || fstat(source, &status) < 0)
		return fails(from);
	data = malloc((size_t)status.st_size);
	if (!data || read(source, data, (size_t)status.st_size) != status.st_size)
		return fails(from);
	return write_file(to, data, (size_t)status.st_size, 0755);
}

static bool make_device(const char *path, unsigned major, unsigned minor)
{
	return (mknod(path, S_IFCHR | 0666, makedev(major, minor)) == 0 &&
		chmod(path, 0666) == 0) ||
	       fails(path);
}

static bool make_dev(void)
{
	struct sockaddr_un log = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};

	if (mount("tmpfs", "/dev", "tmpfs", MS_NOSUID, "mode=0755,size=1m") < 0)
		return fails("/dev");
	if (!make_device("/dev/null", 1, 3) || !make_device("/dev/urandom", 1, 9) ||
	    !make_device("/dev/ptmx", 5, 2))
		return false;
	if (mkdir("/dev/pts", 0755) < 0 ||
	    mount("devpts", "/dev/pts", "devpts", MS_NOSUID, "newinstance") < 0)
		return fails("/dev/pts");
	log_socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (log_socket < 0 || bind(log_socket, (struct sockaddr *)&log, sizeof(log)) < 0)
		return fails("/dev/log");
	return true;
}

/* The file that says who is logged in; without it there would be nothing to cover. */
static bool make_utmp(void)
{
	if (mount("tmpfs", "/run", "tmpfs", MS_NOSUID, "mode=0755,size=1m") < 0)
		return fails("/run");
	return write_file("/run/utmp", "", 0, 0664);
}

/* An empty tmpfs over the deepest directory on the way to path that exists, and the rest in it. */
static bool make_way(const char *path)
{
	char existing[PATH_MAX], part[PATH_MAX];

	snprintf(existing, sizeof(existing), "%s", path);
	do
		*strrchr(existing, '/') = '\0';
	while (existing[0] && access(existing, F_OK) < 0);
	if (!existing[0] || mount("tmpfs", existing, "tmpfs", MS_NOSUID, "mode=0755,size=16m") < 0)
		return fails(path);
	for (const char *end = path + strlen(existing) + 1; (end = strchr(end, '/')); end++) {
		snprintf(part, sizeof(part), "%.*s", (int)(end - path), path);
		if (mkdir(part, 0755) < 0)
			return fails(part);
	}
	return true;
}

bool machine_make(const char *module, const char *helper)
{
	if (getuid() != 0)
		return errno = EPERM, fails("not root");
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return fails("a mount namespace");
	if (mount("tmpfs", FAKE_DIRECTORY, "tmpfs", MS_NOSUID, "mode=0755,size=64m") < 0)
		return fails(FAKE_DIRECTORY);
	umask(022);
	if (!copy_file(module, module_path) || !copy_file(helper, helper_path) ||
	    !make_way(CONFINE_HELPER) || !make_dev() || !make_utmp())
		return false;
	machine_helper(true);
	return mkdir(MACHINE_PAM_DIRECTORY, 0755) == 0 || fails(MACHINE_PAM_DIRECTORY);
}

void machine_service(const char *service, const char *lines)
{
	char path[128], text[2048];
	size_t used = 0;

	for (; *lines && used + sizeof(module_path) < sizeof(text); lines++) {
		if (*lines == '@')
			used += (size_t)sprintf(text + used, "%s", module_path);
		else
			text[used++] = *lines;
	}
	snprintf(path, sizeof(path), MACHINE_PAM_DIRECTORY "/%s", service);
	write_file(path, text, used, 0644);
}

void machine_policy(const char *text)
{
	write_file(MACHINE_CONFIG, text, strlen(text), 0644);
}

void machine_helper(bool present)
{
	if (present)
		copy_file(helper_path, CONFINE_HELPER);
	else
		unlink(CONFINE_HELPER);
}

static void take_log(void)
{
	char line[4096];
	size_t used = strlen(logged);
	ssize_t length;

	while ((length = recv(log_socket, line, sizeof(line), 0)) > 0)
		if (used + (size_t)length + 2 < sizeof(logged)) {
			memcpy(logged + used, line, (size_t)length);
			used += (size_t)length;
			memcpy(logged + used, "\n", 2);
			used++;
		}
}

void machine_forget_logs(void)
{
	take_log();
	logged[0] = '\0';
	unlink(FAKE_LOG);
	unlink(FAKE_CGROUP);
}

bool machine_logged(const char *text)
{
	take_log();
	return strstr(logged, text) != NULL;
}

bool machine_helper_logged(const char *text)
{
	cleanup_file FILE *file = fopen(FAKE_LOG, "re");
	char all[8192];
	size_t length = file ? fread(all, 1, sizeof(all) - 1, file) : 0;

	all[length] = '\0';
	return strstr(all, text) != NULL;
}
