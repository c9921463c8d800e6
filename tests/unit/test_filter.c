// SPDX-License-Identifier: LGPL-2.1-or-later
/* The default list as the kernel would see it: every number of every architecture. */
#include "tests/unit/filter_made.h"

#define LAST_KNOWN 469 /* the highest number that the table's authors looked at */

static uint32_t expected(const struct filter_entry *entry)
{
	if (!entry || entry->rule.verdict == CALL_ABSENT)
		return REFUSED(ENOSYS);
	if (entry->rule.verdict == CALL_REFUSE)
		return REFUSED((uint32_t)entry->rule.error);
	return ALLOW;
}

static void test_list_has_no_call_twice(void **state)
{
	struct filter_list list;

	(void)state;
	filter_list_default(&list);
	for (size_t i = 1; i < list.count; i++) {
		const struct filter_entry *a = &list.entries[i - 1], *b = &list.entries[i];

		if (a->length == b->length && memcmp(a->call, b->call, a->length) == 0)
			fail_msg("%.*s stands in two rows", (int)a->length, a->call);
	}
}

static void test_list_names_real_calls(void **state)
{
	struct filter_list list;

	(void)state;
	filter_list_default(&list);
	for (size_t i = 0; i < list.count; i++) {
		char call[64] = "";

		assert_true(list.entries[i].length < sizeof(call));
		memcpy(call, list.entries[i].call, list.entries[i].length);
		if (!filter_call_exists(call))
			fail_msg("no such call: %s", call);
	}
}

static void test_list_is_complete(void **state)
{
	struct filter_list list;

	(void)state;
	filter_list_default(&list);
	for (size_t a = 0; a < ARCHITECTURES; a++)
		for (uint32_t number = 0; number <= LAST_KNOWN; number++) {
			char *name = filter_call_name(architectures[a].token, number);

			if (name && !filter_list_find(&list, name, strlen(name)))
				fail_msg("%s %u %s is in no row", architectures[a].name, number,
					 name);
			free(name);
		}
}

static void test_every_number_does_what_its_row_says(void **state)
{
	struct made made;

	(void)state;
	for (size_t a = 0; a < ARCHITECTURES; a++) {
		make(&made, architectures[a].native, FILTER_ERRNO);
		for (uint32_t number = 0; number < FILTER_NUMBERS + 64; number++) {
			char *name = filter_call_name(architectures[a].token, number);
			struct filter_entry *entry =
				name ? filter_list_find(&made.list, name, strlen(name)) : NULL;

			/* All arguments 0: of the checks only "socketpair" refuses that. */
			if (!entry || entry->rule.verdict != CALL_CHECK)
				assert_int_equal(ask(&made, architectures[a].token, number, 0, 0),
						 expected(entry));
			free(name);
		}
	}
}

static void test_numbers_beyond_the_list_do_not_exist(void **state)
{
	static const uint32_t numbers[] = {470,	    600,	1023,	    1024,	4096,
					   0x10000, 0x3fffffff, 0x7fffffff, 0x80000000, UINT32_MAX};
	struct made made;

	(void)state;
	for (size_t a = 0; a < ARCHITECTURES; a++) {
		make(&made, architectures[a].native, FILTER_KILL);
		for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
			assert_int_equal(ask(&made, architectures[a].token, numbers[i], 0, 0),
					 REFUSED(ENOSYS));
	}
}

static void test_x32_does_not_exist(void **state)
{
	static const enum filter_action actions[] = {FILTER_ERRNO, FILTER_KILL, FILTER_LOG};
	struct made made;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		make(&made, SCMP_ARCH_X86_64, actions[i]);
		for (uint32_t number = 0; number <= 600; number++)
			assert_int_equal(ask(&made, SCMP_ARCH_X86_64, X32 | number, 0, 0),
					 REFUSED(ENOSYS));
	}
}

static void test_other_architectures_are_killed(void **state)
{
	static const uint32_t others[] = {
		0,	   SCMP_ARCH_MIPS64, SCMP_ARCH_S390X, SCMP_ARCH_PPC64LE, SCMP_ARCH_RISCV64,
		UINT32_MAX};
	struct made made;

	(void)state;
	for (size_t native = 0; native < ARCHITECTURES; native += 2) {
		make(&made, architectures[native].native, FILTER_LOG);
		for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
			assert_int_equal(ask(&made, others[i], 0, 0, 0), KILL);
		for (size_t a = 0; a < ARCHITECTURES; a++)
			if (architectures[a].native != architectures[native].native)
				assert_int_equal(ask(&made, architectures[a].token, 0, 0, 0), KILL);
	}
}

/* Written by hand, not taken from the table: a row that moves by mistake shows here. */
static const char *const must_refuse[] = {
	"mount",
	"umount2",
	"pivot_root",
	"open_tree",
	"move_mount",
	"fsopen",
	"fsconfig",
	"fsmount",
	"fspick",
	"mount_setattr",
	"open_tree_attr",
	"swapon",
	"swapoff",
	"quotactl",
	"quotactl_fd",
	"unshare",
	"setns",
	"io_uring_setup",
	"io_uring_enter",
	"io_uring_register",
	"add_key",
	"request_key",
	"keyctl",
	"bpf",
	"perf_event_open",
	"userfaultfd",
	"lookup_dcookie",
	"open_by_handle_at",
	"fanotify_init",
	"kexec_load",
	"reboot",
	"init_module",
	"finit_module",
	"delete_module",
	"acct",
	"settimeofday",
	"clock_settime",
	"sethostname",
	"setdomainname",
	"syslog",
	"vhangup",
	"kcmp",
	"pidfd_getfd",
	"process_madvise",
	"mbind",
	"get_mempolicy",
	"set_mempolicy",
	"set_mempolicy_home_node",
	"migrate_pages",
	"move_pages",
	"lsm_get_self_attr",
	"lsm_set_self_attr",
};

static const char *const must_refuse_x86[] = {"iopl",	"ioperm", "modify_ldt",
					      "uselib", "ustat",  "sysfs"};
static const char *const must_refuse_i386[] = {"vm86", "vm86old", "umount", "stime",
					       "clock_settime64"};

static const char *const must_allow[] = {
	"read",
	"write",
	"openat",
	"close",
	"statx",
	"execve",
	"exit_group",
	"munmap",
	"mprotect",
	"brk",
	"futex",
	"rt_sigaction",
	"rt_sigreturn",
	"setresuid",
	"setresgid",
	"setgroups",
	"setuid",
	"setgid",
	"chroot",
	"prctl",
	"seccomp",
	"bind",
	"connect",
	"listen",
	"accept4",
	"sendmsg",
	"recvmsg",
	"ptrace",
	"kill",
	"pidfd_open",
	"getrandom",
	"memfd_create",
	"rseq",
	"set_robust_list",
	"prlimit64",
	"setpriority",
	"mknodat",
	"fchownat",
	"renameat2",
	"copy_file_range",
	"landlock_create_ruleset",
	"clock_nanosleep",
	"epoll_pwait",
	"ppoll",
	"pselect6",
	"wait4",
	"waitid",
	"sched_setaffinity",
	"inotify_init1",
	"timerfd_create",
	"eventfd2",
	"signalfd4",
	"mseal",
	"name_to_handle_at",
	"shmget",
	"mq_open",
	"fchmodat2",
	"close_range",
	"faccessat2",
};

static void expect_all(const char *const *calls, size_t count, size_t architecture,
		       uint32_t verdict)
{
	struct made made;

	make(&made, architectures[architecture].native, FILTER_ERRNO);
	for (size_t i = 0; i < count; i++)
		if (ask_name(&made, architectures[architecture].token, calls[i], 0, 0) != verdict)
			fail_msg("%s on %s", calls[i], architectures[architecture].name);
}

#define EXPECT_ALL(calls, architecture, verdict)                                                   \
	expect_all(calls, sizeof(calls) / sizeof((calls)[0]), architecture, verdict)

static void test_refusals_by_hand(void **state)
{
	(void)state;
	for (size_t a = 0; a < ARCHITECTURES; a++)
		EXPECT_ALL(must_refuse, a, REFUSED(EPERM));
	EXPECT_ALL(must_refuse_x86, 0, REFUSED(EPERM));
	EXPECT_ALL(must_refuse_x86, 1, REFUSED(EPERM));
	EXPECT_ALL(must_refuse_i386, 1, REFUSED(EPERM));
}

static void test_allowances_by_hand(void **state)
{
	(void)state;
	for (size_t a = 0; a < ARCHITECTURES; a++)
		EXPECT_ALL(must_allow, a, ALLOW);
}

static void test_arm_private_calls(void **state)
{
	struct made made;

	(void)state;
	make(&made, SCMP_ARCH_AARCH64, FILTER_ERRNO);
	assert_int_equal(ask(&made, SCMP_ARCH_ARM, 0xf0002, 0, 0), ALLOW);
	assert_int_equal(ask(&made, SCMP_ARCH_ARM, 0xf0005, 0, 0), ALLOW);
	assert_int_equal(ask(&made, SCMP_ARCH_ARM, 0xf0003, 0, 0), REFUSED(ENOSYS));
	assert_int_equal(ask(&made, SCMP_ARCH_ARM, 0xf0010, 0, 0), REFUSED(ENOSYS));
	assert_int_equal(ask(&made, SCMP_ARCH_AARCH64, 0xf0002, 0, 0), REFUSED(ENOSYS));
}

static void test_size(void **state)
{
	struct made made;
	struct error error = {0};
	uint32_t length;

	(void)state;
	for (size_t a = 0; a < ARCHITECTURES; a += 2) {
		make(&made, architectures[a].native, FILTER_ERRNO);
		print_message("%s: %u instructions\n", architectures[a].name, made.length);
		assert_true(made.length < BPF_MAXINSNS / 4);
		/* Every length that is too small is refused, and nothing is written beyond it. */
		for (uint32_t max = 0; max < made.length; max++) {
			struct sock_filter guard = made.code[max];

			assert_int_equal(filter_compile_for(architectures[a].native, &made.list,
							    FILTER_ERRNO, made.code, max, &length,
							    &error),
					 -E2BIG);
			assert_memory_equal(&made.code[max], &guard, sizeof(guard));
			if (max > 40)
				max += 60;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list_has_no_call_twice),
		cmocka_unit_test(test_list_names_real_calls),
		cmocka_unit_test(test_list_is_complete),
		cmocka_unit_test(test_every_number_does_what_its_row_says),
		cmocka_unit_test(test_numbers_beyond_the_list_do_not_exist),
		cmocka_unit_test(test_x32_does_not_exist),
		cmocka_unit_test(test_other_architectures_are_killed),
		cmocka_unit_test(test_refusals_by_hand),
		cmocka_unit_test(test_allowances_by_hand),
		cmocka_unit_test(test_arm_private_calls),
		cmocka_unit_test(test_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
