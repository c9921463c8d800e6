// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What opening a session costs, measured from the place of a login service. Run as root by
 * tests/bench/run, in its enclave.
 *
 *   bench_opening helper  USER ROUNDS       one container a round, by the wire: start the helper,
 *                                           send the request, stop at its answer
 *   bench_opening session USER ROUNDS       the same through PAM: "opened" when pam_open_session
 *                                           returns, "ready" when a child has joined
 *   bench_opening join    USER ROUNDS       as session, while another session holds the container
 *   bench_opening memory  USER              proportional memory of init and supervisor
 *   bench_opening command ROUNDS CMD ARG... a program from its start to its end
 *
 * Prints a line for each figure: name, median, p10 and p95 in milliseconds (memory: KiB). PAM's
 * stack comes from the directory in CONFINE_BENCH_PAM.
 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <security/pam_appl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "helper/account.h"
#include "helper/start.h"
#include "helper/wire_facts.h"
#include "policy/cleanup.h"

#define ROUNDS_MAX 100000
#define SERVICE	   "sshd" /* what the policy covers */

extern char **environ;

static void die(const char *what, const char *why) __attribute__((noreturn));
static void die(const char *what, const char *why)
{
	fprintf(stderr, "bench_opening: %s: %s\n", what, why);
	exit(1);
}

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* ---- figures ---- */

struct figure {
	const char *name;
	double *values;
	size_t count;
};

static struct figure figure_make(const char *name, size_t rounds)
{
	struct figure figure = {.name = name, .values = calloc(rounds, sizeof(double))};

	if (!figure.values)
		die(name, "no memory");
	return figure;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void figure_print(struct figure *figure)
{
	qsort(figure->values, figure->count, sizeof(double), by_value);
	printf("%s median %.3f p10 %.3f p95 %.3f\n", figure->name,
	       figure->values[figure->count / 2], figure->values[figure->count / 10],
	       figure->values[figure->count * 95 / 100]);
	free(figure->values);
}

/* ---- quiet between rounds ---- */

static bool registry_is_empty(void)
{
	DIR *directory = opendir(CONFINE_STATE_DIR "/containers");
	struct dirent *entry;
	bool empty = true;

	if (!directory)
		return true;
	while (empty && (entry = readdir(directory)))
		empty = entry->d_name[0] == '.';
	closedir(directory);
	return empty;
}

/* Waits for the end of what the last round left running, so that it is not charged to the next. */
static void settle(void)
{
	const struct timespec pause = {.tv_nsec = 5000000};

	do
		nanosleep(&pause, NULL);
	while (!registry_is_empty());
	nanosleep(&pause, NULL);
}

/* ---- by the wire ---- */

struct opened {
	struct wire_reply reply;
	int fds[WIRE_REPLY_FDS];
};

static void copy_text(char *field, size_t size, const char *text)
{
	if (snprintf(field, size, "%s", text) >= (int)size)
		die(text, "too long");
}

static void open_by_wire(const char *user, struct opened *opened)
{
	const struct start start = {.path = CONFINE_HELPER, .timeout_ms = -1};
	static struct wire_request request = {.version = WIRE_VERSION, .kind = WIRE_OPEN};
	struct account *account = NULL;
	struct error error = {0};
	cleanup_fd int self = (int)syscall(SYS_pidfd_open, getpid(), 0);

	copy_text(request.user, sizeof(request.user), user);
	copy_text(request.service, sizeof(request.service), SERVICE);
	if (account_lookup(user, &account, &error) < 0 ||
	    wire_facts_pack(&request, account_facts(account), account_gecos(account), &error) < 0)
		die(user, error.message);
	account_destroy(account);
	if (start_helper(&start, &request, self, &opened->reply, opened->fds, &error) < 0)
		die("helper", error.message);
	if (opened->reply.verdict != WIRE_CONFINE)
		die(user, opened->reply.message[0] ? opened->reply.message : "not covered");
}

static void close_by_wire(struct opened *opened)
{
	struct wire_session message = {.version = WIRE_VERSION, .kind = WIRE_SESSION_CLOSE};
	struct error error = {0};
	size_t length;

	if (wire_send(opened->fds[WIRE_FD_SESSION], &message, sizeof(message), NULL, 0, &error) ||
	    wire_receive(opened->fds[WIRE_FD_SESSION], &message, sizeof(message), &length, NULL, 0,
			 -1, &error))
		die("closing", error.message);
	for (int i = 0; i < WIRE_REPLY_FDS; i++)
		close_fd(&opened->fds[i]);
}

static void measure_helper(const char *user, size_t rounds)
{
	struct figure answered = figure_make("answered", rounds);
	static struct opened opened;

	while (answered.count < rounds) {
		double start;

		settle();
		start = now_ms();
		open_by_wire(user, &opened);
		answered.values[answered.count++] = now_ms() - start;
		close_by_wire(&opened);
	}
	figure_print(&answered);
}

/* ---- through PAM ---- */

static int converse(int count, const struct pam_message **messages, struct pam_response **responses,
		    void *data)
{
	(void)data;
	for (int i = 0; i < count; i++)
		fprintf(stderr, "bench_opening: PAM says: %s\n", messages[i]->msg);
	*responses = calloc((size_t)count, sizeof(**responses));
	return *responses ? PAM_SUCCESS : PAM_BUF_ERR;
}

static void check(pam_handle_t *handle, int result, const char *what)
{
	if (result != PAM_SUCCESS)
		die(what, pam_strerror(handle, result));
}

static pam_handle_t *begin(const char *user)
{
	static const struct pam_conv conversation = {.conv = converse};
	const char *directory = getenv("CONFINE_BENCH_PAM");
	pam_handle_t *handle = NULL;

	if (pam_start_confdir(SERVICE, user, &conversation, directory, &handle) != PAM_SUCCESS)
		die("pam_start", directory ? directory : "CONFINE_BENCH_PAM is not set");
	return handle;
}

/* The service's child, up to the point where it would become the user. */
static void join_in_child(pam_handle_t *handle)
{
	int ready[2];
	char byte;
	pid_t child;

	if (pipe(ready) < 0)
		die("pipe", strerror(errno));
	child = fork();
	if (child < 0)
		die("fork", strerror(errno));
	if (child == 0) {
		/* The join closes every descriptor but 0 to 2. */
		dup2(ready[1], STDOUT_FILENO);
		if (pam_setcred(handle, PAM_REINITIALIZE_CRED) == PAM_SUCCESS &&
		    write(STDOUT_FILENO, "", 1) == 1)
			_exit(0);
		_exit(1);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		die("child", "did not join");
	close(ready[0]);
	waitpid(child, NULL, 0);
}

struct figures {
	struct figure opened, ready, whole;
};

static void session_round(const char *user, struct figures *figures)
{
	pam_handle_t *handle = begin(user);
	double start, opened, ready;

	start = now_ms();
	check(handle, pam_setcred(handle, PAM_ESTABLISH_CRED), "pam_setcred");
	check(handle, pam_open_session(handle, 0), "pam_open_session");
	opened = now_ms();
	join_in_child(handle);
	ready = now_ms();
	check(handle, pam_close_session(handle, 0), "pam_close_session");
	figures->opened.values[figures->opened.count++] = opened - start;
	figures->ready.values[figures->ready.count++] = ready - start;
	figures->whole.values[figures->whole.count++] = now_ms() - start;
	pam_end(handle, PAM_SUCCESS);
}

static void measure_session(const char *user, size_t rounds, bool keep)
{
	struct figures figures = {figure_make("opened", rounds), figure_make("ready", rounds),
				  figure_make("whole", rounds)};
	static struct opened holder;

	if (keep)
		open_by_wire(user, &holder);
	while (figures.opened.count < rounds) {
		if (!keep)
			settle();
		session_round(user, &figures);
	}
	if (keep)
		close_by_wire(&holder);
	figure_print(&figures.opened);
	figure_print(&figures.ready);
	figure_print(&figures.whole);
}

/* ---- memory ---- */

/* The number behind "NAME:" in a file of lines; -1 if there is none. */
static long field_of(const char *path, const char *name)
{
	cleanup_file FILE *file = fopen(path, "re");
	char line[256];
	long value;

	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':' &&
		    sscanf(line + strlen(name) + 1, "%ld", &value) == 1)
			return value;
	die(path, name);
}

static long pss_of(long pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/smaps_rollup", pid);
	return field_of(path, "Pss");
}

/* At rest: what a container takes while its user works or sleeps, not while it is made. */
static void measure_memory(const char *user)
{
	const struct timespec rest = {.tv_nsec = 500000000};
	static struct opened opened;
	long init, supervisor, init_pss, supervisor_pss;
	char path[64];

	open_by_wire(user, &opened);
	nanosleep(&rest, NULL);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", opened.fds[WIRE_FD_INIT]);
	init = field_of(path, "Pid");
	snprintf(path, sizeof(path), "/proc/%ld/status", init);
	supervisor = field_of(path, "PPid");
	init_pss = pss_of(init);
	supervisor_pss = pss_of(supervisor);
	printf("init %ld\nsupervisor %ld\ntogether %ld\n", init_pss, supervisor_pss,
	       init_pss + supervisor_pss);
	close_by_wire(&opened);
	settle();
}

/* ---- other programs ---- */

static void measure_command(size_t rounds, char **argv)
{
	struct figure ran = figure_make("ran", rounds);

	while (ran.count < rounds) {
		double start = now_ms();
		int status;
		pid_t child;

		if (posix_spawnp(&child, argv[0], NULL, NULL, argv, environ) != 0)
			die(argv[0], "cannot be started");
		if (waitpid(child, &status, 0) < 0 || status != 0)
			die(argv[0], "failed");
		ran.values[ran.count++] = now_ms() - start;
	}
	figure_print(&ran);
}

static size_t rounds_of(const char *text)
{
	char *end;
	long rounds = strtol(text, &end, 10);

	if (*end != '\0' || rounds < 1 || rounds > ROUNDS_MAX)
		die(text, "not a number of rounds");
	return (size_t)rounds;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (strcmp(mode, "helper") == 0 && argc == 4)
		measure_helper(argv[2], rounds_of(argv[3]));
	else if (strcmp(mode, "session") == 0 && argc == 4)
		measure_session(argv[2], rounds_of(argv[3]), false);
	else if (strcmp(mode, "join") == 0 && argc == 4)
		measure_session(argv[2], rounds_of(argv[3]), true);
	else if (strcmp(mode, "memory") == 0 && argc == 3)
		measure_memory(argv[2]);
	else if (strcmp(mode, "command") == 0 && argc > 3)
		measure_command(rounds_of(argv[2]), argv + 3);
	else
		die("wrong use", "see the head of tests/bench/opening.c");
	return 0;
}
