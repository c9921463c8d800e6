// SPDX-License-Identifier: LGPL-2.1-or-later
/* Accounts: names that no account may have, and those that every machine has. */
#include "policy_text.h"

#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include "helper/account.h"
#include "scratch_dir.h"

#define MANY 600 /* groups; more than the first guess */

static void test_names(void **state)
{
	static const char *const bad[] = {"",	  ".",	  "..",	    "-rf",   "a/b",
					  "/",	  "a:b",  "a b",    "root ", " root",
					  "a\nb", "a\tb", "\x1b[m", "a\x7f", "../root"};
	struct account *account = NULL;
	struct error error;
	char name[300];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(account_lookup(bad[i], &account, &error), -EINVAL);
	memset(name, 'a', sizeof(name));
	name[256] = '\0';
	assert_int_equal(account_lookup(name, &account, &error), -EINVAL);
	assert_non_null(strstr(error.message, "1 to 255 bytes, not 256"));
	name[255] = '\0';
	assert_int_equal(account_lookup(name, &account, &error), -ENOENT);
	assert_int_equal(account_lookup("%s%n", &account, &error), -ENOENT);
	assert_string_equal(error.message, "there is no account \"%s%n\"");
	/* a number is a name like any other, never a uid */
	assert_int_equal(account_lookup("0", &account, &error), -ENOENT);
	assert_null(account);
}

static void test_root(void **state)
{
	struct account *account = NULL;
	const struct facts *facts;
	struct error error;

	(void)state;
	assert_int_equal(account_lookup("root", &account, &error), 0);
	facts = account_facts(account);
	assert_string_equal(facts->user, "root");
	assert_int_equal(facts->uid, 0);
	assert_int_equal(facts->gid, 0);
	assert_non_null(facts->home);
	assert_non_null(facts->shell);
	assert_non_null(account_gecos(account));
	assert_true(facts->group_count >= 1);
	assert_int_equal(facts->gids[0], 0);
	assert_string_equal(facts->groups[0], "root");
	assert_null(facts->service);
	assert_null(facts->rhost);
	account_destroy(account);
	account_destroy(NULL);
}

/* Puts files of the test in the place of the machine's, for this process alone. */
static int world_create(void **state)
{
	static const char *const places[] = {"/etc/passwd", "/etc/group", "/etc/nsswitch.conf"};
	struct scratch *scratch;

	if (scratch_create(state) < 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -1;
	scratch = *state;
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (mount(scratch_write(scratch, strrchr(places[i], '/') + 1, ""), places[i], NULL,
			  MS_BIND, NULL) < 0)
			return -1;
	scratch_write(scratch, "nsswitch.conf", "passwd: files\ngroup: files\n");
	scratch_write(scratch, "passwd",
		      "alice:x:1001:4242:Alice A.,,,:/home/alice:/bin/zsh\n"
		      "empty:x:1002:100:::\n"
		      "-dash:x:1003:100::/:/bin/sh\n"
		      "toor:x:0:0::/root:/bin/sh\n");
	return 0;
}

static int world_destroy(void **state)
{
	umount2("/etc/passwd", MNT_DETACH);
	umount2("/etc/group", MNT_DETACH);
	umount2("/etc/nsswitch.conf", MNT_DETACH);
	return scratch_destroy(state);
}

static void write_groups(struct scratch *scratch, unsigned count)
{
	FILE *file = fopen(scratch_path(scratch, "group"), "w");

	assert_non_null(file);
	/* one entry larger than any first guess of a buffer */
	fputs("big:x:100:", file);
	for (unsigned i = 0; i < 20000; i++)
		fprintf(file, "member%u,", i);
	fputs("alice\n", file);
	for (unsigned i = 0; i < count; i++)
		fprintf(file, "g%u:x:%u:alice\n", i, 10000 + i);
	assert_int_equal(fclose(file), 0);
}

static void test_many_groups(void **state)
{
	struct account *account = NULL;
	const struct facts *facts;
	struct error error;

	write_groups(*state, MANY);
	assert_int_equal(account_lookup("alice", &account, &error), 0);
	facts = account_facts(account);
	assert_int_equal(facts->uid, 1001);
	assert_string_equal(facts->home, "/home/alice");
	assert_string_equal(facts->shell, "/bin/zsh");
	assert_string_equal(account_gecos(account), "Alice A.,,,");
	assert_int_equal(facts->group_count, MANY + 2);
	/* the primary group comes first, and has no name here */
	assert_int_equal(facts->gids[0], 4242);
	assert_null(facts->groups[0]);
	assert_int_equal(facts->gids[1], 100);
	assert_string_equal(facts->groups[1], "big");
	assert_string_equal(facts->groups[MANY + 1], "g599");
	account_destroy(account);
}

static void test_too_many_groups(void **state)
{
	struct account *account = NULL;
	struct error error;

	write_groups(*state, 65600);
	assert_int_equal(account_lookup("alice", &account, &error), -E2BIG);
	assert_null(account);
}

static void test_odd_entries(void **state)
{
	struct account *account = NULL;
	struct error error;

	write_groups(*state, 0);
	assert_int_equal(account_lookup("empty", &account, &error), 0);
	assert_string_equal(account_facts(account)->home, "");
	assert_string_equal(account_facts(account)->shell, "");
	assert_string_equal(account_gecos(account), "");
	account_destroy(account);
	account = NULL;
	assert_int_equal(account_lookup("-dash", &account, &error), -EINVAL);
	assert_int_equal(account_lookup("toor", &account, &error), 0);
	assert_int_equal(account_facts(account)->uid, 0);
	account_destroy(account);
}

#define with_world(test) cmocka_unit_test_setup_teardown(test, world_create, world_destroy)

int main(void)
{
	const struct CMUnitTest anywhere[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_root),
	};
	const struct CMUnitTest as_root[] = {
		with_world(test_many_groups),
		with_world(test_too_many_groups),
		with_world(test_odd_entries),
	};
	int failed = cmocka_run_group_tests(anywhere, NULL, NULL);

	if (geteuid() != 0)
		return failed ? failed : scratch_skip("only root can replace /etc/passwd");
	return failed + cmocka_run_group_tests(as_root, NULL, NULL);
}
