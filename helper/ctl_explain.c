// SPDX-License-Identifier: LGPL-2.1-or-later
/* confinectl explain: what policy makes of a login, and which line says so. */
#include <errno.h>
#include <getopt.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/account.h"
#include "helper/build.h"
#include "helper/ctl.h"
#include "helper/ctl_roots.h"
#include "helper/log.h"
#include "policy/cleanup.h"
#include "policy/model.h"

struct explain {
	const char *user, *service, *rhost, *config;
	bool json, help;
	struct account *account;
	struct facts facts;
	struct policy *policy;
	struct decision decision;
	struct profile profile;
	struct plan *plan;	 /* NULL: there is none */
	struct error plan_error; /* why */
};

static const char usage[] =
	"Usage: confinectl explain --user USER [--service SERVICE] [--rhost ADDRESS]\n"
	"                          [--config FILE] [--json]\n"
	"\n"
	"Says what policy makes of a login, which line decides, and every key with the line that\n"
	"sets it.\n"
	"  --user      who logs in\n"
	"  --service   the PAM service, such as sshd or cron\n"
	"  --rhost     the address of the client\n"
	"  --config    another policy\n"
	"  --json      for programs\n";

static const char *const verdicts[] = {
	[VERDICT_IGNORE] = "not confined",
	[VERDICT_CONFINE] = "confined",
	[VERDICT_DENY] = "refused",
};

static int parse(int argc, char **argv, struct explain *explain)
{
	static const struct option options[] = {
		{"user", required_argument, NULL, 'u'},
		{"service", required_argument, NULL, 's'},
		{"rhost", required_argument, NULL, 'r'},
		{"config", required_argument, NULL, 'c'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "u:s:h", options, NULL)) != -1) {
		if (option == 'u')
			explain->user = optarg;
		else if (option == 's')
			explain->service = optarg;
		else if (option == 'r')
			explain->rhost = optarg;
		else if (option == 'c')
			explain->config = optarg;
		else if (option == 'j')
			explain->json = true;
		else if (option == 'h')
			explain->help = true;
		else
			return -EINVAL;
	}
	return optind == argc && (explain->user || explain->help) ? 0 : -EINVAL;
}

static int explain_ask(struct explain *explain, struct error *error)
{
	int result = account_lookup(explain->user, &explain->account, error);

	if (result < 0)
		return result;
	explain->facts = *account_facts(explain->account);
	explain->facts.service = explain->service;
	explain->facts.rhost = explain->rhost;
	result = policy_read(explain->config, &explain->policy, error);
	if (result == 0)
		result = policy_decide(explain->policy, &explain->facts, &explain->decision, error);
	if (result < 0 || explain->decision.verdict != VERDICT_CONFINE)
		return result;
	/* policy_read() has seen to it that every profile is sound that a rule names */
	profile_find(explain->policy, explain->decision.profile, &explain->profile);
	policy_plan(explain->policy, explain->decision.profile, &explain->facts, &explain->plan,
		    &explain->plan_error);
	return 0;
}

static void explain_finish(struct explain *explain)
{
	plan_destroy(explain->plan);
	policy_destroy(explain->policy);
	account_destroy(explain->account);
}

/* Text of others to the terminal: without anything that the terminal would obey. */
__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	cleanup_free char *text = NULL;
	char escaped[4096];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0) {
		text = NULL;
		return;
	}
	log_escape(escaped, sizeof(escaped), text);
	puts(escaped);
}

static void say_login(const struct explain *explain)
{
	const struct facts *facts = &explain->facts;
	char groups[1024] = "";
	size_t used = 0;

	for (size_t i = 0; i < facts->group_count && used < sizeof(groups); i++)
		used += (size_t)snprintf(groups + used, sizeof(groups) - used, "%s%s",
					 used ? ", " : "",
					 facts->groups[i] ? facts->groups[i] : "(no name)");
	say("login:    %s (uid %u), service %s, from %s", facts->user, facts->uid,
	    facts->service ? facts->service : "any", facts->rhost ? facts->rhost : "nowhere known");
	say("groups:   %s", groups);
}

static void say_decision(const struct explain *explain)
{
	const struct decision *decision = &explain->decision;

	say("verdict:  %s", verdicts[decision->verdict]);
	if (decision->rule)
		say("because:  [match %s], %s:%u", decision->rule, decision->file, decision->line);
	else if (decision->file)
		say("because:  %s, %s:%u", decision->reason, decision->file, decision->line);
	else
		say("because:  %s%s", decision->reason,
		    explain->facts.uid == 0 ? "" : " (default)");
	if (decision->on_failure_allow)
		say("          on-failure = allow: let in unconfined when confining fails");
}

static void say_setting(const struct key *key, const struct setting *setting)
{
	if (setting->file)
		say("  %-18s %-34s %s:%u", key->name, setting->value, setting->file, setting->line);
	else
		say("  %-18s %-34s default", key->name, setting->value);
}

static void say_profile(const struct explain *explain)
{
	struct setting setting;

	say("profile:  %s", explain->plan ? explain->plan->profile : explain->decision.profile);
	puts("\nsettings");
	for (const struct key *key = keys; key->name; key++)
		if (key->section == SECTION_PROFILE &&
		    profile_setting(&explain->profile, key, &setting))
			say_setting(key, &setting);
}

static void say_root(const struct explain *explain)
{
	cleanup_free char *text = ctl_roots_text(explain->plan, explain->facts.uid);
	char *rest = text, *line;

	if (!text)
		return;
	puts("\nroot file system");
	while ((line = strsep(&rest, "\n")))
		say("%s", line);
}

static void say_steps(const struct explain *explain)
{
	if (!explain->plan) {
		say("\nThis login is refused: %s", explain->plan_error.message);
		return;
	}
	say_root(explain);
	puts("\nsteps");
	for (const struct build_step *step = build_steps; step->name; step++)
		say("  %-18s %s", step->name, step->summary);
}

static void print_text(const struct explain *explain)
{
	say_login(explain);
	say_decision(explain);
	if (explain->decision.verdict != VERDICT_CONFINE)
		return;
	say_profile(explain);
	say_steps(explain);
}

static void add_text(struct json_object *object, const char *name, const char *text)
{
	json_object_object_add(object, name, text ? json_object_new_string(text) : NULL);
}

static void add_place(struct json_object *object, const char *file, unsigned line)
{
	add_text(object, "file", file);
	json_object_object_add(object, "line", file ? json_object_new_int64(line) : NULL);
}

static struct json_object *settings_json(const struct explain *explain)
{
	struct json_object *list = json_object_new_array(), *object;
	struct setting setting;

	for (const struct key *key = keys; key->name; key++) {
		if (key->section != SECTION_PROFILE ||
		    !profile_setting(&explain->profile, key, &setting))
			continue;
		object = json_object_new_object();
		add_text(object, "key", key->name);
		add_text(object, "value", setting.value);
		add_place(object, setting.file, setting.line);
		json_object_array_add(list, object);
	}
	return list;
}

static struct json_object *steps_json(void)
{
	struct json_object *list = json_object_new_array(), *object;

	for (const struct build_step *step = build_steps; step->name; step++) {
		object = json_object_new_object();
		add_text(object, "step", step->name);
		add_text(object, "summary", step->summary);
		json_object_array_add(list, object);
	}
	return list;
}

static void print_json(const struct explain *explain)
{
	const struct decision *decision = &explain->decision;
	struct json_object *object = json_object_new_object();

	add_text(object, "user", explain->facts.user);
	json_object_object_add(object, "uid", json_object_new_int64(explain->facts.uid));
	add_text(object, "service", explain->facts.service);
	add_text(object, "rhost", explain->facts.rhost);
	add_text(object, "verdict", verdicts[decision->verdict]);
	add_text(object, "reason", decision->reason);
	add_text(object, "rule", decision->rule);
	add_place(object, decision->file, decision->line);
	json_object_object_add(object, "on_failure_allow",
			       json_object_new_boolean(decision->on_failure_allow));
	if (decision->verdict == VERDICT_CONFINE) {
		add_text(object, "profile", decision->profile);
		add_text(object, "error", explain->plan ? NULL : explain->plan_error.message);
		json_object_object_add(object, "settings", settings_json(explain));
		json_object_object_add(
			object, "root",
			explain->plan ? ctl_roots_json(explain->plan, explain->facts.uid) : NULL);
		json_object_object_add(object, "steps", steps_json());
	}
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY |
							    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}

int ctl_explain(int argc, char **argv)
{
	__attribute__((cleanup(explain_finish))) struct explain explain = {0};
	struct error error = {0};
	char escaped[4 * ERROR_MESSAGE_SIZE];

	if (parse(argc, argv, &explain) < 0) {
		fputs(usage, stderr);
		return CTL_USAGE;
	}
	if (explain.help) {
		fputs(usage, stdout);
		return CTL_FINE;
	}
	if (explain_ask(&explain, &error) < 0) {
		log_escape(escaped, sizeof(escaped), error.message);
		fprintf(stderr, "confinectl: %s\n", escaped);
		return CTL_WRONG;
	}
	(explain.json ? print_json : print_text)(&explain);
	return explain.plan_error.code ? CTL_WRONG : CTL_FINE;
}
