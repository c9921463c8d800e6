// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include "helper/control.h"
#include "helper/log.h"
#include "helper/open.h"
#include "helper/registry.h"
#include "helper/supervisor.h"
#include "helper/wire_facts.h"
#include "policy/cleanup.h"
#include "policy/policy.h"

#define LOCK_TIMEOUT_MS	  20000
#define ANSWER_TIMEOUT_MS 10000

static const char step[] = "open";

struct login {
	const struct wire_request *request;
	struct facts facts;
	const char *gecos;
	int opener, module;
	unsigned opener_pid;
	unsigned max_sessions;
	enum wire_verdict on_failure; /* what a failure of the machine comes to */
};

static void free_policy(struct policy **policy)
{
	policy_destroy(*policy);
}

static void free_plan(struct plan **plan)
{
	plan_destroy(*plan);
}

static const char *text_or_null(const char *text)
{
	return *text ? text : NULL;
}

static void describe_session(const struct login *login, struct control_request *request)
{
	*request = (struct control_request){.version = CONTROL_VERSION,
					    .kind = CONTROL_SESSION,
					    .max_sessions = login->max_sessions,
					    .uid = login->facts.uid,
					    .opener = login->opener_pid};
	memcpy(request->service, login->request->service, sizeof(request->service));
	memcpy(request->rhost, login->request->rhost, sizeof(request->rhost));
	memcpy(request->tty, login->request->tty, sizeof(request->tty));
}

/* Asks the supervisor for a session; fds are those of the answer, channel our end's twin. */
static int ask_for_session(const struct login *login, int supervisor, int channel,
			   struct control_reply *reply, int fds[CONTROL_REPLY_FDS],
			   struct error *error)
{
	const int passed[CONTROL_SESSION_FDS] = {login->opener, channel};
	struct control_request request;
	size_t length = 0, count = 0;
	int result;

	describe_session(login, &request);
	result = wire_send(supervisor, &request, sizeof(request), passed, CONTROL_SESSION_FDS,
			   error);
	if (result == 0)
		result = wire_receive_some(supervisor, reply, sizeof(*reply), &length, fds,
					   CONTROL_REPLY_FDS, &count, ANSWER_TIMEOUT_MS, error);
	if (result < 0)
		return result;
	reply->message[sizeof(reply->message) - 1] = '\0';
	if (reply->result < 0)
		return error_set(error, -reply->result, "session", "%s", reply->message);
	if (count != CONTROL_REPLY_FDS || reply->version != CONTROL_VERSION)
		return error_set(error, EPROTO, step, "an answer with %zu descriptors", count);
	return 0;
}

/* A copy of the container's devpts, mounted nowhere. It takes being in its mount namespace. */
static int clone_devpts(int init, int devpts, struct error *error)
{
	int mount;

	if (setns(init, CLONE_NEWNS) < 0)
		return error_errno(error, step, "entering the container's mounts");
	mount = open_tree(devpts, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	return mount < 0 ? error_errno(error, step, "open_tree of /dev/pts") : mount;
}

static int take_session(const struct login *login, int supervisor, struct opening *opening,
			struct error *error)
{
	cleanup_free struct control_reply *reply = calloc(1, sizeof(*reply));
	int fds[CONTROL_REPLY_FDS] = {-1, -1, -1}, channel[2], result;

	if (!reply || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0)
		return error_errno(error, step, "socketpair");
	result = ask_for_session(login, supervisor, channel[1], reply, fds, error);
	close_fd(&channel[1]);
	if (result < 0) {
		close_fd(&channel[0]);
		return result;
	}
	opening->reply.confinement = reply->confinement;
	opening->fds[WIRE_FD_INIT] = fds[CONTROL_FD_INIT];
	opening->fds[WIRE_FD_CGROUP] = fds[CONTROL_FD_CGROUP];
	opening->fds[WIRE_FD_SESSION] = channel[0];
	opening->fds[WIRE_FD_DEVPTS] =
		clone_devpts(fds[CONTROL_FD_INIT], fds[CONTROL_FD_DEVPTS], error);
	close_fd(&fds[CONTROL_FD_DEVPTS]);
	return opening->fds[WIRE_FD_DEVPTS] < 0 ? opening->fds[WIRE_FD_DEVPTS] : 0;
}

/* A new container, whose supervisor gives the answer. */
static int start_container(const struct login *login, struct registry *registry, const char *key,
			   int lock, const struct plan *plan, struct opening *opening,
			   struct error *error)
{
	cleanup_free struct wire_confinement *confinement = calloc(1, sizeof(*confinement));
	struct supervisor_first first = {.reply = &opening->reply,
					 .on_failure = login->on_failure,
					 .opener = login->opener,
					 .module = login->module,
					 .lock = lock};
	struct container_spec spec = {.plan = plan,
				      .facts = &login->facts,
				      .gecos = login->gecos,
				      .confinement = confinement};
	int result;

	if (!confinement)
		return error_set(error, ENOMEM, step, "no memory");
	describe_session(login, &first.request);
	snprintf(spec.key, sizeof(spec.key), "%s", key);
	result = registry_make_id(spec.id, key, error);
	if (result == 0)
		result = container_confinement(plan, registry->state, spec.id, confinement, error);
	if (result == 0)
		result = supervisor_start(registry, &spec, &first, error);
	opening->handed_over = result == 0;
	return result;
}

/* A session in the container that has this key, if one lives; -ENOENT if none does. */
static int join_running(const struct login *login, struct registry *registry, const char *key,
			struct opening *opening, struct error *error)
{
	cleanup_fd int supervisor = registry_connect(registry, key, error);
	int result;

	if (supervisor < 0)
		return supervisor == -ECONNREFUSED ? -ENOENT : supervisor;
	result = take_session(login, supervisor, opening, error);
	/* It died while we spoke to it. */
	return result == -ECONNRESET || result == -EPIPE ? -ENOENT : result;
}

static int make_key(const struct login *login, const struct plan *plan, char key[REGISTRY_KEY_SIZE],
		    struct error *error)
{
	if (plan->join == JOIN_SESSION)
		return registry_key_of_session(key, login->facts.uid, error);
	registry_key_of_user(key, login->facts.uid, login->facts.user, plan_digest(plan));
	return 0;
}

static int open_in(const struct login *login, struct registry *registry, const struct plan *plan,
		   struct opening *opening, struct error *error)
{
	char key[REGISTRY_KEY_SIZE];
	int result = make_key(login, plan, key, error);
	cleanup_fd int lock = -1;

	if (result < 0)
		return result;
	lock = registry_lock(registry, key, LOCK_TIMEOUT_MS, error);
	if (lock < 0)
		return lock;
	result = join_running(login, registry, key, opening, error);
	if (result != -ENOENT)
		return result;
	result = registry_reap(registry, key, error);
	return result < 0 ? result
			  : start_container(login, registry, key, lock, plan, opening, error);
}

/*
 * on-failure = allow is for a machine that cannot hold containers at all. What comes later depends
 * on homes, sessions and load, which covered users can bring about themselves, so that it would be
 * their way out.
 */
static int open_session(struct login *login, const struct plan *plan, struct opening *opening,
			struct error *error)
{
	__attribute__((cleanup(registry_finish))) struct registry registry = {-1, -1};
	int result = registry_open(&registry, error);

	if (result < 0)
		return result;
	login->on_failure = WIRE_ERROR;
	return open_in(login, &registry, plan, opening, error);
}

static int fail(struct opening *opening, enum wire_verdict verdict, const struct error *error)
{
	for (int i = 0; i < WIRE_REPLY_FDS; i++)
		close_fd(&opening->fds[i]);
	opening->reply.verdict = verdict;
	snprintf(opening->reply.message, sizeof(opening->reply.message), "%.60s: %.440s",
		 error->step ? error->step : step, error->message);
	return -1;
}

/* The profile that the PAM line names wins over the rule's, never over an exemption. */
static const char *profile_of(const struct wire_request *request, const struct decision *decision)
{
	return *request->profile ? request->profile : decision->profile;
}

static void answer_covered(struct login *login, const struct policy *policy,
			   const struct decision *decision, struct opening *opening)
{
	const char *profile = profile_of(login->request, decision);
	__attribute__((cleanup(free_plan))) struct plan *plan = NULL;
	struct error error = {0};

	opening->reply.verdict = WIRE_CONFINE;
	if (login->request->kind == WIRE_VERDICT)
		return;
	/* Bad policy never lets anybody through; on-failure is for the machine's failures. */
	login->on_failure = decision->on_failure_allow ? WIRE_IGNORE : WIRE_ERROR;
	if (policy_plan(policy, profile, &login->facts, &plan, &error) < 0) {
		fail(opening, WIRE_ERROR, &error);
		return;
	}
	if (login->request->flags & WIRE_DRY_RUN) {
		snprintf(opening->reply.message, sizeof(opening->reply.message),
			 "profile %.100s, by %s %.100s", profile, decision->reason,
			 decision->rule ? decision->rule : "");
		return;
	}
	login->max_sessions = plan->max_sessions;
	if (open_session(login, plan, opening, &error) < 0)
		fail(opening, login->on_failure, &error);
}

static int decide(struct login *login, const struct policy *policy, struct opening *opening)
{
	struct decision decision;
	struct error error = {0};

	if (policy_decide(policy, &login->facts, &decision, &error) < 0)
		return fail(opening, WIRE_ERROR, &error);
	if (decision.verdict == VERDICT_IGNORE) {
		opening->reply.verdict = WIRE_IGNORE;
		return 0;
	}
	if (decision.verdict == VERDICT_DENY) {
		error_set(&error, EACCES, "policy", "%s: %s%s%s", login->facts.user,
			  decision.reason, decision.rule ? " " : "",
			  decision.rule ? decision.rule : "");
		return fail(opening, WIRE_DENY, &error);
	}
	answer_covered(login, policy, &decision, opening);
	return 0;
}

static void answer_login(struct login *login, struct opening *opening)
{
	const char *config = text_or_null(login->request->config);
	__attribute__((cleanup(wire_facts_finish))) struct wire_facts known = {0};
	__attribute__((cleanup(free_policy))) struct policy *policy = NULL;
	struct error error = {0};

	if (wire_facts_unpack(login->request, &known, &error) < 0) {
		fail(opening, WIRE_ERROR, &error);
		return;
	}
	login->facts = known.facts;
	login->facts.service = text_or_null(login->request->service);
	login->facts.rhost = text_or_null(login->request->rhost);
	login->gecos = known.gecos;
	if (policy_read(config, &policy, &error) < 0) {
		fail(opening,
		     policy_exempt_despite_errors(config, &login->facts) ? WIRE_IGNORE : WIRE_ERROR,
		     &error);
		return;
	}
	decide(login, policy, opening);
}

static void reap(const char *container, struct opening *opening)
{
	__attribute__((cleanup(registry_finish))) struct registry registry = {-1, -1};
	char key[REGISTRY_KEY_SIZE] = "";
	struct error error = {0};
	size_t length = strcspn(container, ".");
	cleanup_fd int lock = -1;

	opening->reply.verdict = WIRE_IGNORE;
	if (length == 0 || length >= sizeof(key) || strchr(container, '/'))
		return;
	memcpy(key, container, length);
	if (registry_open(&registry, &error) < 0) {
		fail(opening, WIRE_ERROR, &error);
		return;
	}
	lock = registry_lock(&registry, key, LOCK_TIMEOUT_MS, &error);
	if (lock < 0 || registry_reap(&registry, key, &error) < 0)
		fail(opening, WIRE_ERROR, &error);
}

static void make_event(char *event, size_t size)
{
	unsigned draw = 0;

	if (getrandom(&draw, sizeof(draw), GRND_NONBLOCK) != sizeof(draw))
		draw = (unsigned)getpid();
	snprintf(event, size, "%08x", draw);
}

void opening_answer(const struct wire_request *request, int opener, unsigned opener_pid, int module,
		    struct opening *opening)
{
	struct login login = {
		.request = request, .opener = opener, .opener_pid = opener_pid, .module = module};

	opening->handed_over = false;

	memset(&opening->reply, 0, sizeof(opening->reply));
	for (int i = 0; i < WIRE_REPLY_FDS; i++)
		opening->fds[i] = -1;
	opening->reply.version = WIRE_VERSION;
	make_event(opening->reply.event, sizeof(opening->reply.event));
	if (request->kind == WIRE_REAP)
		reap(request->container, opening);
	else
		answer_login(&login, opening);
}
