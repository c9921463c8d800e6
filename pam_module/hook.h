// SPDX-License-Identifier: LGPL-2.1-or-later
/* What every PAM entry knows about its call. */
#pragma once

#include <security/pam_modules.h>

#include "helper/start.h"
#include "pam_module/arguments.h"

struct hook {
	pam_handle_t *handle;
	int flags; /* of the PAM call: PAM_SILENT, PAM_ESTABLISH_CRED, ... */
	struct arguments arguments;
	struct error mistake; /* code 0, or what is wrong with the arguments */
	const struct start *helper;
	const char *user;    /* PAM_USER, borrowed; NULL if it is not known */
	const char *service; /* PAM_SERVICE, borrowed; never NULL */
};

/* Whether the user's name belongs to uid 0, who is never any of our business. */
bool hook_user_is_root(const struct hook *hook);

/* PAM_RHOST or PAM_TTY: borrowed, "" if unset. */
const char *hook_item(const struct hook *hook, int item);

/* The entries, by what they serve; pam_confine.c routes to them. */
int account_check(const struct hook *hook);
int credentials_set(const struct hook *hook);
int session_open(const struct hook *hook);
int session_close(const struct hook *hook);
