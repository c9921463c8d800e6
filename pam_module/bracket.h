// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The opener's own mount namespace between open_session and close_session. It is the host's view
 * but for two things: /dev/pts is the container's, so that the terminal which the service allocates
 * is one that exists inside; and utmp, wtmp and lastlog are private files, so that "pts/0" of a
 * container never passes for the host's.
 *
 * MUST leave everything else as it is, MUST be a slave of the host's namespace (what the host
 * mounts later appears, what happens here never does there), and MUST NOT move the opener into a
 * root that the user can write.
 */
#pragma once

#include "policy/error.h"

/* A mount namespace and the root directory in it. */
struct view {
	int namespace;
	int root;
};

#define VIEW_NONE                                                                                  \
	{                                                                                          \
		-1, -1                                                                             \
	}

/* Closes a view that has been left for good; VIEW_NONE is fine. */
void view_close(struct view *view);

/*
 * Moves the process to a view. The current directory stays the one of the same name, or becomes
 * "/" where that does not exist. 0 or -errno.
 */
int view_enter(const struct view *view, struct error *error);

/*
 * Moves the process from the host's view to a new private one, with devpts, a detached mount, on
 * /dev/pts; on success *ret_host and *ret_private are the caller's to close. On failure the
 * process is back where it was, and both are untouched.
 */
int bracket_open(int devpts, struct view *ret_host, struct view *ret_private, struct error *error);
