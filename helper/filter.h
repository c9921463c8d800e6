// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The system-call filter of the container's users: compiled once with libseccomp, cached as a BPF
 * program under the state directory, keyed by the content it was made from.
 *
 * MUST cover every architecture the kernel accepts (x86_64, i386, x32; aarch64, arm): a call of an
 * architecture the filter does not know ends the process.
 */
#pragma once

#include <linux/filter.h>
#include <stdint.h>

#include "policy/error.h"
#include "policy/plan.h"

/*
 * Puts the program for a plan into program[max] and its length into *ret_length (0 for
 * FILTER_OFF). state_fd is a directory that only root can write (/run/confine), in which the
 * cache lives; a cache that cannot be read or written costs time, never the filter.
 * Returns 0 or -errno: -EINVAL a filter file that does not parse (file, line, word), -E2BIG a
 * program longer than max.
 */
int filter_load(const struct plan *plan, int state_fd, struct sock_filter *program, uint32_t max,
		uint32_t *ret_length, struct error *error);
