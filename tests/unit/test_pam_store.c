// SPDX-License-Identifier: LGPL-2.1-or-later
/* confinectl pam on a directory of its own: what it writes, keeps, and refuses to touch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "helper/pam_store.h"

struct world {
	char path[64];
	struct pam_store store;
};

static const char before[] = "auth required a.so\n";
static const char after[] = "auth required a.so\nauth required pam_confine.so\n";

static void put_file(const struct world *world, const char *name, const char *text, mode_t mode)
{
	int fd = openat(world->store.fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void assert_file(const struct world *world, const char *name, const char *text)
{
	char buffer[256] = "";
	int fd = openat(world->store.fd, name, O_RDONLY);

	assert_true(fd >= 0);
	assert_int_equal(read(fd, buffer, sizeof(buffer) - 1), strlen(text));
	assert_string_equal(buffer, text);
	close(fd);
}

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	strcpy(world->path, "/tmp/confine-test-XXXXXX");
	if (!mkdtemp(world->path) || pam_store_open(world->path, true, &world->store, NULL) < 0)
		return -1;
	put_file(world, "service", before, 0640);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	unlinkat(world->store.fd, "service", 0);
	unlinkat(world->store.fd, PAM_STORE_BACKUP "/service", 0);
	unlinkat(world->store.fd, PAM_STORE_BACKUP, AT_REMOVEDIR);
	pam_store_close(&world->store);
	rmdir(world->path);
	free(world);
	return 0;
}

static void test_replace_keeps_mode_and_a_copy(void **state)
{
	struct world *world = *state;
	struct pam_original original;
	struct stat status;

	assert_int_equal(pam_store_read(&world->store, "service", &original, NULL), 0);
	assert_string_equal(original.text, before);
	assert_int_equal(pam_store_keep(&world->store, "service", &original, NULL), 0);
	assert_int_equal(
		pam_store_replace(&world->store, "service", after, strlen(after), &original, NULL),
		0);
	assert_file(world, "service", after);
	assert_file(world, PAM_STORE_BACKUP "/service", before);
	assert_int_equal(fstatat(world->store.fd, "service", &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0640);
	pam_original_finish(&original);

	pam_store_forget(&world->store, "service", after, strlen(after));
	assert_file(world, PAM_STORE_BACKUP "/service", before);
	pam_store_forget(&world->store, "service", before, strlen(before));
	assert_int_equal(faccessat(world->store.fd, PAM_STORE_BACKUP, F_OK, 0), -1);
}

static void test_somebody_else_changed_it(void **state)
{
	struct world *world = *state;
	struct pam_original original;

	assert_int_equal(pam_store_read(&world->store, "service", &original, NULL), 0);
	put_file(world, "service", "session required b.so\n", 0640);
	assert_int_equal(
		pam_store_replace(&world->store, "service", after, strlen(after), &original, NULL),
		-ESTALE);
	assert_file(world, "service", "session required b.so\n");
	assert_int_equal(unlinkat(world->store.fd, "service", 0), 0);
	assert_int_equal(
		pam_store_replace(&world->store, "service", after, strlen(after), &original, NULL),
		-ESTALE);
	assert_int_equal(faccessat(world->store.fd, "service", F_OK, 0), -1);
	pam_original_finish(&original);
}

static void assert_refused(const struct world *world, int code)
{
	struct pam_original original;
	struct error error = {0};

	assert_int_equal(pam_store_read(&world->store, "service", &original, &error), -code);
	assert_non_null(strstr(error.message, "service"));
	pam_original_finish(&original);
}

static void test_files_that_are_not_to_be_trusted(void **state)
{
	struct world *world = *state;
	char *large;

	put_file(world, "service", before, 0664);
	assert_refused(world, EPERM);
	put_file(world, "service", before, 0646);
	assert_refused(world, EPERM);
	if (geteuid() == 0) {
		put_file(world, "service", before, 0644);
		assert_int_equal(fchownat(world->store.fd, "service", 1, 0, 0), 0);
		assert_refused(world, EPERM);
		assert_int_equal(fchownat(world->store.fd, "service", 0, 0, 0), 0);
	}
	large = malloc((1 << 20) + 2);
	memset(large, '\n', (1 << 20) + 1);
	large[(1 << 20) + 1] = '\0';
	put_file(world, "service", large, 0644);
	free(large);
	assert_refused(world, EFBIG);
}

static void test_files_that_are_not_files(void **state)
{
	struct world *world = *state;

	unlinkat(world->store.fd, "service", 0);
	assert_refused(world, ENOENT);
	assert_int_equal(symlinkat("/etc/passwd", world->store.fd, "service"), 0);
	assert_refused(world, ELOOP);
	unlinkat(world->store.fd, "service", 0);
	assert_int_equal(mkfifoat(world->store.fd, "service", 0600), 0);
	assert_refused(world, EINVAL);
	unlinkat(world->store.fd, "service", 0);
	assert_int_equal(mkdirat(world->store.fd, "service", 0700), 0);
	assert_refused(world, EINVAL);
	unlinkat(world->store.fd, "service", AT_REMOVEDIR);
}

static void test_directory_that_others_can_write(void **state)
{
	struct world *world = *state;
	struct pam_store store = {.fd = -1};

	assert_int_equal(pam_store_open("/tmp", false, &store, NULL), -EPERM);
	assert_int_equal(store.fd, -1);
	assert_int_equal(fchmod(world->store.fd, 0770), 0);
	assert_int_equal(pam_store_open(world->path, false, &store, NULL), -EPERM);
	assert_int_equal(fchmod(world->store.fd, 0700), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_replace_keeps_mode_and_a_copy, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_somebody_else_changed_it, setup, teardown),
		cmocka_unit_test_setup_teardown(test_files_that_are_not_to_be_trusted, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_files_that_are_not_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_directory_that_others_can_write, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
