// SPDX-License-Identifier: LGPL-2.1-or-later
/* How values are read: the functions of the rows in keys.c. Contracts as in keys.h. */
#pragma once

#include "policy/keys.h"

/* words.c: values that are one word of a few */
int apply_home(struct plan *plan, const struct key *key, const char *value,
	       const struct facts *facts, struct error *error);
int apply_proc(struct plan *plan, const struct key *key, const char *value,
	       const struct facts *facts, struct error *error);
int apply_log(struct plan *plan, const struct key *key, const char *value,
	      const struct facts *facts, struct error *error);
int apply_network(struct plan *plan, const struct key *key, const char *value,
		  const struct facts *facts, struct error *error);
int apply_nss(struct plan *plan, const struct key *key, const char *value,
	      const struct facts *facts, struct error *error);
int apply_resolv_conf(struct plan *plan, const struct key *key, const char *value,
		      const struct facts *facts, struct error *error);
int apply_no_new_privs(struct plan *plan, const struct key *key, const char *value,
		       const struct facts *facts, struct error *error);
int apply_seccomp(struct plan *plan, const struct key *key, const char *value,
		  const struct facts *facts, struct error *error);
int apply_seccomp_action(struct plan *plan, const struct key *key, const char *value,
			 const struct facts *facts, struct error *error);
int apply_join(struct plan *plan, const struct key *key, const char *value,
	       const struct facts *facts, struct error *error);
int apply_run_as(struct plan *plan, const struct key *key, const char *value,
		 const struct facts *facts, struct error *error);
int apply_devpts(struct plan *plan, const struct key *key, const char *value,
		 const struct facts *facts, struct error *error);

/* rootfs.c */
int apply_rootfs(struct plan *plan, const struct key *key, const char *value,
		 const struct facts *facts, struct error *error);
int apply_overlay_upper(struct plan *plan, const struct key *key, const char *value,
			const struct facts *facts, struct error *error);
int apply_upper_size(struct plan *plan, const struct key *key, const char *value,
		     const struct facts *facts, struct error *error);

/* settings.c: values with a form of their own */
int apply_hostname(struct plan *plan, const struct key *key, const char *value,
		   const struct facts *facts, struct error *error);
int apply_namespaces(struct plan *plan, const struct key *key, const char *value,
		     const struct facts *facts, struct error *error);
int apply_umask(struct plan *plan, const struct key *key, const char *value,
		const struct facts *facts, struct error *error);
int apply_environment(struct plan *plan, const struct key *key, const char *value,
		      const struct facts *facts, struct error *error);
int apply_shell(struct plan *plan, const struct key *key, const char *value,
		const struct facts *facts, struct error *error);
int apply_env_keep(struct plan *plan, const struct key *key, const char *value,
		   const struct facts *facts, struct error *error);
int apply_tmp_size(struct plan *plan, const struct key *key, const char *value,
		   const struct facts *facts, struct error *error);
int apply_max_sessions(struct plan *plan, const struct key *key, const char *value,
		       const struct facts *facts, struct error *error);

/* capabilities.c */
int apply_caps_keep(struct plan *plan, const struct key *key, const char *value,
		    const struct facts *facts, struct error *error);

/* rlimits.c: the argument is the RLIMIT_ number */
int apply_rlimit(struct plan *plan, const struct key *key, const char *value,
		 const struct facts *facts, struct error *error);

/* mounts.c: the argument is the enum mount_kind */
int apply_mounts(struct plan *plan, const struct key *key, const char *value,
		 const struct facts *facts, struct error *error);

/* globals.c: values of [global] and [match] */
int check_profile_name(const char *value, struct error *error); /* of a [profile NAME] */
int check_target(const char *value, struct error *error);	/* deny, or a profile's name */
int check_unmatched(const char *value, struct error *error); /* allow, deny, or a profile's name */
int check_on_failure(const char *value, struct error *error);
int check_min_uid(const char *value, struct error *error);
int check_rhosts(const char *value, struct error *error);
