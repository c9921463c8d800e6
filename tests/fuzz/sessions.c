// SPDX-License-Identifier: LGPL-2.1-or-later
/* Bytes as what a client may choose of a session: the listing shows one session, and shows that. */
#include "helper/listing.h"
#include "helper/log.h"
#include "helper/state.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct facts facts = fuzz_user();
	const struct plan plan = {.profile = (char *)"base"};
	const struct container_spec spec = {.id = "u1-1.1", .plan = &plan, .facts = &facts};
	const struct container container = {.pid = 2};
	struct session session = {.number = 7, .request = {.opener = 3}};
	const struct sessions sessions = {.list = &session, .count = 1};
	struct listing listing = {0};
	char *text, *names = session.request.service;

	memcpy(names, data, size < 384 ? size : 384); /* service, rhost, tty */
	session.request.service[63] = session.request.rhost[255] = session.request.tty[63] = '\0';
	text = state_text(&spec, &container, &sessions, 5);
	must(text && listing_add(&listing, "u1-1", text) == 0);
	must(listing.list[0].session_count == 1 && listing.list[0].sessions[0].number == 7);
	must(listing.list[0].sessions[0].opener == 3 && listing.list[0].supervisor == getpid());
	must(!*session.request.tty == !*listing.list[0].sessions[0].tty);
	must(!strpbrk(listing.list[0].sessions[0].rhost, " \n\x1b"));
	listing_finish(&listing);
	free(text);
	return 0;
}
