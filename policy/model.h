// SPDX-License-Identifier: LGPL-2.1-or-later
/* A policy that has been read: its files' scans, and how to find things in them. */
#pragma once

#include <stdbool.h>

#include "policy/keys.h"
#include "policy/policy.h"
#include "policy/problem.h"
#include "policy/scan.h"
#include "policy/source.h"

#define PROFILE_DEFAULT	  "default" /* exists without being written */
#define PROFILE_DEPTH_MAX 16	    /* profiles that inherit from one another */

/* Rules are found in the order of the files; of a [global] key the last file counts. */
struct policy {
	struct scan *scans;
	size_t scan_count;
};

/* A value and where it stands; file is NULL for a default. All borrowed. */
struct setting {
	const char *value;
	const char *file;
	unsigned line;
	unsigned depth; /* of a profile's key: 0 its own, 1 of what it inherits from, ... */
};

/* A section in one of the scans; both borrowed. */
struct place {
	const struct scan *scan;
	const struct section *section;
};

/*
 * Makes a policy of files that have been read. The sources may go afterwards. Problems are added
 * to problems; with any but ENOTSUP among them there is no policy (*ret_policy stays as it is).
 * Returns 0, also then, or -errno for failures that are not the policy's, e.g. -ENOMEM.
 */
int policy_parse(const struct sources *sources, struct policy **ret_policy,
		 struct problems *problems, struct error *error);

/* Adds what is wrong across keys and sections. policy_parse() has called it. */
void policy_validate(const struct policy *policy, struct problems *problems);

/* Steps through the sections of one kind: start with a zeroed place. False at the end. */
bool policy_next(const struct policy *policy, enum section_kind kind, struct place *place);

/* The setting of a [global] key, its default if it is not written. */
void policy_global(const struct policy *policy, const char *key, struct setting *ret_setting);

/* A profile and what it inherits from, nearest first. None at all: the built-in default. */
struct profile {
	struct place places[PROFILE_DEPTH_MAX];
	unsigned depth;
	const char *broken; /* after an error: the name that is wrong; borrowed */
};

/*
 * Finds a profile by name and follows inherit. -ENOENT: there is no profile "broken", which the
 * last of the places wants to inherit from. -ELOOP: the way comes back to, or is too long at,
 * "broken". On error the places that were found are there all the same.
 */
int profile_find(const struct policy *policy, const char *name, struct profile *ret_profile);

/* The effective setting of a profile's key: its own, inherited, or the default. False: none. */
bool profile_setting(const struct profile *profile, const struct key *key,
		     struct setting *ret_setting);
