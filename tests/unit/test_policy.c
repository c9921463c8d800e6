// SPDX-License-Identifier: LGPL-2.1-or-later
/* Verdicts and what makes a policy wrong. */
#include "policy_text.h"

#define GLOBAL "[global]\n"

static const gid_t gids[] = {100, 200, 300};
static const char *const groups[] = {"users", "students", NULL};

static struct facts user(const char *name, uid_t uid)
{
	return (struct facts){.user = name,
			      .uid = uid,
			      .gid = 100,
			      .home = "/home/x",
			      .shell = "/bin/sh",
			      .gids = gids,
			      .groups = groups,
			      .group_count = 3,
			      .service = "sshd"};
}

/* "VERDICT PROFILE REASON RULE FILE:LINE" of a login. */
static void assert_decision(const char *text, const struct facts *facts, const char *expected)
{
	static const char *const verdicts[] = {"ignore", "confine", "deny"};
	cleanup_text_policy struct text_policy read = text_policy(text, NULL);
	struct decision decision;
	struct error error;
	char found[256];

	assert_non_null(read.policy);
	assert_int_equal(policy_decide(read.policy, facts, &decision, &error), 0);
	snprintf(found, sizeof(found), "%s %s, %s, %s, %s:%u", verdicts[decision.verdict],
		 decision.profile ? decision.profile : "-", decision.reason,
		 decision.rule ? decision.rule : "-", decision.file ? decision.file : "-",
		 decision.line);
	assert_string_equal(found, expected);
}

/* No verdict at all: -EINVAL or the like, with this in the message. */
static void assert_no_decision(const char *text, const struct facts *facts, const char *expected)
{
	cleanup_text_policy struct text_policy read = text_policy(text, NULL);
	struct decision decision;
	struct error error = {0};

	assert_non_null(read.policy);
	assert_true(policy_decide(read.policy, facts, &decision, &error) < 0);
	assert_non_null(strstr(error.message, expected));
}

static void test_exemptions(void **state)
{
	const char *all = GLOBAL "exempt-users = admin, ops*, !opsbad\n"
				 "exempt-groups = staff, students\n"
				 "min-uid = 500\n"
				 "unmatched = deny\n";
	const char *defaults = GLOBAL "unmatched = deny\n";
	struct facts facts = user("root", 0);

	(void)state;
	assert_decision(all, &facts, "ignore -, uid 0, -, -:0");
	facts = user("toor", 0);
	assert_decision(GLOBAL "exempt-users = !toor, nobody\nunmatched = deny\n", &facts,
			"ignore -, uid 0, -, -:0");
	facts = user("admin", 1001);
	assert_decision(all, &facts, "ignore -, exempt user, -, F1:2");
	facts = user("alice", 1001);
	assert_decision(all, &facts, "ignore -, exempt group, -, F1:3");
	facts.group_count = 1;
	assert_decision(all, &facts, "deny -, unmatched, -, F1:5");
	facts = user("opsbad", 1001);
	facts.group_count = 1;
	assert_decision(all, &facts, "deny -, unmatched, -, F1:5");
	facts.uid = 499;
	assert_decision(all, &facts, "ignore -, uid below min-uid, -, F1:4");
	facts.uid = 999;
	assert_decision(defaults, &facts, "ignore -, uid below min-uid, -, -:0");
	facts.uid = 1000;
	assert_decision(defaults, &facts, "deny -, unmatched, -, F1:2");
	/* the name alone counts, not the number: an account called root is exempt by default */
	facts = user("root", 1000);
	assert_decision(defaults, &facts, "ignore -, exempt user, -, -:0");
	assert_decision(GLOBAL "exempt-users =\nunmatched = deny\n", &facts,
			"deny -, unmatched, -, F1:3");
}

static void test_rules(void **state)
{
	const char *text = "[match none]\n"
			   "users = nobody-here\n"
			   "profile = deny\n"
			   "[match cron]\n"
			   "groups = students\n"
			   "services = cron*\n"
			   "profile = a\n"
			   "[match net]\n"
			   "rhosts = 192.0.2.0/24\n"
			   "profile = b\n"
			   "[match Students]\n"
			   "groups = students\n"
			   "users =\n"
			   "profile = C\n"
			   "[match rest]\n"
			   "users = *, !carol\n"
			   "profile = deny\n"
			   "[profile a]\n[profile b]\n[profile c]\n";
	struct facts facts = user("alice", 1001);

	(void)state;
	assert_decision(text, &facts, "confine C, rule, Students, F1:11");
	facts.rhost = "192.0.2.9";
	assert_decision(text, &facts, "confine b, rule, net, F1:8");
	facts.rhost = "fe80::1%eth0";
	assert_decision(text, &facts, "confine C, rule, Students, F1:11");
	facts.rhost = "client.example.org";
	assert_no_decision(text, &facts, "[match net] asks for rhosts");
	facts.service = "crond";
	assert_decision(text, &facts, "confine a, rule, cron, F1:4");
	facts.rhost = NULL;
	facts.service = NULL;
	assert_decision(text, &facts, "confine C, rule, Students, F1:11");
	facts.group_count = 1;
	assert_decision(text, &facts, "deny -, rule, rest, F1:15");
	facts.user = "carol";
	assert_decision(text, &facts, "ignore -, unmatched, -, -:0");
}

/* A directory server that is down must not make a member look like none, nor lock out admins. */
static void test_incomplete_groups(void **state)
{
	const char *text = GLOBAL "exempt-users = admin\nexempt-groups = students\n"
				  "[match m]\ngroups = guests\nprofile = deny\n"
				  "[match n]\nusers = bob\nprofile = default\n";
	struct facts facts = user("alice", 1001);

	(void)state;
	facts.groups_incomplete = true;
	assert_decision(text, &facts, "ignore -, exempt group, -, F1:3");
	facts.group_count = 1;
	assert_no_decision(text, &facts, "not all groups of alice could be looked up");
	facts.user = "admin";
	assert_decision(text, &facts, "ignore -, exempt user, -, F1:2");
}

/* user@.service runs programs of the user's own outside: no rule may leave it open. */
static void test_systemd_user(void **state)
{
	const char *text = "[match m]\nusers = alice\nservices = sshd\nrhosts = 192.0.2.0/24\n"
			   "profile = default\n";
	struct facts facts = user("alice", 1001);

	(void)state;
	facts.service = "cron";
	assert_decision(text, &facts, "ignore -, unmatched, -, -:0");
	facts.service = "systemd-user";
	assert_decision(text, &facts, "confine default, rule, m, F1:1");
	facts.user = "bob";
	assert_decision(text, &facts, "ignore -, unmatched, -, -:0");
}

static void test_group_exclusion(void **state)
{
	const char *text = "[match m]\ngroups = *, !students\nprofile = default\n";
	struct facts facts = user("alice", 1001);

	(void)state;
	assert_decision(text, &facts, "ignore -, unmatched, -, -:0");
	facts.group_count = 1;
	assert_decision(text, &facts, "confine default, rule, m, F1:1");
}

static void test_unmatched(void **state)
{
	struct facts facts = user("alice", 1001);

	(void)state;
	assert_decision(GLOBAL, &facts, "ignore -, unmatched, -, -:0");
	assert_decision(GLOBAL "unmatched = allow\n", &facts, "ignore -, unmatched, -, F1:2");
	assert_decision(GLOBAL "unmatched = default\n", &facts,
			"confine default, unmatched, -, F1:2");
}

static void test_several_files(void **state)
{
	cleanup_text_policy struct text_policy read = text_policy(
		GLOBAL "min-uid = 100\non-failure = allow\n[match b]\nusers = x\n"
		       "profile = p\n",
		"[match a]\nprofile = p\n[global]\nmin-uid = 2000\n", "[profile p]\n", NULL);
	struct facts facts = user("alice", 1500);
	struct decision decision;

	(void)state;
	assert_int_equal(read.problems.count, 0);
	assert_int_equal(policy_decide(read.policy, &facts, &decision, NULL), 0);
	assert_int_equal(decision.verdict, VERDICT_IGNORE);
	assert_true(decision.on_failure_allow);
	assert_string_equal(decision.file, "F2");
	assert_int_equal(decision.line, 4);
	facts.uid = 2000;
	assert_int_equal(policy_decide(read.policy, &facts, &decision, NULL), 0);
	assert_string_equal(decision.rule, "a");
	facts.user = "x";
	assert_int_equal(policy_decide(read.policy, &facts, &decision, NULL), 0);
	assert_string_equal(decision.rule, "b");
}

static void test_insane_facts(void **state)
{
	cleanup_text_policy struct text_policy read = text_policy(GLOBAL, NULL);
	struct facts facts = user("", 1000);
	struct decision decision;
	struct plan *plan = NULL;

	(void)state;
	assert_int_equal(policy_decide(read.policy, &facts, &decision, NULL), -EINVAL);
	assert_int_equal(policy_plan(read.policy, "default", &facts, &plan, NULL), -EINVAL);
	facts = user("x", (uid_t)-1);
	assert_int_equal(policy_decide(read.policy, &facts, &decision, NULL), -EINVAL);
	facts = user("x", 1000);
	facts.gids = NULL;
	assert_int_equal(policy_decide(read.policy, &facts, &decision, NULL), -EINVAL);
}

static void test_empty(void **state)
{
	(void)state;
	assert_only_problem("", "F1:0: ", "the policy is empty");
	assert_only_problem("# nothing\n\n", "F1:0: ", "the policy is empty");
	/* profiles alone rule nobody */
	assert_only_problem("[profile x]\n", "F1:0: ", "the policy is empty");
	assert_fine("[match x]\nprofile = deny\n");
}

static void test_unknown_keys(void **state)
{
	(void)state;
	assert_only_problem(GLOBAL "min-iud = 1\n", "F1:2: min-iud: ", "did you mean \"min-uid\"?");
	assert_only_problem(GLOBAL "home = none\n",
			    "F1:2: home: ", "belongs into a [profile] section, not into [global]");
	assert_only_problem(GLOBAL "[match m]\nuser = x\nprofile = deny\n",
			    "F1:3: user: ", "did you mean \"users\"?");
	assert_only_problem(GLOBAL "[profile p]\nrlimit-files = 1\n",
			    "F1:3: rlimit-files: ", "there is no such key in a [profile] section");
	assert_only_problem(GLOBAL "zzzzzzzzzz = 1\n",
			    "F1:2: zzzzzzzzzz: ", "there is no such key in a [global] section");
	assert_only_problem(GLOBAL "[profile p]\nprofile = x\n",
			    "F1:3: profile: ", "belongs into a [match]");
}

static void test_global_values(void **state)
{
	(void)state;
	assert_only_problem(GLOBAL "min-uid = -1\n", "F1:2: min-uid: ", "\"-1\" is no uid");
	assert_only_problem(GLOBAL "min-uid = 4294967295\n", "F1:2: min-uid: ", "is no uid");
	assert_only_problem(GLOBAL "min-uid =\n", "F1:2: min-uid: ", "\"\" is no uid");
	assert_only_problem(GLOBAL "on-failure = maybe\n",
			    "F1:2: on-failure: ", "neither deny nor allow");
	assert_only_problem(GLOBAL "unmatched =\n", "F1:2: unmatched: ", "empty");
	assert_only_problem(GLOBAL "unmatched = nope\n", "F1:2: unmatched: ", "no [profile nope]");
	assert_only_problem(GLOBAL "exempt-users = a,,b\n",
			    "F1:2: exempt-users: ", "comma too many");
	assert_only_problem(GLOBAL "exempt-groups = !a\n",
			    "F1:2: exempt-groups: ", "only exclusions");
}

static void test_rule_values(void **state)
{
	(void)state;
	assert_only_problem("[match m]\nusers = x\n", "F1:1: ", "[match m]: no profile");
	assert_only_problem("[match m]\nprofile =\n", "F1:2: profile: ", "empty");
	assert_only_problem("[match m]\nprofile = allow\n", "F1:2: profile: ", "exempt-users");
	assert_only_problem("[match m]\nprofile = nope\n", "F1:2: profile: ", "no [profile nope]");
	assert_only_problem("[match m]\nprofile = deny\nrhosts = example.org\n",
			    "F1:3: rhosts: ", "names decide nothing");
	assert_only_problem("[match m]\nprofile = deny\nusers = !x\n",
			    "F1:3: users: ", "only exclusions");
}

static void test_sections_in_two_files(void **state)
{
	cleanup_text_policy struct text_policy read =
		text_policy(GLOBAL "[profile p]\n[match m]\nprofile = p\n", GLOBAL "[profile P]\n",
			    "[match m]\nprofile = deny\n", NULL);

	(void)state;
	assert_null(read.policy);
	assert_int_equal(read.problems.count, 2);
	assert_problem(&read.problems, "F2:2: [profile p]: ", "stands already at F1:2");
	assert_problem(&read.problems, "F3:1: [match m]: ", "stands already at F1:3");
}

static void test_inherit(void **state)
{
	char text[4096];
	size_t used;

	(void)state;
	assert_fine(GLOBAL "[profile a]\ninherit = B\n[profile b]\ninherit = default\n");
	assert_only_problem(GLOBAL "[profile a]\ninherit = b\n",
			    "F1:3: inherit: ", "there is no [profile b]");
	assert_only_problem(GLOBAL "[profile a]\ninherit = A\n", "F1:3: inherit: ", "in a loop");
	assert_only_problem(GLOBAL "[profile a]\ninherit =\n", "F1:3: inherit: ", "empty");
	assert_only_problem(GLOBAL "[profile deny]\n", "F1:2: ", "cannot be called that");
	assert_only_problem(GLOBAL "[profile a]\ninherit = c\n[profile b]\ninherit = a\n",
			    "F1:3: inherit: ", "there is no [profile c]");
	used = (size_t)sprintf(text, GLOBAL "[profile p0]\n");
	for (unsigned i = 1; i < PROFILE_DEPTH_MAX; i++)
		used += (size_t)sprintf(text + used, "[profile p%u]\ninherit = p%u\n", i, i - 1);
	assert_fine(text);
	sprintf(text + used, "[profile last]\ninherit = p%u\n", PROFILE_DEPTH_MAX - 1);
	assert_only_problem(text, "F1:34: inherit: ", "more than 16 others");
}

static void test_loop(void **state)
{
	cleanup_text_policy struct text_policy read =
		text_policy(GLOBAL "[profile a]\ninherit = b\n[profile b]\ninherit = c\n"
				   "[profile c]\ninherit = a\n",
			    NULL);

	(void)state;
	assert_null(read.policy);
	assert_int_equal(read.problems.count, 3);
	assert_problem(&read.problems, "F1:3: inherit: ", "in a loop");
	assert_problem(&read.problems, "F1:5: inherit: ", "in a loop");
	assert_problem(&read.problems, "F1:7: inherit: ", "in a loop");
}

/* A key that is right but not built fails check; a login fails only if its own profile has it. */
static void test_not_built(void **state)
{
	cleanup_text_policy struct text_policy read =
		text_policy(GLOBAL "[profile a]\nmemory-max = 512M\n[profile b]\ninherit = a\n"
				   "[profile c]\nhome = none\n",
			    NULL);
	struct facts facts = user("alice", 1001);
	struct plan *plan = NULL;
	struct error error;

	(void)state;
	assert_int_equal(read.problems.count, 1);
	assert_problem(&read.problems, "F1:3: memory-max: ", "not built yet");
	assert_int_equal(read.problems.first.code, 0);
	assert_non_null(read.policy);
	assert_int_equal(policy_plan(read.policy, "b", &facts, &plan, &error), -ENOTSUP);
	assert_non_null(strstr(error.message, "F1:3: memory-max: not built yet"));
	assert_null(plan);
	assert_int_equal(policy_plan(read.policy, "c", &facts, &plan, &error), 0);
	plan_destroy(plan);
}

/* The first mistake is the one that a login names. */
static void test_first(void **state)
{
	cleanup_text_policy struct text_policy read =
		text_policy(GLOBAL "[profile p]\nlinger = yes\nhome = x\numask = 9\n", NULL);

	(void)state;
	assert_null(read.policy);
	assert_int_equal(read.problems.count, 3);
	assert_int_equal(read.problems.first.code, EINVAL);
	assert_string_equal(read.problems.first.message,
			    "F1:4: home: \"x\" is none of: bind, tmpfs, none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exemptions),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_group_exclusion),
		cmocka_unit_test(test_systemd_user),
		cmocka_unit_test(test_incomplete_groups),
		cmocka_unit_test(test_unmatched),
		cmocka_unit_test(test_several_files),
		cmocka_unit_test(test_insane_facts),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_unknown_keys),
		cmocka_unit_test(test_global_values),
		cmocka_unit_test(test_rule_values),
		cmocka_unit_test(test_sections_in_two_files),
		cmocka_unit_test(test_inherit),
		cmocka_unit_test(test_loop),
		cmocka_unit_test(test_not_built),
		cmocka_unit_test(test_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
