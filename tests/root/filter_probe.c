// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Attempts what the default list of system calls refuses, and says what came of it.
 *
 *   filter_probe             the filter is expected to be in force already, as in a session
 *   filter_probe --install   installs the default list on itself first
 *   filter_probe --plain     positive control: no answer may look like the filter's
 *   filter_probe --exec CMD  installs the default list and becomes CMD
 *
 * Every call is given arguments that are wrong in a harmless way, so that the kernel itself
 * answers something else than the filter (EFAULT, EINVAL, EBADF) even to root; the options of
 * ptrace are set on a child, which is let go at once. One line each: name, answer, verdict. Exit
 * status: 0 all as expected, 1 something is not, 2 wrong use.
 */
#include <errno.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/filter.h"

#define BAD  1UL /* an address where nothing is */
#define HIGH (1UL << 32)
#define NONE (-1L)

#define TRACEE (-2L) /* as argument 1 of ptrace: a child made for the attempt */

#define CRASHED 4096 /* the child died; no errno is that large */

enum road { NATIVE, INT80, X32 };

struct attempt {
	const char *name;
	enum road road;
	int refusal; /* what the filter answers */
	long number;
	unsigned long arguments[5];
	int excuse; /* an answer of this machine's kernel that equals the filter's; 0: none */
};

#define X32_BIT	  0x40000000L
#define TRACEEXIT PTRACE_O_TRACEEXIT

/* clang-format off */
static const struct attempt attempts[] = {
	{"mount",             NATIVE, EPERM,  SYS_mount, {BAD, BAD, BAD, 0, 0}},
	{"umount2",           NATIVE, EPERM,  SYS_umount2, {BAD, 0xffff0000}},
	{"pivot_root",        NATIVE, EPERM,  SYS_pivot_root, {BAD, BAD}, EPERM},
	{"open_tree",         NATIVE, EPERM,  SYS_open_tree, {NONE, BAD, 0xffffffff}},
	{"move_mount",        NATIVE, EPERM,  SYS_move_mount, {NONE, BAD, NONE, BAD, 0xffffffff}, EPERM},
	{"fsopen",            NATIVE, EPERM,  SYS_fsopen, {BAD, 0xffffffff}, EPERM},
	{"fsconfig",          NATIVE, EPERM,  SYS_fsconfig, {NONE, 99, 0, 0, 0}},
	{"fsmount",           NATIVE, EPERM,  SYS_fsmount, {NONE, 0xffffffff, 0}, EPERM},
	{"fspick",            NATIVE, EPERM,  SYS_fspick, {NONE, BAD, 0xffffffff}, EPERM},
	{"mount_setattr",     NATIVE, EPERM,  SYS_mount_setattr, {NONE, BAD, 0xffffffff, BAD, 0}},
	{"swapon",            NATIVE, EPERM,  SYS_swapon, {BAD, 0x7fff0000}, EPERM},
	{"swapoff",           NATIVE, EPERM,  SYS_swapoff, {BAD}, EPERM},
	{"quotactl",          NATIVE, EPERM,  SYS_quotactl, {0x7fffffff, BAD, 0, 0}},
	{"unshare",           NATIVE, EPERM,  SYS_unshare, {0}},
	{"unshare-user",      NATIVE, EPERM,  SYS_unshare, {CLONE_NEWUSER | 1}},
	{"setns",             NATIVE, EPERM,  SYS_setns, {NONE, 0}},
	{"clone-newuser",     NATIVE, EPERM,  SYS_clone, {CLONE_NEWUSER | CLONE_FS}},
	{"clone-newns",       NATIVE, EPERM,  SYS_clone, {CLONE_NEWNS | CLONE_FS}},
	{"clone-newpid",      NATIVE, EPERM,  SYS_clone, {CLONE_NEWPID | CLONE_SIGHAND}},
	{"clone-newnet",      NATIVE, EPERM,  SYS_clone, {CLONE_NEWNET | CLONE_SIGHAND}},
	{"clone-newipc",      NATIVE, EPERM,  SYS_clone, {CLONE_NEWIPC | CLONE_SIGHAND}},
	{"clone-newuts",      NATIVE, EPERM,  SYS_clone, {CLONE_NEWUTS | CLONE_SIGHAND}},
	{"clone-newcgroup",   NATIVE, EPERM,  SYS_clone, {CLONE_NEWCGROUP | CLONE_SIGHAND}},
	{"clone-high-bits",   NATIVE, EPERM,  SYS_clone, {CLONE_NEWUSER | CLONE_FS | HIGH}},
	{"clone3",            NATIVE, ENOSYS, SYS_clone3, {BAD, 0}},
	{"io_uring_setup",    NATIVE, EPERM,  SYS_io_uring_setup, {0, BAD}, EPERM},
	{"io_uring_enter",    NATIVE, EPERM,  SYS_io_uring_enter, {NONE, 0, 0, 0xffffffff, 0}},
	{"io_uring_register", NATIVE, EPERM,  SYS_io_uring_register, {NONE, 9999, 0, 0}},
	{"keyctl",            NATIVE, EPERM,  SYS_keyctl, {9999}},
	{"add_key",           NATIVE, EPERM,  SYS_add_key, {BAD, BAD, 0, 0, 0}},
	{"request_key",       NATIVE, EPERM,  SYS_request_key, {BAD, BAD, 0, 0}},
	{"bpf",               NATIVE, EPERM,  SYS_bpf, {9999, BAD, 0}, EPERM},
	{"perf_event_open",   NATIVE, EPERM,  SYS_perf_event_open, {BAD, 0, 0, NONE, 0xffffffff}},
	{"userfaultfd",       NATIVE, EPERM,  SYS_userfaultfd, {0x7fffffff}, EPERM},
	{"open_by_handle_at", NATIVE, EPERM,  SYS_open_by_handle_at, {NONE, BAD, 0}, EPERM},
	{"fanotify_init",     NATIVE, EPERM,  SYS_fanotify_init, {0x7fffffff, 0}, EPERM},
	{"fanotify_mark",     NATIVE, EPERM,  SYS_fanotify_mark, {NONE, 0, 0, NONE, 0}},
	{"kexec_load",        NATIVE, EPERM,  SYS_kexec_load, {0, 9999, BAD, 0xffff}, EPERM},
	{"reboot",            NATIVE, EPERM,  SYS_reboot, {0, 0, 0, 0}, EPERM},
	{"init_module",       NATIVE, EPERM,  SYS_init_module, {BAD, 0, BAD}, EPERM},
	{"finit_module",      NATIVE, EPERM,  SYS_finit_module, {NONE, BAD, 0xffff}, EPERM},
	{"delete_module",     NATIVE, EPERM,  SYS_delete_module, {BAD, 0}, EPERM},
	{"acct",              NATIVE, EPERM,  SYS_acct, {BAD}, EPERM},
	{"settimeofday",      NATIVE, EPERM,  SYS_settimeofday, {BAD, 0}},
	{"clock_settime",     NATIVE, EPERM,  SYS_clock_settime, {0, BAD}},
	{"sethostname",       NATIVE, EPERM,  SYS_sethostname, {BAD, 0x7fffffff}, EPERM},
	{"setdomainname",     NATIVE, EPERM,  SYS_setdomainname, {BAD, 0x7fffffff}, EPERM},
	{"syslog",            NATIVE, EPERM,  SYS_syslog, {99, 0, 0}, EPERM},
	{"vhangup",           NATIVE, EPERM,  SYS_vhangup, {0}, EPERM},
	{"kcmp",              NATIVE, EPERM,  SYS_kcmp, {0x7fffffff, 0x7fffffff, 99, 0, 0}},
	{"pidfd_getfd",       NATIVE, EPERM,  SYS_pidfd_getfd, {NONE, 0, 0}},
	{"process_madvise",   NATIVE, EPERM,  SYS_process_madvise, {NONE, BAD, 1, 0, 0}},
	{"mbind",             NATIVE, EPERM,  SYS_mbind, {BAD, 1, 99, 0, 0}},
	{"migrate_pages",     NATIVE, EPERM,  SYS_migrate_pages, {0x7fffffff, 0, 0, 0}},
	{"personality",       NATIVE, EPERM,  SYS_personality, {0x0040000}},
	{"ptrace-setoptions", NATIVE, EPERM,  SYS_ptrace, {PTRACE_SETOPTIONS, TRACEE, 0, TRACEEXIT}},
	{"ptrace-more-options", NATIVE, EPERM, SYS_ptrace, {PTRACE_SETOPTIONS, TRACEE, 0, TRACEEXIT | 0x10003f}},
	{"ptrace-request-high", NATIVE, EPERM, SYS_ptrace, {PTRACE_SETOPTIONS | HIGH, TRACEE, 0, TRACEEXIT}},
	{"ptrace-options-high", NATIVE, EPERM, SYS_ptrace, {PTRACE_SETOPTIONS, TRACEE, 0, TRACEEXIT | HIGH}},
	{"ptrace-seize",      NATIVE, EPERM,  SYS_ptrace, {PTRACE_SEIZE, TRACEE, 0, TRACEEXIT}},
	{"ioctl-tiocsti",     NATIVE, EPERM,  SYS_ioctl, {NONE, TIOCSTI, BAD}},
	{"ioctl-tiocsti-high", NATIVE, EPERM, SYS_ioctl, {NONE, TIOCSTI | HIGH, BAD}},
	{"ioctl-tiocsti-top", NATIVE, EPERM,  SYS_ioctl, {NONE, TIOCSTI | 1UL << 63, BAD}},
	{"ioctl-tioclinux",   NATIVE, EPERM,  SYS_ioctl, {NONE, TIOCLINUX | HIGH, BAD}},
	{"socket-alg",        NATIVE, EAFNOSUPPORT, SYS_socket, {AF_ALG, 0x7f, 0}, EAFNOSUPPORT},
	{"socket-vsock",      NATIVE, EAFNOSUPPORT, SYS_socket, {AF_VSOCK, 0x7f, 0}, EAFNOSUPPORT},
	{"socket-alg-high",   NATIVE, EAFNOSUPPORT, SYS_socket, {AF_ALG | HIGH, 0x7f, 0}, EAFNOSUPPORT},
	{"socketpair-tipc",   NATIVE, EAFNOSUPPORT, SYS_socketpair, {30, 0x7f, 0, BAD}, EAFNOSUPPORT},
#ifdef __x86_64__
	{"iopl",              NATIVE, EPERM,  SYS_iopl, {99}},
	{"ioperm",            NATIVE, EPERM,  SYS_ioperm, {0xfffffff, 0xfffffff, 1}},
	{"modify_ldt",        NATIVE, EPERM,  SYS_modify_ldt, {99, 0, 0}, ENOSYS},
	{"uselib",            NATIVE, EPERM,  SYS_uselib, {BAD}},
	{"ustat",             NATIVE, EPERM,  SYS_ustat, {0, BAD}},
	{"sysfs",             NATIVE, EPERM,  SYS_sysfs, {99, 0, 0}},
	{"i386-mount",        INT80,  EPERM,  21, {BAD, BAD, BAD, 0, 0}},
	{"i386-unshare",      INT80,  EPERM,  310, {0}},
	{"i386-setns",        INT80,  EPERM,  346, {0xffffffff, 0}},
	{"i386-clone",        INT80,  EPERM,  120, {CLONE_NEWUSER | CLONE_FS}},
	{"i386-clone3",       INT80,  ENOSYS, 435, {BAD, 0}},
	{"i386-keyctl",       INT80,  EPERM,  288, {9999}},
	{"i386-io_uring",     INT80,  EPERM,  425, {0, BAD}, EPERM},
	{"i386-bpf",          INT80,  EPERM,  357, {9999, BAD, 0}, EPERM},
	{"i386-ioctl-tiocsti", INT80, EPERM,  54, {0xffffffff, TIOCSTI, BAD}},
	{"i386-socketcall",   INT80,  EPERM,  102, {1, BAD}},
	{"i386-socket-alg",   INT80,  EAFNOSUPPORT, 359, {AF_ALG, 0x7f, 0}, EAFNOSUPPORT},
	{"ptrace-oldsetoptions", NATIVE, EPERM, SYS_ptrace, {21, TRACEE, 0, TRACEEXIT}},
	{"i386-ptrace-setoptions", INT80, EPERM, 26, {PTRACE_SETOPTIONS, TRACEE, 0, TRACEEXIT}},
	{"i386-ptrace-oldsetoptions", INT80, EPERM, 26, {21, TRACEE, 0, TRACEEXIT}},
	{"i386-ptrace-seize", INT80, EPERM,   26, {PTRACE_SEIZE, TRACEE, 0, TRACEEXIT}},
	{"i386-vm86",         INT80,  EPERM,  166, {99, BAD}, ENOSYS},
	{"x32-mount",         X32,    ENOSYS, SYS_mount | X32_BIT, {BAD, BAD, BAD, 0, 0}, ENOSYS},
	{"x32-getpid",        X32,    ENOSYS, SYS_getpid | X32_BIT, {0}, ENOSYS},
#endif
	{"future-call",       NATIVE, ENOSYS, 4000, {0}, ENOSYS},
};
/* clang-format on */

#ifdef __x86_64__
/* A call of the other word size from the same process; the registers that it may spoil are saved.
 */
static long call_int80(long number, const unsigned long *arguments)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "b"(arguments[0]), "c"(arguments[1]), "d"(arguments[2]),
			   "S"(arguments[3]), "D"(arguments[4])
			 : "r8", "r9", "r10", "r11", "memory");
	return result;
}
#else
static long call_int80(long number, const unsigned long *arguments)
{
	(void)number;
	(void)arguments;
	return -ENOSYS;
}
#endif

static int call(const struct attempt *attempt)
{
	const unsigned long *a = attempt->arguments;
	long result;

	if (attempt->road == INT80) {
		result = call_int80(attempt->number, a);
		return result < 0 ? (int)-result : 0;
	}
	result = syscall(attempt->number, a[0], a[1], a[2], a[3], a[4]);
	return result < 0 ? errno : 0;
}

static pid_t make_tracee(void)
{
	pid_t tracee = fork();

	if (tracee != 0)
		return tracee;
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	for (;;)
		pause();
}

/*
 * With the option set, a tracee that dies stops on its way until its tracer lets it go on: it is
 * detached first, which clears the options, and killed then.
 */
static int call_on_tracee(const struct attempt *attempt)
{
	bool seizes = (uint32_t)attempt->arguments[0] == PTRACE_SEIZE;
	struct attempt on_tracee = *attempt;
	pid_t tracee = make_tracee();
	int answer;

	if (tracee < 0)
		return CRASHED;
	on_tracee.arguments[1] = (unsigned long)tracee;
	if (!seizes && ptrace(PTRACE_ATTACH, tracee, 0, 0) == 0)
		waitpid(tracee, NULL, 0);
	answer = call(&on_tracee);
	if (seizes && ptrace(PTRACE_INTERRUPT, tracee, 0, 0) == 0)
		waitpid(tracee, NULL, 0);
	ptrace(PTRACE_DETACH, tracee, 0, 0);
	kill(tracee, SIGKILL);
	waitpid(tracee, NULL, 0);
	return answer;
}

/* Makes the attempt in a child without a terminal. Returns the errno, 0, or CRASHED. */
static int try(const struct attempt *attempt)
{
	int *answer = mmap(NULL, sizeof(*answer), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int result;
	pid_t child;

	if (answer == MAP_FAILED)
		return CRASHED;
	*answer = CRASHED;
	child = fork();
	if (child == 0) {
		setsid();
		*answer = attempt->arguments[1] == (unsigned long)TRACEE ? call_on_tracee(attempt)
									 : call(attempt);
		_exit(0);
	}
	if (child > 0)
		waitpid(child, NULL, 0);
	result = *answer;
	munmap(answer, sizeof(*answer));
	return result;
}

static const char *verdict(const struct attempt *attempt, int answer, bool plain)
{
	if (answer == CRASHED)
		return attempt->road == INT80 ? "no-such-road" : "CRASHED";
	if (!plain)
		return answer == attempt->refusal ? "refused" : "NOT-REFUSED";
	if (answer != attempt->refusal)
		return "reached";
	return answer == attempt->excuse ? "no-control" : "NO-DIFFERENCE";
}

static int attempt_all(bool plain)
{
	int wrong = 0;

	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		int answer = try(&attempts[i]);
		const char *name = answer == 0 ? "0" : strerrorname_np(answer);
		const char *word = verdict(&attempts[i], answer, plain);

		printf("%-25s %-14s %s\n", attempts[i].name, name ? name : "-", word);
		wrong += word[0] >= 'A' && word[0] <= 'Z';
	}
	printf("%d of %zu not as expected\n", wrong, sizeof(attempts) / sizeof(attempts[0]));
	return wrong ? 1 : 0;
}

static int install(void)
{
	static struct sock_filter code[BPF_MAXINSNS];
	struct plan plan = {.filter = FILTER_DEFAULT, .filter_action = FILTER_ERRNO};
	struct sock_fprog program = {.filter = code};
	struct error error = {0};
	uint32_t length;

	if (filter_load(&plan, -1, code, BPF_MAXINSNS, &length, &error) < 0) {
		fprintf(stderr, "filter_probe: %s: %s\n", error.step, error.message);
		return -1;
	}
	program.len = (unsigned short)length;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0) {
		perror("filter_probe: installing the filter");
		return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (strcmp(mode, "--exec") == 0 && argc > 2) {
		if (install() < 0)
			return 1;
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		return 127;
	}
	if (strcmp(mode, "--plain") == 0 && argc == 2)
		return attempt_all(true);
	if (strcmp(mode, "--install") == 0 && argc == 2)
		return install() < 0 ? 1 : attempt_all(false);
	if (argc == 1)
		return attempt_all(false);
	fprintf(stderr, "usage: filter_probe [--install | --plain | --exec COMMAND...]\n");
	return 2;
}
