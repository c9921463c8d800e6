// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/cleanup.h"
#include "policy/ini.h"
#include "policy/model.h"

#define STEP "policy"

static void policy_free(struct policy **policy)
{
	policy_destroy(*policy);
}

/* iniparser is asked only about what has passed the scan: it has crashed on worse. */
static int policy_add(struct policy *policy, const struct source *source, struct problems *problems,
		      struct error *error)
{
	struct scan *scan = &policy->scans[policy->scan_count];
	size_t before = problems->count;
	int result;

	result = scan_text(source->path, source->text, source->size, scan, problems);
	if (result == -EINVAL)
		return 0;
	if (result < 0)
		return error_set(error, -result, STEP, "%s: out of memory", source->path);
	policy->scan_count++;
	if (problems->count > before)
		return 0;
	return ini_compare(scan, source->text, source->size, problems, error);
}

/* A policy that rules nothing is a mistake: a file cut short must not let everybody go. */
static void policy_check_empty(const struct policy *policy, const struct sources *sources,
			       struct problems *problems)
{
	struct place place = {0};

	if (policy_next(policy, SECTION_GLOBAL, &place))
		return;
	place = (struct place){0};
	if (policy_next(policy, SECTION_MATCH, &place))
		return;
	problem_add(problems, EINVAL, sources->count ? sources->list[0].path : NULL, 0, NULL,
		    "the policy is empty; write at least a [global] section");
}

int policy_parse(const struct sources *sources, struct policy **ret_policy,
		 struct problems *problems, struct error *error)
{
	__attribute__((cleanup(policy_free))) struct policy *policy = calloc(1, sizeof(*policy));
	int result = 0;

	if (policy)
		policy->scans = calloc(sources->count + 1, sizeof(*policy->scans));
	if (!policy || !policy->scans)
		return error_set(error, ENOMEM, STEP, "out of memory");
	for (size_t i = 0; i < sources->count && result == 0; i++)
		result = policy_add(policy, &sources->list[i], problems, error);
	if (result < 0)
		return result;
	if (!problems->first.code)
		policy_check_empty(policy, sources, problems);
	policy_validate(policy, problems);
	if (!problems->first.code)
		*ret_policy = steal_pointer(&policy);
	return 0;
}

int policy_read(const char *config, struct policy **ret_policy, struct error *error)
{
	cleanup_problems struct problems problems = {0};
	cleanup_sources struct sources sources = {0};
	struct policy *policy = NULL;
	int result;

	result = sources_open(config, 0, &sources, error);
	for (size_t i = 0; i < sources.count && result == 0; i++)
		result = source_read(&sources.list[i], error);
	if (result == 0)
		result = policy_parse(&sources, &policy, &problems, error);
	if (result < 0)
		return result;
	if (!policy) {
		if (error)
			*error = problems.first;
		return -problems.first.code;
	}
	*ret_policy = policy;
	return 0;
}

void policy_destroy(struct policy *policy)
{
	if (!policy)
		return;
	for (size_t i = 0; i < policy->scan_count; i++)
		scan_finish(&policy->scans[i]);
	free(policy->scans);
	free(policy);
}

bool policy_next(const struct policy *policy, enum section_kind kind, struct place *place)
{
	const struct scan *scan = place->scan ? place->scan : policy->scans;
	size_t next = place->section ? (size_t)(place->section - scan->sections) + 1 : 0;

	for (; scan < policy->scans + policy->scan_count; scan++, next = 0) {
		for (; next < scan->section_count; next++) {
			if (scan->sections[next].kind != kind)
				continue;
			*place = (struct place){scan, &scan->sections[next]};
			return true;
		}
	}
	return false;
}

void policy_global(const struct policy *policy, const char *key, struct setting *ret_setting)
{
	struct setting setting = {.value = key_find(SECTION_GLOBAL, key)->fallback};
	struct place place = {0};

	while (policy_next(policy, SECTION_GLOBAL, &place)) {
		const struct entry *entry = scan_entry(place.scan, place.section, key);

		if (entry)
			setting = (struct setting){.value = entry->value,
						   .file = place.scan->file,
						   .line = entry->line};
	}
	*ret_setting = setting;
}
