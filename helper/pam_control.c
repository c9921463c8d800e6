// SPDX-License-Identifier: LGPL-2.1-or-later
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "helper/pam_control.h"

/* One name=action of a bracketed control, white space allowed as libpam does; moves *at past it. */
static bool next_action(const char **at, char *name, char *action, size_t size)
{
	size_t length;

	*at += strspn(*at, " \t\n");
	length = strcspn(*at, " \t\n=]");
	if (length == 0 || length >= size)
		return false;
	snprintf(name, size, "%.*s", (int)length, *at);
	*at += length;
	*at += strspn(*at, " \t\n");
	if (*(*at)++ != '=')
		return false;
	*at += strspn(*at, " \t\n");
	length = strcspn(*at, " \t\n]");
	if (length == 0 || length >= size)
		return false;
	snprintf(action, size, "%.*s", (int)length, *at);
	*at += length;
	return true;
}

static bool listed(const char *const *list, const char *word)
{
	for (; *list; list++)
		if (strcmp(*list, word) == 0)
			return true;
	return false;
}

/* pam.conf(5), case matters; any other name makes libpam take the whole control for a failure. */
static bool known_result(const char *name)
{
	static const char *const names[] = {"success",
					    "open_err",
					    "symbol_err",
					    "service_err",
					    "system_err",
					    "buf_err",
					    "perm_denied",
					    "auth_err",
					    "cred_insufficient",
					    "authinfo_unavail",
					    "user_unknown",
					    "maxtries",
					    "new_authtok_reqd",
					    "acct_expired",
					    "session_err",
					    "cred_unavail",
					    "cred_expired",
					    "cred_err",
					    "no_module_data",
					    "conv_err",
					    "authtok_err",
					    "authtok_recover_err",
					    "authtok_lock_busy",
					    "authtok_disable_aging",
					    "try_again",
					    "ignore",
					    "abort",
					    "authtok_expired",
					    "module_unknown",
					    "bad_item",
					    "conv_again",
					    "incomplete",
					    "default",
					    NULL};

	return listed(names, name);
}

static bool harmless(const char *action)
{
	static const char *const actions[] = {"ignore", "ok", "bad", "reset", "die", NULL};

	return listed(actions, action);
}

/* What only all of the actions together can tell. */
struct summary {
	bool any, success_named, ignore_named, default_dies;
};

static void effect_of_action(struct pam_effect *effect, const char *name, const char *action,
			     struct summary *summary)
{
	bool success = strcmp(name, "success") == 0;
	bool dies = strcmp(action, "die") == 0;
	char *end;
	unsigned long jump = strtoul(action, &end, 10);

	summary->any = true;
	summary->success_named |= success;
	summary->ignore_named |= strcmp(name, "ignore") == 0;
	summary->default_dies |= dies && strcmp(name, "default") == 0;
	effect->dies_well = effect->dies_well || (dies && success);
	if (jump > 0 && isdigit((unsigned char)action[0]) && *end == '\0')
		effect->jump = jump > effect->jump ? jump : effect->jump;
	else if (strcmp(action, "done") == 0)
		effect->done = true;
	else if (!harmless(action))
		effect->unreadable = true;
	if (!known_result(name))
		effect->unreadable = true;
}

static void effect_of_brackets(const char *control, struct pam_effect *effect)
{
	const char *at = control + 1;
	struct summary summary = {0};
	char name[32], action[32];

	while (at += strspn(at, " \t\n"), *at && *at != ']') {
		if (!next_action(&at, name, action, sizeof(name))) {
			effect->unreadable = true;
			return;
		}
		effect_of_action(effect, name, action, &summary);
	}
	effect->unreadable = effect->unreadable || !summary.any || *at != ']';
	/* Setting credentials gives PAM_IGNORE in many modules that have nothing to set. */
	effect->dies_well |=
		summary.default_dies && !(summary.success_named && summary.ignore_named);
}

struct pam_effect pam_control_effect(const char *control)
{
	struct pam_effect effect = {0};

	if (control[0] == '[')
		effect_of_brackets(control, &effect);
	else if (strcasecmp(control, "sufficient") == 0)
		effect.done = true;
	else if (strcasecmp(control, "required") != 0 && strcasecmp(control, "requisite") != 0 &&
		 strcasecmp(control, "optional") != 0)
		effect.unreadable = true;
	return effect;
}
