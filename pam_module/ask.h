// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Asking the helper about the hook's user.
 *
 * MUST come to an answer whatever happens to the helper: without one, a user whom the policy
 * exempts beyond doubt is none of our business, and everybody else is refused.
 */
#pragma once

#include "pam_module/hook.h"

struct answer {
	struct wire_reply *reply; /* owned; never NULL: its verdict, event and message are set */
	int fds[WIRE_REPLY_FDS];  /* owned; -1 but for WIRE_CONFINE in answer to a WIRE_OPEN */
};

/* kind: WIRE_OPEN or WIRE_VERDICT; flags: WIRE_DRY_RUN or 0. 0, or -ENOMEM. */
int ask(const struct hook *hook, uint32_t kind, uint32_t flags, struct answer *ret_answer,
	struct error *error);

void answer_finish(struct answer *answer);

/* Has the helper clear away what a dead supervisor left of a container. 0 or -errno. */
int ask_to_reap(const struct hook *hook, const char *container, struct error *error);
