// SPDX-License-Identifier: LGPL-2.1-or-later
/* Lists that an administrator writes, and the cache of what was made from them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "helper/filter.h"
#include "helper/filter_cache.h"
#include "helper/filter_compile.h"
#include "helper/filter_file.h"
#include "policy/cleanup.h"
#include "tests/unit/bpf.h"

#define ALLOW	   SECCOMP_RET_ALLOW
#define REFUSED(e) (SECCOMP_RET_ERRNO | (e))

static int parse(const char *text, struct filter_list *list, struct error *error)
{
	return filter_file_parse(text, strlen(text), "test.policy", list, error);
}

static struct call_rule rule_of(struct filter_list *list, const char *call)
{
	struct filter_entry *entry = filter_list_find(list, call, strlen(call));

	assert_non_null(entry);
	return entry->rule;
}

static void test_default_with_changes(void **state)
{
	struct filter_list list;
	struct error error = {0};

	(void)state;
	assert_int_equal(parse("# a list\n\ninclude default\n"
			       "allow io_uring_setup   # for the database\n"
			       "\tdeny\tptrace EACCES\ndeny kill 38\ndeny chroot",
			       &list, &error),
			 0);
	assert_int_equal(rule_of(&list, "io_uring_setup").verdict, CALL_ALLOW);
	assert_int_equal(rule_of(&list, "io_uring_enter").verdict, CALL_REFUSE);
	assert_int_equal(rule_of(&list, "ptrace").error, EACCES);
	assert_int_equal(rule_of(&list, "kill").error, ENOSYS);
	assert_int_equal(rule_of(&list, "chroot").error, EPERM);
	assert_int_equal(rule_of(&list, "read").verdict, CALL_ALLOW);
}

static void test_from_nothing(void **state)
{
	struct filter_list list;
	struct error error = {0};

	(void)state;
	assert_int_equal(parse("allow read\nallow exit_group\n", &list, &error), 0);
	assert_int_equal(rule_of(&list, "read").verdict, CALL_ALLOW);
	assert_int_equal(rule_of(&list, "write").verdict, CALL_REFUSE);
	assert_int_equal(rule_of(&list, "ioctl").verdict, CALL_REFUSE);
	assert_int_equal(rule_of(&list, "clone3").verdict, CALL_ABSENT);
}

static void test_allow_keeps_checks(void **state)
{
	struct filter_list list;
	struct error error = {0};

	(void)state;
	assert_int_equal(parse("allow ioctl\nallow clone any\n", &list, &error), 0);
	assert_int_equal(rule_of(&list, "ioctl").verdict, CALL_CHECK);
	assert_int_equal(rule_of(&list, "clone").verdict, CALL_ALLOW);
	assert_int_equal(parse("include default\nallow ioctl\nallow ptrace\n", &list, &error), 0);
	assert_int_equal(rule_of(&list, "ioctl").verdict, CALL_CHECK);
	assert_int_equal(rule_of(&list, "ptrace").verdict, CALL_CHECK);
	assert_int_equal(parse("include default\nallow ptrace any\n", &list, &error), 0);
	assert_int_equal(rule_of(&list, "ptrace").verdict, CALL_ALLOW);
}

static void test_last_line_wins(void **state)
{
	struct filter_list list;
	struct error error = {0};

	(void)state;
	assert_int_equal(parse("include default\ndeny bpf EACCES\nallow bpf\n", &list, &error), 0);
	assert_int_equal(rule_of(&list, "bpf").verdict, CALL_ALLOW);
}

static void test_mistakes(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"", "lets nothing through"},
		{"# only a comment\n", "lets nothing through"},
		{"deny read\n", "lets nothing through"},
		{"include default\nalow read\n", "test.policy:2: a line begins with"},
		{"allow reed\n", "no such system call: \"reed\""},
		{"allow\n", "is missing after: \"allow\""},
		{"deny\n", "is missing after: \"deny\""},
		{"allow read write\n", "only \"any\" can follow"},
		{"allow read any thing\n", "only \"any\" can follow"},
		{"deny read EPERM 1\n", "nothing can follow the errno"},
		{"deny read ENOTHING\n", "not an errno"},
		{"deny read 0\n", "not an errno"},
		{"deny read 4096\n", "not an errno"},
		{"deny read -1\n", "not an errno"},
		{"deny read 1x\n", "not an errno"},
		{"deny read 99999999999999999999\n", "not an errno"},
		{"include strict\n", "only \"include default\""},
		{"include\n", "only \"include default\""},
		{"allow read\ninclude default\n", "test.policy:2: must be the first line"},
		{"include default\ninclude default\n", "test.policy:2: must be the first line"},
		{"allow read\r\n", "not printable"},
		{"allow r\303\251ad\n", "not printable"},
		{"allow a b c d e\n", "too many or too long words"},
		{"allow "
		 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
		 "too many or too long words"},
	};
	struct filter_list list;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct error error = {0};

		assert_int_equal(parse(rows[i].text, &list, &error), -EINVAL);
		if (!strstr(error.message, rows[i].says))
			fail_msg("\"%s\" gives \"%s\"", rows[i].text, error.message);
	}
}

static void test_nul_byte(void **state)
{
	static const char text[] = "allow read\0\nallow write\n";
	struct filter_list list;
	struct error error = {0};

	(void)state;
	assert_int_equal(filter_file_parse(text, sizeof(text) - 1, "x", &list, &error), -EINVAL);
}

/* ---- cache ---- */

struct scratch {
	char path[32];
	int fd;
};

static int setup(void **state)
{
	struct scratch *scratch = malloc(sizeof(*scratch));

	if (!scratch)
		return -1;
	strcpy(scratch->path, "/run/confine-test-XXXXXX");
	if (!mkdtemp(scratch->path)) {
		strcpy(scratch->path, "/tmp/confine-test-XXXXXX");
		if (!mkdtemp(scratch->path))
			return -1;
	}
	scratch->fd = open(scratch->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = scratch;
	return scratch->fd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	struct scratch *scratch = *state;
	char command[64];

	close(scratch->fd);
	snprintf(command, sizeof(command), "rm -r %s", scratch->path);
	if (system(command) != 0)
		return -1;
	free(scratch);
	return 0;
}

/* The name of the one entry of the cache, with its directory. */
static void entry_name(const struct scratch *scratch, char *name, size_t size)
{
	char command[128];
	FILE *list;

	snprintf(command, sizeof(command), "cd %s && ls -d filters/*", scratch->path);
	list = popen(command, "r");
	assert_non_null(list);
	assert_non_null(fgets(name, (int)size, list));
	name[strcspn(name, "\n")] = '\0';
	assert_null(fgets(command, sizeof(command), list));
	pclose(list);
}

static struct plan plan_default(void)
{
	return (struct plan){.filter = FILTER_DEFAULT, .filter_action = FILTER_ERRNO};
}

struct loaded {
	struct sock_filter code[BPF_MAXINSNS];
	uint32_t length;
};

static void load(const struct plan *plan, int state_fd, struct loaded *ret_loaded)
{
	struct error error = {0};

	memset(ret_loaded, 0, sizeof(*ret_loaded));
	assert_int_equal(filter_load(plan, state_fd, ret_loaded->code, BPF_MAXINSNS,
				     &ret_loaded->length, &error),
			 0);
	assert_true(ret_loaded->length > 0);
}

static void assert_same(const struct loaded *a, const struct loaded *b)
{
	assert_int_equal(a->length, b->length);
	assert_memory_equal(a->code, b->code, a->length * sizeof(a->code[0]));
}

static void test_cache_is_used(void **state)
{
	struct scratch *scratch = *state;
	struct plan plan = plan_default();
	struct loaded first, second;
	struct stat before, after;
	char name[96];

	load(&plan, scratch->fd, &first);
	entry_name(scratch, name, sizeof(name));
	assert_int_equal(fstatat(scratch->fd, name, &before, 0), 0);
	assert_int_equal(before.st_mode, S_IFREG | 0600);
	assert_int_equal(before.st_nlink, 1);
	load(&plan, scratch->fd, &second);
	assert_int_equal(fstatat(scratch->fd, name, &after, 0), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_same(&first, &second);
	assert_int_equal(fstatat(scratch->fd, "filters", &after, 0), 0);
	assert_int_equal(after.st_mode, S_IFDIR | 0700);
}

static void test_every_action_has_its_own(void **state)
{
	struct scratch *scratch = *state;
	struct plan plan = plan_default();
	struct loaded by_errno, by_kill, again;

	load(&plan, scratch->fd, &by_errno);
	plan.filter_action = FILTER_KILL;
	load(&plan, scratch->fd, &by_kill);
	assert_memory_not_equal(by_errno.code, by_kill.code,
				by_errno.length * sizeof(by_errno.code[0]));
	plan.filter_action = FILTER_ERRNO;
	load(&plan, scratch->fd, &again);
	assert_same(&by_errno, &again);
}

static void damage_nothing(int fd)
{
	assert_int_equal(ftruncate(fd, 0), 0);
}

static void damage_tail(int fd)
{
	struct stat status;

	assert_int_equal(fstat(fd, &status), 0);
	assert_int_equal(ftruncate(fd, status.st_size - 8), 0);
}

static void damage_odd(int fd)
{
	struct stat status;

	assert_int_equal(fstat(fd, &status), 0);
	assert_int_equal(ftruncate(fd, status.st_size - 3), 0);
}

static void damage_bit(int fd)
{
	assert_int_equal(pwrite(fd, "\x06\x00\x00\x00\x00\x00\xff\x7f", 8, 16), 8);
}

static void damage_large(int fd)
{
	assert_int_equal(ftruncate(fd, 16 + (BPF_MAXINSNS + 1) * 8), 0);
}

static void damage_mode(int fd)
{
	assert_int_equal(fchmod(fd, 0644), 0);
}

static void damage_owner(int fd)
{
	if (geteuid() == 0)
		assert_int_equal(fchown(fd, 12345, 12345), 0);
	else
		damage_mode(fd);
}

static void test_damage_is_repaired(void **state)
{
	static void (*const damages[])(int fd) = {damage_nothing, damage_tail,	damage_odd,
						  damage_bit,	  damage_large, damage_mode,
						  damage_owner};
	struct scratch *scratch = *state;
	struct plan plan = plan_default();
	struct loaded good, now;
	struct stat status;
	char name[96];

	load(&plan, scratch->fd, &good);
	entry_name(scratch, name, sizeof(name));
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		cleanup_fd int fd = openat(scratch->fd, name, O_RDWR);

		assert_true(fd >= 0);
		damages[i](fd);
		load(&plan, scratch->fd, &now);
		assert_same(&good, &now);
		assert_int_equal(fstatat(scratch->fd, name, &status, 0), 0);
		assert_int_equal(status.st_mode, S_IFREG | 0600);
		assert_int_equal(status.st_uid, geteuid());
		assert_int_equal(status.st_size, 16 + good.length * sizeof(good.code[0]));
	}
}

static void test_not_a_file(void **state)
{
	struct scratch *scratch = *state;
	struct plan plan = plan_default();
	struct loaded good, now;
	struct stat status;
	char name[96];

	load(&plan, scratch->fd, &good);
	entry_name(scratch, name, sizeof(name));
	assert_int_equal(unlinkat(scratch->fd, name, 0), 0);
	assert_int_equal(symlinkat("/etc/passwd", scratch->fd, name), 0);
	load(&plan, scratch->fd, &now);
	assert_same(&good, &now);
	assert_int_equal(unlinkat(scratch->fd, name, 0), 0);
	assert_int_equal(mkfifoat(scratch->fd, name, 0600), 0);
	load(&plan, scratch->fd, &now);
	assert_same(&good, &now);
	assert_int_equal(fstatat(scratch->fd, name, &status, 0), 0);
	assert_true(S_ISREG(status.st_mode));
}

static void test_no_cache_costs_time_only(void **state)
{
	struct scratch *scratch = *state;
	struct plan plan = plan_default();
	struct loaded good, now;

	load(&plan, -1, &good);
	assert_int_equal(mkdirat(scratch->fd, "filters", 0755), 0);
	load(&plan, scratch->fd, &now);
	assert_same(&good, &now);
	assert_int_equal(unlinkat(scratch->fd, "filters", AT_REMOVEDIR), 0);
	assert_int_equal(symlinkat("/tmp", scratch->fd, "filters"), 0);
	load(&plan, scratch->fd, &now);
	assert_same(&good, &now);
}

static void test_off_and_strict(void **state)
{
	struct plan plan = {.filter = FILTER_OFF};
	struct sock_filter code[4];
	struct error error = {0};
	uint32_t length = 7;

	(void)state;
	assert_int_equal(filter_load(&plan, -1, code, 4, &length, &error), 0);
	assert_int_equal(length, 0);
	plan.filter = FILTER_STRICT;
	assert_int_equal(filter_load(&plan, -1, code, 4, &length, &error), -ENOTSUP);
	plan.filter = FILTER_DEFAULT;
	assert_int_equal(filter_load(&plan, -1, code, 4, &length, &error), -E2BIG);
}

/* ---- files ---- */

static void write_list(const struct scratch *scratch, const char *text, mode_t mode)
{
	cleanup_fd int fd = openat(scratch->fd, "x.policy", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
}

static uint32_t ask(const struct loaded *loaded, int number, unsigned argument, uint64_t value)
{
	struct seccomp_data data = {.nr = number, .arch = seccomp_arch_native()};

	data.args[argument] = value;
	return bpf_run(loaded->code, loaded->length, &data);
}

static void test_file(void **state)
{
	struct scratch *scratch = *state;
	char path[64];
	struct plan plan = {.filter = FILTER_FILE, .filter_file = path};
	struct error error = {0};
	struct loaded loaded;

	snprintf(path, sizeof(path), "%s/x.policy", scratch->path);
	if (geteuid() != 0 || strncmp(path, "/run/", 5) != 0)
		skip();
	write_list(scratch, "include default\ndeny ptrace EACCES\n", 0644);
	load(&plan, scratch->fd, &loaded);
	assert_int_equal(ask(&loaded, SCMP_SYS(ptrace), 0, 0), REFUSED(EACCES));
	assert_int_equal(ask(&loaded, SCMP_SYS(ioctl), 1, TIOCSTI), REFUSED(EPERM));
	/* Another content is another entry, at once. */
	write_list(scratch, "include default\n", 0644);
	load(&plan, scratch->fd, &loaded);
	assert_int_equal(ask(&loaded, SCMP_SYS(ptrace), 0, 0), ALLOW);
	write_list(scratch, "include default\nallow xyzzy\n", 0644);
	assert_int_equal(
		filter_load(&plan, scratch->fd, loaded.code, BPF_MAXINSNS, &loaded.length, &error),
		-EINVAL);
	assert_non_null(strstr(error.message, "x.policy:2:"));
	write_list(scratch, "include default\n", 0664);
	assert_int_equal(
		filter_load(&plan, scratch->fd, loaded.code, BPF_MAXINSNS, &loaded.length, &error),
		-EPERM);
}

/* What was opened before is read, whatever stands at its path by then, and more than once. */
static void test_lists_opened_before(void **state)
{
	struct scratch *scratch = *state;
	struct filter_lists lists = {.flags = SOURCE_ANY_OWNER};
	struct error error = {0};
	char path[64];

	snprintf(path, sizeof(path), "%s/x.policy", scratch->path);
	write_list(scratch, "include default\n", 0600);
	assert_int_equal(sources_add(&lists.opened, path, SOURCE_ANY_OWNER, &error), 0);
	assert_int_equal(unlinkat(scratch->fd, "x.policy", 0), 0);
	for (int i = 0; i < 2; i++) {
		cleanup_free char *text = NULL, *found = NULL;
		size_t length;

		assert_int_equal(filter_file_read(path, &lists, &text, &length, &found, &error), 0);
		assert_string_equal(text, "include default\n");
		assert_int_equal(length, strlen(text));
		assert_string_equal(found, path);
	}
	sources_finish(&lists.opened);
}

static void test_names_of_files(void **state)
{
	static const char *const names[] = {"", ".", "..", "../x", "a/b", ".hidden"};
	struct error error = {0};
	size_t length;
	char *text = NULL, *path = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(filter_file_read(names[i], NULL, &text, &length, &path, &error),
				 -EINVAL);
	assert_int_equal(filter_file_read("no-such-list", NULL, &text, &length, &path, &error),
			 -ENOENT);
	assert_non_null(strstr(error.message, "no-such-list"));
	assert_null(text);
	assert_null(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_default_with_changes),
		cmocka_unit_test(test_from_nothing),
		cmocka_unit_test(test_allow_keeps_checks),
		cmocka_unit_test(test_last_line_wins),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_nul_byte),
		cmocka_unit_test_setup_teardown(test_cache_is_used, setup, teardown),
		cmocka_unit_test_setup_teardown(test_every_action_has_its_own, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damage_is_repaired, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_a_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_cache_costs_time_only, setup, teardown),
		cmocka_unit_test(test_off_and_strict),
		cmocka_unit_test_setup_teardown(test_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lists_opened_before, setup, teardown),
		cmocka_unit_test(test_names_of_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
