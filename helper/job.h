// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Standing in for a job. A process cannot change its own PID namespace, only that of its later
 * children; but cron executes the user's job in the very process that called pam_setcred(3). So the
 * process forks, the child goes on as the job, and the parent stands in for it.
 *
 * MUST leave the parent with nothing: no capability, no descriptor, no privileged id, not dumpable;
 * it waits, passes signals on, and ends exactly as the job ended.
 */
#pragma once

#include <sys/types.h>

#include "policy/error.h"

/*
 * Forks. Returns 0 in the child, with the caller's signal mask; never returns in the parent, which
 * becomes uid:gid, passes TERM, INT, QUIT and HUP to the child, and ends with its exit status or by
 * its signal. -errno in the caller if there is no child.
 */
int job_fork(uid_t uid, gid_t gid, struct error *error);

/* Ends the calling process as a child has ended whose wait status this is, but without a core. */
void job_end_as(int status) __attribute__((noreturn));
