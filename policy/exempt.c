// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The way out for an administrator when the policy has a mistake.
 *
 * MUST say yes only for what stands plainly in a file that only root can write: a key that is
 * repeated, or that stands in a section that is, counts for nothing, and no default is assumed.
 */
#include <string.h>

#include "policy/exempt.h"
#include "policy/list.h"
#include "policy/policy.h"
#include "policy/scan.h"
#include "policy/source.h"
#include "policy/units.h"

enum answer { ANSWER_NONE, ANSWER_YES, ANSWER_NO };

struct answers {
	enum answer users, groups, min_uid;
};

static void answer_add(enum answer *answer, bool yes)
{
	if (*answer != ANSWER_NO)
		*answer = yes ? ANSWER_YES : ANSWER_NO;
}

bool facts_sane(const struct facts *facts)
{
	return facts && facts->user && *facts->user && facts->uid != (uid_t)-1 &&
	       facts->gid != (gid_t)-1 && (facts->group_count == 0 || facts->gids);
}

bool facts_match_user(const char *list, const struct facts *facts)
{
	return list_match(list, facts->user) == LIST_MATCH;
}

bool facts_match_group(const char *list, const struct facts *facts)
{
	bool found = false;

	for (size_t i = 0; i < facts->group_count && facts->groups; i++) {
		enum list_match match = LIST_NONE;

		if (facts->groups[i])
			match = list_match(list, facts->groups[i]);
		if (match == LIST_EXCLUDED)
			return false;
		found |= match == LIST_MATCH;
	}
	return found;
}

/* The value that counts in one file, or NULL. */
static const char *plain_value(const struct scan *scan, const char *key)
{
	for (size_t i = 0; i < scan->section_count; i++) {
		const struct section *section = &scan->sections[i];
		const struct entry *entry;

		if (section->kind != SECTION_GLOBAL)
			continue;
		entry = scan_entry(scan, section, key);
		if (section->repeated || (entry && entry->repeated))
			return NULL;
		if (entry)
			return entry->value;
	}
	return NULL;
}

/*
 * Adds what one file says to the answers so far. Where several files set a key, the last of them
 * counts in a sound policy; which one that is may be what the mistake hides, so all must agree.
 */
static void scan_ask(const struct scan *scan, const struct facts *facts, struct answers *answers)
{
	const char *users = plain_value(scan, "exempt-users");
	const char *groups = plain_value(scan, "exempt-groups");
	const char *min_uid = plain_value(scan, "min-uid");
	uint64_t number;

	if (users)
		answer_add(&answers->users,
			   list_check(users, NULL) == 0 && facts_match_user(users, facts));
	if (groups)
		answer_add(&answers->groups,
			   list_check(groups, NULL) == 0 && facts_match_group(groups, facts));
	if (min_uid)
		answer_add(&answers->min_uid,
			   unit_number(min_uid, UINT32_MAX, &number) == 0 && facts->uid < number);
}

static void source_ask(const struct source *source, const struct facts *facts,
		       struct answers *answers)
{
	cleanup_scan struct scan scan = {0};

	if (source->text && scan_text(source->path, source->text, source->size, &scan, NULL) == 0)
		scan_ask(&scan, facts, answers);
}

bool facts_exempt_by(const struct facts *facts, const struct sources *sources)
{
	struct answers answers = {ANSWER_NONE, ANSWER_NONE, ANSWER_NONE};

	for (size_t i = 0; i < sources->count; i++)
		source_ask(&sources->list[i], facts, &answers);
	return answers.users == ANSWER_YES || answers.groups == ANSWER_YES ||
	       answers.min_uid == ANSWER_YES;
}

bool policy_exempt_despite_errors(const char *config, const struct facts *facts)
{
	cleanup_sources struct sources sources = {0};

	if (!facts_sane(facts))
		return false;
	if (facts->uid == 0)
		return true;
	if (sources_open(config, SOURCE_TOLERANT, &sources, NULL) < 0)
		return false;
	for (size_t i = 0; i < sources.count; i++)
		source_read(&sources.list[i], NULL);
	return facts_exempt_by(facts, &sources);
}
