// SPDX-License-Identifier: LGPL-2.1-or-later
/* Bytes as the module's request: what the helper takes for facts packs to the same bytes again. */
#include "helper/wire_facts.h"
#include "tests/fuzz/fuzz.h"

static void take(const struct wire_request *request, struct wire_request *again)
{
	struct wire_facts facts = {0};

	if (wire_facts_unpack(request, &facts, NULL) < 0)
		return;
	must(wire_facts_pack(again, &facts.facts, facts.gecos, NULL) == 0);
	must(again->facts_length == request->facts_length);
	must(memcmp(again->facts, request->facts, request->facts_length) == 0);
	wire_facts_finish(&facts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free struct wire_request *request = calloc(1, sizeof(*request));
	cleanup_free struct wire_request *again = calloc(1, sizeof(*again));

	must(request && again);
	memcpy(request, data, size < sizeof(*request) ? size : sizeof(*request));
	request->version = WIRE_VERSION; /* so that the seeds outlive a new one */
	if (wire_check_request(request, size, NULL) == 0)
		take(request, again);
	return 0;
}
