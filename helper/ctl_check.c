// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * confinectl check: everything that is wrong with a policy, before a login finds out.
 *
 * MUST open the files as who it was started as, and read and parse them as nobody.
 */
#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "helper/ctl.h"
#include "helper/ctl_roots.h"
#include "helper/filter_file.h"
#include "helper/log.h"
#include "helper/pam_edit.h"
#include "helper/pam_stack.h"
#include "helper/pam_store.h"
#include "policy/cleanup.h"
#include "policy/model.h"

#define STEP	     "check"
#define NOBODY	     65534
#define SYSTEMD	     "/run/systemd/system" /* sd_booted(3) */
#define SYSTEMD_USER "systemd-user"

struct check {
	const char *config;
	bool any_owner;
	bool json;
	bool help;
	char **files;
	size_t file_count;
};

static const char usage[] =
	"Usage: confinectl check [--config FILE] [--json]\n"
	"       confinectl check [--any-owner] [--json] FILE...\n"
	"\n"
	"Says what is wrong with the policy: with no FILE the installed one or that of --config,\n"
	"with its conf.d; otherwise the FILEs alone, read together as one policy.\n"
	"  --config      another policy than the installed one\n"
	"  --any-owner   a draft: do not ask who owns the files and their directories\n"
	"  --json        for programs\n";

static int parse(int argc, char **argv, struct check *check)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"any-owner", no_argument, NULL, 'a'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'c')
			check->config = optarg;
		else if (option == 'a')
			check->any_owner = true;
		else if (option == 'j')
			check->json = true;
		else if (option == 'h')
			check->help = true;
		else
			return -EINVAL;
	}
	check->files = argv + optind;
	check->file_count = (size_t)(argc - optind);
	return check->file_count ? (check->config ? -EINVAL : 0) : (check->any_owner ? -EINVAL : 0);
}

static int sources_find(const struct check *check, struct sources *sources, struct error *error)
{
	int result = 0;

	if (!check->file_count)
		return sources_open(check->config, 0, sources, error);
	for (size_t i = 0; i < check->file_count && result == 0; i++)
		result = sources_add(sources, check->files[i],
				     check->any_owner ? SOURCE_ANY_OWNER : 0, error);
	return result;
}

/* What follows works on bytes that anybody may have written. */
static int privilege_drop(struct error *error)
{
	uid_t real, effective, saved;

	if (geteuid() != 0)
		return 0;
	if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
	    setresuid(NOBODY, NOBODY, NOBODY) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_errno(error, STEP, "dropping privilege");
	if (getresuid(&real, &effective, &saved) < 0 || real != NOBODY || effective != NOBODY ||
	    saved != NOBODY)
		return error_set(error, EPERM, STEP, "dropping privilege had no effect");
	return 0;
}

static int sources_parse(struct sources *sources, struct policy **ret_policy,
			 struct problems *problems, struct error *error)
{
	int result = privilege_drop(error);

	for (size_t i = 0; i < sources->count && result == 0; i++)
		result = source_read(&sources->list[i], error);
	return result < 0 ? result : policy_parse(sources, ret_policy, problems, error);
}

static void file_destroy(struct pam_file **file)
{
	pam_file_destroy(*file);
}

static int list_check(const char *name, struct filter_lists *lists, struct error *error)
{
	cleanup_free char *text = NULL, *path = NULL;
	struct filter_list list;
	size_t length;
	int result = filter_file_read(name, lists, &text, &length, &path, error);

	if (result == -EACCES && geteuid() == NOBODY) {
		struct error told = *error;

		return error_set(
			error, EACCES, STEP,
			"%s (to nobody, as whom check reads: let all read the list, or have "
			"it root's alone in the directory seccomp beside the policy)",
			told.message);
	}
	return result < 0 ? result : filter_file_parse(text, length, path, &list, error);
}

/* A profile's list of system calls is another file, which only a login would look into. */
static void lists_check(const struct policy *policy, struct filter_lists *lists,
			struct problems *problems)
{
	struct place place = {0};

	while (policy && policy_next(policy, SECTION_PROFILE, &place)) {
		const struct entry *entry = scan_entry(place.scan, place.section, "seccomp");
		struct error error = {0};

		if (entry && strcmp(entry->value, "default") != 0 &&
		    strcmp(entry->value, "off") != 0 && strcmp(entry->value, "strict") != 0 &&
		    list_check(entry->value, lists, &error) < 0)
			problem_add(problems, error.code, place.scan->file, entry->line,
				    entry->name, "%s", error.message);
	}
}

static void lists_finish(struct filter_lists *lists)
{
	sources_finish(&lists->opened);
}

/* user@.service runs programs out of the user's home, on the host, unless this line refuses it. */
static int systemd_user_check(struct problems *problems, struct error *error)
{
	__attribute__((cleanup(pam_store_close))) struct pam_store store = {.fd = -1};
	__attribute__((cleanup(pam_original_finish))) struct pam_original original = {0};
	__attribute__((cleanup(file_destroy))) struct pam_file *file = NULL;
	struct pam_report report;
	struct pam_reader reader;
	int result;

	result = pam_store_open(PAM_STORE_DEFAULT, false, &store, error);
	if (result == 0)
		result = pam_store_read(&store, SYSTEMD_USER, &original, error);
	if (result < 0)
		return result;
	reader = pam_store_reader(&store);
	result =
		pam_file_parse(SYSTEMD_USER, original.text, original.length, &reader, &file, error);
	if (result < 0)
		return result;
	pam_stack_check(file, PAM_DOOR_REFUSE, &report);
	for (size_t i = 0; i < report.count; i++)
		if (!report.problems[i].warning)
			problem_add(problems, EINVAL, PAM_STORE_DEFAULT "/" SYSTEMD_USER,
				    report.problems[i].line, NULL, "%s%s", report.problems[i].text,
				    "; see confinectl pam enable " SYSTEMD_USER);
	return 0;
}

/* All of it; what goes wrong on the way is one problem more. */
static void check_run(const struct check *check, struct sources *sources,
		      struct policy **ret_policy, struct problems *problems)
{
	__attribute__((cleanup(lists_finish))) struct filter_lists lists = {
		.flags = check->any_owner ? SOURCE_ANY_OWNER : 0};
	struct error error = {0};

	filter_lists_open(&lists);
	if (sources_find(check, sources, &error) < 0 ||
	    sources_parse(sources, ret_policy, problems, &error) < 0)
		problem_add(problems, error.code, NULL, 0, NULL, "%s", error.message);
	lists_check(*ret_policy, &lists, problems);
	/* A draft may be meant for another machine. */
	if (*ret_policy && !check->file_count)
		ctl_roots_check(*ret_policy, problems);
	if (check->file_count || check->config || access(SYSTEMD, F_OK) < 0)
		return;
	error = (struct error){0};
	if (systemd_user_check(problems, &error) < 0)
		problem_add(problems, error.code, PAM_STORE_DEFAULT "/" SYSTEMD_USER, 0, NULL, "%s",
			    error.message);
}

/* Scanning and validating are two passes; people read a file once. */
static int problem_compare(const void *left, const void *right)
{
	const struct problem *a = left, *b = right;
	int order = strcmp(a->file ? a->file : "", b->file ? b->file : "");

	if (order)
		return order;
	return a->line < b->line ? -1 : a->line > b->line;
}

static void problem_print(const struct problem *problem)
{
	char text[4 * ERROR_MESSAGE_SIZE], line[16] = "";
	char whole[3 * ERROR_MESSAGE_SIZE];

	if (problem->line)
		snprintf(line, sizeof(line), ":%u", problem->line);
	snprintf(whole, sizeof(whole), "%s%s%s%s%s%s", problem->file ? problem->file : "", line,
		 problem->file ? ": " : "", problem->key ? problem->key : "",
		 problem->key ? ": " : "", problem->message);
	log_escape(text, sizeof(text), whole);
	puts(text);
}

static size_t section_count(const struct policy *policy, enum section_kind kind)
{
	struct place place = {0};
	size_t count = 0;

	while (policy && policy_next(policy, kind, &place))
		count++;
	return count;
}

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

static void print_text(const struct sources *sources, const struct policy *policy,
		       const struct problems *problems)
{
	for (size_t i = 0; i < problems->kept; i++)
		problem_print(&problems->list[i]);
	if (problems->count > problems->kept)
		printf("... and %zu more\n", problems->count - problems->kept);
	if (problems->count == 0)
		printf("fine: %zu file%s, %zu rule%s, %zu profile%s\n", sources->count,
		       plural(sources->count), section_count(policy, SECTION_MATCH),
		       plural(section_count(policy, SECTION_MATCH)),
		       section_count(policy, SECTION_PROFILE),
		       plural(section_count(policy, SECTION_PROFILE)));
}

static struct json_object *problem_json(const struct problem *problem)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "file",
			       problem->file ? json_object_new_string(problem->file) : NULL);
	json_object_object_add(object, "line",
			       problem->line ? json_object_new_int64(problem->line) : NULL);
	json_object_object_add(object, "key",
			       problem->key ? json_object_new_string(problem->key) : NULL);
	json_object_object_add(object, "message", json_object_new_string(problem->message));
	json_object_object_add(object, "not_built",
			       json_object_new_boolean(problem->code == ENOTSUP));
	return object;
}

static void print_json(const struct sources *sources, const struct policy *policy,
		       const struct problems *problems)
{
	struct json_object *object = json_object_new_object();
	struct json_object *files = json_object_new_array(), *list = json_object_new_array();

	for (size_t i = 0; i < sources->count; i++)
		json_object_array_add(files, json_object_new_string(sources->list[i].path));
	for (size_t i = 0; i < problems->kept; i++)
		json_object_array_add(list, problem_json(&problems->list[i]));
	json_object_object_add(object, "fine", json_object_new_boolean(problems->count == 0));
	json_object_object_add(object, "files", files);
	json_object_object_add(object, "rules",
			       json_object_new_uint64(section_count(policy, SECTION_MATCH)));
	json_object_object_add(object, "profiles",
			       json_object_new_uint64(section_count(policy, SECTION_PROFILE)));
	json_object_object_add(object, "problems", list);
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY |
							    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}

int ctl_check(int argc, char **argv)
{
	cleanup_problems struct problems problems = {0};
	cleanup_sources struct sources sources = {0};
	struct policy *policy = NULL;
	struct check check = {0};

	if (parse(argc, argv, &check) < 0) {
		fputs(usage, stderr);
		return CTL_USAGE;
	}
	if (check.help) {
		fputs(usage, stdout);
		return CTL_FINE;
	}
	check_run(&check, &sources, &policy, &problems);
	if (problems.kept)
		qsort(problems.list, problems.kept, sizeof(*problems.list), problem_compare);
	(check.json ? print_json : print_text)(&sources, policy, &problems);
	policy_destroy(policy);
	return problems.count ? CTL_WRONG : CTL_FINE;
}
