// SPDX-License-Identifier: LGPL-2.1-or-later
/* What makes a policy wrong that could be read: names, values, references, repetitions. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "policy/model.h"

/* A user like any other, to try values on whose meaning depends on the user. */
static const gid_t sample_gids[] = {1000};
static const char *const sample_groups[] = {"user"};
static const struct facts sample = {
	.user = "user",
	.uid = 1000,
	.gid = 1000,
	.home = "/home/user",
	.shell = "/bin/sh",
	.gids = sample_gids,
	.groups = sample_groups,
	.group_count = 1,
};

/* Somewhere for values to go that are only tried. */
static struct plan *plan_scratch(void)
{
	struct plan *plan = calloc(1, sizeof(*plan));

	if (plan)
		plan->environment = calloc(1, sizeof(*plan->environment));
	if (plan && plan->environment)
		return plan;
	plan_destroy(plan);
	return NULL;
}

static void unknown_key(const struct place *place, const struct entry *entry,
			struct problems *problems)
{
	enum section_kind kind = place->section->kind, other;
	const char *near = key_suggest(kind, entry->name);

	for (other = SECTION_GLOBAL; other <= SECTION_PROFILE; other++)
		if (other != kind && key_find(other, entry->name))
			break;
	if (other <= SECTION_PROFILE)
		problem_add(problems, EINVAL, place->scan->file, entry->line, entry->name,
			    "belongs into a [%s] section, not into [%s]", section_kind_name(other),
			    place->section->title);
	else
		problem_add(problems, EINVAL, place->scan->file, entry->line, entry->name,
			    "there is no such key in a [%s] section%s%s%s", section_kind_name(kind),
			    near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static void entry_validate(const struct place *place, const struct entry *entry,
			   struct problems *problems)
{
	const struct key *key = key_find(place->section->kind, entry->name);
	struct error error = {0};
	struct plan *plan;
	int result;

	if (!key) {
		unknown_key(place, entry, problems);
		return;
	}
	plan = plan_scratch();
	if (plan)
		result = key_read(key, plan, entry->value, &sample, &error);
	else
		result = error_set(&error, ENOMEM, "policy", "out of memory");
	plan_destroy(plan);
	if (result < 0)
		problem_add(problems, -result, place->scan->file, entry->line, entry->name, "%s",
			    error.message);
}

/* A rule or profile stands in one file only; [global] may stand in each. */
static void section_validate(const struct policy *policy, const struct place *place,
			     struct problems *problems)
{
	struct place other = {0};

	for (size_t i = 0; i < place->section->count; i++)
		entry_validate(place, &place->scan->entries[place->section->first + i], problems);
	if (place->section->kind == SECTION_GLOBAL)
		return;
	while (policy_next(policy, place->section->kind, &other) && other.scan != place->scan) {
		if (strcasecmp(other.section->name, place->section->name) != 0)
			continue;
		problem_add(problems, EINVAL, place->scan->file, place->section->line, NULL,
			    "[%s]: stands already at %s:%u; a rule or profile has one place",
			    place->section->title, other.scan->file, other.section->line);
		return;
	}
}

static void target_validate(const struct policy *policy, const char *file, unsigned line,
			    const char *key, const char *name, struct problems *problems)
{
	struct profile profile;

	if (!*name || strcmp(name, "allow") == 0 || strcmp(name, "deny") == 0)
		return;
	/* if it exists, what is wrong with it is reported where it stands */
	if (profile_find(policy, name, &profile) == -ENOENT && profile.depth == 0)
		problem_add(problems, EINVAL, file, line, key, "there is no [profile %.64s]", name);
}

static void rule_validate(const struct policy *policy, const struct place *rule,
			  struct problems *problems)
{
	const struct entry *profile = scan_entry(rule->scan, rule->section, "profile");

	if (!profile)
		problem_add(problems, EINVAL, rule->scan->file, rule->section->line, NULL,
			    "[%s]: no profile; add \"profile = NAME\" or \"profile = deny\"",
			    rule->section->title);
	else
		target_validate(policy, rule->scan->file, profile->line, "profile", profile->value,
				problems);
}

/* Words that mean something else where a profile's name may stand. */
static bool name_reserved(const char *name)
{
	return strcasecmp(name, "allow") == 0 || strcasecmp(name, "deny") == 0;
}

/* Whether a key that is not built has been reported where it stands. */
static bool already_told(const struct problems *problems, const char *message)
{
	size_t length = strlen(message), own;

	for (size_t i = 0; i < problems->kept; i++) {
		own = strlen(problems->list[i].message);
		if (own <= length && strcmp(message + length - own, problems->list[i].message) == 0)
			return true;
	}
	return false;
}

/* Keys that are right each, and impossible together. Other mistakes have been reported by now. */
static void plan_validate(const struct policy *policy, const struct place *profile,
			  struct problems *problems)
{
	struct plan *plan = NULL;
	struct error error = {0};
	int result = policy_plan(policy, profile->section->name, &sample, &plan, &error);

	plan_destroy(plan);
	if (result == -ENOTSUP && already_told(problems, error.message))
		return;
	if (result < 0 && !problems->first.code)
		problem_add(problems, -result, NULL, 0, NULL, "%s", error.message);
}

/* A broken link is reported where it stands, a loop at every profile that is in it. */
static void inherit_validate(const struct place *place, const struct profile *profile, int result,
			     struct problems *problems)
{
	const struct entry *inherit = scan_entry(place->scan, place->section, "inherit");

	if (!inherit || !*inherit->value)
		return;
	if (result == -ELOOP)
		problem_add(problems, EINVAL, place->scan->file, inherit->line, "inherit",
			    "the profiles inherit in a loop, or from more than %d others (at "
			    "\"%s\")",
			    PROFILE_DEPTH_MAX, profile->broken);
	else if (profile->depth == 1)
		problem_add(problems, EINVAL, place->scan->file, inherit->line, "inherit",
			    "there is no [profile %.64s]", profile->broken);
}

static void profile_validate(const struct policy *policy, const struct place *place,
			     struct problems *problems)
{
	const char *name = place->section->name;
	struct profile profile;
	int result;

	if (name_reserved(name)) {
		problem_add(problems, EINVAL, place->scan->file, place->section->line, NULL,
			    "[%s]: a profile cannot be called that", place->section->title);
		return;
	}
	result = profile_find(policy, name, &profile);
	if (result < 0)
		inherit_validate(place, &profile, result, problems);
	else
		plan_validate(policy, place, problems);
}

void policy_validate(const struct policy *policy, struct problems *problems)
{
	struct setting unmatched;
	struct place place;

	for (int kind = SECTION_GLOBAL; kind <= SECTION_PROFILE; kind++) {
		place = (struct place){0};
		while (policy_next(policy, (enum section_kind)kind, &place))
			section_validate(policy, &place, problems);
	}
	policy_global(policy, "unmatched", &unmatched);
	target_validate(policy, unmatched.file, unmatched.line, "unmatched", unmatched.value,
			problems);
	place = (struct place){0};
	while (policy_next(policy, SECTION_MATCH, &place))
		rule_validate(policy, &place, problems);
	place = (struct place){0};
	while (policy_next(policy, SECTION_PROFILE, &place))
		profile_validate(policy, &place, problems);
}
