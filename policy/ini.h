// SPDX-License-Identifier: LGPL-2.1-or-later
/* The second opinion: what iniparser reads in the same bytes. */
#pragma once

#include <stddef.h>

#include "policy/problem.h"
#include "policy/scan.h"

/*
 * Has iniparser read text and compares: every key of the scan with the same value, and no key or
 * section more. Call it only for a scan without problems. Differences become problems.
 * Returns 0 or -errno when the comparison itself could not be made.
 */
int ini_compare(const struct scan *scan, const char *text, size_t size, struct problems *problems,
		struct error *error);
