// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * MUST NOT take anything of the caller's but his uid: what the policy decides by comes from the
 * user database. glibc's NSS loads the modules that nsswitch.conf names from the system's own
 * library directories, as it does in every daemon of root's: the environment is empty, and the
 * process is root by execve from a root that was so in every id.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helper/login.h"
#include "helper/start.h"
#include "helper/wire_facts.h"
#include "policy/cleanup.h"
#include "policy/policy.h"

#define HELPER_TIMEOUT_MS 45000

static const char step[] = "request";

static int ask_helper(struct login *login, struct wire_request *request, struct error *error)
{
	static const struct start helper = {.path = CONFINE_HELPER,
					    .timeout_ms = HELPER_TIMEOUT_MS};
	cleanup_fd int self = (int)syscall(SYS_pidfd_open, getpid(), 0);

	if (self < 0)
		return error_errno(error, step, "pidfd_open of this process");
	return start_helper(&helper, request, self, login->reply, login->fds, error);
}

static int compose(struct login *login, struct wire_request *request, struct error *error)
{
	if (strlen(login->facts->user) >= sizeof(request->user))
		return error_set(error, E2BIG, step, "a user name of more than %zu bytes",
				 sizeof(request->user) - 1);
	request->version = WIRE_VERSION;
	request->kind = WIRE_OPEN;
	strcpy(request->user, login->facts->user);
	strcpy(request->service, LOGIN_SERVICE);
	terminal_caller(&login->terminal, request->tty, sizeof(request->tty));
	return wire_facts_pack(request, login->facts, account_gecos(login->account), error);
}

/* Without the helper there is no policy, but its exemptions can be read, as far as they are sure.
 */
static int without_helper(struct login *login, int result, struct error *error)
{
	struct facts facts = *login->facts;

	facts.service = LOGIN_SERVICE;
	if (!policy_exempt_despite_errors(NULL, &facts))
		return result;
	memset(login->reply, 0, sizeof(*login->reply));
	login->reply->verdict = WIRE_IGNORE;
	memcpy(login->reply->message, error->message, sizeof(login->reply->message));
	return 0;
}

int login_ask(struct login *login, struct error *error)
{
	cleanup_free struct wire_request *request = calloc(1, sizeof(*request));
	int result;

	login->reply = calloc(1, sizeof(*login->reply));
	if (!request || !login->reply)
		return error_set(error, ENOMEM, step, "no memory");
	result = account_lookup_uid(login->caller.state.uid, &login->account, error);
	if (result < 0)
		return result;
	login->facts = account_facts(login->account);
	result = compose(login, request, error);
	if (result == 0)
		result = ask_helper(login, request, error);
	return result < 0 ? without_helper(login, result, error) : 0;
}
