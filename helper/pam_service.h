// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which PAM services can be confined, and how. Pure. */
#pragma once

#include <stdbool.h>

#include "helper/pam_edit.h"

/* Why a service cannot be confined through PAM. */
struct pam_unfit {
	const char *pattern; /* of fnmatch(3) */
	const char *reason;  /* half a sentence */
	bool second_door;    /* starts the login shell, which can be the second door */
};

/* The row that a service falls under; NULL: nothing is known against it. */
const struct pam_unfit *pam_service_unfit(const char *service);

/* Whether pam_start(3) could look for a file of this name: it lowers case and cuts at slashes. */
bool pam_service_sane(const char *service);

/* The lines that a service needs. */
enum pam_door pam_service_door(const char *service);

/* Whether it is known to set credentials in the session's own process, where the join stands. */
bool pam_service_known(const char *service);
