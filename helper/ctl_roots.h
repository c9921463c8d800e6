// SPDX-License-Identifier: LGPL-2.1-or-later
/* What check and explain say of the roots that a policy names. */
#pragma once

#include <json-c/json.h>

#include "policy/model.h"

/* Adds a problem for each profile whose tree, template or image cannot be used on this machine. */
void ctl_roots_check(const struct policy *policy, struct problems *problems);

/* The plan's root as lines of text (to be released with free()), or as an object; NULL: host. */
char *ctl_roots_text(const struct plan *plan, uid_t uid);
struct json_object *ctl_roots_json(const struct plan *plan, uid_t uid);
