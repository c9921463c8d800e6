// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What policy decided for one login, with every value resolved: no inheritance, no expansion, no
 * unit is left to do. A plan is data; nothing in it refers back to the policy it came from.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

/* Who wants to log in, looked up on the host before policy is asked. All strings are borrowed. */
struct facts {
	const char *user;
	uid_t uid;
	gid_t gid;
	const char *home;  /* pw_dir */
	const char *shell; /* pw_shell */
	const gid_t *gids; /* primary and supplementary groups, as initgroups() gives them */
	const char *const *groups; /* their names, same order; NULL where a gid has none */
	size_t group_count;
	bool groups_incomplete; /* the name of some group could not be looked up */
	const char *service;	/* PAM service name; NULL: unknown */
	const char *rhost;	/* PAM_RHOST: an address, a name, or NULL */
};

enum root_kind { ROOT_HOST, ROOT_DIRECTORY, ROOT_OVERLAY, ROOT_IMAGE };
enum upper_kind { UPPER_KEEP, UPPER_DISCARD };
enum home_kind { HOME_BIND, HOME_TMPFS, HOME_NONE };
enum proc_kind { PROC_HIDEPID, PROC_FULL, PROC_NONE };
enum network_kind { NETWORK_NONE, NETWORK_HOST };
enum provide_kind { PROVIDE_GENERATE, PROVIDE_BIND, PROVIDE_OFF };
enum join_kind { JOIN_USER, JOIN_SESSION };
enum filter_kind { FILTER_DEFAULT, FILTER_STRICT, FILTER_OFF, FILTER_FILE };
enum filter_action { FILTER_ERRNO, FILTER_KILL, FILTER_LOG };
enum mount_kind {
	MOUNT_BIND,
	MOUNT_BIND_RO,
	MOUNT_BIND_TRY,
	MOUNT_TMPFS,
	MOUNT_SYMLINK,
	MOUNT_MASK
};

struct plan_mount {
	enum mount_kind kind;
	char *source; /* absolute; NULL for tmpfs and mask; the text of a symlink */
	char *target; /* absolute, inside */
	bool nosuid, nodev, noexec;
};

struct plan_rlimit {
	bool set;
	rlim_t soft, hard;
};

#define PLAN_SHELL_MAX	  255  /* bytes of a shell's path */
#define PLAN_ENV_KEEP_MAX 1023 /* bytes of env-keep */

struct plan {
	char *profile; /* name, as written */
	enum root_kind root;
	char *root_source;     /* absolute path of tree, template or image; NULL for ROOT_HOST */
	enum upper_kind upper; /* ROOT_OVERLAY: what becomes of the user's changes */
	uint64_t upper_size;   /* bytes of an upper layer; 0: no limit, only where it is kept */
	enum home_kind home;
	enum proc_kind proc;
	bool log;		       /* /dev/log leads to the host's socket */
	char *hostname;		       /* at most 64 bytes, expanded; NULL: random */
	unsigned long long namespaces; /* CLONE_NEW* of sched.h; always NEWNS and NEWPID */
	enum network_kind network;
	enum provide_kind nss, resolv_conf;
	struct plan_rlimit rlimits[RLIM_NLIMITS]; /* by RLIMIT_ number */
	uint64_t caps_keep; /* bit n: capability n stays in the bounding set */
	bool no_new_privs;
	enum filter_kind filter;
	char *filter_file; /* FILTER_FILE only */
	enum filter_action filter_action;
	bool umask_set;
	mode_t umask;
	char **environment; /* env-set: NAME=value, NULL-terminated; never NULL */
	char *shell;	    /* absolute, inside; NULL: the account's own */
	char *env_keep;	    /* a list of patterns as in list.h; NULL: none */
	enum join_kind join;
	uint64_t tmp_size;	   /* bytes, for /tmp, /var/tmp and /dev/shm each */
	struct plan_mount *mounts; /* in the order of the policy */
	size_t mount_count;
	unsigned max_sessions; /* 0: no limit */
};

/*
 * A digest of everything in a plan: two plans that differ in anything have (but for a chance of one
 * in 2^64) different digests. The same plan has the same digest in every process of one build.
 */
uint64_t plan_digest(const struct plan *plan);

/* Releases a plan and all that it owns; NULL is fine. */
void plan_destroy(struct plan *plan);
