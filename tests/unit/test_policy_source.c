// SPDX-License-Identifier: LGPL-2.1-or-later
/* Whose files are read as policy, and which: tried with real files of root's. */
#include <sys/socket.h>
#include <sys/un.h>

#include "policy_text.h"
#include "scratch_dir.h"

#define GLOBAL "[global]\n"
#define CONFIG "confine.conf"

/* That reading config fails like this; part may be NULL. */
static void assert_refused(struct scratch *scratch, const char *config, int code, const char *part)
{
	struct policy *policy = NULL;
	struct error error = {0};
	char path[256];

	snprintf(path, sizeof(path), "%s", scratch_path(scratch, config));
	assert_int_equal(policy_read(path, &policy, &error), -code);
	assert_null(policy);
	assert_int_equal(error.code, code);
	if (part && !strstr(error.message, part))
		fail_msg("\"%s\" lacks \"%s\"", error.message, part);
}

static void assert_read(struct scratch *scratch, const char *config)
{
	struct policy *policy = NULL;
	struct error error = {0};

	if (policy_read(scratch_path(scratch, config), &policy, &error) < 0)
		fail_msg("%s", error.message);
	policy_destroy(policy);
}

static void test_plain(void **state)
{
	struct scratch *scratch = *state;

	scratch_write(scratch, CONFIG, GLOBAL);
	assert_read(scratch, CONFIG);
}

static void test_missing(void **state)
{
	struct scratch *scratch = *state;

	assert_refused(scratch, CONFIG, ENOENT, "there is no policy");
	assert_refused(scratch, "no/such/" CONFIG, ENOENT, "there is no policy");
	assert_int_equal(policy_read("relative.conf", &(struct policy *){NULL}, NULL), -EINVAL);
	assert_int_equal(policy_read("/", &(struct policy *){NULL}, NULL), -EINVAL);
}

static void test_owner_and_mode(void **state)
{
	static const mode_t bad[] = {0664, 0646, 0666, 0620, 01777, 02664};
	struct scratch *scratch = *state;
	const char *path = scratch_write(scratch, CONFIG, GLOBAL);

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(chmod(scratch_path(scratch, CONFIG), bad[i]), 0);
		assert_refused(scratch, CONFIG, EPERM, "lets others than root write; chmod go-w");
	}
	path = scratch_path(scratch, CONFIG);
	assert_int_equal(chmod(path, 0600), 0);
	assert_read(scratch, CONFIG);
	assert_int_equal(chown(scratch_path(scratch, CONFIG), 1234, 0), 0);
	assert_refused(scratch, CONFIG, EPERM, "owned by uid 1234; root must own it");
	assert_int_equal(chown(scratch_path(scratch, CONFIG), 0, 1234), 0);
	assert_read(scratch, CONFIG);
}

static void test_directories(void **state)
{
	struct scratch *scratch = *state;

	scratch_mkdir(scratch, "a", 0755);
	scratch_mkdir(scratch, "a/b", 0755);
	scratch_write(scratch, "a/b/" CONFIG, GLOBAL);
	assert_read(scratch, "a/b/" CONFIG);
	assert_int_equal(chmod(scratch_path(scratch, "a"), 0775), 0);
	assert_refused(scratch, "a/b/" CONFIG, EPERM, "/a: mode 0775");
	/* sticky, as /tmp is */
	assert_int_equal(chmod(scratch_path(scratch, "a"), 01777), 0);
	assert_refused(scratch, "a/b/" CONFIG, EPERM, "/a: mode 1777");
	assert_int_equal(chmod(scratch_path(scratch, "a"), 0755), 0);
	assert_int_equal(chown(scratch_path(scratch, "a/b"), 1234, 0), 0);
	assert_refused(scratch, "a/b/" CONFIG, EPERM, "/a/b: owned by uid 1234");
	assert_int_equal(chown(scratch_path(scratch, "a/b"), 0, 0), 0);
	assert_read(scratch, "a/b/" CONFIG);
}

static void test_links(void **state)
{
	struct scratch *scratch = *state;

	scratch_mkdir(scratch, "real", 0755);
	scratch_write(scratch, "real/" CONFIG, GLOBAL);
	assert_int_equal(symlink("real", scratch_path(scratch, "link")), 0);
	assert_int_equal(symlink("real/" CONFIG, scratch_path(scratch, CONFIG)), 0);
	assert_refused(scratch, "link/" CONFIG, EPERM, "a link, or not a directory");
	assert_refused(scratch, CONFIG, EPERM, "a link; a policy must be a regular file");
	assert_refused(scratch, "real/" CONFIG "/x", EPERM, "a link, or not a directory");
}

static void test_kinds(void **state)
{
	struct scratch *scratch = *state;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	/* must return at once */
	assert_int_equal(mkfifo(scratch_path(scratch, "fifo.conf"), 0600), 0);
	alarm(5);
	assert_refused(scratch, "fifo.conf", EPERM, "not a regular file");
	alarm(0);
	scratch_mkdir(scratch, "directory.conf", 0755);
	assert_refused(scratch, "directory.conf", EPERM, "not a regular file");
	assert_int_equal(mknod(scratch_path(scratch, "null.conf"), S_IFCHR | 0600, 0x103), 0);
	assert_refused(scratch, "null.conf", EPERM, NULL);
	strcpy(address.sun_path, scratch_path(scratch, "socket.conf"));
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_refused(scratch, "socket.conf", ENXIO, NULL);
	close(fd);
}

static void test_sizes(void **state)
{
	struct scratch *scratch = *state;
	char *text = malloc(SOURCE_SIZE_MAX + 2);

	assert_non_null(text);
	memset(text, '\n', SOURCE_SIZE_MAX + 1);
	memcpy(text, GLOBAL, strlen(GLOBAL));
	text[SOURCE_SIZE_MAX] = '\0';
	scratch_write(scratch, CONFIG, text);
	assert_read(scratch, CONFIG);
	text[SOURCE_SIZE_MAX] = '\n';
	text[SOURCE_SIZE_MAX + 1] = '\0';
	scratch_write(scratch, CONFIG, text);
	assert_refused(scratch, CONFIG, EFBIG, "larger than 1 MiB");
	free(text);
	scratch_write(scratch, CONFIG, "");
	assert_refused(scratch, CONFIG, EINVAL, "the policy is empty");
	assert_int_equal(truncate(scratch_path(scratch, CONFIG), 4096), 0);
	assert_refused(scratch, CONFIG, EINVAL, ":1: NUL byte");
}

static void assert_order(const struct sources *sources, size_t first, const char *const *names)
{
	for (; *names; names++, first++) {
		assert_true(first < sources->count);
		assert_string_equal(strrchr(sources->list[first].path, '/') + 1, *names);
	}
}

static void test_directory_order(void **state)
{
	static const char *const order[] = {CONFIG,   "10-b.conf", "9-a.conf",
					    "B.conf", "a.conf",	   NULL};
	cleanup_sources struct sources sources = {0};
	struct scratch *scratch = *state;

	scratch_write(scratch, CONFIG, GLOBAL);
	scratch_mkdir(scratch, "conf.d", 0755);
	scratch_write(scratch, "conf.d/a.conf", GLOBAL);
	scratch_write(scratch, "conf.d/B.conf", GLOBAL);
	scratch_write(scratch, "conf.d/9-a.conf", GLOBAL);
	scratch_write(scratch, "conf.d/10-b.conf", GLOBAL);
	/* none of these is policy */
	scratch_write(scratch, "conf.d/x.conf~", "");
	scratch_write(scratch, "conf.d/x.conf.dpkg-new", "");
	scratch_write(scratch, "conf.d/.hidden.conf", "");
	scratch_write(scratch, "conf.d/.conf", "");
	scratch_write(scratch, "conf.d/README", "");
	assert_int_equal(sources_open(scratch_path(scratch, CONFIG), 0, &sources, NULL), 0);
	assert_order(&sources, 0, order);
	assert_read(scratch, CONFIG);
}

/* One bad file spoils the policy, wherever it stands. */
static void test_directory_refused(void **state)
{
	struct scratch *scratch = *state;

	scratch_write(scratch, CONFIG, GLOBAL);
	scratch_mkdir(scratch, "conf.d", 0775);
	assert_refused(scratch, CONFIG, EPERM, "conf.d: mode 0775");
	assert_int_equal(chmod(scratch_path(scratch, "conf.d"), 0755), 0);
	assert_int_equal(symlink("/dev/null", scratch_path(scratch, "conf.d/x.conf")), 0);
	assert_refused(scratch, CONFIG, EPERM, "conf.d/x.conf: a link");
	assert_int_equal(unlink(scratch_path(scratch, "conf.d/x.conf")), 0);
	scratch_write(scratch, "conf.d/x.conf", "[profile x]\nhome = nowhere\n");
	assert_refused(scratch, CONFIG, EINVAL, "conf.d/x.conf:2: home: \"nowhere\" is none of");
	assert_int_equal(chmod(scratch_path(scratch, "conf.d/x.conf"), 0666), 0);
	assert_refused(scratch, CONFIG, EPERM, "conf.d/x.conf: mode 0666");
	assert_int_equal(unlink(scratch_path(scratch, "conf.d/x.conf")), 0);
	assert_int_equal(rmdir(scratch_path(scratch, "conf.d")), 0);
	assert_int_equal(symlink("/etc", scratch_path(scratch, "conf.d")), 0);
	assert_refused(scratch, CONFIG, EPERM, "conf.d: a link, or not a directory");
}

static void test_tolerant(void **state)
{
	cleanup_sources struct sources sources = {0};
	struct scratch *scratch = *state;

	scratch_write(scratch, CONFIG, GLOBAL);
	scratch_mkdir(scratch, "conf.d", 0755);
	scratch_write(scratch, "conf.d/good.conf", GLOBAL);
	scratch_write(scratch, "conf.d/bad.conf", GLOBAL);
	assert_int_equal(chmod(scratch_path(scratch, "conf.d/bad.conf"), 0666), 0);
	assert_int_equal(chmod(scratch_path(scratch, CONFIG), 0666), 0);
	assert_int_equal(
		sources_open(scratch_path(scratch, CONFIG), SOURCE_TOLERANT, &sources, NULL), 0);
	assert_string_equal(strrchr(sources.list[0].path, '/'), "/good.conf");
}

static void test_drafts(void **state)
{
	cleanup_sources struct sources sources = {0};
	struct scratch *scratch = *state;
	struct error error;

	scratch_write(scratch, CONFIG, GLOBAL);
	assert_int_equal(chmod(scratch_path(scratch, CONFIG), 0666), 0);
	assert_int_equal(sources_add(&sources, scratch_path(scratch, CONFIG), 0, &error), -EPERM);
	assert_int_equal(
		sources_add(&sources, scratch_path(scratch, CONFIG), SOURCE_ANY_OWNER, &error), 0);
	assert_int_equal(chdir(scratch->path), 0);
	assert_int_equal(chmod(CONFIG, 0644), 0);
	assert_int_equal(sources_add(&sources, CONFIG, 0, &error), 0);
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(sources.count, 2);
	assert_int_equal(source_read(&sources.list[1], &error), 0);
	assert_string_equal(sources.list[1].text, GLOBAL);
}

#define with_scratch(test) cmocka_unit_test_setup_teardown(test, scratch_create, scratch_destroy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_scratch(test_plain),
		with_scratch(test_missing),
		with_scratch(test_owner_and_mode),
		with_scratch(test_directories),
		with_scratch(test_links),
		with_scratch(test_kinds),
		with_scratch(test_sizes),
		with_scratch(test_directory_order),
		with_scratch(test_directory_refused),
		with_scratch(test_tolerant),
		with_scratch(test_drafts),
	};

	if (geteuid() != 0)
		return scratch_skip("only root can make files of root's");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
