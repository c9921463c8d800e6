// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What one confinement costs the kernel alone.
 *
 * Each round makes a child in new namespaces, gives it the smallest useful
 * root (tmpfs, read-only binds of /usr and /etc, proc, devpts, two device
 * nodes), pivots into it and stops the clock. Nothing is parsed, executed,
 * filtered or accounted: a session opened by a real program cannot be cheaper
 * on the same machine, so quote its time as a multiple of this one, measured
 * in the same run.
 *
 * use:   bench_floor [ROUNDS]      (200 if left out; root, Linux >= 5.7)
 * print: one line per set of namespaces: name, median, p10, p95 and p99 in milliseconds
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_ROUNDS 100000

static void must(long result, const char *what)
{
	if (result < 0) {
		fprintf(stderr, "bench_floor: %s: %s\n", what, strerror(errno));
		_exit(1);
	}
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void bind_read_only(const char *from, const char *to)
{
	must(mkdir(to, 0755), to);
	must(mount(from, to, NULL, MS_BIND | MS_REC, NULL), "bind");
	must(mount(NULL, to, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL),
	     "remount read-only");
}

static void smallest_useful_root(void)
{
	must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private /");
	must(mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID, "mode=755"), "tmpfs");
	must(chdir("/tmp"), "chdir");
	bind_read_only("/usr", "usr");
	bind_read_only("/etc", "etc");
	must(mkdir("proc", 0755), "proc");
	must(mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "hidepid=2"), "proc");
	must(mkdir("dev", 0755), "dev");
	must(mkdir("dev/pts", 0755), "dev/pts");
	must(mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
		   "newinstance,ptmxmode=0666,mode=620"),
	     "devpts");
	must(mknod("dev/null", S_IFCHR | 0666, makedev(1, 3)), "null");
	must(mknod("dev/zero", S_IFCHR | 0666, makedev(1, 5)), "zero");
	must(syscall(SYS_pivot_root, ".", "."), "pivot_root");
	must(umount2(".", MNT_DETACH), "detach");
	must(chdir("/"), "chdir /");
}

static double one_round(unsigned long long namespaces)
{
	struct clone_args args = {.flags = namespaces, .exit_signal = SIGCHLD};
	int ready[2];
	char byte = 0;
	double start, spent;
	pid_t child;

	must(pipe2(ready, O_CLOEXEC), "pipe2");
	start = now_ms();
	child = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	must(child, "clone3");
	if (child == 0) {
		smallest_useful_root();
		must(write(ready[1], "", 1), "write");
		_exit(0);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		must(-1, "child failed");
	spent = now_ms() - start;
	close(ready[0]);
	waitpid(child, NULL, 0);
	return spent;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	static const unsigned long long host_network =
		CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP;
	static const struct {
		const char *name;
		unsigned long long flags;
	} sets[] = {
		{"host-network", host_network},
		{"own-network", host_network | CLONE_NEWNET},
	};
	long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 200;
	double *spent;

	if (rounds < 1 || rounds > MAX_ROUNDS) {
		fprintf(stderr, "usage: bench_floor [1..%d]\n", MAX_ROUNDS);
		return 2;
	}
	spent = calloc((size_t)rounds, sizeof(*spent));
	if (!spent)
		return 1;
	for (size_t s = 0; s < sizeof(sets) / sizeof(sets[0]); s++) {
		for (long i = 0; i < rounds; i++)
			spent[i] = one_round(sets[s].flags);
		qsort(spent, (size_t)rounds, sizeof(*spent), by_value);
		printf("%-12s median %.3f p10 %.3f p95 %.3f p99 %.3f\n", sets[s].name,
		       spent[rounds / 2], spent[rounds / 10], spent[rounds * 95 / 100],
		       spent[rounds * 99 / 100]);
	}
	free(spent);
	return 0;
}
