// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A login service in miniature: it does with PAM what sshd does, in the order in which sshd does
 * it, and writes down what it saw. Each runs in a process of its own.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "helper/privileges.h"

#define NOT_REACHED -1

/* A system call that fails, from open_session on or from the child's setcred on. */
struct host_fault {
	int call;      /* SYS_... */
	bool by_first; /* only with this first argument */
	unsigned first;
	int error;
};

struct host {
	const struct host_fault *opener_fault, *child_fault; /* NULL: none */
	const char *lines;   /* of the service file; "@" stands for the module */
	const char *service; /* NULL: "sshd" */
	const char *user;    /* NULL: "nobody" */
	const char *rhost;   /* NULL: an address */
	bool no_setcred;     /* the opener never calls setcred */
	bool fork_before_open;
	bool threads;
	bool open_twice;
	bool no_close;
	bool closed_stdio; /* 0, 1 and 2 are closed while PAM runs */
	bool job;	   /* the child exits with status 3, as the job itself */
	bool keep_caps;	   /* the child calls PR_SET_KEEPCAPS before setcred */
	int rounds;	   /* of open and close on one handle; 0: one */
};

/* How the session's process found itself once it had become the user. */
struct inside {
	int setcred;	 /* what it returned; NOT_REACHED if it did not */
	int become_user; /* 0 or errno of setresuid */
	struct privileges privileges;
	int no_new_privs, seccomp, personality_errno, new_descriptors;
	int root_entries; /* with . and .. */
	unsigned umask;
	uint64_t files_soft, files_hard;
	pid_t own_pid, child_pid;
	char rhost[64], tty[64]; /* of the PAM handle */
	char hostname[65], mount_namespace[64], network_namespace[64];
	int status; /* of waitpid */
};

struct outcome {
	int authenticate, setcred, open, open_again, close;
	char said[512]; /* to the user */
	bool locked_after_open, locked_after_close;
	char before[64], after_open[64], after_close[64]; /* mount namespaces of the opener */
	bool own_devpts;				  /* /dev/pts changed at open */
	bool own_utmp;
	char variable[64]; /* CONFINE_TEST of the PAM environment */
	int descriptors_before, descriptors_after;
	long memory_growth; /* bytes allocated from round 10 to the last */
	bool ended;	    /* the opener lived to the end */
	struct inside inside;
};

/* Runs one login. The outcome lies in memory that the next run overwrites. */
const struct outcome *host_run(const struct host *host);
