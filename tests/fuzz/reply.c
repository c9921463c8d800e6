// SPDX-License-Identifier: LGPL-2.1-or-later
/* Bytes as what the helper or the supervisor says: everything in it ends inside of it. */
#include "helper/wire.h"
#include "tests/fuzz/fuzz.h"

static void take(const struct wire_reply *reply, size_t size)
{
	const struct wire_confinement *confinement = &reply->confinement;

	must(strlen(reply->event) < 16 && strlen(reply->message) < 512);
	must(wire_reply_size(reply) == size && size <= sizeof(*reply));
	must(strlen(confinement->container) < sizeof(confinement->container));
	for (size_t i = 0; i < confinement->environment_length;)
		i += strlen(confinement->environment + i) + 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free struct wire_reply *reply = calloc(1, sizeof(*reply));
	struct wire_session session = {0};

	must(reply);
	memcpy(reply, data, size < sizeof(*reply) ? size : sizeof(*reply));
	memcpy(&session, data, size < sizeof(session) ? size : sizeof(session));
	reply->version = session.version = WIRE_VERSION; /* seeds outlive it */
	if (wire_check_reply(reply, size, NULL) == 0)
		take(reply, size);
	wire_check_session(&session, size, NULL);
	return 0;
}
