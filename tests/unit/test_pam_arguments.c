// SPDX-License-Identifier: LGPL-2.1-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "pam_module/arguments.h"

#define PARSE(...)                                                                                 \
	parse((const char *const[]){__VA_ARGS__},                                                  \
	      sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static struct arguments got;
static struct error error;

static int parse(const char *const *words, size_t count)
{
	memset(&error, 0, sizeof(error));
	return arguments_parse((int)count, words, &got, &error);
}

static void nothing_given(void **state)
{
	static const struct arguments empty;

	(void)state;
	assert_int_equal(arguments_parse(0, NULL, &got, &error), 0);
	assert_memory_equal(&got, &empty, sizeof(got));
}

static void all_given(void **state)
{
	(void)state;
	assert_int_equal(PARSE("config=/etc/x.conf", "profile=p", "join=job", "close", "dry_run",
			       "debug", "quiet"),
			 0);
	assert_string_equal(got.config, "/etc/x.conf");
	assert_string_equal(got.profile, "p");
	assert_int_equal(got.join, ARGUMENTS_JOIN_JOB);
	assert_true(got.close && got.dry_run && got.debug && got.quiet);
}

static void join_values(void **state)
{
	(void)state;
	assert_int_equal(PARSE("join=auto"), 0);
	assert_int_equal(got.join, ARGUMENTS_JOIN_AUTO);
	assert_int_equal(PARSE("join=child"), 0);
	assert_int_equal(got.join, ARGUMENTS_JOIN_CHILD);
	assert_int_equal(PARSE("join=caller"), -ENOTSUP);
	assert_int_equal(PARSE("join=Child"), -EINVAL);
	assert_int_equal(PARSE("join="), -EINVAL);
}

static void refused(void **state)
{
	static const char *const words[] = {
		"",	    "Close",	"close=yes", "closed",	     "config",	"config=",
		"config=x", "profile=", "debug ",    "dry-run",	     "quietly", "--close",
		"join",	    "config",	"nonsense",  "config=etc/x", "\ndebug", "PROFILE=p",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		assert_int_equal(PARSE(words[i]), -EINVAL);
		assert_int_equal(error.code, EINVAL);
		assert_non_null(strstr(error.message, words[i]));
	}
}

static void twice(void **state)
{
	(void)state;
	assert_int_equal(PARSE("debug", "debug"), -EINVAL);
	assert_int_equal(PARSE("profile=a", "profile=b"), -EINVAL);
	assert_string_equal(got.profile, "a");
}

static void too_long(void **state)
{
	char config[1100], profile[200];

	(void)state;
	memset(config, 'a', sizeof(config));
	memset(profile, 'a', sizeof(profile));
	memcpy(config, "config=/", 8);
	memcpy(profile, "profile=", 8);
	config[7 + 1024] = profile[8 + 128] = '\0';
	assert_int_equal(PARSE(config), -EINVAL);
	assert_int_equal(PARSE(profile), -EINVAL);
	config[7 + 1023] = profile[8 + 127] = '\0';
	assert_int_equal(PARSE(config, profile), 0);
}

/* A mistake must not turn the close line into the one that opens. */
static void rest_of_a_wrong_line_counts(void **state)
{
	(void)state;
	assert_int_equal(PARSE("nonsense", "close", "join=caller"), -EINVAL);
	assert_true(got.close);
	assert_non_null(strstr(error.message, "nonsense"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_given),
		cmocka_unit_test(all_given),
		cmocka_unit_test(join_values),
		cmocka_unit_test(refused),
		cmocka_unit_test(twice),
		cmocka_unit_test(too_long),
		cmocka_unit_test(rest_of_a_wrong_line_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
