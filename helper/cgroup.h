// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Control groups, version 2 (cgroup-v2 of the kernel's admin guide): what ties a process to its
 * session even when it has forked twice and called setsid(2), and what ends it.
 *
 *   confine/ID        a container: its init reaper
 *   confine/ID/sN     its Nth session: every process of it
 */
#pragma once

#include <stdbool.h>

#include "policy/error.h"

/*
 * The root of the v2 tree that this process may see: /sys/fs/cgroup, /sys/fs/cgroup/unified on
 * hybrid hosts, otherwise a mount of our own that nobody else sees. O_PATH, or -errno.
 */
int cgroup_open_root(struct error *error);

/*
 * Opens confine below root, making it if need be: where supervisors live, outside of the sessions
 * and of whatever unit the login service belongs to.
 */
int cgroup_open_parent(int root, struct error *error);

/* Removes confine if nobody is there. Best effort. */
void cgroup_drop_parent(int root);

/* Moves the calling process to root, and removes confine if nobody else is there. Best effort. */
void cgroup_leave_parent(int root);

/* Makes the container's cgroup below root and opens it (O_PATH). */
int cgroup_create(int root, const char *id, struct error *error);

/* Makes the cgroup name in parent and opens it (O_PATH). */
int cgroup_make(int parent, const char *name, struct error *error);

/* Opens cgroup.procs of a cgroup for writing; a process joins by writing "0" to it. */
int cgroup_open_procs(int cgroup, struct error *error);

/*
 * Ends every process below cgroup, with cgroup.kill (Linux 5.14) and one by one, and waits until
 * none is left, at most timeout_ms. -ETIMEDOUT: some are left.
 */
int cgroup_kill(int cgroup, int timeout_ms, struct error *error);

/*
 * Tells the processes in a cgroup (256 at most) that their session hangs up: SIGHUP, and SIGCONT
 * for those that are stopped. Best effort; what does not listen is for cgroup_kill().
 */
void cgroup_hang_up(int cgroup);

/* Whether any process is below the cgroup whose cgroup.events is open as events; true if unknown.
 */
bool cgroup_is_populated(int events);

/* Removes the container's cgroup with all below it, all of which must be empty. */
int cgroup_remove(int root, const char *id, struct error *error);
