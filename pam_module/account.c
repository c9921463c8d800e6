// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The account hook. user@.service runs programs from the user's home outside of every container,
 * through the service systemd-user: a line there refuses whoever policy covers. Other services
 * are confined by their session, and the account hook has no opinion of them.
 */
#include <string.h>
#include <syslog.h>

#include "pam_module/ask.h"
#include "pam_module/report.h"

int account_check(const struct hook *hook)
{
	struct error error = {0};
	struct answer answer;
	int result = PAM_SYSTEM_ERR;

	if (strcmp(hook->service, "systemd-user") != 0 || hook_user_is_root(hook))
		return PAM_IGNORE;
	if (ask(hook, WIRE_VERDICT, 0, &answer, &error) < 0) {
		report(hook, LOG_ERR, "refused: %s", error.message);
		return PAM_SYSTEM_ERR;
	}
	if (answer.reply->verdict == WIRE_IGNORE || hook->arguments.dry_run)
		result = PAM_IGNORE;
	if (answer.reply->verdict != WIRE_IGNORE)
		report(hook, LOG_NOTICE,
		       "%s (event %s): covered by policy, and this service runs "
		       "programs outside: %s",
		       result == PAM_IGNORE ? "would be refused" : "refused", answer.reply->event,
		       answer.reply->message);
	answer_finish(&answer);
	return result;
}
