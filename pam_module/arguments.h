// SPDX-License-Identifier: LGPL-2.1-or-later
/* The options of one line of a PAM service file. */
#pragma once

#include <stdbool.h>

#include "policy/error.h"

enum arguments_join {
	ARGUMENTS_JOIN_AUTO,  /* by the name of the service */
	ARGUMENTS_JOIN_CHILD, /* the process that calls pam_setcred starts the session's programs */
	ARGUMENTS_JOIN_JOB,   /* the process that calls pam_setcred becomes the session's program */
};

/* All strings are borrowed from argv. */
struct arguments {
	const char *config;  /* absolute path of the policy; NULL: the default */
	const char *profile; /* NULL: as policy says */
	enum arguments_join join;
	bool close;   /* the first session line: acts at close only */
	bool dry_run; /* log what would happen, change nothing */
	bool debug;   /* log every step */
	bool quiet;   /* say nothing to the user */
};

/*
 * Fills in all that could be understood, on failure too, so that a mistake in one word does not
 * turn the close line into another. -EINVAL for a word that is unknown, given twice, or has no
 * sane value; -ENOTSUP for one that this version cannot honour.
 */
int arguments_parse(int argc, const char *const *argv, struct arguments *ret_arguments,
		    struct error *error);
