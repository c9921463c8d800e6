// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * rows_calls: makes system calls on every road there is, and says in one line each what came of it:
 * "done", the name of an error, or "killed".
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define X32 0x40000000L

/* Numbers of i386; the arguments are below 4 GiB by MAP_32BIT. */
enum { I386_UNSHARE = 310, I386_SETNS = 346, I386_KEYCTL = 288, I386_IO_URING_SETUP = 425 };

#ifdef __x86_64__
static long int80(long number, long one, long two, long three)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "b"(one), "c"(two), "d"(three)
			 : "r8", "r9", "r10", "r11", "memory");
	if (result >= 0)
		return result;
	errno = (int)-result;
	return -1;
}
#else
static long int80(long number, long one, long two, long three)
{
	(void)number, (void)one, (void)two, (void)three;
	errno = ENOSYS;
	return -1;
}
#endif

static long clone3_user(void)
{
	struct clone_args args = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	if (pid == 0)
		_exit(0);
	return pid;
}

static long clone_user(void)
{
	long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	return pid;
}

static long unshare_user(void)
{
	return unshare(CLONE_NEWUSER);
}

/* Into the user namespace of a child, who makes one if it can. */
static long setns_user(void)
{
	int ready[2], namespace;
	char name[64], byte;
	long result;
	pid_t child;

	if (pipe(ready) < 0 || (child = fork()) < 0)
		return -1;
	if (child == 0) {
		byte = (char)unshare(CLONE_NEWUSER);
		if (write(ready[1], &byte, 1) != 1)
			_exit(1);
		pause();
	}
	result = read(ready[0], &byte, 1);
	snprintf(name, sizeof(name), "/proc/%d/ns/user", child);
	namespace = open(name, O_RDONLY);
	result = result == 1 ? setns(namespace, CLONE_NEWUSER) : -1;
	kill(child, SIGKILL);
	return result;
}

/* The real thing: a file is removed by the ring, without unlinkat(2). */
static long uring_unlink(void)
{
	struct io_uring_params params = {0};
	int ring = (int)syscall(SYS_io_uring_setup, 4, &params);
	struct io_uring_sqe *entries;
	unsigned *array, *tail;
	char *queue, name[] = "/tmp/rows-uring";

	if (ring < 0)
		return -1;
	close(open(name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	queue = mmap(NULL, params.sq_off.array + params.sq_entries * sizeof(unsigned),
		     PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQ_RING);
	entries = mmap(NULL, params.sq_entries * sizeof(*entries), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_POPULATE, ring, (off_t)IORING_OFF_SQES);
	if (queue == MAP_FAILED || (void *)entries == MAP_FAILED)
		return -1;
	entries[0] = (struct io_uring_sqe){
		.opcode = IORING_OP_UNLINKAT, .fd = AT_FDCWD, .addr = (uint64_t)(uintptr_t)name};
	array = (unsigned *)(queue + params.sq_off.array);
	tail = (unsigned *)(queue + params.sq_off.tail);
	array[0] = 0;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		return -1;
	errno = EEXIST;
	return access(name, F_OK) == 0 ? -1 : 0;
}

static long unshare_int80(void)
{
	return int80(I386_UNSHARE, CLONE_NEWUSER, 0, 0);
}

static long keyctl_int80(void)
{
	return int80(I386_KEYCTL, 0, -3, 1);
}

static long uring_int80(void)
{
	void *params = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	return int80(I386_IO_URING_SETUP, 4, (long)params, 0);
}

static long setns_int80(void)
{
	return int80(I386_SETNS, open("/proc/self/ns/uts", O_RDONLY), 1, 0);
}

static long unshare_x32(void)
{
	return syscall(X32 + SYS_unshare, CLONE_NEWUSER);
}

static long getpid_int80(void)
{
	return int80(20, 0, 0, 0);
}

static long keyctl(void)
{
	return syscall(SYS_keyctl, 0, -3, 1);
}

static void try(const char *name, long (*call)(void))
{
	int status = 0, pipes[2];
	char answer[64] = "killed";
	pid_t child;

	if (pipe(pipes) < 0 || (child = fork()) < 0)
		exit(2);
	if (child == 0) {
		long result = call();
		const char *text = result >= 0 ? "done" : strerrorname_np(errno);

		if (write(pipes[1], text, strlen(text) + 1) < 0)
			_exit(2);
		_exit(0);
	}
	close(pipes[1]);
	waitpid(child, &status, 0);
	if (WIFEXITED(status) && read(pipes[0], answer, sizeof(answer)) < 0)
		exit(2);
	close(pipes[0]);
	printf("%s %s\n", name, answer);
	fflush(stdout);
}

int main(void)
{
	try("clone3-user", clone3_user);
	try("clone-user", clone_user);
	try("unshare-user", unshare_user);
	try("setns-user", setns_user);
	try("keyctl", keyctl);
	try("io_uring-unlink", uring_unlink);
	try("getpid-int80", getpid_int80);
	try("unshare-int80", unshare_int80);
	try("setns-int80", setns_int80);
	try("keyctl-int80", keyctl_int80);
	try("io_uring-int80", uring_int80);
	try("unshare-x32", unshare_x32);
	return 0;
}
