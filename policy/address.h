// SPDX-License-Identifier: LGPL-2.1-or-later
/* Addresses of clients against lists of networks, e.g. "192.0.2.0/24, !192.0.2.7, 2001:db8::/32".
 */
#pragma once

#include <stdbool.h>

#include "policy/error.h"
#include "policy/list.h"

/* Whether rhost is an address (with or without a scope, as in fe80::1%eth0) and not a name. */
bool address_is_numeric(const char *rhost);

/*
 * What a list says about rhost. Only a numeric address matches: whoever answers for a name decides
 * what it resolves to, and PAM_RHOST may be a name the client chose (CVE-2026-3184).
 */
enum list_match address_match(const char *list, const char *rhost);

/* -EINVAL for an item that is no address or network, naming it. */
int address_list_check(const char *list, struct error *error);
