// SPDX-License-Identifier: LGPL-2.1-or-later
/* The passwd(5) and group(5) of a container. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "helper/names.h"
#include "policy/cleanup.h"

static struct facts user(const char *name, const char *const *groups)
{
	static const gid_t gids[] = {1000, 100, 4242};

	return (struct facts){.user = name,
			      .uid = 1000,
			      .gid = 1000,
			      .home = "/home/alice",
			      .shell = "/bin/sh",
			      .gids = gids,
			      .groups = groups,
			      .group_count = 3};
}

static const char *const groups[] = {"alice", "students", NULL};

static void test_texts(void **state)
{
	const struct facts facts = user("alice", groups);
	cleanup_free char *passwd = NULL, *group = NULL;

	(void)state;
	assert_int_equal(names_passwd(&facts, "Alice,,", "/bin/zsh", &passwd, NULL), 0);
	assert_string_equal(passwd, "root:x:0:0:root:/root:/usr/sbin/nologin\n"
				    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
				    "alice:x:1000:1000:Alice,,:/home/alice:/bin/zsh\n");
	assert_int_equal(names_group(&facts, &group, NULL), 0);
	assert_string_equal(group, "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n"
				   "alice:x:1000:\nstudents:x:100:alice\n");
}

static void test_refused_users(void **state)
{
	static const char *const names[] = {"",	       "#alice", "+alice", "-alice", " alice",
					    "\talice", "a:b",	 "a\nb",   "a\rb",   "alice,root"};
	char *text = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct facts facts = user(names[i], groups);

		assert_int_equal(names_passwd(&facts, "", "", &text, NULL), -EINVAL);
		assert_int_equal(names_group(&facts, &text, NULL), -EINVAL);
	}
	assert_null(text);
}

static void test_refused_groups(void **state)
{
	static const char *const names[] = {"#x", " sudo", "+x", "a:b", "a\nroot:x:0:alice"};
	char *text = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *const odd[] = {"alice", names[i], NULL};
		const struct facts facts = user("alice", odd);

		assert_int_equal(names_group(&facts, &text, NULL), -EINVAL);
	}
	assert_null(text);
}

static void test_refused_fields(void **state)
{
	const struct facts facts = user("alice", groups);
	char *text = NULL;

	(void)state;
	assert_int_equal(names_passwd(&facts, "a:b", "", &text, NULL), -EINVAL);
	assert_int_equal(names_passwd(&facts, "", "/bin/sh\nx", &text, NULL), -EINVAL);
	assert_null(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_refused_users),
		cmocka_unit_test(test_refused_groups),
		cmocka_unit_test(test_refused_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
