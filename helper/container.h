// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A container as its supervisor sees it: a cgroup and an init. Whoever creates one owns it, must
 * outlive it, and destroys it; a creation that fails leaves nothing.
 */
#pragma once

#include "helper/command.h"
#include "helper/registry.h"
#include "policy/plan.h"

struct container_spec {
	char key[REGISTRY_KEY_SIZE];
	char id[REGISTRY_ID_SIZE];
	const struct plan *plan;
	const struct facts *facts;
	const char *gecos;
	const struct wire_confinement *confinement;
	const struct command *command; /* confinectl run; NULL: sessions join */
};

struct container {
	char id[REGISTRY_ID_SIZE];
	pid_t pid;	  /* init, as the host numbers it; for listings */
	int init;	  /* its pidfd */
	int devpts;	  /* O_PATH of its /dev/pts */
	int devpts_mount; /* a detached copy of that mount, for the first session */
	int upper_lock;	  /* on its overlay's kept changes; -1: it has none */
	int cgroup_root;  /* of the v2 tree */
	int cgroup;	  /* confine/ID */
};

/* What makes up the confinement of a plan: everything but the descriptors. 0 or -errno. */
int container_confinement(const struct plan *plan, int state, const char *id,
			  struct wire_confinement *confinement, struct error *error);

/* A container whose init is still building. */
struct container_pending {
	int init;    /* init's report comes here */
	pid_t maker; /* of its network; 0: none */
};

/*
 * Makes the cgroup and clones init into it, which begins to build. Until container_finish(), the
 * caller may prepare what does not need the finished container. A failure leaves nothing.
 */
int container_begin(const struct container_spec *spec, struct container *container,
		    struct container_pending *pending, struct error *error);

/* Waits until init has built the container. A failure leaves nothing. */
int container_finish(struct container *container, struct container_pending *pending,
		     struct error *error);

/* Ends every process of it, waits for init, and removes the cgroup. Safe on a container of zeros
 * only after container_clear(). */
int container_destroy(struct container *container, struct error *error);

/* No container yet: every descriptor -1. */
void container_clear(struct container *container);
