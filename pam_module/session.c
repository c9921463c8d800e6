// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The session hooks, in the opener: open builds and locks, close undoes it. All of it is
 * idempotent, because services call these hooks twice, not at all, or in the wrong process.
 *
 * MUST NOT leave open_session for a covered user without the lock, whatever failed before.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "pam_module/ask.h"
#include "pam_module/lock.h"
#include "pam_module/report.h"
#include "pam_module/state.h"
#include "policy/cleanup.h"

#define CLOSE_TIMEOUT_MS 10000
#define EXIT_NOT_LOCKED	 255

/* Services that execute the user's job in the very process that called pam_setcred. */
static const char *const job_services[] = {
	"cron",	 /* Debian's: do_command.c, the grandchild */
	"crond", /* the same elsewhere */
};

static bool joins_as_job(const struct hook *hook)
{
	if (hook->arguments.join != ARGUMENTS_JOIN_AUTO)
		return hook->arguments.join == ARGUMENTS_JOIN_JOB;
	for (size_t i = 0; i < sizeof(job_services) / sizeof(job_services[0]); i++)
		if (strcmp(hook->service, job_services[i]) == 0)
			return true;
	return false;
}

/* proc(5): a directory's link count is two more than that of its directories, one a thread. */
static bool has_threads(void)
{
	struct stat tasks;

	return stat("/proc/self/task", &tasks) < 0 || tasks.st_nlink != 3;
}

/* Why a covered user cannot be let in here, whatever the helper could do; or NULL. */
static const char *obstacle(const struct state *state)
{
	if (!state_is_opener(state))
		return "the session is opened by another process than the one that set credentials";
	if (!state->auth_line)
		return "the auth line is missing, or a line above it skips it";
	if (lock_is_engaged())
		return "another session of this process is open and holds its lock";
	if (has_threads())
		return "the service has threads, or /proc is missing";
	return NULL;
}

static void lock_or_end(const struct hook *hook)
{
	struct error error = {0};

	if (lock_engage(&error) == 0)
		return;
	report(hook, LOG_CRIT, "ending the service's process: it could not be locked: %s",
	       error.message);
	_exit(EXIT_NOT_LOCKED);
}

/* state may be NULL: there was no memory for it. */
static int refuse(const struct hook *hook, struct state *state, const char *event, const char *why)
{
	char own[16];

	lock_or_end(hook);
	if (state)
		state->phase = STATE_REFUSED;
	if (!event || !event[0]) {
		report_event(own);
		event = own;
	}
	report(hook, LOG_ERR, "login refused (event %s): %s", event, why);
	report_refusal(hook, event);
	return PAM_SYSTEM_ERR;
}

/* Tells the supervisor to end the session and waits until none of its processes is left. */
static int end_processes(int session, struct error *error)
{
	struct wire_session message = {.version = WIRE_VERSION, .kind = WIRE_SESSION_CLOSE};
	size_t length;
	int result = wire_send(session, &message, sizeof(message), NULL, 0, error);

	/* A welcome that a child did not live to read may come first. */
	while (result == 0) {
		result = wire_receive(session, &message, sizeof(message), &length, NULL, 0,
				      CLOSE_TIMEOUT_MS, error);
		if (result == 0)
			result = wire_check_session(&message, length, error);
		if (result == 0 && message.kind == WIRE_SESSION_CLOSED)
			break;
	}
	return result;
}

static int put_environment(const struct hook *hook, const struct wire_confinement *confinement,
			   struct error *error)
{
	const char *entry = confinement->environment;
	const char *end = entry + confinement->environment_length;

	for (; entry < end; entry += strlen(entry) + 1) {
		const char *value = strchr(entry, '=');

		if (!value || value == entry)
			return error_set(error, EPROTO, "environment", "%s is no assignment",
					 entry);
		if (pam_putenv(hook->handle, entry) != PAM_SUCCESS)
			return error_set(error, ENOMEM, "environment", "pam_putenv of %s", entry);
	}
	return 0;
}

/* The devpts mount is used up by the bracket: nobody needs its descriptor afterwards. */
static int build(const struct hook *hook, struct state *state, struct error *error)
{
	int result = bracket_open(state->fds[WIRE_FD_DEVPTS], &state->host, &state->private, error);

	close_fd(&state->fds[WIRE_FD_DEVPTS]);
	if (result < 0)
		return result;
	return put_environment(hook, &state->reply->confinement, error);
}

static void undo(const struct hook *hook, struct state *state)
{
	struct error error = {0};

	if (state->host.namespace >= 0 && view_enter(&state->host, &error) < 0)
		report(hook, LOG_ERR, "cannot return to the host's mounts: %s", error.message);
	view_close(&state->host);
	view_close(&state->private);
	if (end_processes(state->fds[WIRE_FD_SESSION], &error) < 0)
		report(hook, LOG_ERR, "cannot end the session: %s", error.message);
	state_drop_session(state);
}

static int confine(const struct hook *hook, struct state *state, struct answer *answer)
{
	struct error error = {0};
	char event[sizeof(answer->reply->event)];

	memcpy(event, answer->reply->event, sizeof(event));
	for (int i = 0; i < WIRE_REPLY_FDS; i++)
		state->fds[i] = steal_fd(&answer->fds[i]);
	state->reply = steal_pointer(&answer->reply);
	state->job = joins_as_job(hook);
	if (build(hook, state, &error) < 0) {
		undo(hook, state);
		return refuse(hook, state, event, error.message);
	}
	lock_or_end(hook);
	state->phase = STATE_CONFINED;
	if (hook->arguments.debug)
		report(hook, LOG_DEBUG, "confined in %s (event %s)",
		       state->reply->confinement.container, event);
	return PAM_SUCCESS;
}

static int ignore(const struct hook *hook, struct state *state, const struct wire_reply *reply)
{
	state->phase = STATE_IGNORED;
	if (reply->message[0])
		report(hook, LOG_WARNING, "let through, not confined: %s", reply->message);
	else if (hook->arguments.debug)
		report(hook, LOG_DEBUG, "not confined");
	return PAM_IGNORE;
}

static int act_on(const struct hook *hook, struct state *state, struct answer *answer,
		  const char *why_not)
{
	struct wire_reply *reply = answer->reply;

	if (reply->verdict == WIRE_IGNORE)
		return ignore(hook, state, reply);
	if (why_not)
		return refuse(hook, state, reply->event, why_not);
	if (reply->verdict == WIRE_CONFINE)
		return confine(hook, state, answer);
	return refuse(hook, state, reply->event, reply->message);
}

static int rehearse(const struct hook *hook, struct state *state, const char *why_not)
{
	static const char *const verdicts[] = {
		[WIRE_IGNORE] = "would not be confined",
		[WIRE_CONFINE] = "would be confined",
		[WIRE_DENY] = "would be refused",
		[WIRE_ERROR] = "would be refused",
	};
	struct error error = {0};
	struct answer answer;

	if (ask(hook, WIRE_OPEN, WIRE_DRY_RUN, &answer, &error) < 0) {
		report(hook, LOG_ERR, "dry run: %s", error.message);
	} else {
		bool refused = answer.reply->verdict == WIRE_CONFINE && why_not;

		report(hook, LOG_NOTICE, "dry run: %s. %s%s%s",
		       verdicts[refused ? WIRE_ERROR : answer.reply->verdict],
		       answer.reply->message, refused ? ": " : "", refused ? why_not : "");
		answer_finish(&answer);
	}
	state->phase = STATE_IGNORED;
	return PAM_IGNORE;
}

/* A handle whose session was closed stands in the private view: leave it before all else. */
static int start_afresh(struct state *state, struct error *error)
{
	int result = 0;

	if (!state_is_opener(state))
		return 0;
	if (state->host.namespace >= 0)
		result = view_enter(&state->host, error);
	view_close(&state->host);
	view_close(&state->private);
	state_drop_session(state);
	return result;
}

int session_open(const struct hook *hook)
{
	struct error error = {0};
	struct answer answer = {0};
	struct state *state = NULL;
	const char *why_not;
	int result;

	if (hook->arguments.close || hook_user_is_root(hook))
		return PAM_IGNORE;
	if (state_make(hook->handle, &state, &error) < 0)
		return refuse(hook, NULL, NULL, error.message);
	if (state->phase == STATE_CONFINED || state->phase == STATE_JOINED) {
		report(hook, LOG_ERR, "a second session was asked for while one is open");
		return PAM_SYSTEM_ERR;
	}
	if (start_afresh(state, &error) < 0)
		return refuse(hook, state, NULL, error.message);
	why_not = obstacle(state);
	if (hook->arguments.dry_run)
		return rehearse(hook, state, why_not);
	if (ask(hook, why_not ? WIRE_VERDICT : WIRE_OPEN, 0, &answer, &error) < 0)
		return refuse(hook, state, NULL, error.message);
	result = act_on(hook, state, &answer, why_not);
	answer_finish(&answer);
	return result;
}

/* Back to the host's view, so that the other modules' close hooks see the host. */
static int end_session(const struct hook *hook, struct state *state)
{
	struct error error = {0};
	int result = end_processes(state->fds[WIRE_FD_SESSION], &error);
	int view;

	if (result < 0)
		report(hook, LOG_WARNING, "the supervisor does not end the session: %s",
		       error.message);
	view = view_enter(&state->host, &error);
	if (result < 0)
		result = ask_to_reap(hook, state->reply->confinement.container, &error);
	if (view == 0)
		view = lock_release(&error);
	state_drop_session(state);
	state->phase = STATE_ENDED;
	if (result == 0 && view == 0)
		return PAM_SUCCESS;
	report(hook, LOG_ERR, "closing the session: %s", error.message);
	return PAM_SYSTEM_ERR;
}

/* The service writes its logout record after the last line, and must not write it to the host's. */
static int finish_session(const struct hook *hook, struct state *state)
{
	struct error error = {0};

	state->phase = STATE_CLOSED;
	if (view_enter(&state->private, &error) == 0)
		return PAM_SUCCESS;
	report(hook, LOG_ERR, "closing the session: %s", error.message);
	return PAM_SYSTEM_ERR;
}

int session_close(const struct hook *hook)
{
	struct state *state = state_find(hook->handle);
	int result = PAM_IGNORE;

	if (!state || !state_is_opener(state))
		return PAM_IGNORE;
	if (state->phase == STATE_CONFINED) {
		if (!hook->arguments.close)
			report(hook, LOG_WARNING,
			       "the close line is missing: other modules closed "
			       "in the session's view");
		result = end_session(hook, state);
	}
	if (!hook->arguments.close && state->phase == STATE_ENDED) {
		int finished = finish_session(hook, state);

		if (result == PAM_IGNORE || result == PAM_SUCCESS)
			result = finished;
	}
	return result;
}
