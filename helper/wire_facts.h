// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * An account on the wire. The login service has looked the account up anyway, with the modules of
 * its NSS loaded; the helper, which would have to load them first, takes its word.
 *
 * A row of strings, each with its NUL: name, uid, gid, home, shell, full name, whether names of
 * groups are missing (0 or 1), then gid and name of each group ("" where a gid has no name).
 */
#pragma once

#include "helper/wire.h"
#include "policy/plan.h"

struct wire_facts {
	struct facts facts; /* service and rhost are NULL */
	const char *gecos;
	gid_t *gids;	     /* owned */
	const char **groups; /* owned; the strings are the request's */
};

/* Puts facts into the request. -E2BIG: more than it can hold. */
int wire_facts_pack(struct wire_request *request, const struct facts *facts, const char *gecos,
		    struct error *error);

/*
 * Takes them out again; the result borrows the strings of the request and is released with
 * wire_facts_finish(). -EPROTO: not what wire_facts_pack() makes.
 */
int wire_facts_unpack(const struct wire_request *request, struct wire_facts *ret_facts,
		      struct error *error);
void wire_facts_finish(struct wire_facts *facts);
