// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The PAM door. The module stands in two stacks of a service, three times:
 *
 *   auth     required  pam_confine.so          last auth line:     credentials.c, the join
 *   session  required  pam_confine.so close    first session line: session.c, the end
 *   session  required  pam_confine.so          last session line:  session.c, the start, the lock
 *   account  required  pam_confine.so          in systemd-user:    account.c
 *
 * This file only routes. The process that opens the session is never moved; the fork of it
 * that is about to become the user moves itself. No return code is relied on: the opener gives
 * up CAP_SETUID (lock.c), and only a process that has joined gets it back.
 */
#include <errno.h>
#include <pwd.h>
#include <security/pam_modules.h>
#include <stdlib.h>
#include <syslog.h>
#include <unistd.h>

#include "pam_module/hook.h"
#include "pam_module/report.h"
#include "policy/cleanup.h"

#define HELPER_TIMEOUT_MS 30000

static const struct start helper = {.path = CONFINE_HELPER, .timeout_ms = HELPER_TIMEOUT_MS};

const char *hook_item(const struct hook *hook, int item)
{
	const void *value = NULL;

	if (pam_get_item(hook->handle, item, &value) != PAM_SUCCESS || !value)
		return "";
	return value;
}

bool hook_user_is_root(const struct hook *hook)
{
	struct passwd entry, *found = NULL;
	int failure = ERANGE;

	if (!hook->user)
		return false;
	for (size_t size = 1024; failure == ERANGE && size <= 1024 * 1024; size *= 4) {
		cleanup_free char *buffer = malloc(size);

		if (!buffer)
			return false;
		failure = getpwnam_r(hook->user, &entry, buffer, size, &found);
	}
	return failure == 0 && found && entry.pw_uid == 0;
}

static struct hook make_hook(pam_handle_t *handle, int flags, int argc, const char **argv)
{
	struct hook hook = {.handle = handle, .flags = flags, .helper = &helper};
	const char *user = hook_item(&hook, PAM_USER);

	hook.user = user[0] ? user : NULL;
	hook.service = hook_item(&hook, PAM_SERVICE);
	arguments_parse(argc, argv, &hook.arguments, &hook.mistake);
	return hook;
}

#define ENTRY __attribute__((visibility("default")))

/* Never PAM_SUCCESS: below a "sufficient" line that would let anybody in. */
ENTRY int pam_sm_authenticate(pam_handle_t *handle, int flags, int argc, const char **argv)
{
	(void)handle, (void)flags, (void)argc, (void)argv;
	return PAM_IGNORE;
}

ENTRY int pam_sm_setcred(pam_handle_t *handle, int flags, int argc, const char **argv)
{
	struct hook hook = make_hook(handle, flags, argc, argv);

	return credentials_set(&hook);
}

ENTRY int pam_sm_acct_mgmt(pam_handle_t *handle, int flags, int argc, const char **argv)
{
	struct hook hook = make_hook(handle, flags, argc, argv);

	return account_check(&hook);
}

ENTRY int pam_sm_open_session(pam_handle_t *handle, int flags, int argc, const char **argv)
{
	struct hook hook = make_hook(handle, flags, argc, argv);

	return session_open(&hook);
}

ENTRY int pam_sm_close_session(pam_handle_t *handle, int flags, int argc, const char **argv)
{
	struct hook hook = make_hook(handle, flags, argc, argv);

	return session_close(&hook);
}

ENTRY int pam_sm_chauthtok(pam_handle_t *handle, int flags, int argc, const char **argv)
{
	(void)handle, (void)flags, (void)argc, (void)argv;
	return PAM_IGNORE;
}
