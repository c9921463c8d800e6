// SPDX-License-Identifier: LGPL-2.1-or-later
/* confinectl run: a container for one command; confinectl itself is its supervisor. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "helper/account.h"
#include "helper/container.h"
#include "helper/control.h"
#include "helper/ctl.h"
#include "helper/descriptors.h"
#include "helper/state.h"
#include "policy/cleanup.h"
#include "policy/policy.h"

#define FAILED		   125
#define WRONG_USE	   2
#define REQUEST_TIMEOUT_MS 1000
#define LOCK_TIMEOUT_MS	   5000

struct run {
	const char *profile, *user, *config;
	bool help;
	char **argv;
	struct registry registry;
	struct account *account;
	struct policy *policy;
	struct plan *plan;
	struct wire_confinement *confinement;
	struct command command;
	struct container_spec spec;
	struct container container;
	bool entered; /* its entry in the registry is ours to remove */
	int listener, signals;
};

static const char usage[] =
	"Usage: confinectl run --profile PROFILE [--user USER] [--config FILE] -- COMMAND "
	"[ARG...]\n"
	"\n"
	"Runs one command in a container of its own, to try a profile out. Ends as the command "
	"does,\n"
	"or with 125 (confine itself failed), 126 (not executable) or 127 (no such command).\n"
	"  --profile   what the container looks like\n"
	"  --user      who runs the command: anybody but root; nobody if it is not given\n"
	"  --config    another policy\n";

static int parse(int argc, char **argv, struct run *run)
{
	static const struct option options[] = {{"profile", required_argument, NULL, 'p'},
						{"user", required_argument, NULL, 'u'},
						{"config", required_argument, NULL, 'c'},
						{"help", no_argument, NULL, 'h'},
						{0}};
	int option;

	while ((option = getopt_long(argc, argv, "+p:u:h", options, NULL)) != -1) {
		if (option == 'p')
			run->profile = optarg;
		else if (option == 'u')
			run->user = optarg;
		else if (option == 'c')
			run->config = optarg;
		else if (option == 'h')
			run->help = true;
		else
			return -1;
	}
	if (run->help)
		return 0;
	run->argv = argv + optind;
	return run->profile && *run->argv ? 0 : -1;
}

static int load(struct run *run, struct error *error)
{
	int result = account_lookup(run->user, &run->account, error);

	if (result < 0)
		return result;
	if (account_facts(run->account)->uid == 0)
		return error_set(error, EPERM, "run",
				 "no process of root lives in a container; choose another --user");
	result = policy_read(run->config, &run->policy, error);
	if (result == 0)
		result = policy_plan(run->policy, run->profile, account_facts(run->account),
				     &run->plan, error);
	return result;
}

/* What a caller may have left us that would end us early or lose the command's status. */
static void forget_caller(void)
{
	static const struct itimerval off;
	sigset_t none;

	umask(077);
	setitimer(ITIMER_REAL, &off, NULL);
	setitimer(ITIMER_VIRTUAL, &off, NULL);
	setitimer(ITIMER_PROF, &off, NULL);
	signal(SIGCHLD, SIG_DFL);
	/* A full disk, a small limit or a reader that has gone is an error with a message. */
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int block_signals(struct error *error)
{
	static const int forwarded[] = {SIGTERM, SIGINT,  SIGQUIT, SIGHUP,
					SIGUSR1, SIGUSR2, SIGWINCH};
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(forwarded) / sizeof(forwarded[0]); i++)
		sigaddset(&set, forwarded[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return error_errno(error, "run", "sigprocmask");
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	return fd < 0 ? error_errno(error, "run", "signalfd") : fd;
}

static int describe(struct run *run, struct error *error)
{
	int result =
		registry_key_of_session(run->spec.key, account_facts(run->account)->uid, error);

	run->spec.plan = run->plan;
	run->spec.facts = account_facts(run->account);
	run->spec.gecos = account_gecos(run->account);
	run->spec.confinement = run->confinement;
	run->spec.command = &run->command;
	run->command.argv = run->argv;
	run->command.facts = run->spec.facts;
	run->command.confinement = run->confinement;
	if (result == 0)
		result = registry_make_id(run->spec.id, run->spec.key, error);
	if (result == 0)
		result = container_confinement(run->plan, run->registry.state, run->spec.id,
					       run->confinement, error);
	/* A terminal stays the command's, for job control; the filter keeps TIOCSTI away from it.
	 */
	run->command.own_session = !isatty(0) || run->confinement->filter_length == 0;
	return result;
}

static int save_state(struct run *run, struct error *error)
{
	const struct sessions none = {0};
	cleanup_free char *text = state_text(&run->spec, &run->container, &none, time(NULL));

	if (!text)
		return error_set(error, ENOMEM, "run", "no memory");
	return registry_write_state(&run->registry, run->spec.key, text, error);
}

/* Locked until it listens: an entry that nobody answers for is another's to sweep away. */
static int enter_registry(struct run *run, struct error *error)
{
	cleanup_fd int lock = registry_lock(&run->registry, run->spec.key, LOCK_TIMEOUT_MS, error);

	int result = lock < 0 ? lock : registry_enter(&run->registry, run->spec.key, error);

	if (result < 0)
		return result;
	run->entered = true;
	run->listener = registry_listen(&run->registry, run->spec.key, error);
	return run->listener < 0 ? run->listener : save_state(run, error);
}

static int start(struct run *run, struct error *error)
{
	struct container_pending pending;
	int result = registry_open(&run->registry, error);

	if (result == 0)
		result = describe(run, error);
	if (result < 0)
		return result;
	registry_sweep(&run->registry);
	run->signals = block_signals(error);
	if (run->signals < 0)
		return run->signals;
	result = enter_registry(run, error);
	if (result == 0)
		result = container_begin(&run->spec, &run->container, &pending, error);
	if (result == 0)
		result = container_finish(&run->container, &pending, error);
	return result < 0 ? result : save_state(run, error);
}

/* A terminal has sent its signals to the command as well; only what came for us is passed on. */
static void pass_signal(struct run *run)
{
	struct signalfd_siginfo info;

	if (read(run->signals, &info, sizeof(info)) != sizeof(info) ||
	    (info.ssi_code == SI_KERNEL && !run->command.own_session))
		return;
	syscall(SYS_pidfd_send_signal, run->container.init, (int)info.ssi_signo, NULL, 0);
}

/* Any CONTROL_KILL ends the container; there are no sessions to be added here. */
static void serve_connection(struct run *run)
{
	cleanup_fd int connection = accept4(run->listener, NULL, NULL, SOCK_CLOEXEC);
	struct control_reply reply = {.version = CONTROL_VERSION};
	struct control_request request;
	size_t length, count;
	int fds[CONTROL_SESSION_FDS];

	if (connection < 0 ||
	    wire_receive_some(connection, &request, sizeof(request), &length, fds,
			      CONTROL_SESSION_FDS, &count, REQUEST_TIMEOUT_MS, NULL) < 0)
		return;
	for (size_t i = 0; i < count; i++)
		close(fds[i]);
	if (length == sizeof(request) && request.kind == CONTROL_KILL)
		syscall(SYS_pidfd_send_signal, run->container.init, SIGKILL, NULL, 0);
	else
		reply.result = -EBUSY;
	wire_send(connection, &reply, offsetof(struct control_reply, confinement), NULL, 0, NULL);
}

static int wait_for_end(struct run *run)
{
	struct pollfd list[] = {{.fd = run->container.init, .events = POLLIN},
				{.fd = run->signals, .events = POLLIN},
				{.fd = run->listener, .events = POLLIN}};
	siginfo_t info = {0};

	do {
		if (poll(list, 3, -1) < 0)
			continue;
		if (list[1].revents)
			pass_signal(run);
		if (list[2].revents)
			serve_connection(run);
	} while (!list[0].revents);
	if (waitid(P_PIDFD, (id_t)run->container.init, &info, WEXITED | WNOWAIT) < 0)
		return FAILED;
	return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

static void finish(struct run *run)
{
	struct error error = {0};

	if (container_destroy(&run->container, &error) < 0)
		fprintf(stderr, "confinectl: %s\n", error.message);
	if (run->entered)
		registry_remove(&run->registry, run->spec.key);
	close_fd(&run->listener);
	close_fd(&run->signals);
	registry_finish(&run->registry);
	plan_destroy(run->plan);
	policy_destroy(run->policy);
	account_destroy(run->account);
	free(run->confinement);
}

int ctl_run(int argc, char **argv)
{
	struct run run = {.user = "nobody", .registry = {-1, -1}, .listener = -1, .signals = -1};
	struct error error = {0};
	int status = FAILED;

	if (parse(argc, argv, &run) < 0) {
		fputs(usage, stderr);
		return WRONG_USE;
	}
	if (run.help) {
		fputs(usage, stdout);
		return 0;
	}
	if (geteuid() != 0) {
		fputs("confinectl: run needs root\n", stderr);
		return FAILED;
	}
	forget_caller();
	container_clear(&run.container);
	run.confinement = calloc(1, sizeof(*run.confinement));
	if (run.confinement && descriptors_null(1, &error) == 0 &&
	    descriptors_no_directory(&error) == 0 && load(&run, &error) == 0 &&
	    start(&run, &error) == 0)
		status = wait_for_end(&run);
	else
		fprintf(stderr, "confinectl: run: %s: %s\n", error.step ? error.step : "memory",
			error.message);
	finish(&run);
	return status;
}
