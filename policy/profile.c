// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "policy/model.h"

/* The section of a name, whatever its case. */
static bool section_find(const struct policy *policy, const char *name, struct place *ret_place)
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

static const char *section_parent(const struct place *place)
{
	const struct entry *entry = scan_entry(place->scan, place->section, "inherit");

	return entry ? entry->value : NULL;
}

static bool profile_has(const struct profile *profile, const struct place *place)
{
	for (unsigned i = 0; i < profile->depth; i++)
		if (profile->places[i].section == place->section)
			return true;
	return false;
}

int profile_find(const struct policy *policy, const char *name, struct profile *ret_profile)
{
	struct place place;

	*ret_profile = (struct profile){0};
	for (; name; name = section_parent(&place)) {
		ret_profile->broken = name;
		if (!section_find(policy, name, &place))
			return strcasecmp(name, PROFILE_DEFAULT) == 0 ? 0 : -ENOENT;
		if (ret_profile->depth == PROFILE_DEPTH_MAX || profile_has(ret_profile, &place))
			return -ELOOP;
		ret_profile->places[ret_profile->depth++] = place;
	}
	return 0;
}

bool profile_setting(const struct profile *profile, const struct key *key,
		     struct setting *ret_setting)
{
	for (unsigned depth = 0; depth < profile->depth; depth++) {
		const struct place *place = &profile->places[depth];
		const struct entry *entry = scan_entry(place->scan, place->section, key->name);

		if (!entry)
			continue;
		*ret_setting = (struct setting){.value = entry->value,
						.file = place->scan->file,
						.line = entry->line,
						.depth = depth};
		return true;
	}
	*ret_setting = (struct setting){.value = key->fallback};
	return key->fallback != NULL;
}
