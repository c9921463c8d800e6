// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "helper/allow.h"

#define CALLS_MAX 120 /* a jump of classic BPF reaches 255 instructions */

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#else
#error "allow.c: name the AUDIT_ARCH_ of this architecture"
#endif

static const char step[] = "filter";

int allow_only(const int *calls, size_t count, struct error *error)
{
	struct sock_filter program[CALLS_MAX + 7];
	struct sock_fprog filter = {.filter = program};
	size_t n = 0;

	if (count > CALLS_MAX)
		return error_set(error, E2BIG, step, "a list of %zu calls", count);
	program[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						    offsetof(struct seccomp_data, arch));
	program[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCH, 1, 0);
	program[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	program[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						    offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < count; i++)
		program[n++] =
			(struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)calls[i],
						     (unsigned char)(count - i), 0);
	program[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
	program[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	filter.len = (unsigned short)n;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) < 0)
		return error_errno(error, step, "installing it");
	/* No list of ours holds prctl(2): its refusal shows that the filter is in force. */
	if (prctl(PR_GET_SECCOMP) >= 0 || errno != EPERM)
		return error_set(error, EPERM, step, "installed, but not in force");
	return 0;
}
