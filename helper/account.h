// SPDX-License-Identifier: LGPL-2.1-or-later
/* Who an account is, asked of the host's NSS before anything is confined. */
#pragma once

#include <sys/types.h>

#include "policy/error.h"
#include "policy/plan.h"

struct account; /* owns every string that its facts borrow */

/*
 * Looks up user by name with getpwnam_r(3) and its groups with getgrouplist(3), on the host.
 * Refuses (-EINVAL) names that no account may have where they become part of paths or logs: empty,
 * over 255 bytes, ".", "..", a leading '-', or with '/', ':', white space or control characters.
 * -ENOENT: no such account. Release with account_destroy(), which accepts NULL.
 */
int account_lookup(const char *user, struct account **ret_account, struct error *error);
/* As account_lookup(), by uid: of accounts that share one, the one that NSS names first. */
int account_lookup_uid(uid_t uid, struct account **ret_account, struct error *error);
void account_destroy(struct account *account);

/* The facts of an account; service and rhost are NULL and the caller's to set in a copy. */
const struct facts *account_facts(const struct account *account);

/* Login name's full name field (pw_gecos), never NULL. */
const char *account_gecos(const struct account *account);
