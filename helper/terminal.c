// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "helper/terminal.h"
#include "policy/cleanup.h"

static const char step[] = "terminal";

/* O_NONBLOCK belongs to the open file, which the caller's shell shares: hence another one. */
static int open_again(int fd)
{
	char path[32];
	int again;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	return again >= 0 ? again : fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

void terminal_find(struct terminal *terminal)
{
	static const int order[] = {1, 2, 0};

	for (int fd = 0; fd <= 2; fd++)
		terminal->stands[fd] = isatty(fd);
	if (terminal->stands[0])
		terminal->in = open_again(0);
	for (int i = 0; i < 3 && terminal->out < 0; i++)
		if (terminal->stands[order[i]])
			terminal->out = open_again(order[i]);
}

static int open_master(struct terminal *terminal, int devpts, uid_t uid, struct error *error)
{
	int unlocked = 0;

	/* The terminal belongs to whoever opens its master (devpts): the user, for this one call.
	 */
	setfsuid(uid);
	terminal->master = openat(devpts, "ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	setfsuid(0);
	if (terminal->master < 0)
		return error_errno(error, step, "opening the container's ptmx");
	if (ioctl(terminal->master, TIOCSPTLCK, &unlocked) < 0 ||
	    ioctl(terminal->master, TIOCGPTN, &terminal->number) < 0)
		return error_errno(error, step, "making a terminal");
	return 0;
}

int terminal_make(struct terminal *terminal, int devpts, uid_t uid, struct error *error)
{
	struct termios modes;
	int result;

	if (terminal->out < 0)
		return 0;
	result = open_master(terminal, devpts, uid, error);
	if (result < 0)
		return result;
	if (tcgetattr(terminal->out, &modes) == 0)
		tcsetattr(terminal->master, TCSANOW, &modes);
	terminal_resize(terminal);
	return 0;
}

void terminal_resize(const struct terminal *terminal)
{
	struct winsize size;

	if (ioctl(terminal->out, TIOCGWINSZ, &size) == 0)
		ioctl(terminal->master, TIOCSWINSZ, &size);
}

void terminal_name(const struct terminal *terminal, char *name, size_t size)
{
	snprintf(name, size, "/dev/pts/%u", terminal->number);
}

void terminal_caller(const struct terminal *terminal, char *name, size_t size)
{
	char path[128] = "";

	*name = '\0';
	if (terminal->out < 0 || ttyname_r(terminal->out, path, sizeof(path)) != 0)
		return;
	snprintf(name, size, "%s", strncmp(path, "/dev/", 5) == 0 ? path + 5 : path);
}

int terminal_enter(const struct terminal *terminal, struct error *error)
{
	cleanup_fd int slave = -1;
	char name[32];

	if (terminal->master < 0)
		return 0;
	terminal_name(terminal, name, sizeof(name));
	slave = open(name, O_RDWR | O_CLOEXEC);
	if (slave < 0)
		return error_errno(error, step, "opening %s", name);
	if (ioctl(slave, TIOCSCTTY, 0) < 0)
		return error_errno(error, step, "taking %s as the session's", name);
	for (int fd = 0; fd <= 2; fd++)
		if (terminal->stands[fd] && dup2(slave, fd) < 0)
			return error_errno(error, step, "dup2");
	return 0;
}

void terminal_finish(struct terminal *terminal)
{
	close_fd(&terminal->in);
	close_fd(&terminal->out);
	close_fd(&terminal->master);
}
