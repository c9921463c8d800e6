// SPDX-License-Identifier: LGPL-2.1-or-later
/* The control of a line in a PAM service file, read as libpam reads it (pam.conf(5)). Pure. */
#pragma once

#include <stdbool.h>

/* What a control can do to the lines below it, whatever the module returns. */
struct pam_effect {
	bool unreadable;    /* libpam takes it for a failure */
	bool done;	    /* ends the stack as a success */
	bool dies_well;	    /* ends the stack although the module did not fail */
	unsigned long jump; /* skips so many lines at most */
};

/*
 * "requisite", and "die" for a module that failed, have no effect here: they end the stack in the
 * authentication, so that there is no login to confine.
 */
struct pam_effect pam_control_effect(const char *control);
