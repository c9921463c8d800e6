// SPDX-License-Identifier: LGPL-2.1-or-later
/* The default list as the kernel would see it: every number, every architecture, by arguments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "helper/filter_compile.h"
#include "tests/unit/bpf.h"

#define KILL	   SECCOMP_RET_KILL_PROCESS
#define ALLOW	   SECCOMP_RET_ALLOW
#define LOG	   SECCOMP_RET_LOG
#define REFUSED(e) (SECCOMP_RET_ERRNO | (e))
#define X32	   UINT32_C(0x40000000)
#define HIGH	   (UINT64_C(1) << 32)
#define LAST_KNOWN 469 /* the highest number that the table's authors looked at */

static const struct {
	const char *name;
	uint32_t native, token;
} architectures[] = {
	{"x86_64", SCMP_ARCH_X86_64, SCMP_ARCH_X86_64},
	{"i386", SCMP_ARCH_X86_64, SCMP_ARCH_X86},
	{"aarch64", SCMP_ARCH_AARCH64, SCMP_ARCH_AARCH64},
	{"arm", SCMP_ARCH_AARCH64, SCMP_ARCH_ARM},
};
#define ARCHITECTURES (sizeof(architectures) / sizeof(architectures[0]))

struct made {
	struct filter_list list;
	struct sock_filter code[BPF_MAXINSNS];
	uint32_t length;
};

static void make(struct made *made, uint32_t native, enum filter_action action)
{
	struct error error = {0};

	filter_list_default(&made->list);
	assert_int_equal(filter_compile_for(native, &made->list, action, made->code, BPF_MAXINSNS,
					    &made->length, &error),
			 0);
}

static uint32_t ask(const struct made *made, uint32_t architecture, uint32_t number,
		    unsigned argument, uint64_t value)
{
	struct seccomp_data data = {.nr = (int)number, .arch = architecture};

	data.args[argument] = value;
	return bpf_run(made->code, made->length, &data);
}

/* The number of a call by the names that the filter itself goes by; fails if there is none. */
static uint32_t number_of(uint32_t architecture, const char *call)
{
	for (uint32_t number = 0; number < FILTER_NUMBERS; number++) {
		char *name = filter_call_name(architecture, number);
		int same = name && strcmp(name, call) == 0;

		free(name);
		if (same)
			return number;
	}
	return UINT32_MAX;
}

static uint32_t ask_name(const struct made *made, uint32_t architecture, const char *call,
			 unsigned argument, uint64_t value)
{
	uint32_t number = number_of(architecture, call);

	assert_int_not_equal(number, UINT32_MAX);
	return ask(made, architecture, number, argument, value);
}

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
	static const uint32_t numbers[] = {470,	   600,	       1023,	   1024,       4096,
					   0x10000, 0x3fffffff, 0x7fffffff, 0x80000000, UINT32_MAX};
	struct made made;

	(void)state;
	for (size_t a = 0; a < ARCHITECTURES; a++) {
		make(&made, architectures[a].native, FILTER_KILL);
		for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
			assert_int_equal(
				ask(&made, architectures[a].token, numbers[i], 0, 0),
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
	static const uint32_t others[] = {0, SCMP_ARCH_MIPS64, SCMP_ARCH_S390X, SCMP_ARCH_PPC64LE,
					  SCMP_ARCH_RISCV64, UINT32_MAX};
	struct made made;

	(void)state;
	for (size_t native = 0; native < ARCHITECTURES; native += 2) {
		make(&made, architectures[native].native, FILTER_LOG);
		for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
			assert_int_equal(ask(&made, others[i], 0, 0, 0), KILL);
		for (size_t a = 0; a < ARCHITECTURES; a++)
			if (architectures[a].native != architectures[native].native)
				assert_int_equal(ask(&made, architectures[a].token, 0, 0, 0),
						 KILL);
	}
}

/* Written by hand, not taken from the table: a row that moves by mistake shows here. */
static const char *const must_refuse[] = {
	"mount",	   "umount2",	       "pivot_root",	    "open_tree",
	"move_mount",	   "fsopen",	       "fsconfig",	    "fsmount",
	"fspick",	   "mount_setattr",    "open_tree_attr",    "swapon",
	"swapoff",	   "quotactl",	       "quotactl_fd",	    "unshare",
	"setns",	   "io_uring_setup",   "io_uring_enter",    "io_uring_register",
	"add_key",	   "request_key",      "keyctl",	    "bpf",
	"perf_event_open", "userfaultfd",      "lookup_dcookie",    "open_by_handle_at",
	"fanotify_init",   "kexec_load",       "reboot",	    "init_module",
	"finit_module",	   "delete_module",    "acct",		    "settimeofday",
	"clock_settime",   "sethostname",      "setdomainname",	    "syslog",
	"vhangup",	   "kcmp",	       "pidfd_getfd",	    "process_madvise",
	"mbind",	   "get_mempolicy",    "set_mempolicy",	    "set_mempolicy_home_node",
	"migrate_pages",   "move_pages",       "lsm_get_self_attr", "lsm_set_self_attr",
};

static const char *const must_refuse_x86[] = {"iopl",	"ioperm", "modify_ldt", "uselib",
					      "ustat",	"sysfs"};
static const char *const must_refuse_i386[] = {"vm86", "vm86old", "umount", "stime",
					       "clock_settime64"};

static const char *const must_allow[] = {
	"read",		"write",     "openat",	      "close",		"statx",     "execve",
	"exit_group",	"munmap",	     "mprotect",      "brk",		"futex",     "rt_sigaction",
	"rt_sigreturn", "setresuid", "setresgid",     "setgroups",	"setuid",    "setgid",
	"chroot",	"prctl",     "seccomp",	      "bind",		"connect",   "listen",
	"accept4",	"sendmsg",   "recvmsg",	      "ptrace",		"kill",	     "pidfd_open",
	"getrandom",	"memfd_create", "rseq",	      "set_robust_list", "prlimit64", "setpriority",
	"mknodat",	"fchownat",  "renameat2",     "copy_file_range", "landlock_create_ruleset",
	"clock_nanosleep", "epoll_pwait", "ppoll",    "pselect6",	"wait4",     "waitid",
	"sched_setaffinity", "inotify_init1", "timerfd_create", "eventfd2", "signalfd4", "mseal",
	"name_to_handle_at", "shmget", "mq_open",     "fchmodat2",	"close_range", "faccessat2",
};

static void expect_all(const char *const *calls, size_t count, size_t architecture, uint32_t verdict)
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

static void test_clone(void **state)
{
	static const uint64_t refused[] = {CLONE_NEWNS,	 CLONE_NEWCGROUP, CLONE_NEWUTS,
					   CLONE_NEWIPC, CLONE_NEWUSER,	  CLONE_NEWPID,
					   CLONE_NEWNET};
	/* What glibc uses for fork, vfork, posix_spawn and threads. */
	static const uint64_t fine[] = {0x11, 0x01200011, 0x4111, 0x003d0f00};
	struct made made;

	(void)state;
	for (size_t a = 0; a < ARCHITECTURES; a++) {
		uint32_t token = architectures[a].token;

		make(&made, architectures[a].native, FILTER_ERRNO);
		for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
			assert_int_equal(ask_name(&made, token, "clone", 0, refused[i]),
					 REFUSED(EPERM));
			assert_int_equal(ask_name(&made, token, "clone", 0,
						  refused[i] | 0x11 | HIGH),
					 REFUSED(EPERM));
		}
		for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
			assert_int_equal(ask_name(&made, token, "clone", 0, fine[i]), ALLOW);
		assert_int_equal(ask_name(&made, token, "clone3", 0, 0), REFUSED(ENOSYS));
	}
}

static void test_ioctl(void **state)
{
	struct made made;

	(void)state;
	for (size_t a = 0; a < ARCHITECTURES; a++) {
		uint32_t token = architectures[a].token;

		make(&made, architectures[a].native, FILTER_ERRNO);
		assert_int_equal(ask_name(&made, token, "ioctl", 1, TCGETS), ALLOW);
		assert_int_equal(ask_name(&made, token, "ioctl", 1, TIOCSCTTY), ALLOW);
		assert_int_equal(ask_name(&made, token, "ioctl", 1, TIOCSTI), REFUSED(EPERM));
		assert_int_equal(ask_name(&made, token, "ioctl", 1, TIOCLINUX), REFUSED(EPERM));
		for (unsigned bit = 32; bit < 64; bit++) {
			uint64_t high = UINT64_C(1) << bit;

			assert_int_equal(ask_name(&made, token, "ioctl", 1, TIOCSTI | high),
					 REFUSED(EPERM));
			assert_int_equal(ask_name(&made, token, "ioctl", 1, TIOCLINUX | high),
					 REFUSED(EPERM));
		}
		/* In another place the same value is harmless. */
		assert_int_equal(ask_name(&made, token, "ioctl", 2, TIOCSTI), ALLOW);
	}
}

static void test_personality(void **state)
{
	static const uint64_t fine[] = {0, 8, 0x20000, 0x20008, 0xffffffff, UINT64_MAX};
	static const uint64_t refused[] = {0x40000, 0x400000, 0x100000, 0x0001, 0x0040000 | HIGH};
	struct made made;

	(void)state;
	make(&made, SCMP_ARCH_X86_64, FILTER_ERRNO);
	for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
		assert_int_equal(ask_name(&made, SCMP_ARCH_X86_64, "personality", 0, fine[i]),
				 ALLOW);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_int_equal(ask_name(&made, SCMP_ARCH_X86_64, "personality", 0, refused[i]),
				 REFUSED(EPERM));
}

static void test_socket(void **state)
{
	static const uint64_t fine[] = {1, 2, 10, 16, 17};
	struct made made;

	(void)state;
	for (size_t a = 0; a < ARCHITECTURES; a++) {
		uint32_t token = architectures[a].token;
		uint32_t number = number_of(token, "socket");

		make(&made, architectures[a].native, FILTER_ERRNO);
		for (uint64_t family = 0; family < 64; family++) {
			uint32_t want = REFUSED(EAFNOSUPPORT);

			for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
				if (fine[i] == family)
					want = ALLOW;
			assert_int_equal(ask(&made, token, number, 0, family), want);
			assert_int_equal(ask(&made, token, number, 0, family | HIGH), want);
		}
		assert_int_equal(ask_name(&made, token, "socketpair", 0, 1), ALLOW);
		assert_int_equal(ask_name(&made, token, "socketpair", 0, 30),
				 REFUSED(EAFNOSUPPORT));
	}
}

static void test_socketcall_makes_no_sockets(void **state)
{
	struct made made;

	(void)state;
	make(&made, SCMP_ARCH_X86_64, FILTER_ERRNO);
	for (uint64_t call = 1; call <= 20; call++)
		assert_int_equal(ask_name(&made, SCMP_ARCH_X86, "socketcall", 0, call),
				 call == 1 || call == 8 ? REFUSED(EPERM) : ALLOW);
}

static void test_actions(void **state)
{
	static const struct {
		enum filter_action action;
		uint32_t want;
	} rows[] = {{FILTER_ERRNO, REFUSED(EPERM)}, {FILTER_KILL, KILL}, {FILTER_LOG, LOG}};
	struct made made;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t token = SCMP_ARCH_X86_64;

		make(&made, token, rows[i].action);
		assert_int_equal(ask_name(&made, token, "mount", 0, 0), rows[i].want);
		assert_int_equal(ask_name(&made, token, "ioctl", 1, TIOCSTI), rows[i].want);
		assert_int_equal(ask_name(&made, token, "clone", 0, CLONE_NEWUSER), rows[i].want);
		assert_int_equal(ask_name(&made, token, "clone3", 0, 0), REFUSED(ENOSYS));
		assert_int_equal(ask_name(&made, token, "create_module", 0, 0), REFUSED(ENOSYS));
		assert_int_equal(ask_name(&made, token, "read", 0, 0), ALLOW);
	}
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
		cmocka_unit_test(test_clone),
		cmocka_unit_test(test_ioctl),
		cmocka_unit_test(test_personality),
		cmocka_unit_test(test_socket),
		cmocka_unit_test(test_socketcall_makes_no_sockets),
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_arm_private_calls),
		cmocka_unit_test(test_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
