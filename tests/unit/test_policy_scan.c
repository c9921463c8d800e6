// SPDX-License-Identifier: LGPL-2.1-or-later
/* Every way in which a line of policy could be lost is reported with its line. */
#include "policy_text.h"

#include "policy/ini.h"

#define GLOBAL "[global]\n"

static void test_places(void **state)
{
	cleanup_scan struct scan scan = {0};
	cleanup_problems struct problems problems = {0};
	const char *text = "# comment\n"
			   "; another\n"
			   "\n"
			   "[global]   ; behind a header\n"
			   "\tExempt-Users\t=  root , admin   ; behind a value\n"
			   "[match Students]\n"
			   "users = \"a;b\" # behind a quote\n"
			   "groups = ' spaced '\n"
			   "services =\n"
			   "rhosts = ; empty\n"
			   "profile = \"\"";

	(void)state;
	assert_int_equal(scan_text("F", text, strlen(text), &scan, &problems), 0);
	assert_int_equal(problems.count, 0);
	assert_int_equal(scan.section_count, 2);
	assert_int_equal(scan.entry_count, 6);
	assert_int_equal(scan.sections[0].line, 4);
	assert_string_equal(scan.sections[1].name, "Students");
	assert_string_equal(scan.sections[1].title, "match students");
	assert_string_equal(scan.entries[0].name, "exempt-users");
	assert_string_equal(scan.entries[0].value, "root , admin");
	assert_int_equal(scan.entries[0].line, 5);
	assert_string_equal(scan.entries[1].value, "a;b");
	assert_string_equal(scan.entries[2].value, " spaced ");
	assert_string_equal(scan.entries[3].value, "");
	assert_string_equal(scan.entries[4].value, "");
	assert_string_equal(scan.entries[5].value, "");
	assert_int_equal(scan.entries[5].line, 11);
}

/* What the scanner accepts, iniparser reads alike: or one of these would be a problem. */
static void test_second_reading(void **state)
{
	(void)state;
	assert_fine("[global]   ; behind a header = here\n"
		    "exempt-users=root\n"
		    "exempt-groups = \"a, b\"   # comment; more \"quotes\" = signs\n"
		    "  min-uid   =   500\t;x\n"
		    "unmatched = 'allow'\n"
		    "[ PROFILE   spaced ]# x\n"
		    "env-set = A=1, B==, C=-\n");
}

static void test_lines(void **state)
{
	char text[4096];

	(void)state;
	assert_only_problem("x = 1\n" GLOBAL, "F1:1: x: ", "before the first section");
	assert_only_problem(GLOBAL "min-uid\n", "F1:2: ", "neither a [section] nor");
	assert_only_problem(GLOBAL "min uid = 1\n", "F1:2: ", "is no key");
	assert_only_problem(GLOBAL "= 1\n", "F1:2: ", "is no key");
	assert_only_problem(GLOBAL "min-uid = 1 \\\n500\n", "F1:2: ", "backslash");
	assert_only_problem(GLOBAL "# comment \\\nmin-uid = 1\n", "F1:2: ", "backslash");
	assert_only_problem(GLOBAL "min-uid = 1\r\nunmatched = deny\r\n", "F1:2: ", "(LF)");
	assert_only_problem(GLOBAL "min-uid = 1\x1b[m\n", "F1:2: ", "control character \\x1b");
	assert_only_problem(GLOBAL "min-uid = \"1\n", "F1:2: min-uid: ", "not closed");
	assert_only_problem(GLOBAL "min-uid = '1\n", "F1:2: min-uid: ", "not closed");
	assert_only_problem(GLOBAL "min-uid = \"1\"2\n", "F1:2: min-uid: ", "follow the quote");
	assert_only_problem(GLOBAL "exempt-users = a \"b\"\n",
			    "F1:2: exempt-users: ", "quote the whole");
	assert_only_problem(GLOBAL "exempt-users = a#b\n", "F1:2: exempt-users: ", "'#' begins");
	assert_only_problem(GLOBAL "exempt-users = a;b\n", "F1:2: exempt-users: ", "';' begins");

	snprintf(text, sizeof(text), GLOBAL "exempt-users = %01007d\n", 0);
	assert_fine(text);
	snprintf(text, sizeof(text), GLOBAL "exempt-users = %01008d\n", 0);
	assert_only_problem(text, "F1:2: ", "line of 1023 bytes");
	snprintf(text, sizeof(text), GLOBAL "# %02000d\n", 0);
	assert_only_problem(text, "F1:2: ", "line of 2002 bytes");
}

static void test_sections(void **state)
{
	(void)state;
	assert_only_problem(GLOBAL "[matsch x]\nprofile = deny\n", "F1:2: ", "no such section");
	assert_only_problem(GLOBAL "[match]\n", "F1:2: ", "a name of at most 64");
	assert_only_problem(GLOBAL "[match a b]\n", "F1:2: ", "a name of at most 64");
	assert_only_problem(GLOBAL "[match a:b]\n", "F1:2: ", "a name of at most 64");
	assert_only_problem("[global x]\n[match a]\nprofile = deny\n", "F1:1: ", "takes no name");
	assert_only_problem(GLOBAL "[profile x\nhome = none\n", "F1:2: ", "closing ']'");
	assert_only_problem(GLOBAL "[profile x] home = none\n", "F1:2: ", "may follow the ']'");
	assert_only_problem(GLOBAL "[]\n", "F1:2: ", "no such section");
	assert_only_problem(GLOBAL "[profile x]\x01\nhome = none\n", "F1:2: ", "control character");
}

static void test_repetitions(void **state)
{
	(void)state;
	assert_only_problem(GLOBAL "min-uid = 1\nunmatched = deny\nMIN-UID = 2\n",
			    "F1:4: min-uid: ", "already at line 2");
	assert_only_problem(GLOBAL "[profile x]\n[profile x]\n",
			    "F1:3: ", "this section stands already at line 2");
	assert_only_problem(GLOBAL "[profile x]\n[profile X]\n", "F1:3: ", "differs in case only");
	assert_only_problem(GLOBAL "[profile  x]\n[profile x]\n", "F1:3: ", "line 2");
	assert_only_problem(GLOBAL "[GLOBAL]\n", "F1:2: ", "this section");
	/* the same word as a rule and as a profile is fine */
	assert_fine(GLOBAL "[profile x]\n[match x]\nprofile = x\n");
}

static void test_nul(void **state)
{
	static const char text[] = "[global]\nmin-uid = 1\0\n";
	cleanup_scan struct scan scan = {0};
	cleanup_problems struct problems problems = {0};

	(void)state;
	assert_int_equal(scan_text("F", text, sizeof(text) - 1, &scan, &problems), -EINVAL);
	assert_problem(&problems, "F:2: ", "NUL byte");
	assert_int_equal(scan.entry_count, 0);
}

/* A file that is all keys or all sections costs neither time nor the message. */
static void test_too_many(void **state)
{
	cleanup_scan struct scan scan = {0}, sections = {0};
	cleanup_problems struct problems problems = {0};
	size_t size = 1024 * 1024;
	char *text = malloc(size);
	size_t used;

	(void)state;
	assert_non_null(text);
	used = (size_t)snprintf(text, size, "[global]\n");
	for (unsigned i = 0; used + 16 < size; i++)
		used += (size_t)snprintf(text + used, size - used, "k%u=\n", i);
	assert_int_equal(scan_text("F", text, used, &scan, &problems), 0);
	assert_int_equal(problems.count, 1);
	assert_problem(&problems, "F:4098: ", "more than 4096 keys");
	problems_finish(&problems);
	for (used = 0; used + 4 < size; used += 4)
		memcpy(text + used, "[a]\n", 4);
	assert_int_equal(scan_text("F", text, used, &sections, &problems), 0);
	assert_int_equal(problems.kept, PROBLEMS_KEPT_MAX);
	assert_true(problems.count > 200000);
	free(text);
}

/* What stands behind a doubtful header is nobody's. */
static void test_doubt(void **state)
{
	static const char text[] = "[global]\n"
				   "min-uid = 1\n"
				   "[broken\n"
				   "exempt-users = evil\n"
				   "[profile x]\n"
				   "home = none\n"
				   "x \\\n"
				   "[global]\n"
				   "exempt-groups = evil\n";
	cleanup_scan struct scan scan = {0};

	(void)state;
	assert_int_equal(scan_text("F", text, sizeof(text) - 1, &scan, NULL), 0);
	assert_int_equal(scan.section_count, 2);
	assert_int_equal(scan.entry_count, 2);
	assert_string_equal(scan.entries[1].name, "home");
}

/* The second reading is a real one: it sees what the first does not. */
static void test_differences(void **state)
{
	static const char text[] = "[global]\nmin-uid = 1\n";
	static const char other[] = "[global]\nmin-uid = 2\nextra = 1\n[profile x]\n";
	cleanup_scan struct scan scan = {0};
	cleanup_problems struct problems problems = {0};
	struct error error;

	(void)state;
	assert_int_equal(scan_text("F", text, strlen(text), &scan, &problems), 0);
	assert_int_equal(ini_compare(&scan, text, strlen(text), &problems, &error), 0);
	assert_int_equal(problems.count, 0);
	assert_int_equal(ini_compare(&scan, other, strlen(other), &problems, &error), 0);
	assert_int_equal(problems.count, 3);
	assert_problem(&problems, "F:2: min-uid: ", "read as \"1\" and as \"2\"");
	assert_problem(&problems, "F:1: ", "read with 1 and with 2 keys");
	assert_problem(&problems, "F:0: ", "read with 1 and with 2 sections");
	assert_int_equal(ini_compare(&scan, "nothing\n", 8, &problems, &error), 0);
	assert_problem(&problems, "F:0: ", "a syntax error");
}

/* xorshift: the same bytes in every run. */
static uint64_t noise_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state >> 20;
}

/* Appends up to most bytes of those that mean something to one of the two readers. */
static void noise_append(char *text, size_t most, uint64_t *random)
{
	static const char bytes[] = "[]=;#\"'\\\n\n\t  ,:!%/\x80globalmatchprofile-09==  ";
	size_t used = strlen(text), length = noise_next(random) % most;

	while (length-- > 0)
		text[used++] = bytes[noise_next(random) % (sizeof(bytes) - 1)];
	text[used] = '\0';
}

/* No crash, and whatever the scanner accepts iniparser reads alike. Returns 1 if it was asked. */
static int noise_check(const char *text)
{
	cleanup_text_policy struct text_policy read = text_policy(text, NULL);
	bool scanned = true;

	for (size_t i = 0; i < read.problems.kept; i++) {
		const char *message = read.problems.list[i].message;

		if (strncmp(message, "ambiguous:", strlen("ambiguous:")) == 0)
			fail_msg("the two readings differ: %s", text);
		/* what is said of a key's name or value is said after both readings */
		scanned =
			scanned && (strstr(message, "is no uid") || strstr(message, "no such key"));
	}
	return scanned;
}

static void test_noise(void **state)
{
	uint64_t random = 88172645463325252ULL;
	char text[256];
	int compared = 0;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		strcpy(text, "[global]\nmin-uid = 1\n");
		noise_append(text, 120, &random);
		noise_check(text);
		strcpy(text, "[global]\nmin-uid");
		noise_append(text, 8, &random);
		compared += noise_check(text);
		strcpy(text, "[global]\nmin-uid =");
		noise_append(text, 10, &random);
		compared += noise_check(text);
	}
	/* or the test would show nothing */
	assert_true(compared > 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),	    cmocka_unit_test(test_second_reading),
		cmocka_unit_test(test_lines),	    cmocka_unit_test(test_sections),
		cmocka_unit_test(test_repetitions), cmocka_unit_test(test_nul),
		cmocka_unit_test(test_too_many),    cmocka_unit_test(test_doubt),
		cmocka_unit_test(test_differences), cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
