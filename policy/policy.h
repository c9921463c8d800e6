// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Policy: files in, verdict and plan out.
 *
 * MUST refuse what it does not understand: an unknown key, a value that does not parse, a file
 * that somebody other than root could have written. A policy that silently loses a line is a
 * security hole.
 */
#pragma once

#include <stdbool.h>

#include "policy/error.h"
#include "policy/plan.h"

struct policy;

enum verdict {
	VERDICT_IGNORE,	 /* not covered: the login is none of our business */
	VERDICT_CONFINE, /* covered: in a container or not at all */
	VERDICT_DENY,	 /* covered by a rule that lets nobody in */
};

struct decision {
	enum verdict verdict;
	bool on_failure_allow; /* on-failure = allow; never set for bad policy */
	const char *profile;   /* VERDICT_CONFINE: borrowed from the policy */
	const char *reason;    /* constant text: "exempt user", "rule", "unmatched", ... */
	const char *rule;      /* name of the [match ...] section, or NULL; borrowed */
	const char *file;      /* where the deciding line stands, or NULL; borrowed */
	unsigned line;
};

/*
 * Reads the policy: config (NULL: /etc/confine/confine.conf), then the files *.conf of the
 * directory conf.d beside it and of the vendor's directory, in C order, a file of the first hiding
 * the vendor's file of the same name.
 * Returns 0 and a policy to be released with policy_destroy(), or -errno with a message that
 * names file, line, key, value and what would be right: -ENOENT no policy at all, -EPERM a file
 * that others can write, -EINVAL a mistake in it, -EFBIG larger than 1 MiB.
 */
int policy_read(const char *config, struct policy **ret_policy, struct error *error);
void policy_destroy(struct policy *policy);

/*
 * The verdict for one login. Pure. Fails (-EINVAL) on facts that are not sane, and where a rule
 * asks for addresses and rhost is a name.
 */
int policy_decide(const struct policy *policy, const struct facts *facts,
		  struct decision *ret_decision, struct error *error);

/*
 * The plan of a profile for one login, to be released with plan_destroy(). Pure. -ENOENT: no such
 * profile; -ENOTSUP: a key that this version cannot honour; -EINVAL: a value that cannot be
 * resolved for this user (e.g. a hostname that expands to something too long).
 */
int policy_plan(const struct policy *policy, const char *profile, const struct facts *facts,
		struct plan **ret_plan, struct error *error);

/*
 * For the moment when the policy cannot be read as a whole: true if the user is exempt by uid 0,
 * or by the exempt-users, exempt-groups or min-uid of the [global] section of a policy file that
 * passes the ownership checks and can be scanned. Anything doubtful is false. This keeps an
 * administrator from being locked out by a mistake further down in the policy.
 */
bool policy_exempt_despite_errors(const char *config, const struct facts *facts);
