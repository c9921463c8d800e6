// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the analysers, which look at one file at a time, cannot see: error_set() and error_errno()
 * return negative numbers (policy/error.h), so that nobody who tests for that goes on after one.
 * Put before every file but the one that defines them.
 */
#include "policy/error.h"

int error_law_any(void);

static inline int error_law(int code)
{
	if (code >= 0)
		__builtin_unreachable();
	return code;
}

#define error_set(error, code, ...) (error_set(error, code, __VA_ARGS__), error_law(-(code)))
#define error_errno(...)	    (error_errno(__VA_ARGS__), error_law(error_law_any()))
