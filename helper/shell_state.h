// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What confine-shell finds when it starts, and how it leaves that behind. Whoever executes a setuid
 * program chooses its arguments, environment, descriptors, working directory, limits, signals,
 * timers, umask and priority: all of them are data here, to be written down and given back to the
 * user's own shell later, and none of them may act on a process of root.
 *
 * MUST call nothing but libc and the kernel, MUST not look at the environment, and MUST open no
 * path but /dev/null and the working directory.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#define SHELL_STATE_VERSION 1
#define SHELL_STATE_FD	    3 /* confine-login finds the state here: a sealed memfd */
#define SHELL_DIRECTORY_FD  4 /* O_PATH of the caller's working directory, if there was one */
#define SHELL_GROUPS_MAX    65536

/* What the memfd holds: this, the groups, then every argument and variable with its NUL. */
struct shell_state {
	uint32_t version;
	uint32_t uid; /* the real one: who is to be confined */
	uint32_t gid, egid;
	uint32_t umask;
	int32_t nice;
	uint32_t group_count; /* gid_t each, behind this structure */
	uint32_t arguments;   /* strings, behind the groups */
	uint32_t variables;   /* strings, behind the arguments */
	uint32_t reserved;
	uint64_t text_length; /* bytes of all strings */
	struct rlimit limits[RLIM_NLIMITS];
};

/*
 * Takes the real uid and the groups down and becomes root in every id, without a group: from here
 * on the user may neither signal nor trace the process. These functions return NULL, or the step
 * that failed, with errno.
 */
const char *shell_state_take_ids(struct shell_state *state, gid_t groups[SHELL_GROUPS_MAX]);

/* Limits that let us work; never a hard limit below the caller's, so that his can be set again. */
const char *shell_state_take_limits(struct shell_state *state);

/* Descriptors 0 to 2 are open (/dev/null where they were not), all others are closed. */
const char *shell_state_take_descriptors(void);

/* Signals, timers, umask, priority, dumpable; not the working directory. */
const char *shell_state_take_rest(struct shell_state *state);
