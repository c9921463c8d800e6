// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The build: everything between a fresh set of namespaces and a root that a session can be let
 * into. It runs in the future PID 1, as root, and each step is one function of one file.
 *
 * MUST leave nothing on the host: all that is made lives in the new mount namespace.
 */
#pragma once

#include <stddef.h>

#include "policy/error.h"
#include "policy/plan.h"

struct build {
	const struct plan *plan;
	const struct facts *facts;
	const char *gecos;    /* full name for the generated passwd */
	const char *scaffold; /* a directory of the host to attach the new root on; hidden by it */
	char hostname[65];    /* decided by the hostname step */
	int network;	      /* where the network namespace comes from; see network.c */
	int root;	      /* O_PATH on the new root, once it is attached; -1 before */
	int devpts;	      /* O_PATH on the container's /dev/pts; -1 before */
	int devpts_mount;     /* a detached copy of that mount, for the first session; -1 before */
};

struct build_step {
	const char *name;
	const char *summary; /* for confinectl explain: what it takes away or gives */
	int (*run)(struct build *build, struct error *error);
};

/* The steps in the order in which they run; ends with a row without a name. */
extern const struct build_step build_steps[];

/* Runs every step; stops at the first that fails, whose name is then in error->step. */
int build_run(struct build *build, struct error *error);

/* Releases the descriptors of a build. */
void build_finish(struct build *build);

/* The steps, in this order. */
int cgroup_hide(struct build *build, struct error *error);
int propagation_stop(struct build *build, struct error *error);
int hostname_apply(struct build *build, struct error *error);
int root_create(struct build *build, struct error *error);
int identity_write(struct build *build, struct error *error);
int view_attach(struct build *build, struct error *error);
int resolver_attach(struct build *build, struct error *error);
int device_create(struct build *build, struct error *error);
int proc_attach(struct build *build, struct error *error);
int scratch_attach(struct build *build, struct error *error);
int home_attach(struct build *build, struct error *error);
int extra_attach(struct build *build, struct error *error);
int network_apply(struct build *build, struct error *error);
int root_seal(struct build *build, struct error *error);
int root_enter(struct build *build, struct error *error);

/* For a view: makes what every root has and this one lacks (/usr, /var/tmp, ...), as our own. */
int root_complete(struct build *build, struct error *error);
