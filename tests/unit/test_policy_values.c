// SPDX-License-Identifier: LGPL-2.1-or-later
/* Units, lists, patterns, addresses, paths, expansions. */
#include "policy_text.h"

#include "policy/address.h"
#include "policy/expand.h"
#include "policy/list.h"
#include "policy/paths.h"
#include "policy/units.h"

static const gid_t gids[] = {100, 4242};
static const char *const groups[] = {"users", NULL};
static const struct facts alice = {.user = "alice",
				   .uid = 1001,
				   .gid = 100,
				   .home = "/home/alice",
				   .shell = "/bin/sh",
				   .gids = gids,
				   .groups = groups,
				   .group_count = 2};

static void test_numbers(void **state)
{
	static const char *const bad[] = {"",	 " 1",	"1 ", "+1",  "-1",
					  "0x1", "1.0", "1k", "one", "\xd9\xa1"};
	uint64_t number = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(unit_number(bad[i], UINT64_MAX, &number), -EINVAL);
	assert_int_equal(unit_number("4294967296", UINT32_MAX, &number), -ERANGE);
	assert_int_equal(unit_number("18446744073709551616", UINT64_MAX, &number), -ERANGE);
	assert_int_equal(number, 7);
	assert_int_equal(unit_number("18446744073709551615", UINT64_MAX, &number), 0);
	assert_true(number == UINT64_MAX);
	assert_int_equal(unit_number("007", 10, &number), 0);
	assert_int_equal(number, 7);
	assert_int_equal(unit_octal("027", 0777, &number), 0);
	assert_int_equal(number, 027);
	assert_int_equal(unit_octal("8", 0777, &number), -EINVAL);
	assert_int_equal(unit_octal("1000", 0777, &number), -ERANGE);
}

static void test_sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {{"0", 0},
		    {"512", 512},
		    {"1B", 1},
		    {"64K", 65536},
		    {"512M", 536870912},
		    {"2G", 2147483648},
		    {"1T", 1099511627776},
		    {"15E", 15ULL << 60},
		    {"infinity", UNIT_INFINITY}};
	static const char *const bad[] = {"",	  "M",	"1m",  "1MB",	  "1 M",
					  "1.5G", "-1", "1K1", "Infinity"};
	uint64_t bytes;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_int_equal(unit_size(good[i].text, &bytes), 0);
		assert_true(bytes == good[i].bytes);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(unit_size(bad[i], &bytes), -EINVAL);
	assert_int_equal(unit_size("16E", &bytes), -ERANGE);
}

static void test_times(void **state)
{
	uint64_t usec;

	(void)state;
	assert_int_equal(unit_time("90", &usec), 0);
	assert_int_equal(usec, 90000000);
	assert_int_equal(unit_time("15min", &usec), 0);
	assert_int_equal(usec, 900000000);
	assert_int_equal(unit_time("1h 30min", &usec), 0);
	assert_true(usec == 5400000000);
	assert_int_equal(unit_time("1h30m5s", &usec), 0);
	assert_true(usec == 5405000000);
	assert_int_equal(unit_time("200ms", &usec), 0);
	assert_int_equal(usec, 200000);
	assert_int_equal(unit_time("infinity", &usec), 0);
	assert_true(usec == UNIT_INFINITY);
	assert_int_equal(unit_time("", &usec), -EINVAL);
	assert_int_equal(unit_time("h", &usec), -EINVAL);
	assert_int_equal(unit_time("1fortnight", &usec), -EINVAL);
	assert_int_equal(unit_time("1h, 2m", &usec), -EINVAL);
	assert_int_equal(unit_time("99999999999999w", &usec), -ERANGE);
}

static void test_percents_and_booleans(void **state)
{
	uint64_t percent;
	bool value = false;

	(void)state;
	assert_int_equal(unit_percent("150%", &percent), 0);
	assert_int_equal(percent, 150);
	assert_int_equal(unit_percent("150", &percent), -EINVAL);
	assert_int_equal(unit_percent("%", &percent), -EINVAL);
	assert_int_equal(unit_percent("1%%", &percent), -EINVAL);
	assert_int_equal(unit_boolean("Yes", &value), 0);
	assert_true(value);
	assert_int_equal(unit_boolean("off", &value), 0);
	assert_false(value);
	assert_int_equal(unit_boolean("", &value), -EINVAL);
	assert_int_equal(unit_boolean("yess", &value), -EINVAL);
}

static void test_patterns(void **state)
{
	(void)state;
	assert_int_equal(list_match("", "a"), LIST_NONE);
	assert_int_equal(list_match("a", "a"), LIST_MATCH);
	assert_int_equal(list_match("a", "A"), LIST_NONE);
	assert_int_equal(list_match("a", "ab"), LIST_NONE);
	assert_int_equal(list_match("ab", "a"), LIST_NONE);
	assert_int_equal(list_match(" x ,  a b , y", "a b"), LIST_MATCH);
	assert_int_equal(list_match("s?ud*", "students"), LIST_MATCH);
	assert_int_equal(list_match("*", ""), LIST_MATCH);
	assert_int_equal(list_match("?", ""), LIST_NONE);
	assert_int_equal(list_match("*a*b*c", "xxaxxbxxbxxc"), LIST_MATCH);
	assert_int_equal(list_match("*a*b*c", "xxaxxcxxb"), LIST_NONE);
	assert_int_equal(list_match("[a-z]", "b"), LIST_NONE);
	/* exclusion wins, wherever it stands */
	assert_int_equal(list_match("*, !bob", "bob"), LIST_EXCLUDED);
	assert_int_equal(list_match("!bob, *", "bob"), LIST_EXCLUDED);
	assert_int_equal(list_match("!bob, *", "alice"), LIST_MATCH);
	assert_int_equal(list_match("!b*", "alice"), LIST_NONE);
	/* time: one star after the other, and no match */
	assert_int_equal(
		list_match("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b",
			   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
		LIST_NONE);
}

static void test_lists(void **state)
{
	(void)state;
	assert_int_equal(list_check("", NULL), 0);
	assert_int_equal(list_check("  ", NULL), 0);
	assert_int_equal(list_check("a, !b, c d", NULL), 0);
	assert_int_equal(list_check("a,,b", NULL), -EINVAL);
	assert_int_equal(list_check("a,", NULL), -EINVAL);
	assert_int_equal(list_check(",", NULL), -EINVAL);
	assert_int_equal(list_check("a, !", NULL), -EINVAL);
	assert_int_equal(list_check("!a, !b", NULL), -EINVAL);
}

static void test_addresses(void **state)
{
	static const char list[] = "192.0.2.0/24, !192.0.2.7, 2001:db8::/33, 10.0.0.1";

	(void)state;
	assert_int_equal(address_list_check(list, NULL), 0);
	assert_int_equal(address_match(list, "192.0.2.1"), LIST_MATCH);
	assert_int_equal(address_match(list, "192.0.3.1"), LIST_NONE);
	assert_int_equal(address_match(list, "192.0.2.7"), LIST_EXCLUDED);
	assert_int_equal(address_match(list, "10.0.0.1"), LIST_MATCH);
	assert_int_equal(address_match(list, "10.0.0.2"), LIST_NONE);
	assert_int_equal(address_match(list, "2001:db8:7fff::1"), LIST_MATCH);
	assert_int_equal(address_match(list, "2001:db8:8000::1"), LIST_NONE);
	assert_int_equal(address_match(list, "::ffff:192.0.2.1"), LIST_MATCH);
	assert_int_equal(address_match("fe80::/10", "fe80::1%eth0"), LIST_MATCH);
	assert_int_equal(address_match("0.0.0.0/0", "203.0.113.9"), LIST_MATCH);
	assert_int_equal(address_match("0.0.0.0/0", "2001:db8::1"), LIST_NONE);
	assert_int_equal(address_match("::/0", "203.0.113.9"), LIST_NONE);
	/* names decide nothing, whatever they look like */
	assert_int_equal(address_match("0.0.0.0/0, ::/0", "host.example.org"), LIST_NONE);
	assert_int_equal(address_match("0.0.0.0/0, ::/0", "192.0.2.1.evil.org"), LIST_NONE);
	assert_int_equal(address_match("0.0.0.0/0, ::/0", "0xc0000201"), LIST_NONE);
	assert_int_equal(address_match("0.0.0.0/0, ::/0", ""), LIST_NONE);
	assert_int_equal(address_match("0.0.0.0/0, ::/0", NULL), LIST_NONE);
}

static void test_address_lists(void **state)
{
	static const char *const bad[] = {"host.example.org", "192.0.2.0/33", "192.0.2.0/",
					  "192.0.2.1/24",     "192.0.2",      "*",
					  "2001:db8::1/32",   "::/129",	      "192.0.2.0/+8",
					  "192.0.2.1/24/8",   "!192.0.2.1",   "1.2.3.4,,5.6.7.8"};
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(address_list_check(bad[i], &error), -EINVAL);
	assert_int_equal(address_list_check("x.example", &error), -EINVAL);
	assert_non_null(strstr(error.message, "names decide nothing"));
}

static void test_paths(void **state)
{
	static const char *const bad[] = {"",	     "a",   "/",    "//",   "/a/",  "/a//b",
					  "/a/../b", "/..", "/./a", "/a/.", "/a\nb"};
	char path[5000];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(path_check(bad[i], NULL), -EINVAL);
	assert_int_equal(path_check("/a", NULL), 0);
	assert_int_equal(path_check("/a/..b/...", NULL), 0);
	for (size_t i = 0; i < sizeof(path) - 1; i += 2)
		memcpy(path + i, "/a", 2);
	path[4096] = '\0';
	assert_int_equal(path_check(path, NULL), -EINVAL);
	path[4094] = '\0';
	assert_int_equal(path_check(path, NULL), 0);
	memset(path, 'a', 300);
	path[0] = '/';
	path[257] = '\0';
	assert_int_equal(path_check(path, NULL), -EINVAL);
	path[256] = '\0';
	assert_int_equal(path_check(path, NULL), 0);
}

static void assert_expands(const char *text, const struct facts *facts, const char *expected)
{
	char *expanded = NULL;

	assert_int_equal(expand(text, strlen(text), facts, &expanded, NULL), 0);
	assert_string_equal(expanded, expected);
	free(expanded);
}

static void test_expansions(void **state)
{
	static const char *const bad[] = {"%", "a%", "%x", "%%%", "% u"};
	struct facts facts = alice;
	struct error error;
	char *expanded = NULL;

	(void)state;
	assert_expands("", &alice, "");
	assert_expands("%u-%U-%g-%G-%%", &alice, "alice-1001-users-100-%");
	assert_expands("%h/x", &alice, "/home/alice/x");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(expand(bad[i], strlen(bad[i]), &alice, &expanded, &error),
				 -EINVAL);
	facts.gid = 4242;
	assert_int_equal(expand("%g", 2, &facts, &expanded, &error), -EINVAL);
	assert_string_equal(error.message, "%g is not known for user alice");
	assert_expands("%G", &facts, "4242");
	facts.user = "a/b";
	assert_int_equal(expand("/srv/%u", 7, &facts, &expanded, &error), -EINVAL);
	assert_string_equal(error.message, "%u brings a '/' along: a/b");
	/* what an expansion brings along is not expanded again */
	facts.user = "%h";
	assert_expands("%u", &facts, "%h");
	facts.home = "";
	assert_int_equal(expand("%h", 2, &facts, &expanded, &error), -EINVAL);
	assert_null(expanded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),	  cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_times),	  cmocka_unit_test(test_percents_and_booleans),
		cmocka_unit_test(test_patterns),  cmocka_unit_test(test_lists),
		cmocka_unit_test(test_addresses), cmocka_unit_test(test_address_lists),
		cmocka_unit_test(test_paths),	  cmocka_unit_test(test_expansions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
