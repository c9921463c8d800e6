// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "helper/clock.h"
#include "helper/relay.h"
#include "policy/cleanup.h"

#define BUFFER_SIZE   8192 /* what still comes after Ctrl-S or Ctrl-C: not more than one screen */
#define ROUNDS_MAX    64   /* of copying, before anybody else is looked after */
#define LOOK_MS	      200  /* how often to see whether the terminal is ours again */
#define HANG_UP_MS    2000 /* for a shell that saves its work when its terminal goes */
#define LAST_WORDS_MS 5000 /* without progress, at the end: a terminal that shows nothing more */

struct buffer {
	size_t start, end;
	char bytes[BUFFER_SIZE];
};

struct relay {
	struct terminal *terminal;
	pid_t child;
	int signals;
	int status;
	bool ended;	    /* the child has */
	bool raw;	    /* the caller's terminal is */
	bool reading;	    /* and is ours to read: we are in its foreground */
	bool hung_up;	    /* it has gone */
	long long deadline; /* of a child after a hang-up */
	struct termios before;
	struct buffer inward, outward;
};

static bool has_room(const struct buffer *buffer)
{
	return buffer->end < BUFFER_SIZE;
}

static bool is_empty(const struct buffer *buffer)
{
	return buffer->start == buffer->end;
}

/* As read(2): 0 at the end, -1 and EAGAIN when there is nothing now. */
static ssize_t fill(struct buffer *buffer, int fd)
{
	ssize_t got;

	do
		got = read(fd, buffer->bytes + buffer->end, BUFFER_SIZE - buffer->end);
	while (got < 0 && errno == EINTR);
	if (got > 0)
		buffer->end += (size_t)got;
	return got;
}

static void empty(struct buffer *buffer, int fd)
{
	ssize_t written = write(fd, buffer->bytes + buffer->start, buffer->end - buffer->start);

	if (written > 0)
		buffer->start += (size_t)written;
	else if (written < 0 && errno != EAGAIN && errno != EINTR)
		buffer->start = buffer->end; /* nobody will ever take it */
	if (is_empty(buffer))
		buffer->start = buffer->end = 0;
}

/* Another process group's terminal must neither be read nor changed. Without job control: ours. */
static bool in_foreground(const struct terminal *terminal)
{
	pid_t group = tcgetpgrp(terminal->in);

	return group < 0 || group == getpgrp();
}

static void become_raw(struct relay *relay)
{
	struct termios raw;

	relay->reading = relay->terminal->in >= 0 && in_foreground(relay->terminal);
	if (!relay->reading || relay->raw || tcgetattr(relay->terminal->in, &relay->before) < 0)
		return;
	raw = relay->before;
	cfmakeraw(&raw);
	relay->raw = tcsetattr(relay->terminal->in, TCSANOW, &raw) == 0;
}

static void become_cooked(struct relay *relay)
{
	if (relay->raw)
		tcsetattr(relay->terminal->in, TCSANOW, &relay->before);
	relay->raw = false;
	relay->reading = false;
}

/* Stops as others do; whoever continues us gets everything back. */
static void stop(struct relay *relay)
{
	become_cooked(relay);
	raise(SIGSTOP);
	become_raw(relay);
	if (relay->terminal->master >= 0)
		terminal_resize(relay->terminal);
	kill(relay->child, SIGCONT);
}

static void look_at_child(struct relay *relay)
{
	int status;
	pid_t pid = waitpid(relay->child, &status, WNOHANG | WUNTRACED);

	if (pid == relay->child && WIFSTOPPED(status)) {
		/* One that has itself traced reports all its stops to us; those are not of a job.
		 */
		if (WSTOPSIG(status) != SIGTRAP)
			stop(relay);
	} else if (pid == relay->child || (pid < 0 && errno == ECHILD)) {
		relay->status = pid < 0 ? SIGKILL : status;
		relay->ended = true;
	}
}

/* What a terminal sends, it sends to all in its foreground; what a process sends is for one. */
static void pass_on(const struct relay *relay, const struct signalfd_siginfo *info)
{
	bool from_terminal = info->ssi_code == SI_KERNEL;

	kill(from_terminal ? -relay->child : relay->child, (int)info->ssi_signo);
}

static void serve_signal(struct relay *relay)
{
	struct signalfd_siginfo info;

	if (read(relay->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGCHLD)
		look_at_child(relay);
	else if (info.ssi_signo == SIGTSTP)
		stop(relay);
	else if (info.ssi_signo == SIGCONT)
		become_raw(relay);
	else if (info.ssi_signo == SIGWINCH && relay->terminal->master >= 0)
		terminal_resize(relay->terminal);
	else
		pass_on(relay, &info);
}

/* The one inside hangs up too, and with it all that runs on it. */
static void hang_up(struct relay *relay)
{
	relay->hung_up = true;
	relay->reading = relay->raw = false;
	relay->deadline = clock_now_ms() + HANG_UP_MS;
	close_fd(&relay->terminal->master);
}

static int time_left(const struct relay *relay)
{
	long long left;

	/* fg(1) of a job that runs sends no signal. */
	if (!relay->hung_up)
		return relay->terminal->in >= 0 && !relay->reading ? LOOK_MS : -1;
	left = relay->deadline - clock_now_ms();
	return left > 0 ? (int)left : 0;
}

static void serve_in(struct relay *relay)
{
	ssize_t got = fill(&relay->inward, relay->terminal->in);

	if (got > 0 || (got < 0 && errno == EAGAIN))
		return;
	if (in_foreground(relay->terminal))
		hang_up(relay);
	else
		become_cooked(relay); /* the shell of the caller has taken it back */
}

static void serve_master(struct relay *relay)
{
	ssize_t got;

	/* A terminal gives 4 KiB at a time: no poll for each of them, as long as they are taken. */
	for (int round = 0; round < ROUNDS_MAX && is_empty(&relay->outward); round++) {
		got = fill(&relay->outward, relay->terminal->master);
		/* EIO: nobody has it open at this moment, or any more: the child's end decides. */
		if (got < 0 && errno == EIO)
			poll(NULL, 0, 5);
		if (got <= 0)
			return;
		empty(&relay->outward, relay->terminal->out);
	}
}

enum { AT_SIGNALS, AT_IN, AT_OUT, AT_MASTER, AT_COUNT };

static void make_poll_list(const struct relay *relay, struct pollfd list[AT_COUNT])
{
	const struct terminal *terminal = relay->terminal;
	bool takes = relay->reading && terminal->master >= 0 && has_room(&relay->inward);

	list[AT_SIGNALS] = (struct pollfd){.fd = relay->signals, .events = POLLIN};
	list[AT_IN] = (struct pollfd){.fd = takes ? terminal->in : -1, .events = POLLIN};
	list[AT_OUT] = (struct pollfd){.fd = is_empty(&relay->outward) ? -1 : terminal->out,
				       .events = POLLOUT};
	list[AT_MASTER] = (struct pollfd){.fd = terminal->master};
	if (is_empty(&relay->outward))
		list[AT_MASTER].events |= POLLIN;
	if (!is_empty(&relay->inward))
		list[AT_MASTER].events |= POLLOUT;
	if (!list[AT_MASTER].events)
		list[AT_MASTER].fd = -1;
}

static void serve(struct relay *relay)
{
	struct pollfd list[AT_COUNT];

	make_poll_list(relay, list);
	if (poll(list, AT_COUNT, time_left(relay)) < 0)
		return;
	if (!relay->reading && !relay->hung_up)
		become_raw(relay);
	if (list[AT_OUT].revents)
		empty(&relay->outward, relay->terminal->out);
	if (list[AT_MASTER].revents & POLLOUT)
		empty(&relay->inward, relay->terminal->master);
	if (list[AT_MASTER].revents & (POLLIN | POLLHUP))
		serve_master(relay);
	if (list[AT_IN].revents)
		serve_in(relay);
	if (list[AT_SIGNALS].revents)
		serve_signal(relay);
}

/* What was written before the shell ended; a background process may go on writing without us. */
static void show_last_words(struct relay *relay)
{
	const struct terminal *terminal = relay->terminal;

	while (terminal->master >= 0 && !relay->hung_up) {
		struct pollfd out = {.fd = terminal->out, .events = POLLOUT};

		if (is_empty(&relay->outward) && fill(&relay->outward, terminal->master) <= 0)
			return;
		if (poll(&out, 1, LAST_WORDS_MS) != 1 || (out.revents & (POLLHUP | POLLERR)))
			return;
		empty(&relay->outward, terminal->out);
	}
}

int relay_watch(struct error *error)
{
	static const int numbers[] = {SIGCHLD, SIGTERM, SIGINT,	  SIGQUIT, SIGHUP,
				      SIGUSR1, SIGUSR2, SIGWINCH, SIGTSTP, SIGCONT};
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaddset(&set, numbers[i]);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	return fd < 0 ? error_errno(error, "relay", "signalfd") : fd;
}

int relay_run(struct terminal *terminal, pid_t child, int signals)
{
	static struct relay relay;

	relay.terminal = terminal;
	relay.child = child;
	relay.signals = signals;
	become_raw(&relay);
	look_at_child(&relay); /* it may have ended before anybody watched */
	while (!relay.ended && !(relay.hung_up && time_left(&relay) == 0))
		serve(&relay);
	if (relay.ended)
		show_last_words(&relay);
	become_cooked(&relay);
	close_fd(&relay.signals);
	terminal_finish(terminal);
	return relay.ended ? relay.status : SIGHUP;
}
