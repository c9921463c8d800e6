// SPDX-License-Identifier: LGPL-2.1-or-later
/* Values that are one word out of a few. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/paths.h"
#include "policy/units.h"
#include "policy/values.h"

#define STEP "policy"

struct word {
	const char *text;
	int value;
	bool built;
};

#define WORDS_END                                                                                  \
	{                                                                                          \
		NULL, 0, false                                                                     \
	}

static void words_list(const struct word *words, char *list, size_t size)
{
	size_t used = 0;

	for (; words->text && used < size; words++)
		used += (size_t)snprintf(list + used, size - used, "%s%s", used ? ", " : "",
					 words->text);
}

static int word_read(const struct word *words, const char *value, int *ret_value,
		     struct error *error)
{
	char list[128] = "";

	for (const struct word *word = words; word->text; word++) {
		if (strcmp(word->text, value) != 0)
			continue;
		if (!word->built)
			return error_set(error, ENOTSUP, STEP,
					 "\"%s\" is not built yet; until then this profile admits "
					 "nobody",
					 value);
		*ret_value = word->value;
		return 0;
	}
	words_list(words, list, sizeof(list));
	return error_set(error, EINVAL, STEP, "\"%.64s\" is none of: %s", value, list);
}

int apply_home(struct plan *plan, const struct key *key, const char *value,
	       const struct facts *facts, struct error *error)
{
	static const struct word words[] = {{"bind", HOME_BIND, true},
					    {"tmpfs", HOME_TMPFS, true},
					    {"none", HOME_NONE, true},
					    WORDS_END};
	int kind = 0, result = word_read(words, value, &kind, error);

	(void)key, (void)facts;
	if (result == 0)
		plan->home = (enum home_kind)kind;
	return result;
}

int apply_proc(struct plan *plan, const struct key *key, const char *value,
	       const struct facts *facts, struct error *error)
{
	static const struct word words[] = {{"hidepid", PROC_HIDEPID, true},
					    {"full", PROC_FULL, true},
					    {"none", PROC_NONE, true},
					    WORDS_END};
	int kind = 0, result = word_read(words, value, &kind, error);

	(void)key, (void)facts;
	if (result == 0)
		plan->proc = (enum proc_kind)kind;
	return result;
}

int apply_log(struct plan *plan, const struct key *key, const char *value,
	      const struct facts *facts, struct error *error)
{
	static const struct word words[] = {{"bind", true, true}, {"off", false, true}, WORDS_END};
	int log = 0, result = word_read(words, value, &log, error);

	(void)key, (void)facts;
	if (result == 0)
		plan->log = log;
	return result;
}

int apply_network(struct plan *plan, const struct key *key, const char *value,
		  const struct facts *facts, struct error *error)
{
	static const struct word words[] = {
		{"none", NETWORK_NONE, true}, {"host", NETWORK_HOST, true}, {"veth", 0, false},
		{"pasta", 0, false},	      {"netns:NAME", 0, false},	    WORDS_END};
	bool named = strncmp(value, "netns:", strlen("netns:")) == 0;
	int kind = 0, result = word_read(words, named ? "netns:NAME" : value, &kind, error);

	(void)key, (void)facts;
	if (result == 0)
		plan->network = (enum network_kind)kind;
	return result;
}

static int provide_read(const char *value, bool bind_built, enum provide_kind *ret_kind,
			struct error *error)
{
	const struct word words[] = {{"generate", PROVIDE_GENERATE, true},
				     {"bind", PROVIDE_BIND, bind_built},
				     {"off", PROVIDE_OFF, true},
				     WORDS_END};
	int kind = 0, result = word_read(words, value, &kind, error);

	if (result == 0)
		*ret_kind = (enum provide_kind)kind;
	return result;
}

int apply_nss(struct plan *plan, const struct key *key, const char *value,
	      const struct facts *facts, struct error *error)
{
	(void)key, (void)facts;
	return provide_read(value, false, &plan->nss, error);
}

int apply_resolv_conf(struct plan *plan, const struct key *key, const char *value,
		      const struct facts *facts, struct error *error)
{
	(void)key, (void)facts;
	return provide_read(value, true, &plan->resolv_conf, error);
}

int apply_no_new_privs(struct plan *plan, const struct key *key, const char *value,
		       const struct facts *facts, struct error *error)
{
	(void)key, (void)facts;
	if (unit_boolean(value, &plan->no_new_privs) < 0)
		return error_set(error, EINVAL, STEP, "\"%.64s\" is neither yes nor no", value);
	return 0;
}

/* A word is the name of a list, a path names its file; nothing else is let through. */
static int filter_file_check(const char *value, struct error *error)
{
	if (*value == '/')
		return path_check(value, error);
	if (strlen(value) > SCAN_NAME_MAX || *value == '.' || !*value ||
	    strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") !=
		    strlen(value))
		return error_set(error, EINVAL, STEP,
				 "\"%.64s\" is none of: default, strict, off, the name of a list, "
				 "an absolute path",
				 value);
	return 0;
}

int apply_seccomp(struct plan *plan, const struct key *key, const char *value,
		  const struct facts *facts, struct error *error)
{
	int result;

	(void)key, (void)facts;
	if (strcmp(value, "default") == 0 || strcmp(value, "off") == 0) {
		plan->filter = *value == 'd' ? FILTER_DEFAULT : FILTER_OFF;
		return 0;
	}
	if (strcmp(value, "strict") == 0)
		return error_set(
			error, ENOTSUP, STEP,
			"\"strict\" is not built yet; until then this profile admits nobody");
	result = filter_file_check(value, error);
	if (result < 0)
		return result;
	plan->filter = FILTER_FILE;
	free(plan->filter_file);
	plan->filter_file = strdup(value);
	return plan->filter_file ? 0 : error_set(error, ENOMEM, STEP, "out of memory");
}

int apply_seccomp_action(struct plan *plan, const struct key *key, const char *value,
			 const struct facts *facts, struct error *error)
{
	static const struct word words[] = {{"errno", FILTER_ERRNO, true},
					    {"kill", FILTER_KILL, true},
					    {"log", FILTER_LOG, true},
					    WORDS_END};
	int action = 0, result = word_read(words, value, &action, error);

	(void)key, (void)facts;
	if (result == 0)
		plan->filter_action = (enum filter_action)action;
	return result;
}

int apply_join(struct plan *plan, const struct key *key, const char *value,
	       const struct facts *facts, struct error *error)
{
	static const struct word words[] = {{"user", JOIN_USER, true},
					    {"session", JOIN_SESSION, true},
					    {"profile", 0, false},
					    WORDS_END};
	int kind = 0, result = word_read(words, value, &kind, error);

	(void)key, (void)facts;
	if (result == 0)
		plan->join = (enum join_kind)kind;
	return result;
}

int apply_run_as(struct plan *plan, const struct key *key, const char *value,
		 const struct facts *facts, struct error *error)
{
	static const struct word words[] = {{"user", 0, true}, {"root", 0, false}, WORDS_END};
	int ignored;

	(void)plan, (void)key, (void)facts;
	return word_read(words, value, &ignored, error);
}

int apply_devpts(struct plan *plan, const struct key *key, const char *value,
		 const struct facts *facts, struct error *error)
{
	static const struct word words[] = {{"private", 0, true}, {"host", 0, false}, WORDS_END};
	int ignored;

	(void)plan, (void)key, (void)facts;
	return word_read(words, value, &ignored, error);
}
