// SPDX-License-Identifier: LGPL-2.1-or-later
/* An account on the wire: one spelling, and nothing but that is understood. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "helper/wire_facts.h"

static struct wire_request request;

#define UNPACK(text, ret_facts) unpack(text, sizeof(text) - 1, ret_facts)

static int unpack(const char *text, size_t length, struct wire_facts *ret_facts)
{
	memcpy(request.facts, text, length);
	request.facts_length = (uint32_t)length;
	return wire_facts_unpack(&request, ret_facts, NULL);
}

static void test_plain(void **state)
{
	struct wire_facts facts = {0};

	(void)state;
	assert_int_equal(UNPACK("alice\0"
				"1000\0"
				"100\0/home\0/bin/sh\0\0"
				"1\0"
				"100\0users\0"
				"4294967294\0\0",
				&facts),
			 0);
	assert_string_equal(facts.facts.user, "alice");
	assert_int_equal(facts.facts.uid, 1000);
	assert_int_equal(facts.facts.group_count, 2);
	assert_string_equal(facts.facts.groups[0], "users");
	assert_null(facts.facts.groups[1]);
	assert_true(facts.facts.gids[1] == 4294967294u);
	assert_true(facts.facts.groups_incomplete);
	wire_facts_finish(&facts);
}

static void test_refused(void **state)
{
	struct wire_facts facts = {0};

	(void)state;
	assert_int_equal(UNPACK("", &facts), -EPROTO);
	assert_int_equal(UNPACK("a", &facts), -EPROTO);
	assert_int_equal(UNPACK("a\0", &facts), -EPROTO);
	assert_int_equal(UNPACK("a\0001\0001\0/\0\0\0", &facts), -EPROTO);
	assert_int_equal(UNPACK("\0001\0001\0/\0\0\0000\0", &facts), -EPROTO);
	/* uids of another spelling: 01, +1, " 1", 0x1, -1, 2^32 */
	assert_int_equal(UNPACK("a\00001\0001\0/\0\0\0000\0", &facts), -EPROTO);
	assert_int_equal(UNPACK("a\0+1\0001\0/\0\0\0000\0", &facts), -EPROTO);
	assert_int_equal(UNPACK("a\0 1\0001\0/\0\0\0000\0", &facts), -EPROTO);
	assert_int_equal(UNPACK("a\0000x1\0001\0/\0\0\0000\0", &facts), -EPROTO);
	assert_int_equal(UNPACK("a\0-1\0001\0/\0\0\0000\0", &facts), -EPROTO);
	assert_int_equal(UNPACK("a\0004294967296\0001\0/\0\0\0000\0", &facts), -EPROTO);
	assert_int_equal(UNPACK("a\0001\0001\0/\0\0\0002\0", &facts), -EPROTO);
	assert_int_equal(UNPACK("a\0001\0001\0/\0\0\0000\0007\0", &facts), -EPROTO);
	assert_int_equal(UNPACK("a\0001\0001\0/\0\0\0000\0007\0x", &facts), -EPROTO);
	assert_int_equal(UNPACK("a\0001\0001\0/\0\0\0000\0007\0x\0", &facts), 0);
	wire_facts_finish(&facts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
