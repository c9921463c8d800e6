// SPDX-License-Identifier: LGPL-2.1-or-later
/* The mistakes of a policy, in the order of reading: "check" shows all, a login needs the first. */
#pragma once

#include <stddef.h>

#include "policy/error.h"

#define PROBLEMS_KEPT_MAX 200 /* further ones are counted only */

struct problem {
	int code;      /* positive errno; ENOTSUP: right, but not built yet */
	char *file;    /* NULL: the policy as a whole */
	unsigned line; /* 0: the whole file */
	char *key;     /* key or [section]; NULL: none */
	char message[ERROR_MESSAGE_SIZE];
};

struct problems {
	size_t count;	    /* all of them, also those that found no room */
	struct error first; /* "file:line: key: message" of the first that is not ENOTSUP */
	struct problem *list;
	size_t kept;
};

/*
 * Adds one; problems may be NULL. Never loses the fact: if memory runs out, count and first still
 * tell it.
 */
void problem_add(struct problems *problems, int code, const char *file, unsigned line,
		 const char *key, const char *format, ...) __attribute__((format(printf, 6, 7)));

/* Releases the list and zeroes everything. */
void problems_finish(struct problems *problems);

#define cleanup_problems __attribute__((cleanup(problems_finish)))
