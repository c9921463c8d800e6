// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "policy/model.h"

bool policy_profile(const struct policy *policy, const char *name, struct place *ret_place)
{
	struct place place = {0};

	while (policy_next(policy, SECTION_PROFILE, &place)) {
		if (strcasecmp(place.section->name, name) != 0)
			continue;
		*ret_place = place;
		return true;
	}
	return false;
}

static const char *profile_parent(const struct place *place)
{
	const struct entry *entry = scan_entry(place->scan, place->section, "inherit");

	return entry ? entry->value : NULL;
}

bool profile_setting(const struct policy *policy, const char *profile, const struct key *key,
		     struct setting *ret_setting)
{
	const char *name = profile;
	struct place place;

	for (unsigned depth = 0; name && depth < PROFILE_DEPTH_MAX; depth++) {
		const struct entry *entry;

		if (!policy_profile(policy, name, &place))
			break;
		entry = scan_entry(place.scan, place.section, key->name);
		if (entry) {
			*ret_setting = (struct setting){.value = entry->value,
							.file = place.scan->file,
							.line = entry->line,
							.depth = depth};
			return true;
		}
		name = profile_parent(&place);
	}
	*ret_setting = (struct setting){.value = key->fallback};
	return key->fallback != NULL;
}

int profile_chain(const struct policy *policy, const char *profile, struct place *ret_from,
		  const char **ret_name)
{
	const struct section *seen[PROFILE_DEPTH_MAX];
	struct place place, from = {0};
	unsigned depth = 0;

	for (const char *name = profile; name; name = profile_parent(&place)) {
		*ret_name = name;
		*ret_from = from;
		if (!policy_profile(policy, name, &place))
			return strcasecmp(name, PROFILE_DEFAULT) == 0 ? 0 : -ENOENT;
		for (unsigned i = 0; i < depth; i++)
			if (seen[i] == place.section)
				return -ELOOP;
		if (depth == PROFILE_DEPTH_MAX)
			return -ELOOP;
		seen[depth++] = place.section;
		from = place;
	}
	return 0;
}
