// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a PAM handle remembers between its calls, in the process that opened the session and in the
 * copies that its forks inherit.
 *
 * MUST know in which of these it is called, without trusting process ids, which are recycled and
 * differ between PID namespaces: the mark lies on a page that the kernel wipes in every fork
 * (MADV_WIPEONFORK, Linux 4.14).
 */
#pragma once

#include <security/pam_modules.h>
#include <stdbool.h>

#include "helper/wire.h"
#include "pam_module/bracket.h"

enum state_phase {
	STATE_NEW,	/* open_session has not reached us */
	STATE_IGNORED,	/* not covered: none of our business */
	STATE_REFUSED,	/* covered, and not let in: locked */
	STATE_CONFINED, /* a session is open: bracketed and locked */
	STATE_JOINED,	/* this process, a fork of the opener, is in the container */
	STATE_ENDED,	/* the close line is done: host's view, not locked */
	STATE_CLOSED,	/* the last line too: private view again */
};

struct state {
	unsigned char *mark; /* a page of its own: 1 in the opener, 0 in every fork of it */
	bool auth_line;	     /* the opener's setcred has been here */
	bool job;	     /* the joining process becomes the job itself */
	enum state_phase phase;
	struct wire_reply *reply; /* owned; NULL but for STATE_CONFINED */
	int fds[WIRE_REPLY_FDS];
	struct view host, private;
};

/* The handle's state, or NULL. */
struct state *state_find(pam_handle_t *handle);

/* The same, or a new one whose opener is the calling process. -errno without memory. */
int state_make(pam_handle_t *handle, struct state **ret_state, struct error *error);

/* Whether the calling process made the state. */
bool state_is_opener(const struct state *state);

/* Closes the session's descriptors and frees the reply; the views stay. */
void state_drop_session(struct state *state);
