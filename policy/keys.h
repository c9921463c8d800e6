// SPDX-License-Identifier: LGPL-2.1-or-later
/* Every key of the policy language: where it belongs, how its value is read, its default. */
#pragma once

#include "policy/error.h"
#include "policy/plan.h"
#include "policy/scan.h"

struct key;

/*
 * Reads a value into plan, for the user of facts. Returns 0 or -errno with a message that names
 * the value and what would be right, but neither place nor key: -EINVAL, -ENOTSUP (right, but this
 * version cannot honour it), -ENOMEM.
 */
typedef int key_apply(struct plan *plan, const struct key *key, const char *value,
		      const struct facts *facts, struct error *error);

/* As key_apply, for keys that are not part of a plan. */
typedef int key_check(const char *value, struct error *error);

/* A key with neither function is known, but this version does not honour it: wanted says what for.
 */
struct key {
	enum section_kind section;
	const char *name;
	const char *fallback; /* the default, as it would be written; NULL: nothing happens */
	const char *wanted;   /* what the key does, in a few words */
	key_apply *apply;
	key_check *check;
	int argument; /* for apply: which of several alike */
};

/* The rows, a section's together, in the order in which they are applied; ends with a NULL name. */
extern const struct key keys[];

/* The row, or NULL. */
const struct key *key_find(enum section_kind section, const char *name);

/* The name of this section that looks most like name, or NULL if none comes near. */
const char *key_suggest(enum section_kind section, const char *name);

/* Reads a value with whatever function the row has; plan and facts may be samples. */
int key_read(const struct key *key, struct plan *plan, const char *value, const struct facts *facts,
	     struct error *error);
