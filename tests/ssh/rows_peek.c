// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * rows_peek SECONDS NAME...
 *
 * Tries to trace and to look into every process there is, over and over: those that /proc shows and
 * the numbers up to MOST besides. Says at the end, one line each, which programs it got into, how,
 * and how often; and how many processes with one of the NAMEs it met of its own uid ("met N").
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define MOST	 300
#define FOUND	 64
#define MET_MOST (1 << 22) /* PID_MAX_LIMIT */

struct found {
	char text[96];
	unsigned long count;
};

static void note(struct found *list, const char *program, const char *how)
{
	char text[sizeof(list->text)];

	snprintf(text, sizeof(text), "%.40s %.40s", program, how);
	for (size_t i = 0; i < FOUND; i++) {
		if (list[i].count > 0 && strcmp(list[i].text, text) != 0)
			continue;
		memcpy(list[i].text, text, sizeof(text));
		list[i].count++;
		return;
	}
}

/* What the process executes, now that we got in; "gone" where it has ended meanwhile. */
static const char *program_of(int pid, char *buffer, size_t size)
{
	char name[64], *base;
	ssize_t length;

	snprintf(name, sizeof(name), "/proc/%d/exe", pid);
	length = readlink(name, buffer, size - 1);
	if (length < 0)
		return errno == ENOENT ? "gone" : "unknown";
	buffer[length] = '\0';
	base = strrchr(buffer, '/');
	return base ? base + 1 : buffer;
}

static int opens(int pid, const char *what, int flags)
{
	char name[64], byte;
	int fd, got;

	snprintf(name, sizeof(name), "/proc/%d/%s", pid, what);
	fd = open(name, flags | O_CLOEXEC);
	if (fd < 0)
		return 0;
	/* Opened by anybody: what can be read tells more. */
	got = strcmp(what, "environ") != 0 || read(fd, &byte, 1) == 1;
	close(fd);
	return got;
}

static int links(int pid, const char *what)
{
	char name[64], target[PATH_MAX];

	snprintf(name, sizeof(name), "/proc/%d/%s", pid, what);
	return readlink(name, target, sizeof(target)) > 0;
}

static int traces(int pid)
{
	if (ptrace(PTRACE_SEIZE, pid, 0, 0) != 0)
		return 0;
	ptrace(PTRACE_DETACH, pid, 0, 0);
	return 1;
}

/* A refusal is EPERM; an address where nothing is would be EFAULT, once one is let in. */
static int reads_memory(int pid)
{
	char byte;
	struct iovec ours = {&byte, 1}, theirs = {(void *)1, 1};

	return process_vm_readv(pid, &ours, 1, &theirs, 1, 0) >= 0 || errno == EFAULT;
}

static void attempt(int pid, struct found *list)
{
	static const char *const names[] = {"root", "cwd", "exe"};
	static const struct {
		const char *name;
		int flags;
	} files[] = {{"mem", O_RDONLY}, {"mem", O_RDWR}, {"environ", O_RDONLY}, {"fd", O_RDONLY}};
	char program[PATH_MAX];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (links(pid, names[i]))
			note(list, program_of(pid, program, sizeof(program)), names[i]);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (opens(pid, files[i].name, files[i].flags))
			note(list, program_of(pid, program, sizeof(program)), files[i].name);
	if (reads_memory(pid))
		note(list, program_of(pid, program, sizeof(program)), "process_vm_readv");
	if (traces(pid))
		note(list, program_of(pid, program, sizeof(program)), "ptrace");
}

/* Whether it has one of the names and, as far as /proc tells, our uid. */
static int is_interesting(int pid, char *const *wanted)
{
	char name[64], text[2048] = "", *uid;
	FILE *status;
	size_t length;

	snprintf(name, sizeof(name), "/proc/%d/status", pid);
	status = fopen(name, "re");
	if (!status)
		return 0;
	length = fread(text, 1, sizeof(text) - 1, status);
	text[length] = '\0';
	fclose(status);
	uid = strstr(text, "\nUid:\t");
	if (!uid || strtoul(uid + 6, NULL, 10) != getuid())
		return 0;
	for (; *wanted; wanted++)
		if (strncmp(text + strlen("Name:\t"), *wanted, strlen(*wanted)) == 0)
			return 1;
	return 0;
}

static void round_of(struct found *list, char *const *wanted, char *met)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	char program[PATH_MAX];
	int self = getpid();

	while (proc && (entry = readdir(proc))) {
		int pid = atoi(entry->d_name);

		if (pid <= 0 || pid == self || pid == getppid())
			continue;
		if (pid < MET_MOST && is_interesting(pid, wanted))
			met[pid] = 1;
		attempt(pid, list);
	}
	if (proc)
		closedir(proc);
	for (int pid = 1; pid < MOST; pid++)
		if (pid != self && pid != getppid() && traces(pid))
			note(list, program_of(pid, program, sizeof(program)), "ptrace");
}

int main(int argc, char **argv)
{
	static struct found list[FOUND];
	static char met[MET_MOST];
	time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 1);
	unsigned long rounds = 0, count = 0;

	printf("up\n");
	fflush(stdout);
	for (; time(NULL) < end; rounds++)
		round_of(list, argv + 2, met);
	for (size_t i = 0; i < FOUND && list[i].count > 0; i++)
		printf("%s %lu\n", list[i].text, list[i].count);
	for (size_t i = 0; i < MET_MOST; i++)
		count += (unsigned long)met[i];
	printf("met %lu\nrounds %lu\n", count, rounds);
	return 0;
}
