// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Capability sets of the calling thread by plain system calls: capget, capset, prctl.
 *
 * Why not libcap-ng here: it keeps one process-wide state, and inside a PAM host that state may
 * be the host's own, half filled in. These functions keep no state at all, so that the PAM module
 * can use them; programs of ours may use them too.
 *
 * MUST read back what it set and compare, also when the kernel reported success; MUST touch no
 * path, because some callers already stand in a root that the user can write.
 *
 * Sources: capabilities(7), capget(2), prctl(2); 64-bit sets since Linux 2.6.26, ambient since 4.3.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "policy/error.h"

/* A set is a mask: bit n stands for capability n of <linux/capability.h>. */
#define PRIVILEGE(capability) (UINT64_C(1) << (capability))

struct privileges {
	uint64_t effective, permitted, inheritable, ambient, bounding;
};

/* Every capability that the running kernel knows. */
uint64_t privileges_known(void);

/* Reads all five sets. 0 or -errno. */
int privileges_read(struct privileges *ret_privileges, struct error *error);

/*
 * Raises or gives up one capability in the effective set and leaves all else as it is. Raising
 * takes the capability in the permitted set: -EPERM without it.
 */
int privileges_effective(int capability, bool on, struct error *error);

/*
 * Drops from the bounding set whatever is not in keep. Takes CAP_SETPCAP in the effective set,
 * unless nothing is left to drop. The sets that a process has now are not changed by it; only what
 * execve can give.
 */
int privileges_bound(uint64_t keep, struct error *error);

/*
 * Sets effective and permitted, and empties inheritable and ambient. Neither set may hold what the
 * permitted set lacks now (-EPERM), nor effective what permitted lacks (-EINVAL).
 */
int privileges_set(uint64_t effective, uint64_t permitted, struct error *error);

/* Sets no_new_privs, which no process can take back, and reads it back. */
int privileges_no_new_privs(struct error *error);

/*
 * Makes sure that a later switch from uid 0 to another uid empties permitted and effective, as
 * the kernel does by default: clears SECBIT_KEEP_CAPS; -EPERM if SECBIT_NO_SETUID_FIXUP is set.
 */
int privileges_fall_with_uid(struct error *error);

/*
 * Compares the thread with what is expected: effective and permitted exactly, nothing inheritable
 * or ambient, nothing in the bounding set beyond bounding. -EPERM and the difference if not.
 */
int privileges_check(uint64_t effective, uint64_t permitted, uint64_t bounding,
		     struct error *error);
