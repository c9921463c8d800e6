// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/cgroup.h"
#include "helper/container.h"
#include "helper/filter.h"
#include "helper/init.h"
#include "helper/network.h"
#include "helper/upper.h"
#include "policy/cleanup.h"

#define BUILD_TIMEOUT_MS 30000
#define END_TIMEOUT_MS	 5000

static const char step[] = "container";

void container_clear(struct container *container)
{
	*container = (struct container){
		.init = -1, .upper_lock = -1, .devpts = -1, .cgroup_root = -1, .cgroup = -1};
}

static int copy_environment(char *const *environment, struct wire_confinement *confinement,
			    struct error *error)
{
	uint32_t used = 0;

	for (; *environment; environment++) {
		size_t length = strlen(*environment) + 1;

		if (used + length > sizeof(confinement->environment))
			return error_set(error, E2BIG, "environment",
					 "env-set of this profile takes more than %zu bytes",
					 sizeof(confinement->environment));
		memcpy(confinement->environment + used, *environment, length);
		used += (uint32_t)length;
	}
	confinement->environment_length = used;
	return 0;
}

int container_confinement(const struct plan *plan, int state, const char *id,
			  struct wire_confinement *confinement, struct error *error)
{
	int result;

	memset(confinement, 0, sizeof(*confinement));
	confinement->namespaces = plan->namespaces;
	confinement->caps_keep = plan->caps_keep;
	confinement->no_new_privs = plan->no_new_privs;
	confinement->umask_set = plan->umask_set;
	confinement->umask = plan->umask;
	for (unsigned i = 0; i < RLIM_NLIMITS; i++) {
		if (!plan->rlimits[i].set)
			continue;
		confinement->rlimit_set |= UINT32_C(1) << i;
		confinement->rlimits[i].rlim_cur = plan->rlimits[i].soft;
		confinement->rlimits[i].rlim_max = plan->rlimits[i].hard;
	}
	snprintf(confinement->container, sizeof(confinement->container), "%s", id);
	snprintf(confinement->shell, sizeof(confinement->shell), "%s",
		 plan->shell ? plan->shell : "");
	snprintf(confinement->env_keep, sizeof(confinement->env_keep), "%s",
		 plan->env_keep ? plan->env_keep : "");
	result = copy_environment(plan->environment, confinement, error);
	if (result < 0)
		return result;
	return filter_load(plan, state, confinement->filter, WIRE_FILTER_MAX,
			   &confinement->filter_length, error);
}

/* Ends [0] stay with us (of network: with the one who makes it), ends [1] are init's. */
struct channels {
	int init[2], network[2];
};

/* Clones PID 1 into all its namespaces and its cgroup at once, without a migration. */
static int clone_init(const struct container_spec *spec, struct container *container,
		      const struct channels *channels, struct error *error)
{
	/* The cgroup namespace's root is the cgroup of its maker, so init makes that one itself;
	 * the network namespace is made meanwhile (network.c). */
	const unsigned long long later = CLONE_NEWCGROUP | CLONE_NEWNET;
	struct clone_args args = {
		.flags = (spec->plan->namespaces & ~later) | CLONE_INTO_CGROUP | CLONE_PIDFD,
		.exit_signal = SIGCHLD,
		.pidfd = (uint64_t)(uintptr_t)&container->init,
		.cgroup = (uint64_t)container->cgroup,
	};
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	if (pid < 0)
		return error_errno(error, step, "clone3 into new namespaces");
	if (pid == 0) {
		struct init_spec init = {
			.build = {.plan = spec->plan,
				  .facts = spec->facts,
				  .gecos = spec->gecos,
				  .scaffold = CONFINE_STATE_DIR,
				  .network = channels->network[1],
				  .root = -1,
				  .devpts = -1,
				  .devpts_mount = -1},
			.command = spec->command,
			.channel = channels->init[1],
		};
		/* So that the death of the one who makes the network is seen. */
		close(channels->network[0]);
		init_main(&init);
	}
	container->pid = (pid_t)pid;
	return 0;
}

static int wait_for_report(struct container *container, int channel, struct error *error)
{
	struct init_report report = {0};
	int fds[INIT_FDS] = {-1, -1}, result;
	size_t length, count;

	result = wire_receive_some(channel, &report, sizeof(report), &length, fds, INIT_FDS, &count,
				   BUILD_TIMEOUT_MS, error);
	if (result < 0)
		return result;
	container->devpts = fds[INIT_FD_DEVPTS];
	container->devpts_mount = fds[INIT_FD_DEVPTS_MOUNT];
	if (length != sizeof(report) || (report.result == 0 && count != INIT_FDS))
		return error_set(error, EPROTO, step, "init sent %zu bytes", length);
	if (report.result < 0) {
		report.step[sizeof(report.step) - 1] = '\0';
		report.message[sizeof(report.message) - 1] = '\0';
		return error_set(error, -report.result, step, "step %s: %s", report.step,
				 report.message);
	}
	return 0;
}

static int open_channels(struct channels *channels, struct error *error)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channels->init) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channels->network) < 0)
		return error_errno(error, step, "socketpair");
	return 0;
}

static void close_channels(struct channels *channels)
{
	for (int end = 0; end < 2; end++) {
		close_fd(&channels->init[end]);
		close_fd(&channels->network[end]);
	}
}

/* Init and, beside it, the one who makes its network. */
static int start(const struct container_spec *spec, struct container *container,
		 struct container_pending *pending, struct error *error)
{
	__attribute__((cleanup(close_channels))) struct channels channels = {{-1, -1}, {-1, -1}};
	int result;

	/* An account with this uid could signal init, which is to be nobody's. */
	if (spec->facts->uid == CONFINE_INIT_ID)
		return error_set(error, EPERM, step, "uid %u is kept for init", CONFINE_INIT_ID);
	snprintf(container->id, sizeof(container->id), "%s", spec->id);
	result = upper_claim(spec->plan, spec->facts->uid, spec->id, &container->upper_lock, error);
	if (result < 0)
		return result;
	container->cgroup_root = cgroup_open_root(error);
	if (container->cgroup_root < 0)
		return container->cgroup_root;
	container->cgroup = cgroup_create(container->cgroup_root, spec->id, error);
	if (container->cgroup < 0)
		return container->cgroup;
	result = open_channels(&channels, error);
	if (result == 0)
		result = clone_init(spec, container, &channels, error);
	if (result == 0 && (spec->plan->namespaces & CLONE_NEWNET))
		result = network_begin(channels.network[0], &pending->maker, error);
	if (result == 0)
		pending->init = steal_fd(&channels.init[0]);
	return result;
}

int container_begin(const struct container_spec *spec, struct container *container,
		    struct container_pending *pending, struct error *error)
{
	int result;

	*pending = (struct container_pending){.init = -1};
	container_clear(container);
	result = start(spec, container, pending, error);
	if (result < 0)
		container_destroy(container, NULL);
	return result;
}

int container_finish(struct container *container, struct container_pending *pending,
		     struct error *error)
{
	int result = wait_for_report(container, pending->init, error);

	close_fd(&pending->init);
	while (pending->maker > 0 && waitpid(pending->maker, NULL, 0) < 0 && errno == EINTR)
		;
	if (result < 0)
		container_destroy(container, NULL);
	return result;
}

int container_destroy(struct container *container, struct error *error)
{
	siginfo_t info = {0};
	int result = 0;

	/* Either would do: the end of PID 1 ends all others, and it is in the cgroup itself. */
	if (container->init >= 0)
		syscall(SYS_pidfd_send_signal, container->init, SIGKILL, NULL, 0);
	if (container->cgroup >= 0)
		result = cgroup_kill(container->cgroup, END_TIMEOUT_MS, error);
	if (container->init >= 0) {
		/* It ends after all others, one of which may not be to be ended (a dead disk). */
		poll(&(struct pollfd){.fd = container->init, .events = POLLIN}, 1,
		     result == 0 ? END_TIMEOUT_MS : 0);
		waitid(P_PIDFD, (id_t)container->init, &info, WEXITED | WNOHANG);
	}
	if (container->cgroup >= 0 && result == 0)
		result = cgroup_remove(container->cgroup_root, container->id, error);
	close_fd(&container->init);
	close_fd(&container->devpts);
	close_fd(&container->devpts_mount);
	close_fd(&container->cgroup);
	close_fd(&container->cgroup_root);
	close_fd(&container->upper_lock); /* the last: whoever waits for it finds nobody left */
	return result;
}
