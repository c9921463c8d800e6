// SPDX-License-Identifier: LGPL-2.1-or-later
/* A container's state file, from the supervisor that writes it to the listing that reads it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "helper/listing.h"
#include "helper/state.h"

static struct listing listed(const char *service, const char *rhost, const char *tty)
{
	const struct facts facts = {.user = "alice", .uid = 1000};
	const struct plan plan = {.profile = (char *)"base"};
	const struct container_spec spec = {
		.key = "u1000-1", .id = "u1000-1.2", .plan = &plan, .facts = &facts};
	const struct container container = {.pid = 12};
	struct session session = {.number = 7, .since = 5, .request = {.opener = 13}};
	const struct sessions sessions = {.list = &session, .count = 1};
	struct listing listing = {0};
	char *text;

	strcpy(session.request.service, service);
	strcpy(session.request.rhost, rhost);
	strcpy(session.request.tty, tty);
	text = state_text(&spec, &container, &sessions, 4);
	assert_non_null(text);
	assert_int_equal(listing_add(&listing, spec.key, text), 0);
	free(text);
	assert_int_equal(listing.count, 1);
	assert_int_equal(listing.list[0].session_count, 1);
	return listing;
}

static void test_round(void **state)
{
	struct listing listing = listed("sshd", "192.0.2.1", "pts/0");
	const struct listing_container *container = listing.list;

	(void)state;
	assert_string_equal(container->key, "u1000-1");
	assert_string_equal(container->id, "u1000-1.2");
	assert_string_equal(container->user, "alice");
	assert_string_equal(container->profile, "base");
	assert_int_equal(container->uid, 1000);
	assert_int_equal(container->init, 12);
	assert_int_equal(container->since, 4);
	assert_int_equal(container->sessions[0].number, 7);
	assert_int_equal(container->sessions[0].opener, 13);
	assert_int_equal(container->sessions[0].since, 5);
	assert_string_equal(container->sessions[0].service, "sshd");
	assert_string_equal(container->sessions[0].rhost, "192.0.2.1");
	assert_string_equal(container->sessions[0].tty, "pts/0");
	listing_finish(&listing);
}

/* A client chooses the name of its host: it must not be able to choose the rest of the line. */
static void test_words_in_words(void **state)
{
	struct listing listing = listed("sshd", "x opener=1 session=2 tty=pts/9", "a\nsession=3");
	const struct listing_session *session = listing.list[0].sessions;

	(void)state;
	assert_int_equal(session->number, 7);
	assert_int_equal(session->opener, 13);
	assert_string_equal(session->rhost, "x\\x20opener=1\\x20session=2\\x20tty=pts/9");
	assert_string_equal(session->tty, "a\\x0asession=3");
	listing_finish(&listing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round),
		cmocka_unit_test(test_words_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
