// SPDX-License-Identifier: LGPL-2.1-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <pthread.h>
#include <pwd.h>
#include <sched.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/root/pam_fake.h"
#include "tests/root/pam_host.h"
#include "tests/root/pam_machine.h"

static struct outcome *outcome; /* shared with the processes of the run */

static int say(int count, const struct pam_message **messages, struct pam_response **responses,
	       void *data)
{
	size_t used = strlen(outcome->said);

	(void)data;
	for (int i = 0; i < count; i++)
		used += (size_t)snprintf(outcome->said + used, sizeof(outcome->said) - used, "%s\n",
					 messages[i]->msg);
	*responses = calloc((size_t)count, sizeof(**responses));
	return *responses ? PAM_SUCCESS : PAM_CONV_ERR;
}

static bool is_locked(void)
{
	struct privileges now;

	return privileges_read(&now, NULL) == 0 && !(now.effective & PRIVILEGE(CAP_SETUID));
}

static void name_namespace(const char *kind, char name[64])
{
	char path[64];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/thread-self/ns/%s", kind);
	length = readlink(path, name, 63);
	name[length < 0 ? 0 : length] = '\0';
}

/* With . and .., or -1. */
static int count_entries(const char *path)
{
	DIR *directory = opendir(path);
	int count = 0;

	if (!directory)
		return -1;
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

static int count_descriptors(void)
{
	return count_entries("/proc/thread-self/fd");
}

/* Bytes that malloc has handed out. */
static long allocated(void)
{
	struct mallinfo2 now = mallinfo2();

	return (long)(now.uordblks + now.hblkhd);
}

/* A grandchild says what a shell of the session would be. */
static void look_at_child(struct inside *inside)
{
	pid_t child = fork();

	if (child == 0) {
		inside->child_pid = getpid();
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

static void look_around(struct inside *inside, int descriptors)
{
	struct rlimit files;

	privileges_read(&inside->privileges, NULL);
	inside->no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	inside->seccomp = prctl(PR_GET_SECCOMP, 0, 0, 0, 0);
	inside->personality_errno = personality(0xffffffff) < 0 ? errno : 0;
	inside->umask = umask(0);
	getrlimit(RLIMIT_NOFILE, &files);
	inside->files_soft = files.rlim_cur;
	inside->files_hard = files.rlim_max;
	inside->own_pid = getpid();
	gethostname(inside->hostname, sizeof(inside->hostname) - 1);
	name_namespace("mnt", inside->mount_namespace);
	name_namespace("net", inside->network_namespace);
	inside->new_descriptors = count_descriptors() - descriptors;
	inside->root_entries = count_entries("/");
	look_at_child(inside);
}

/* The filter takes CAP_SYS_ADMIN instead of no_new_privs, which is the module's to set. */
static void arrange_fault(const struct host_fault *fault)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)fault->call, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, fault->first, 0, fault->by_first ? 1 : 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)fault->error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog filter = {sizeof(program) / sizeof(program[0]), program};

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0)
		_exit(97);
}

static void note_item(pam_handle_t *handle, int item, char text[64])
{
	const void *value = NULL;

	pam_get_item(handle, item, &value);
	snprintf(text, 64, "%s", value ? (const char *)value : "");
}

/* What the fork does that becomes the user: as sshd's and cron's. */
static void __attribute__((noreturn))
be_the_session(const struct host *host, pam_handle_t *handle, int descriptors)
{
	const struct passwd *user = getpwnam(host->user ? host->user : "nobody");
	struct inside *inside = &outcome->inside;

	if (!user || setgid(user->pw_gid) < 0 || initgroups(user->pw_name, user->pw_gid) < 0)
		_exit(99);
	endgrent();
	if (host->keep_caps)
		prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	if (host->child_fault)
		arrange_fault(host->child_fault);
	inside->setcred = pam_setcred(handle, PAM_REINITIALIZE_CRED);
	inside->become_user = setresuid(user->pw_uid, user->pw_uid, user->pw_uid) < 0 ? errno : 0;
	look_around(inside, descriptors);
	note_item(handle, PAM_RHOST, inside->rhost);
	note_item(handle, PAM_TTY, inside->tty);
	if (host->job)
		_exit(3);
	pam_end(handle, PAM_SUCCESS | PAM_DATA_SILENT);
	_exit(0);
}

static void run_session(const struct host *host, pam_handle_t *handle)
{
	int descriptors = outcome->descriptors_before;
	pid_t child;

	outcome->inside.setcred = NOT_REACHED;
	fflush(NULL);
	child = fork();
	if (child == 0)
		be_the_session(host, handle, descriptors);
	waitpid(child, &outcome->inside.status, 0);
}

static void look_after_open(pam_handle_t *handle, const struct stat *pts, const struct stat *utmp)
{
	const char *variable = pam_getenv(handle, "CONFINE_TEST");
	struct stat now;

	outcome->locked_after_open = is_locked();
	name_namespace("mnt", outcome->after_open);
	outcome->own_devpts = stat("/dev/pts", &now) == 0 && now.st_dev != pts->st_dev;
	outcome->own_utmp = stat("/var/run/utmp", &now) == 0 && now.st_dev != utmp->st_dev;
	snprintf(outcome->variable, sizeof(outcome->variable), "%s", variable ? variable : "");
}

static void open_and_close(const struct host *host, pam_handle_t *handle)
{
	struct stat pts = {0}, utmp = {0};

	stat("/dev/pts", &pts);
	stat("/var/run/utmp", &utmp);
	if (host->opener_fault)
		arrange_fault(host->opener_fault);
	outcome->open = pam_open_session(handle, 0);
	look_after_open(handle, &pts, &utmp);
	if (host->open_twice)
		outcome->open_again = pam_open_session(handle, 0);
	run_session(host, handle);
	if (!host->no_close)
		outcome->close = pam_close_session(handle, 0);
	outcome->locked_after_close = is_locked();
	name_namespace("mnt", outcome->after_close);
}

static void *idle(void *argument)
{
	for (;;)
		pause();
	return argument;
}

static void prepare(const struct host *host, pam_handle_t *handle)
{
	pthread_t thread;

	pam_set_item(handle, PAM_RHOST, host->rhost ? host->rhost : "192.0.2.1");
	outcome->authenticate = pam_authenticate(handle, 0);
	if (!host->no_setcred)
		outcome->setcred = pam_setcred(handle, PAM_ESTABLISH_CRED);
	if (host->threads)
		pthread_create(&thread, NULL, idle, NULL);
	if (host->fork_before_open) {
		pid_t child = fork();

		if (child > 0) {
			waitpid(child, NULL, 0);
			_exit(0);
		}
	}
}

static void __attribute__((noreturn)) be_the_host(const struct host *host)
{
	struct pam_conv conversation = {.conv = say};
	pam_handle_t *handle = NULL;
	long memory = 0;

	if (pam_start_confdir(host->service ? host->service : "sshd",
			      host->user ? host->user : "nobody", &conversation,
			      MACHINE_PAM_DIRECTORY, &handle) != PAM_SUCCESS)
		_exit(98);
	for (int fd = 0; host->closed_stdio && fd <= 2; fd++)
		close(fd);
	prepare(host, handle);
	name_namespace("mnt", outcome->before);
	outcome->descriptors_before = count_descriptors();
	for (int round = 0; round < host->rounds || round == 0; round++) {
		open_and_close(host, handle);
		if (round == 10)
			memory = allocated();
	}
	outcome->memory_growth = allocated() - memory;
	pam_setcred(handle, PAM_DELETE_CRED);
	pam_end(handle, PAM_SUCCESS);
	outcome->descriptors_after = count_descriptors();
	outcome->ended = true;
	_exit(0);
}

const struct outcome *host_run(const struct host *host)
{
	pid_t child;

	if (!outcome)
		outcome = mmap(NULL, sizeof(*outcome), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memset(outcome, 0, sizeof(*outcome));
	outcome->inside.setcred = NOT_REACHED;
	machine_forget_logs();
	machine_service(host->service ? host->service : "sshd", host->lines);
	fflush(NULL);
	child = fork();
	if (child == 0)
		be_the_host(host);
	waitpid(child, NULL, 0);
	return outcome;
}
