// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The terminals of a login through the second door: the caller's, outside, and one of the
 * container's own that stands for it inside. No descriptor of the caller's terminal goes inside:
 * what can be done with one by ioctl (TIOCSTI, TIOCLINUX) is done to the caller's shell.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "policy/error.h"

struct terminal {
	int in;		/* the caller's terminal for reading: standard input; -1: that is none */
	int out;	/* the caller's terminal for writing; -1: there is none at all */
	bool stands[3]; /* 0, 1, 2 are terminals, to be replaced inside */
	int master;	/* of the one inside; -1: none */
	unsigned number;
};

/* No terminal. */
#define TERMINAL_NONE ((struct terminal){.in = -1, .out = -1, .master = -1})

/*
 * Finds out which of 0, 1 and 2 are terminals, and opens them anew, non-blocking, so that no other
 * process that has them notices.
 */
void terminal_find(struct terminal *terminal);

/*
 * Makes the one inside, if there is one outside, with its modes and size, owned by uid. devpts is
 * the container's, mounted or not. 0 or -errno.
 */
int terminal_make(struct terminal *terminal, int devpts, uid_t uid, struct error *error);

/* Its name inside, and that of the caller's outside as PAM_TTY would have it ("pts/3", or ""). */
void terminal_name(const struct terminal *terminal, char *name, size_t size);
void terminal_caller(const struct terminal *terminal, char *name, size_t size);

/*
 * Inside, as the user, leader of a session without terminal: opens it by name, makes it the
 * session's, and puts it where the caller's terminal was. 0 or -errno.
 */
int terminal_enter(const struct terminal *terminal, struct error *error);

/* Gives the one inside the size of the one outside. */
void terminal_resize(const struct terminal *terminal);

/* Closes what is open. */
void terminal_finish(struct terminal *terminal);
