// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Starting the helper from inside somebody else's process.
 *
 * MUST hand nothing of the host to the helper: absolute path, empty environment, default signals,
 * no descriptor but the wire and /dev/null, a session of its own, directory /, umask 077.
 * MUST leave nothing with the host: the child is waited for by its own pid, signals and
 * their mask are as before, no descriptor stays, and there is an end to waiting.
 */
#pragma once

#include <stddef.h>

#include "helper/wire.h"
#include "policy/error.h"

struct start {
	const char *path; /* of the helper; absolute */
	int timeout_ms;	  /* for the answer */
};

/*
 * Runs the helper for one request and returns its answer, checked, with the descriptors that belong
 * to it: WIRE_REPLY_FDS (all close-on-exec, none below 3) for WIRE_CONFINE in answer to a WIRE_OPEN
 * that is no dry run, otherwise none, and *ret_fds are all -1. opener is a pidfd to send along, or
 * -1. Blocks for timeout_ms at most, and a little longer for the helper's end.
 * 0 or -errno if there is no answer to rely on: not executable, ended, hanging, not understood.
 */
int start_helper(const struct start *start, const struct wire_request *request, int opener,
		 struct wire_reply *ret_reply, int ret_fds[WIRE_REPLY_FDS], struct error *error);
