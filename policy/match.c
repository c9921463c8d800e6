// SPDX-License-Identifier: LGPL-2.1-or-later
/* The verdict: exemptions first, then the rules in order, then what holds for the unmatched. */
#include <errno.h>
#include <string.h>

#include "policy/address.h"
#include "policy/exempt.h"
#include "policy/list.h"
#include "policy/model.h"
#include "policy/units.h"

static void decide(struct decision *decision, enum verdict verdict, const char *reason,
		   const struct setting *setting)
{
	decision->verdict = verdict;
	decision->reason = reason;
	decision->file = setting ? setting->file : NULL;
	decision->line = setting ? setting->line : 0;
}

/* Whether one of the exemptions holds; then decision says which. */
static bool decide_exempt(const struct policy *policy, const struct facts *facts,
			  struct decision *decision)
{
	struct setting users, groups, min_uid;
	uint64_t least = 0;

	policy_global(policy, "exempt-users", &users);
	policy_global(policy, "exempt-groups", &groups);
	policy_global(policy, "min-uid", &min_uid);
	if (facts->uid == 0)
		decide(decision, VERDICT_IGNORE, "uid 0", NULL);
	else if (facts_match_user(users.value, facts))
		decide(decision, VERDICT_IGNORE, "exempt user", &users);
	else if (facts_match_group(groups.value, facts))
		decide(decision, VERDICT_IGNORE, "exempt group", &groups);
	else if (unit_number(min_uid.value, UINT32_MAX, &least) == 0 && facts->uid < least)
		decide(decision, VERDICT_IGNORE, "uid below min-uid", &min_uid);
	else
		return false;
	return true;
}

static const char *place_value(const struct place *place, const char *key)
{
	const struct entry *entry = scan_entry(place->scan, place->section, key);

	return entry && !list_empty(entry->value) ? entry->value : NULL;
}

/* A list that is empty or missing is no condition. */
static bool rule_fits(const struct place *rule, const struct facts *facts)
{
	const char *users = place_value(rule, "users"), *groups = place_value(rule, "groups");
	const char *services = place_value(rule, "services");
	const char *rhosts = place_value(rule, "rhosts");

	if (users && list_match(users, facts->user) != LIST_MATCH)
		return false;
	if (groups && !facts_match_group(groups, facts))
		return false;
	if (services && (!facts->service || list_match(services, facts->service) != LIST_MATCH))
		return false;
	return !rhosts || address_match(rhosts, facts->rhost) == LIST_MATCH;
}

static void decide_target(struct decision *decision, const char *target, const char *reason,
			  const struct setting *setting)
{
	bool deny = !target || strcmp(target, "deny") == 0;

	decide(decision, deny ? VERDICT_DENY : VERDICT_CONFINE, reason, setting);
	decision->profile = deny ? NULL : target;
}

static bool decide_rule(const struct policy *policy, const struct facts *facts,
			struct decision *decision)
{
	struct place rule = {0};

	while (policy_next(policy, SECTION_MATCH, &rule)) {
		struct setting setting = {.file = rule.scan->file, .line = rule.section->line};

		if (!rule_fits(&rule, facts))
			continue;
		decision->rule = rule.section->name;
		/* policy_validate() has seen to it that every rule has a profile; without, deny */
		decide_target(decision, place_value(&rule, "profile"), "rule", &setting);
		return true;
	}
	return false;
}

int policy_decide(const struct policy *policy, const struct facts *facts,
		  struct decision *ret_decision, struct error *error)
{
	struct decision decision = {0};
	struct setting setting;

	if (!facts_sane(facts))
		return error_set(error, EINVAL, "policy", "nobody can be judged by these facts");
	policy_global(policy, "on-failure", &setting);
	decision.on_failure_allow = strcmp(setting.value, "allow") == 0;
	if (!decide_exempt(policy, facts, &decision) && !decide_rule(policy, facts, &decision)) {
		policy_global(policy, "unmatched", &setting);
		if (strcmp(setting.value, "allow") == 0)
			decide(&decision, VERDICT_IGNORE, "unmatched", &setting);
		else
			decide_target(&decision, setting.value, "unmatched", &setting);
	}
	*ret_decision = decision;
	return 0;
}
