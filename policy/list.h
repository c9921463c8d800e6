// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Lists, as policy writes them: items between commas, white space around them does not count.
 * Matching follows sshd_config(5), PATTERNS: '*' and '?' stand for any text and any character, an
 * item that begins with '!' excludes, and exclusion wins wherever it stands.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "policy/error.h"

struct item {
	const char *text; /* in the list; not ended by a NUL */
	size_t length;
};

enum list_match { LIST_EXCLUDED = -1, LIST_NONE = 0, LIST_MATCH = 1 };

/* Steps through a list: *cursor is the list at first. False at the end. */
bool list_next(const char **cursor, struct item *ret_item);

/* Whether a list has no item at all. */
bool list_empty(const char *list);

/* What a list of patterns says about one name. */
enum list_match list_match(const char *list, const char *name);

/* Refuses (-EINVAL) empty items and lists that only exclude, which would never match. */
int list_check(const char *list, struct error *error);
