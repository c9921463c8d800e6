// SPDX-License-Identifier: LGPL-2.1-or-later
/* Calls of which an argument decides, and what each action makes of a refusal. */
#include "tests/unit/filter_made.h"

#include <linux/sched.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>

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
			assert_int_equal(
				ask_name(&made, token, "clone", 0, refused[i] | 0x11 | HIGH),
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

static uint32_t ask_ptrace(const struct made *made, uint32_t architecture, uint64_t request,
			   uint64_t options)
{
	struct seccomp_data data = {.nr = (int)number_of(architecture, "ptrace"),
				    .arch = architecture,
				    .args = {request, 1, 0, options}};

	return bpf_run(made->code, made->length, &data);
}

static const uint64_t setting_options[] = {0x4200, 0x4206, 21};

static void test_ptrace_holds_no_dying_process(void **state)
{
	static const uint64_t refused[] = {0x40, 0x41, 0x51, 0x1000ff, UINT32_MAX, UINT64_MAX};
	struct made made;

	(void)state;
	for (size_t a = 0; a < ARCHITECTURES; a++) {
		uint32_t token = architectures[a].token;

		make(&made, architectures[a].native, FILTER_ERRNO);
		for (size_t r = 0; r < 3; r++)
			for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
				uint64_t request = setting_options[r];

				assert_int_equal(ask_ptrace(&made, token, request, refused[i]),
						 REFUSED(EPERM));
				/* The kernel knows no such request: refused is not wrong. */
				assert_int_equal(
					ask_ptrace(&made, token, request | HIGH, refused[i] | HIGH),
					REFUSED(EPERM));
			}
	}
}

static void test_ptrace_is_there_for_debuggers(void **state)
{
	/* None; all that gdb asks for; EXITKILL alone; what is no option at all. */
	static const uint64_t fine[] = {0, 0x10003f, 0x100000, 0x80, HIGH << 6};
	/* The same bit in what other requests take as data: a signal, a word, an address. */
	static const uint64_t others[] = {PTRACE_TRACEME,	PTRACE_PEEKDATA,  PTRACE_POKEDATA,
					  PTRACE_CONT,		PTRACE_KILL,	  PTRACE_ATTACH,
					  PTRACE_DETACH,	PTRACE_SYSCALL,	  PTRACE_GETREGSET,
					  PTRACE_LISTEN,	PTRACE_INTERRUPT, PTRACE_GETSIGINFO,
					  PTRACE_SYSCALL | HIGH};
	struct made made;

	(void)state;
	for (size_t a = 0; a < ARCHITECTURES; a++) {
		uint32_t token = architectures[a].token;

		make(&made, architectures[a].native, FILTER_ERRNO);
		for (size_t r = 0; r < 3; r++)
			for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
				assert_int_equal(
					ask_ptrace(&made, token, setting_options[r], fine[i]),
					ALLOW);
		for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
			assert_int_equal(ask_ptrace(&made, token, others[i], UINT32_MAX), ALLOW);
	}
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
		assert_int_equal(ask_ptrace(&made, token, PTRACE_SEIZE, PTRACE_O_TRACEEXIT),
				 rows[i].want);
		assert_int_equal(ask_ptrace(&made, token, PTRACE_SEIZE, 0), ALLOW);
		assert_int_equal(ask_name(&made, token, "clone3", 0, 0), REFUSED(ENOSYS));
		assert_int_equal(ask_name(&made, token, "create_module", 0, 0), REFUSED(ENOSYS));
		assert_int_equal(ask_name(&made, token, "read", 0, 0), ALLOW);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clone),
		cmocka_unit_test(test_ioctl),
		cmocka_unit_test(test_personality),
		cmocka_unit_test(test_socket),
		cmocka_unit_test(test_socketcall_makes_no_sockets),
		cmocka_unit_test(test_ptrace_holds_no_dying_process),
		cmocka_unit_test(test_ptrace_is_there_for_debuggers),
		cmocka_unit_test(test_actions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
