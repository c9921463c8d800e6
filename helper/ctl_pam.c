// SPDX-License-Identifier: LGPL-2.1-or-later
/* confinectl pam: places, removes and shows the lines of pam_confine.so in one service file. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/ctl.h"
#include "helper/pam_edit.h"
#include "helper/pam_service.h"
#include "helper/pam_show.h"
#include "helper/pam_stack.h"
#include "helper/pam_store.h"
#include "policy/cleanup.h"
#include "policy/policy.h"

enum verb { VERB_ENABLE, VERB_DISABLE, VERB_SHOW, VERB_HELP };

static const char *const verb_names[] = {
	[VERB_ENABLE] = "enable",
	[VERB_DISABLE] = "disable",
	[VERB_SHOW] = "show",
};

struct request {
	enum verb verb;
	const char *service;
	const char *directory;
	enum pam_door door;
	bool dry_run;
	bool json;
};

/* The service file that a request is about, as it is on disk. */
struct target {
	struct pam_store store;
	char path[PATH_MAX];
	struct pam_original original;
	struct pam_file *file;
};

static void destroy_file(struct pam_file **file)
{
	pam_file_destroy(*file);
}

static void target_finish(struct target *target)
{
	pam_file_destroy(target->file);
	pam_original_finish(&target->original);
	pam_store_close(&target->store);
}

#define cleanup_pam_file __attribute__((cleanup(destroy_file)))
#define cleanup_target	 __attribute__((cleanup(target_finish)))

static int usage(FILE *stream, int status)
{
	fputs("Usage: confinectl pam enable|disable SERVICE [--directory DIR] [--dry-run]\n"
	      "       confinectl pam show SERVICE [--directory DIR] [--json]\n"
	      "\n"
	      "Places the lines of pam_confine.so in a PAM service file, takes them out, or says\n"
	      "whether they are in order.\n"
	      "  --directory   of PAM service files; /etc/pam.d if it is not given\n"
	      "  --dry-run     say what would change, and change nothing\n"
	      "  --json        for programs\n",
	      stream);
	return status;
}

static int complain(const struct error *error)
{
	fprintf(stderr, "confinectl: %s\n", error->message);
	return CTL_WRONG;
}

static int parse_options(int argc, char **argv, struct request *request)
{
	static const struct option options[] = {
		{"directory", required_argument, NULL, 'd'},
		{"dry-run", no_argument, NULL, 'n'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int option;

	optind = 0; /* glibc: start afresh, the dispatcher may have parsed options */
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'd')
			request->directory = optarg;
		else if (option == 'n')
			request->dry_run = true;
		else if (option == 'j')
			request->json = true;
		else if (option == 'h')
			request->verb = VERB_HELP;
		else
			return -EINVAL;
	}
	return 0;
}

static int parse_request(int argc, char **argv, struct request *request)
{
	*request = (struct request){.directory = PAM_STORE_DEFAULT};
	if (parse_options(argc, argv, request) < 0)
		return -EINVAL;
	if (request->verb == VERB_HELP)
		return 0;
	if (argc - optind != 2)
		return -EINVAL;
	while (strcmp(argv[optind], verb_names[request->verb]) != 0)
		if (++request->verb == VERB_HELP)
			return -EINVAL;
	if (request->verb == VERB_SHOW ? request->dry_run : request->json)
		return -EINVAL;
	request->service = argv[optind + 1];
	request->door = pam_service_door(request->service);
	return 0;
}

static int read_nothing(void *context, const char *name, char **ret_text, size_t *ret_length,
			struct error *error)
{
	(void)context, (void)name;
	*ret_length = 0;
	*ret_text = strdup("");
	return *ret_text ? 0 : error_set(error, ENOMEM, "pam", "out of memory");
}

static int target_open(const struct request *request, struct target *target, struct error *error)
{
	bool change = request->verb != VERB_SHOW && !request->dry_run;
	struct pam_reader reader = {.read = read_nothing};
	int result;

	snprintf(target->path, sizeof(target->path), "%s/%s", request->directory, request->service);
	result = pam_store_open(request->directory, change, &target->store, error);
	if (result < 0)
		return result;
	result = pam_store_read(&target->store, request->service, &target->original, error);
	if (result < 0)
		return result;
	/* Taking lines away needs no included file: a broken one must not keep anybody from it. */
	if (request->verb != VERB_DISABLE)
		reader = pam_store_reader(&target->store);
	return pam_file_parse(request->service, target->original.text, target->original.length,
			      &reader, &target->file, error);
}

static int refuse_unfit(const struct request *request)
{
	const struct pam_unfit *unfit = pam_service_unfit(request->service);

	if (!unfit)
		return CTL_FINE;
	fprintf(stderr, "confinectl: %s cannot be confined through PAM: %s\n", request->service,
		unfit->reason);
	if (unfit->second_door)
		fputs("confinectl: the second door, confine-shell as the account's login shell, "
		      "will confine it; this version does not have it yet\n",
		      stderr);
	return CTL_WRONG;
}

/* What makes a right file wrong all the same: module missing, policy that nobody can read. */
static int check_surroundings(const struct target *target)
{
	struct policy *policy = NULL;
	struct error error = {0};

	if (!target->store.vendor)
		return CTL_FINE;
	if (access(CONFINE_PAM_MODULE, R_OK) < 0) {
		fprintf(stderr,
			"confinectl: %s is not installed: with the lines in place every login "
			"would be refused\n",
			CONFINE_PAM_MODULE);
		return CTL_WRONG;
	}
	if (policy_read(NULL, &policy, &error) < 0)
		fprintf(stderr,
			"confinectl: warning: %s\n"
			"confinectl: warning: until the policy is right, only exempt users are "
			"let in\n",
			error.message);
	policy_destroy(policy);
	return CTL_FINE;
}

/* Reads the text that is to be written as libpam would; says why it must not be written. */
static int check_text(const struct request *request, const struct target *target, const char *text,
		      size_t length)
{
	struct pam_reader reader = pam_store_reader(&target->store);
	cleanup_pam_file struct pam_file *file = NULL;
	struct pam_report report;
	struct error error = {0};

	if (pam_file_parse(request->service, text, length, &reader, &file, &error) < 0)
		return complain(&error);
	pam_stack_check(file, request->door, &report);
	pam_show_problems(stderr, "confinectl: ", &report);
	if (report.errors == 0)
		return CTL_FINE;
	fprintf(stderr, "confinectl: %s stays as it was\n", target->path);
	return CTL_WRONG;
}

/* Says what was, or would be, taken away and put in. */
static void print_change(const struct request *request, const struct target *target,
			 const char *text, size_t length)
{
	struct pam_reader reader = {.read = read_nothing};
	cleanup_pam_file struct pam_file *file = NULL;

	printf("%s %s:\n", target->path, request->dry_run ? "would change" : "changed");
	pam_show_lines(target->file, "-");
	if (pam_file_parse(request->service, text, length, &reader, &file, NULL) == 0)
		pam_show_lines(file, "+");
}

static void advise(const struct request *request)
{
	if (!pam_service_known(request->service))
		fprintf(stderr,
			"confinectl: warning: sshd and cron are known to set credentials in the "
			"session's own process; if %s does not, covered users are refused\n",
			request->service);
	if (!request->dry_run && request->door == PAM_DOOR_LOGIN)
		puts("Keep this session open until a new login has worked.");
}

static int enable(const struct request *request, struct target *target)
{
	cleanup_free char *text = NULL;
	struct pam_report report;
	struct error error = {0};
	size_t length;

	pam_stack_check(target->file, request->door, &report);
	if (report.errors == 0) {
		pam_show_problems(stderr, "confinectl: ", &report);
		printf("%s: the lines are in order already\n", target->path);
		return CTL_FINE;
	}
	if (pam_edit_enable(target->file, request->door, &text, &length, &error) < 0)
		return complain(&error);
	if (check_text(request, target, text, length) != CTL_FINE ||
	    check_surroundings(target) != CTL_FINE)
		return CTL_WRONG;
	if (!request->dry_run && report.ours == 0 &&
	    pam_store_keep(&target->store, request->service, &target->original, &error) < 0)
		return complain(&error);
	if (!request->dry_run && pam_store_replace(&target->store, request->service, text, length,
						   &target->original, &error) < 0)
		return complain(&error);
	print_change(request, target, text, length);
	advise(request);
	return CTL_FINE;
}

static int disable(const struct request *request, struct target *target)
{
	cleanup_free char *text = NULL;
	struct error error = {0};
	size_t length;

	if (pam_edit_disable(target->file, &text, &length, &error) < 0)
		return complain(&error);
	if (length == target->original.length && memcmp(text, target->original.text, length) == 0) {
		printf("%s: has no line of pam_confine.so\n", target->path);
		return CTL_FINE;
	}
	if (!request->dry_run && pam_store_replace(&target->store, request->service, text, length,
						   &target->original, &error) < 0)
		return complain(&error);
	if (!request->dry_run)
		pam_store_forget(&target->store, request->service, text, length);
	print_change(request, target, text, length);
	return CTL_FINE;
}

static int show(const struct request *request, struct target *target)
{
	struct pam_report report;

	pam_stack_check(target->file, request->door, &report);
	if (request->json)
		pam_show_json(target->path, request->service, target->file, &report);
	else
		pam_show_text(target->path, target->file, &report);
	return report.errors == 0 ? CTL_FINE : CTL_WRONG;
}

int ctl_pam(int argc, char **argv)
{
	static int (*const verbs[])(const struct request *, struct target *) = {
		[VERB_ENABLE] = enable,
		[VERB_DISABLE] = disable,
		[VERB_SHOW] = show,
	};
	cleanup_target struct target target = {.store.fd = -1};
	struct request request;
	struct error error = {0};
	int unfit;

	if (parse_request(argc, argv, &request) < 0)
		return usage(stderr, CTL_USAGE);
	if (request.verb == VERB_HELP)
		return usage(stdout, CTL_FINE);
	if (!pam_service_sane(request.service)) {
		fputs("confinectl: no PAM service can have this name: a to z, 0 to 9 and _.@+- "
		      "are possible\n",
		      stderr);
		return CTL_USAGE;
	}
	unfit = request.verb == VERB_DISABLE ? CTL_FINE : refuse_unfit(&request);
	if (request.verb == VERB_ENABLE && unfit)
		return unfit;
	if (target_open(&request, &target, &error) < 0)
		return complain(&error);
	return verbs[request.verb](&request, &target) || unfit ? CTL_WRONG : CTL_FINE;
}
