// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Who is never confined. Apart from the rest of policy, because a PAM module asks it when the rest
 * cannot be read: it needs the scanner, no parser library.
 */
#pragma once

#include <stdbool.h>

#include "policy/plan.h"
#include "policy/source.h"

/* Whether a list names the user, or one of the groups and excludes none of them. */
bool facts_match_user(const char *list, const struct facts *facts);
bool facts_match_group(const char *list, const struct facts *facts);

/* Facts with which a verdict can be reached at all. */
bool facts_sane(const struct facts *facts);

/*
 * Whether files that were read let the user go, each taken for itself: see
 * policy_exempt_despite_errors(), which opens and reads them. A source without text says nothing.
 */
bool facts_exempt_by(const struct facts *facts, const struct sources *sources);
