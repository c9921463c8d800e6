// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The machine of the module's tests: a private mount namespace with a /dev, a log socket, a PAM
 * directory and a helper of their own. Nothing of it remains when the test ends.
 */
#pragma once

#include <stdbool.h>

#define MACHINE_PAM_DIRECTORY "/mnt/pam.d"
#define MACHINE_CONFIG	      "/mnt/confine.conf"

/* Makes the machine, once. Returns false, with the reason on stderr, where that is not possible. */
bool machine_make(const char *module, const char *helper);

/* Writes a service file; "@" in lines stands for the module. */
void machine_service(const char *service, const char *lines);

/* Writes the policy file, which only the fall-back without a helper reads. */
void machine_policy(const char *text);

/* Takes the helper away, or puts it back. */
void machine_helper(bool present);

void machine_forget_logs(void);

/* Whether a line with this text has reached the log, or the fake helper's own. */
bool machine_logged(const char *text);
bool machine_helper_logged(const char *text);
