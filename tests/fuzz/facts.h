// SPDX-License-Identifier: LGPL-2.1-or-later
/* Bytes as an account on the wire, for the generators of passwd and group. */
#pragma once

#include "helper/names.h"
#include "helper/wire_facts.h"
#include "tests/fuzz/fuzz.h"

/* False: no account. The result borrows the request's strings; release it as wire_facts_unpack()'s.
 */
static inline bool fuzz_facts(const uint8_t *data, size_t size, struct wire_request *request,
			      struct wire_facts *ret_facts)
{
	if (size > sizeof(request->facts))
		return false;
	memcpy(request->facts, data, size);
	request->facts_length = (uint32_t)size;
	return wire_facts_unpack(request, ret_facts, NULL) == 0;
}

static inline FILE *fuzz_open(char *text)
{
	FILE *stream = fmemopen(text, strlen(text), "r");

	must(stream);
	return stream;
}
