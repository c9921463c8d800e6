// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Who called confine-shell, and with what: the notes of shell_state.h as read by confine-login.
 * Every string in it is the user's and decides nothing on the host.
 */
#pragma once

#include "helper/shell_state.h"
#include "policy/error.h"

struct caller {
	struct shell_state state;
	gid_t *groups;	    /* state.group_count of them */
	char **arguments;   /* argv as the caller gave it, NULL-terminated; at least one */
	char **environment; /* NULL-terminated */
	int directory;	    /* O_PATH of the working directory, close-on-exec; -1: none */
	char *bytes;	    /* owns all of the above */
};

/*
 * Reads the notes from SHELL_STATE_FD, closes that, and takes SHELL_DIRECTORY_FD over. 0, or
 * -EPROTO for anything that confine-shell does not write. Release with caller_finish().
 */
int caller_read(struct caller *caller, struct error *error);

/* The same from length bytes (and a NUL after them) of malloc(3), which become the caller's. */
int caller_parse(struct caller *caller, char *bytes, size_t length, struct error *error);
void caller_finish(struct caller *caller);

/* The value of a variable of the caller's, or NULL; the first of several. Borrowed. */
const char *caller_variable(const struct caller *caller, const char *name);
