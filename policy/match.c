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

/*
 * user@.service runs whatever the user has put in his home, outside. Whoever is confined for some
 * service from some address must not have one, or the rule would be worth nothing.
 */
static bool runs_outside(const struct facts *facts)
{
	return facts->service && strcmp(facts->service, "systemd-user") == 0;
}

/* All but the address. A list that is empty or missing is no condition. */
static bool rule_fits_account(const struct place *rule, const struct facts *facts)
{
	const char *users = place_value(rule, "users"), *groups = place_value(rule, "groups");
	const char *services = place_value(rule, "services");

	if (users && list_match(users, facts->user) != LIST_MATCH)
		return false;
	if (groups && !facts->groups_incomplete && !facts_match_group(groups, facts))
		return false;
	return !services || runs_outside(facts) ||
	       (facts->service && list_match(services, facts->service) == LIST_MATCH);
}

/*
 * A rule that asks for addresses cannot be judged by a name, which the client may have chosen: it
 * neither fits nor does not, so nobody passes.
 */
static int rule_judge(const struct place *rule, const struct facts *facts, bool *ret_fits,
		      struct error *error)
{
	const char *rhosts = place_value(rule, "rhosts"), *groups = place_value(rule, "groups");

	*ret_fits = rule_fits_account(rule, facts);
	if (*ret_fits && groups && facts->groups_incomplete && !facts_match_group(groups, facts))
		return error_set(
			error, EAGAIN, "account",
			"%s:%u: [match %s] asks for groups, and not all groups of %s could "
			"be looked up",
			rule->scan->file, rule->section->line, rule->section->name, facts->user);
	if (!*ret_fits || !rhosts || runs_outside(facts))
		return 0;
	if (facts->rhost && facts->rhost[0] && !address_is_numeric(facts->rhost))
		return error_set(
			error, EINVAL, "policy",
			"%s:%u: [match %s] asks for rhosts, and the service gives the name "
			"\"%.100s\" instead of an address; set UseDNS no in sshd_config",
			rule->scan->file, rule->section->line, rule->section->name, facts->rhost);
	*ret_fits = address_match(rhosts, facts->rhost) == LIST_MATCH;
	return 0;
}

static void decide_target(struct decision *decision, const char *target, const char *reason,
			  const struct setting *setting)
{
	bool deny = !target || strcmp(target, "deny") == 0;

	decide(decision, deny ? VERDICT_DENY : VERDICT_CONFINE, reason, setting);
	decision->profile = deny ? NULL : target;
}

/* 1: a rule has decided; 0: none fits. */
static int decide_rule(const struct policy *policy, const struct facts *facts,
		       struct decision *decision, struct error *error)
{
	struct place rule = {0};

	while (policy_next(policy, SECTION_MATCH, &rule)) {
		struct setting setting = {.file = rule.scan->file, .line = rule.section->line};
		bool fits;
		int result = rule_judge(&rule, facts, &fits, error);

		if (result < 0)
			return result;
		if (!fits)
			continue;
		decision->rule = rule.section->name;
		/* policy_validate() has seen to it that every rule has a profile; without, deny */
		decide_target(decision, place_value(&rule, "profile"), "rule", &setting);
		return 1;
	}
	return 0;
}

int policy_decide(const struct policy *policy, const struct facts *facts,
		  struct decision *ret_decision, struct error *error)
{
	struct decision decision = {0};
	struct setting setting;
	int decided = 1;

	if (!facts_sane(facts))
		return error_set(error, EINVAL, "policy", "nobody can be judged by these facts");
	policy_global(policy, "on-failure", &setting);
	decision.on_failure_allow = strcmp(setting.value, "allow") == 0;
	if (!decide_exempt(policy, facts, &decision)) {
		decided = decide_rule(policy, facts, &decision, error);
		if (decided < 0)
			return decided;
	}
	if (!decided) {
		policy_global(policy, "unmatched", &setting);
		if (strcmp(setting.value, "allow") == 0)
			decide(&decision, VERDICT_IGNORE, "unmatched", &setting);
		else
			decide_target(&decision, setting.value, "unmatched", &setting);
	}
	*ret_decision = decision;
	return 0;
}
