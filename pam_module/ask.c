// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <syslog.h>
#include <unistd.h>

#include "helper/account.h"
#include "helper/descriptor.h"
#include "helper/wire_facts.h"
#include "pam_module/ask.h"
#include "pam_module/report.h"
#include "policy/cleanup.h"
#include "policy/policy.h"

static const char step[] = "request";

/* Cutting a value could change what policy makes of it: too long is an error. */
static int put(char *field, size_t size, const char *value, const char *what, struct error *error)
{
	size_t length = value ? strlen(value) : 0;

	if (length >= size)
		return error_set(error, E2BIG, step, "%s of %zu bytes, at most %zu are possible",
				 what, length, size - 1);
	memcpy(field, value ? value : "", length + 1);
	return 0;
}

static int fill_in(const struct hook *hook, struct wire_request *request, struct error *error)
{
	const struct arguments *arguments = &hook->arguments;
	const struct {
		char *field;
		size_t size;
		const char *value, *what;
	} rows[] = {
		{request->user, sizeof(request->user), hook->user, "a user name"},
		{request->service, sizeof(request->service), hook->service, "a service name"},
		{request->rhost, sizeof(request->rhost), hook_item(hook, PAM_RHOST), "a host name"},
		{request->tty, sizeof(request->tty), hook_item(hook, PAM_TTY), "a terminal name"},
		{request->config, sizeof(request->config), arguments->config, "config="},
		{request->profile, sizeof(request->profile), arguments->profile, "profile="},
	};
	int result = 0;

	if (!hook->user || !hook->user[0])
		return error_set(error, EINVAL, step, "the service names no user");
	for (size_t i = 0; result == 0 && i < sizeof(rows) / sizeof(rows[0]); i++)
		result = put(rows[i].field, rows[i].size, rows[i].value, rows[i].what, error);
	return result;
}

static int add_facts(const struct hook *hook, struct wire_request *request, struct error *error)
{
	struct account *account = NULL;
	int result = account_lookup(hook->user, &account, error);

	if (result == 0)
		result = wire_facts_pack(request, account_facts(account), account_gecos(account),
					 error);
	account_destroy(account);
	return result;
}

static int ask_helper(const struct hook *hook, uint32_t kind, uint32_t flags, struct answer *answer,
		      struct error *error)
{
	cleanup_free struct wire_request *request = calloc(1, sizeof(*request));
	cleanup_fd int self = -1;
	int result;

	if (!request)
		return error_set(error, ENOMEM, step, "no memory");
	request->version = WIRE_VERSION;
	request->kind = kind;
	request->flags = flags;

	if (hook->mistake.code != 0) {
		*error = hook->mistake;
		return -hook->mistake.code;
	}
	if (hook->arguments.debug)
		request->flags |= WIRE_DEBUG;
	result = fill_in(hook, request, error);
	if (result == 0)
		result = add_facts(hook, request, error);
	if (result < 0)
		return result;
	if (kind == WIRE_OPEN) {
		self = (int)syscall(SYS_pidfd_open, getpid(), 0);
		if (self < 0)
			return error_errno(error, step, "pidfd_open of this process");
	}
	return start_helper(hook->helper, request, self, answer->reply, answer->fds, error);
}

/* The policy itself is not at hand; its exemptions are, as far as they can be read for sure. */
static bool is_exempt(const struct hook *hook)
{
	struct account *account = NULL;
	struct facts facts;
	bool exempt;

	if (!hook->user || account_lookup(hook->user, &account, NULL) < 0)
		return false;
	facts = *account_facts(account);
	facts.service = hook->service;
	facts.rhost = hook_item(hook, PAM_RHOST);
	exempt = policy_exempt_despite_errors(hook->arguments.config, &facts);
	account_destroy(account);
	return exempt;
}

static void answer_without_helper(const struct hook *hook, struct answer *answer,
				  const struct error *error)
{
	struct wire_reply *reply = answer->reply;
	bool exempt = is_exempt(hook);

	memset(reply, 0, sizeof(*reply));
	reply->version = WIRE_VERSION;
	reply->verdict = exempt ? WIRE_IGNORE : WIRE_ERROR;
	report_event(reply->event);
	snprintf(reply->message, sizeof(reply->message), "%s%s: %.*s", exempt ? "exempt: " : "",
		 error->step, (int)sizeof(reply->message) - 64, error->message);
}

int ask(const struct hook *hook, uint32_t kind, uint32_t flags, struct answer *ret_answer,
	struct error *error)
{
	struct answer answer = {.reply = calloc(1, sizeof(*answer.reply))};
	struct error failure = {0};

	if (!answer.reply)
		return error_set(error, ENOMEM, step, "no memory");
	for (int i = 0; i < WIRE_REPLY_FDS; i++)
		answer.fds[i] = -1;
	if (ask_helper(hook, kind, flags, &answer, &failure) < 0)
		answer_without_helper(hook, &answer, &failure);
	*ret_answer = answer;
	return 0;
}

void answer_finish(struct answer *answer)
{
	descriptor_close_all(answer->fds, WIRE_REPLY_FDS);
	free(answer->reply);
	answer->reply = NULL;
}

int ask_to_reap(const struct hook *hook, const char *container, struct error *error)
{
	cleanup_free struct wire_request *request = calloc(1, sizeof(*request));
	cleanup_free struct wire_reply *reply = calloc(1, sizeof(*reply));
	int fds[WIRE_REPLY_FDS], result;

	if (!request || !reply)
		return error_set(error, ENOMEM, step, "no memory");
	request->version = WIRE_VERSION;
	request->kind = WIRE_REAP;
	result = put(request->container, sizeof(request->container), container, "a container",
		     error);
	if (result == 0)
		result = start_helper(hook->helper, request, -1, reply, fds, error);
	if (result == 0 && reply->verdict != WIRE_IGNORE)
		result = error_set(error, EIO, step, "clearing up %s: %s", container,
				   reply->message);
	return result;
}
