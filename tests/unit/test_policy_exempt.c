// SPDX-License-Identifier: LGPL-2.1-or-later
/* Who gets in when the policy has a mistake: those who plainly are exempt, and nobody else. */
#include "policy_text.h"
#include "scratch_dir.h"

#define CONFIG "confine.conf"

static const gid_t gids[] = {100, 200};
static const char *const groups[] = {"users", "staff"};

static struct facts user(const char *name, uid_t uid)
{
	return (struct facts){.user = name,
			      .uid = uid,
			      .gid = 100,
			      .home = "/",
			      .shell = "/bin/sh",
			      .gids = gids,
			      .groups = groups,
			      .group_count = 2};
}

static bool exempt(struct scratch *scratch, const char *name, uid_t uid)
{
	struct facts facts = user(name, uid);

	return policy_exempt_despite_errors(scratch_path(scratch, CONFIG), &facts);
}

static void test_mistake_elsewhere(void **state)
{
	struct scratch *scratch = *state;

	scratch_write(scratch, CONFIG,
		      "[global]\n"
		      "exempt-users = root, admin\n"
		      "min-uid = 500\n"
		      "on-failur = deny\n"
		      "[profile broken\n"
		      "home = nowhere\n"
		      "exempt-groups = staff\n");
	assert_true(exempt(scratch, "root", 0));
	assert_true(exempt(scratch, "anything", 0));
	assert_true(exempt(scratch, "admin", 1000));
	assert_true(exempt(scratch, "daemon", 499));
	assert_false(exempt(scratch, "alice", 1000));
	assert_false(exempt(scratch, "alice", 500));
	assert_false(exempt(scratch, "Admin", 1000));
}

static void test_groups(void **state)
{
	struct scratch *scratch = *state;

	scratch_write(scratch, CONFIG, "[global]\nexempt-groups = staff\nx\n");
	assert_true(exempt(scratch, "alice", 1000));
	scratch_write(scratch, CONFIG, "[global]\nexempt-groups = *, !users\nx\n");
	assert_false(exempt(scratch, "alice", 1000));
}

/* No file, no default: the policy might have said otherwise. */
static void test_nothing_known(void **state)
{
	struct scratch *scratch = *state;

	assert_true(exempt(scratch, "root", 0));
	assert_false(exempt(scratch, "root", 1000));
	assert_false(exempt(scratch, "daemon", 2));
	scratch_write(scratch, CONFIG, "");
	assert_false(exempt(scratch, "daemon", 2));
	assert_true(exempt(scratch, "root", 0));
}

static void test_doubtful(void **state)
{
	static const char *const texts[] = {
		"[global]\nexempt-users = admin\nexempt-users = root\n",
		"[global]\nexempt-users = root\nexempt-users = admin\n",
		"[global]\nexempt-users = admin\n[GLOBAL]\n",
		"[global]\nmin-uid = 1\n[global]\nexempt-users = admin\n",
		"exempt-users = admin\n[global]\n",
		"[globall]\nexempt-users = admin\n",
		"[match x]\nexempt-users = admin\n",
		"# \\\n[global]\nexempt-users = admin\n",
		"[global]\nx = \\\nexempt-users = admin\n",
		"[global]\nexempt-users = \"admin\n",
		"[global]\nexempt-users = admin,\n",
		"[global]\nexempt-users = admin;x\n",
		"[global]\r\nexempt-users = admin\r\n",
		"[global]\n# exempt-users = admin\n",
		"[global]\nexempt-users = *, !admin\n",
		"[global]\nexempt-users = !root\n",
		"[global]\nmin-uid = 2000x\n",
		"[global]\nmin-uid = 99999999999\n",
		"[global]\nmin-uid = -1\n",
		"[global]\nexempt-users = adm\n",
	};
	struct scratch *scratch = *state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		scratch_write(scratch, CONFIG, texts[i]);
		if (exempt(scratch, "admin", 1000))
			fail_msg("exempt by: %s", texts[i]);
		assert_true(exempt(scratch, "root", 0));
	}
}

static void test_owner(void **state)
{
	struct scratch *scratch = *state;

	scratch_write(scratch, CONFIG, "[global]\nexempt-users = admin\n");
	assert_true(exempt(scratch, "admin", 1000));
	assert_int_equal(chmod(scratch_path(scratch, CONFIG), 0666), 0);
	assert_false(exempt(scratch, "admin", 1000));
	assert_int_equal(chmod(scratch_path(scratch, CONFIG), 0644), 0);
	assert_int_equal(chmod(scratch->path, 01777), 0);
	assert_false(exempt(scratch, "admin", 1000));
	assert_true(exempt(scratch, "root", 0));
	assert_int_equal(chmod(scratch->path, 0700), 0);
	assert_int_equal(unlink(scratch_path(scratch, CONFIG)), 0);
	assert_int_equal(mkfifo(scratch_path(scratch, CONFIG), 0600), 0);
	assert_false(exempt(scratch, "admin", 1000));
}

static void test_nul_and_size(void **state)
{
	struct scratch *scratch = *state;

	scratch_write(scratch, CONFIG, "[global]\nexempt-users = admin\n");
	assert_int_equal(truncate(scratch_path(scratch, CONFIG), 100), 0);
	assert_false(exempt(scratch, "admin", 1000));
	assert_int_equal(truncate(scratch_path(scratch, CONFIG), 10 << 20), 0);
	assert_false(exempt(scratch, "admin", 1000));
	assert_true(exempt(scratch, "root", 0));
}

/* Of two files the last counts; if one of them is wrong, who knows: both must agree. */
static void test_two_files(void **state)
{
	struct scratch *scratch = *state;

	scratch_mkdir(scratch, "conf.d", 0755);
	scratch_write(scratch, CONFIG, "[global]\nexempt-users = admin, bob\n");
	scratch_write(scratch, "conf.d/x.conf", "[global]\nexempt-users = admin\nx\n");
	assert_true(exempt(scratch, "admin", 1000));
	assert_false(exempt(scratch, "bob", 1000));
	/* a file that others can write takes nothing away and adds nothing */
	scratch_write(scratch, "conf.d/y.conf", "[global]\nexempt-users = alice\n");
	assert_int_equal(chmod(scratch_path(scratch, "conf.d/y.conf"), 0666), 0);
	assert_true(exempt(scratch, "admin", 1000));
	assert_false(exempt(scratch, "alice", 1000));
	assert_int_equal(unlink(scratch_path(scratch, "conf.d/x.conf")), 0);
	assert_int_equal(unlink(scratch_path(scratch, CONFIG)), 0);
	assert_false(exempt(scratch, "admin", 1000));
}

static void test_insane_facts(void **state)
{
	struct scratch *scratch = *state;
	struct facts facts = user("", 1000);

	scratch_write(scratch, CONFIG, "[global]\nexempt-users = *\n");
	assert_true(exempt(scratch, "x", 1000));
	assert_false(policy_exempt_despite_errors(scratch_path(scratch, CONFIG), &facts));
	assert_false(policy_exempt_despite_errors(scratch_path(scratch, CONFIG), NULL));
	facts = user("x", (uid_t)-1);
	assert_false(policy_exempt_despite_errors(scratch_path(scratch, CONFIG), &facts));
}

#define with_scratch(test) cmocka_unit_test_setup_teardown(test, scratch_create, scratch_destroy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_scratch(test_mistake_elsewhere),
		with_scratch(test_groups),
		with_scratch(test_nothing_known),
		with_scratch(test_doubtful),
		with_scratch(test_owner),
		with_scratch(test_nul_and_size),
		with_scratch(test_two_files),
		with_scratch(test_insane_facts),
	};

	if (geteuid() != 0)
		return scratch_skip("only root can make files of root's");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
