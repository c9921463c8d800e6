// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What libpam makes of a service file: whether the lines of pam_confine.so stand where they
 * belong and whether a line above could pass them by. Pure.
 *
 * MUST call no stack sound in which the auth line may not be reached: the join stands there.
 */
#pragma once

#include "helper/pam_edit.h"

#define PAM_PROBLEMS_MAX 16

struct pam_problem {
	const char *file; /* the parsed file's; NULL: the service file as a whole */
	unsigned line;
	bool warning; /* the lines are in order, but somebody should look at this */
	char text[256];
};

struct pam_report {
	size_t ours;   /* lines of pam_confine.so in the service file itself */
	size_t errors; /* problems that are not warnings, also those that found no room */
	size_t count;  /* of problems */
	struct pam_problem problems[PAM_PROBLEMS_MAX];
};

/* Fills in *ret_report, whose file names live as long as file. In order: no errors. */
void pam_stack_check(const struct pam_file *file, enum pam_door door,
		     struct pam_report *ret_report);
