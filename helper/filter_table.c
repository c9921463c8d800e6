// SPDX-License-Identifier: LGPL-2.1-or-later
/* The reasons are told at length in docs/security/system-calls.md. */
#include <errno.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/socket.h>

#include "helper/filter_table.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

/* clang-format off */
const struct call_row call_rows[] = {
	/* Let through: what programs are made of. */
	{CALL_ALLOW, "read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 lseek "
		     "_llseek close close_range dup dup2 dup3 fcntl fcntl64 flock sendfile sendfile64 "
		     "splice tee vmsplice copy_file_range readahead fadvise64 fadvise64_64 "
		     "arm_fadvise64_64 cachestat",
	 "input and output on open descriptors"},
	{CALL_ALLOW, "open openat openat2 creat access faccessat faccessat2 stat lstat fstat stat64 "
		     "lstat64 fstat64 fstatat64 newfstatat statx statfs fstatfs statfs64 fstatfs64 "
		     "readlink readlinkat getdents getdents64 getcwd chdir fchdir",
	 "looking at files; the mount namespace decides which there are"},
	{CALL_ALLOW, "mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 link linkat symlink "
		     "symlinkat truncate truncate64 ftruncate ftruncate64 fallocate umask chmod fchmod "
		     "fchmodat fchmodat2 utime utimes futimesat utimensat utimensat_time64 fsync "
		     "fdatasync sync syncfs sync_file_range arm_sync_file_range sync_file_range2 "
		     "file_getattr file_setattr",
	 "changing files; their modes decide"},
	{CALL_ALLOW, "getxattr lgetxattr fgetxattr setxattr lsetxattr fsetxattr listxattr llistxattr "
		     "flistxattr removexattr lremovexattr fremovexattr getxattrat setxattrat listxattrat "
		     "removexattrat",
	 "extended attributes; trusted.* and security.* need capabilities"},
	{CALL_ALLOW, "name_to_handle_at statmount listmount",
	 "say nothing that /proc/self/mountinfo does not; handles cannot be opened"},
	{CALL_ALLOW, "chown chown32 fchown fchown32 fchownat lchown lchown32 mknod mknodat chroot",
	 "the kernel's capability check decides: fifos and an own group are anybody's, and the login "
	 "service's child may chroot before it becomes the user"},
	{CALL_ALLOW, "mmap mmap2 munmap mremap mprotect brk madvise mincore msync mlock mlock2 mlockall "
		     "munlock munlockall remap_file_pages memfd_create memfd_secret membarrier mseal "
		     "pkey_alloc pkey_free pkey_mprotect map_shadow_stack",
	 "own memory"},
	{CALL_ALLOW, "fork vfork execve execveat exit exit_group wait4 waitid waitpid kill tkill tgkill "
		     "pidfd_open pidfd_send_signal process_mrelease getpid getppid gettid getpgid "
		     "setpgid getpgrp getsid setsid set_tid_address set_robust_list get_robust_list rseq "
		     "restart_syscall prctl arch_prctl set_thread_area get_thread_area set_tls get_tls "
		     "breakpoint cacheflush",
	 "processes and threads; the pid namespace decides which there are"},
	{CALL_ALLOW, "uretprobe uprobe",
	 "made by the kernel itself in a process that the host's administrator traces"},
	{CALL_ALLOW, "futex futex_time64 futex_waitv futex_wake futex_wait futex_requeue",
	 "locks"},
	{CALL_ALLOW, "rt_sigaction rt_sigprocmask rt_sigpending rt_sigsuspend rt_sigtimedwait "
		     "rt_sigtimedwait_time64 rt_sigqueueinfo rt_tgsigqueueinfo rt_sigreturn sigreturn "
		     "sigprocmask sigaction sigpending sigsuspend signal sigaltstack signalfd signalfd4 "
		     "pause alarm",
	 "signals"},
	{CALL_ALLOW, "getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32 getresuid "
		     "getresuid32 getresgid getresgid32 getgroups getgroups32 capget",
	 "own identity"},
	{CALL_ALLOW, "setuid setuid32 setgid setgid32 setreuid setreuid32 setregid setregid32 setresuid "
		     "setresuid32 setresgid setresgid32 setfsuid setfsuid32 setfsgid setfsgid32 setgroups "
		     "setgroups32 capset",
	 "the login service's child becomes the user after the filter is on; afterwards the kernel "
	 "refuses"},
	{CALL_ALLOW, "getrlimit ugetrlimit setrlimit prlimit64 getrusage times getpriority setpriority "
		     "nice ioprio_get ioprio_set sched_yield sched_getaffinity sched_setaffinity "
		     "sched_getparam sched_setparam sched_getscheduler sched_setscheduler sched_getattr "
		     "sched_setattr sched_get_priority_max sched_get_priority_min sched_rr_get_interval "
		     "sched_rr_get_interval_time64 getcpu",
	 "own limits and scheduling; going up needs capabilities"},
	{CALL_ALLOW, "time gettimeofday clock_gettime clock_gettime64 clock_getres clock_getres_time64 "
		     "clock_nanosleep clock_nanosleep_time64 nanosleep getitimer setitimer timer_create "
		     "timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime "
		     "timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime "
		     "timerfd_settime64",
	 "reading clocks, sleeping, timers"},
	{CALL_ALLOW, "adjtimex clock_adjtime clock_adjtime64",
	 "reading the clock's state; changing it needs CAP_SYS_TIME"},
	{CALL_ALLOW, "poll ppoll ppoll_time64 select _newselect pselect6 pselect6_time64 epoll_create "
		     "epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 eventfd eventfd2 pipe "
		     "pipe2 inotify_init inotify_init1 inotify_add_watch inotify_rm_watch",
	 "waiting for events"},
	{CALL_ALLOW, "bind connect listen accept accept4 getsockname getpeername getsockopt setsockopt "
		     "send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg recvmmsg_time64 "
		     "shutdown",
	 "sockets once made; which may be made is checked"},
	{CALL_ALLOW, "io_setup io_destroy io_submit io_cancel io_getevents io_pgetevents "
		     "io_pgetevents_time64",
	 "the older asynchronous input and output, which runs no other calls"},
	{CALL_ALLOW, "ipc shmget shmat shmdt shmctl semget semop semtimedop semtimedop_time64 semctl "
		     "msgget msgsnd msgrcv msgctl mq_open mq_unlink mq_timedsend mq_timedsend_time64 "
		     "mq_timedreceive mq_timedreceive_time64 mq_notify mq_getsetattr",
	 "message queues, semaphores, shared memory; the ipc namespace decides which there are"},
	{CALL_ALLOW, "uname sysinfo getrandom",
	 "facts about the system"},
	{CALL_ALLOW, "seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self",
	 "a program may confine itself further"},
	{CALL_ALLOW, "process_vm_readv process_vm_writev",
	 "debuggers; same user and pid namespace only"},

	/* Refused: what a user in a container has no business with. */
	{CALL_REFUSE, "mount umount umount2 pivot_root open_tree open_tree_attr move_mount fsopen "
		      "fsconfig fsmount fspick mount_setattr swapon swapoff quotactl quotactl_fd",
	 "mounts, swap and quota are the host's"},
	{CALL_REFUSE, "unshare setns",
	 "new namespaces bring capabilities and much of the kernel into reach"},
	{CALL_REFUSE, "io_uring_setup io_uring_enter io_uring_register",
	 "runs calls that no filter sees"},
	{CALL_REFUSE, "add_key request_key keyctl",
	 "keyrings belong to the user, not to the container"},
	{CALL_REFUSE, "bpf perf_event_open userfaultfd lookup_dcookie",
	 "large parts of the kernel, or help in winning races in it"},
	{CALL_REFUSE, "open_by_handle_at",
	 "opens files by number, outside any root"},
	{CALL_REFUSE, "fanotify_init fanotify_mark",
	 "watches whole file systems of the host"},
	{CALL_REFUSE, "kexec_load kexec_file_load reboot init_module finit_module delete_module acct",
	 "the kernel itself"},
	{CALL_REFUSE, "settimeofday stime clock_settime clock_settime64",
	 "the clock is not namespaced"},
	{CALL_REFUSE, "sethostname setdomainname syslog vhangup",
	 "the administrator's"},
	{CALL_REFUSE, "iopl ioperm vm86 vm86old modify_ldt pciconfig_read pciconfig_write "
		      "pciconfig_iobase",
	 "hardware, and segments that only emulators of old systems want"},
	{CALL_REFUSE, "kcmp pidfd_getfd process_madvise",
	 "reach into other processes, with no use but that"},
	{CALL_REFUSE, "mbind get_mempolicy set_mempolicy set_mempolicy_home_node migrate_pages "
		      "move_pages",
	 "placement of memory over nodes"},
	{CALL_REFUSE, "lsm_get_self_attr lsm_set_self_attr lsm_list_modules",
	 "security modules are the host's"},
	{CALL_REFUSE, "uselib ustat sysfs oldstat oldfstat oldlstat readdir olduname oldolduname sgetmask "
		      "ssetmask",
	 "replaced decades ago and hardly looked at since"},

	/* Not there. */
	{CALL_ABSENT, "clone3",
	 "its flags are behind a pointer; libc falls back to clone, whose flags are checked"},
	{CALL_ABSENT, "_sysctl afs_syscall bdflush break create_module epoll_ctl_old epoll_wait_old ftime "
		      "get_kernel_syms getpmsg gtty idle lock mpx nfsservctl prof profil putpmsg "
		      "query_module security stty tuxcall ulimit usr26 usr32 vserver",
	 "never built or taken out of the kernel"},
};

#define CLONE_NAMESPACES (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | \
			  CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

/* linux/net.h: calls behind socketcall(2) */
#define SOCKETCALL_SOCKET     1
#define SOCKETCALL_SOCKETPAIR 8

/* asm/ptrace-abi.h of x86, asm/ptrace.h of arm: PTRACE_SETOPTIONS before Linux 2.5.46 */
#define OLD_SETOPTIONS 21

#define EVERYWHERE {0, {0}, 0}

const struct call_check call_checks[] = {
	{"clone", EVERYWHERE, 0, TEST_REFUSE_BITS, EPERM, {CLONE_NAMESPACES}, 1,
	 "as unshare; CLONE_NEWTIME cannot be asked for here, its bit is part of the exit signal"},
	{"ioctl", EVERYWHERE, 1, TEST_REFUSE_VALUES, EPERM, {TIOCSTI, TIOCLINUX, TIOCSETD}, 3,
	 "the first two type into the terminal of whoever owns it outside; TIOCSETD loads line "
	 "disciplines on demand"},
	{"personality", EVERYWHERE, 0, TEST_ALLOW_VALUES, EPERM,
	 {PER_LINUX, PER_LINUX32, UNAME26, PER_LINUX32 | UNAME26, 0xffffffff}, 5,
	 "what setarch and uname need; others weaken the layout of memory or wake old code"},
	{"ptrace", {0, {PTRACE_SETOPTIONS, PTRACE_SEIZE, OLD_SETOPTIONS}, 3}, 3,
	 TEST_REFUSE_BITS, EPERM, {PTRACE_O_TRACEEXIT}, 1,
	 "the option stops a process that is dying of SIGKILL: two that set it on each other are there "
	 "until the machine goes down. The rest is for debuggers; same user and pid namespace only, and "
	 "since Linux 4.8 no way round a filter"},
	{"socket", EVERYWHERE, 0, TEST_ALLOW_VALUES, EAFNOSUPPORT,
	 {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET}, 5,
	 "other families load modules on demand, and VSOCK, ALG and some more know no network "
	 "namespace; AF_PACKET needs CAP_NET_RAW"},
	{"socketpair", EVERYWHERE, 0, TEST_ALLOW_VALUES, EAFNOSUPPORT, {AF_UNIX}, 1,
	 "the one family with pairs but TIPC, which loads a module"},
	{"socketcall", EVERYWHERE, 0, TEST_REFUSE_VALUES, EPERM,
	 {SOCKETCALL_SOCKET, SOCKETCALL_SOCKETPAIR}, 2,
	 "32-bit x86 only: the family is behind a pointer; the calls of their own exist since 4.3"},
};

const struct call_number call_numbers[] = {
	{335, SCMP_ARCH_X86_64, "uretprobe"}, /* Linux 6.11 */
	{336, SCMP_ARCH_X86_64, "uprobe"},    /* 6.18 */
	{447, 0, "memfd_secret"},	      /* 5.14 */
	{448, 0, "process_mrelease"},	      /* 5.15 */
	{449, 0, "futex_waitv"},	      /* 5.16 */
	{450, 0, "set_mempolicy_home_node"},  /* 5.17 */
	{451, 0, "cachestat"},		      /* 6.5 */
	{452, 0, "fchmodat2"},		      /* 6.6 */
	{453, 0, "map_shadow_stack"},	      /* 6.6 */
	{454, 0, "futex_wake"},		      /* 6.7 */
	{455, 0, "futex_wait"},		      /* 6.7 */
	{456, 0, "futex_requeue"},	      /* 6.7 */
	{457, 0, "statmount"},		      /* 6.8 */
	{458, 0, "listmount"},		      /* 6.8 */
	{459, 0, "lsm_get_self_attr"},	      /* 6.8 */
	{460, 0, "lsm_set_self_attr"},	      /* 6.8 */
	{461, 0, "lsm_list_modules"},	      /* 6.8 */
	{462, 0, "mseal"},		      /* 6.10 */
	{463, 0, "setxattrat"},		      /* 6.13 */
	{464, 0, "getxattrat"},		      /* 6.13 */
	{465, 0, "listxattrat"},	      /* 6.13 */
	{466, 0, "removexattrat"},	      /* 6.13 */
	{467, 0, "open_tree_attr"},	      /* 6.15 */
	{468, 0, "file_getattr"},	      /* 6.17 */
	{469, 0, "file_setattr"},	      /* 6.17 */
};
/* clang-format on */

const size_t call_row_count = ROWS(call_rows);
const size_t call_check_count = ROWS(call_checks);
const size_t call_number_count = ROWS(call_numbers);
