// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * pam_setcred(3) is called twice: in the opener, where it only leaves word that the auth line is
 * there; and in the fork that is about to become the user, where it is the join.
 *
 * MUST, in that fork, either be sure that the process is a member of its container, or that policy
 * has nothing to do with it, or end it: libpam and the services make nothing of an error here.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <syslog.h>
#include <unistd.h>

#include "helper/account.h"
#include "helper/join.h"
#include "helper/room.h"
#include "pam_module/ask.h"
#include "pam_module/report.h"
#include "pam_module/state.h"
#include "policy/cleanup.h"

#define EXIT_NOT_JOINED 255

static int leave_word(const struct hook *hook)
{
	struct error error = {0};
	struct state *state;

	if (hook->mistake.code != 0)
		report(hook, LOG_ERR, "the auth line counts as missing: %s", hook->mistake.message);
	else if (hook_user_is_root(hook))
		return PAM_IGNORE;
	else if (state_make(hook->handle, &state, &error) < 0)
		report(hook, LOG_ERR, "the auth line counts as missing: %s", error.message);
	else
		state->auth_line = true;
	return PAM_IGNORE;
}

/* The session lines were not reached, so nothing is locked yet: policy must say who may pass. */
static int pass_or_end(const struct hook *hook)
{
	struct error error = {0};
	struct answer answer;
	uint32_t verdict;

	if (hook_user_is_root(hook))
		return PAM_IGNORE;
	if (ask(hook, WIRE_VERDICT, 0, &answer, &error) < 0) {
		report(hook, LOG_ERR, "ending the session: %s", error.message);
		_exit(EXIT_NOT_JOINED);
	}
	verdict = answer.reply->verdict;
	if (verdict != WIRE_IGNORE)
		report(hook, LOG_ERR,
		       "%s (event %s): covered by policy, and the session lines of "
		       "this service are missing or were skipped. %s",
		       hook->arguments.dry_run ? "would end the session" : "ending the session",
		       answer.reply->event, answer.reply->message);
	answer_finish(&answer);
	if (verdict != WIRE_IGNORE && !hook->arguments.dry_run)
		_exit(EXIT_NOT_JOINED);
	return PAM_IGNORE;
}

static int enter_container(const struct hook *hook, struct state *state, struct error *error)
{
	const struct wire_confinement *confinement = &state->reply->confinement;
	struct account *account = NULL;
	const struct facts *facts;
	int result;

	if (!state->job)
		return join_container(confinement, state->fds, error);
	result = account_lookup(hook->user ? hook->user : "", &account, error);
	if (result < 0)
		return result;
	facts = account_facts(account);
	result = join_container_as_job(confinement, state->fds, facts->uid, facts->gid, error);
	account_destroy(account);
	return result;
}

static bool is_numeric(const char *host)
{
	unsigned char address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

/*
 * When we return, libpam writes an audit record as uid 0. For it, libaudit resolves a host name
 * and looks up the terminal where none is named, both by files of the container, and loads what
 * its nsswitch.conf names: so there must be no name to resolve, and a terminal.
 */
static int settle_record(const struct hook *hook, struct error *error)
{
	const char *host = hook_item(hook, PAM_RHOST);
	int result = PAM_SUCCESS;

	if (host[0] && !is_numeric(host))
		result = pam_set_item(hook->handle, PAM_RHOST, NULL);
	if (result == PAM_SUCCESS && !hook_item(hook, PAM_TTY)[0])
		result = pam_set_item(hook->handle, PAM_TTY, hook->service);
	return result == PAM_SUCCESS ? 0 : error_set(error, ENOMEM, "record", "pam_set_item");
}

/* From here on every descriptor of the host's is in the way: none may be left inside. */
static int join(const struct hook *hook, struct state *state)
{
	struct error error = {0};
	cleanup_fd int log = report_open();

	view_close(&state->host);
	view_close(&state->private);
	if (settle_record(hook, &error) < 0 || enter_container(hook, state, &error) < 0) {
		report_over(log, hook, LOG_ERR, "ending the session: it could not join: %s: %s",
			    error.step, error.message);
		_exit(EXIT_NOT_JOINED);
	}
	state_drop_session(state);
	state->phase = STATE_JOINED;
	return PAM_SUCCESS;
}

/* sshd can tell the user of the refusal only as the user: somewhere with nothing in it. */
static int enter_room(const struct hook *hook, struct state *state)
{
	struct error error = {0};
	cleanup_fd int log = report_open();

	view_close(&state->host);
	view_close(&state->private);
	state_drop_session(state);
	if (settle_record(hook, &error) < 0 || room_enter(&error) < 0) {
		report_over(log, hook, LOG_ERR, "ending a refused session: %s: %s", error.step,
			    error.message);
		_exit(EXIT_NOT_JOINED);
	}
	state->phase = STATE_JOINED;
	return PAM_SUCCESS;
}

static int set_in_fork(const struct hook *hook, struct state *state)
{
	switch (state->phase) {
	case STATE_NEW:
		return pass_or_end(hook);
	case STATE_IGNORED:
		return PAM_IGNORE;
	case STATE_CONFINED:
		return join(hook, state);
	case STATE_JOINED:
		return PAM_SUCCESS;
	case STATE_REFUSED:
		return enter_room(hook, state);
	case STATE_ENDED:
	case STATE_CLOSED:
		break;
	}
	report(hook, LOG_ERR, "ending a process whose session is closed");
	_exit(EXIT_NOT_JOINED);
}

int credentials_set(const struct hook *hook)
{
	struct state *state = state_find(hook->handle);

	if (hook->flags & PAM_DELETE_CRED)
		return PAM_IGNORE;
	if (!state || state_is_opener(state))
		return leave_word(hook);
	return set_in_fork(hook, state);
}
